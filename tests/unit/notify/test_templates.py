"""What a person reads on a phone."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.notify.templates import KINDS, RULES, SEVERITY, VALUE_LIMIT, Language, clean, local_time, render
from tests.unit.notify.making import view

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES_OF_THE_PRODUCT = (
    "smoke_alarm",
    "device_test",
    "lift_entrapment",
    "gate_forced",
    "gate_held_open",
    "fire_lane_blocked",
    "falling_object",
    "water_leak",
    "device_offline",
)


def title(language: Language, stage: str = "raised", **changes: object) -> str:
    return render(view(**changes), stage, language, "清河小区", SHANGHAI).title


def body(language: Language, **changes: object) -> list[str]:
    return render(view(**changes), "raised", language, "清河小区", SHANGHAI).body.splitlines()


def test_the_title_tells_how_bad_what_and_where() -> None:
    assert title("zh") == "[紧急] 火灾报警 · 3号楼 B1 电梯厅"
    assert title("en") == "[CRITICAL] Fire alarm · 3号楼 B1 电梯厅"


def test_the_body_in_chinese() -> None:
    assert body("zh") == [
        "级别：紧急",
        "位置：清河小区 3号楼 B1 电梯厅",
        "设备：smoke-b1-03 (火灾探测器)",
        "时间：2025-06-16 00:06:40 (UTC+0800)",
        "依据：smoke=True, smoke_density=4.2",
        "编号：k3x7",
    ]


def test_the_body_in_english() -> None:
    assert body("en") == [
        "Severity: CRITICAL",
        "Place: 清河小区 3号楼 B1 电梯厅",
        "Device: smoke-b1-03 (fire detector)",
        "Time: 2025-06-16 00:06:40 (UTC+0800)",
        "Values: smoke=True, smoke_density=4.2",
        "Alert: k3x7",
    ]


@pytest.mark.parametrize(
    ("changes", "zh", "en"),
    [
        ({"test": True}, "[测试]", "[TEST]"),
        ({"verdict": "drill"}, "[演练]", "[DRILL]"),
        ({"attributes": {"drill": True}}, "[演练]", "[DRILL]"),
        ({"registered": False}, "[未登记设备]", "[UNREGISTERED DEVICE]"),
    ],
)
def test_what_is_not_real_or_not_known_says_so_first(changes: dict[str, Any], zh: str, en: str) -> None:
    assert title("zh", **changes).startswith(f"{zh} [紧急]")
    assert title("en", **changes).startswith(f"{en} [CRITICAL]")


def test_several_marks_stand_side_by_side() -> None:
    assert title("en", test=True, registered=False).startswith("[TEST] [UNREGISTERED DEVICE] [CRITICAL]")


def test_a_resolved_alert_is_marked() -> None:
    assert title("zh", stage="resolved").startswith("[已处理] [紧急]")


def test_a_late_report_shows_both_times() -> None:
    shown = body("en", received_at=1_750_007_200.0)
    assert "Time: 2025-06-16 00:06:40 (UTC+0800)" in shown
    assert "Received: 2025-06-16 01:06:40 (UTC+0800)" in shown


def test_an_unknown_place_is_not_an_empty_one() -> None:
    nowhere = {"name": "", "building": "", "floor": "", "zone": ""}
    assert title("zh", place=nowhere).endswith("· 位置未知")
    assert title("en", place=None).endswith("· place unknown")


@pytest.mark.parametrize("rule", RULES_OF_THE_PRODUCT)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_rule_has_a_name_in_both_languages(rule: str, language: Language) -> None:
    assert rule not in title(language, rule=rule)


def test_a_rule_of_tomorrow_still_makes_a_message() -> None:
    assert "boiler_pressure" in title("zh", rule="boiler_pressure")


def test_the_tables_leave_no_word_untranslated() -> None:
    for table in (RULES, SEVERITY, KINDS):
        for zh, en in table.values():
            assert zh
            assert en
            assert zh != en
            assert en.isascii()


def test_time_is_the_sites() -> None:
    assert local_time(0, ZoneInfo("Europe/London")) == "1970-01-01 01:00:00 (UTC+0100)"
    assert local_time(None, SHANGHAI) == ""


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\r\nBcc: all", "a Bcc: all"),
        ("\u202eevil\u2066", "evil"),
        ("\x1b[31mred", "［31mred"),
        ("<b>@all</b>", "＜b＞＠all＜/b＞"),
        ("[door](https://example.org)", "［door］（https:/ /example.org）"),
        ("x" * 500, "x" * (VALUE_LIMIT - 1) + "…"),
    ],
)
def test_a_hostile_name_stays_harmless(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


@given(st.text())
def test_any_text_becomes_one_short_line(text: str) -> None:
    shown = clean(text)
    assert len(shown) <= VALUE_LIMIT
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & set("<>[]()*`@|\\\x1b\u202e")


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.integers())))
def test_any_reason_makes_a_message(values: dict[str, object]) -> None:
    lines = body("zh", reason={"code": "x", "values": values})
    assert lines[0] == "级别：紧急"
    assert lines[-1] == "编号：k3x7"

"""What a person reads on a phone."""

import ast
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.notify.templates import (
    DIGEST,
    DIGEST_BYTES,
    KINDS,
    RULES,
    SEVERITY,
    STAGES,
    VALUE_LIMIT,
    Language,
    clean,
    local_time,
    render,
)
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


@pytest.mark.parametrize(
    ("stage", "zh", "en"),
    [
        ("raised", "", ""),
        ("raised-to-critical", "[级别升高] ", "[NOW GRAVER] "),
        ("unsuppressed-4", "[静默已结束] ", "[NO LONGER MUTED] "),
        ("level1-1", "[升级至第1级] ", "[ESCALATED TO LEVEL 1] "),
        ("level3-12", "[升级至第3级] ", "[ESCALATED TO LEVEL 3] "),
        ("reminder2-7", "[再次提醒，第2级] ", "[REMINDER, LEVEL 2] "),
        ("plan-evacuate", "[预案步骤逾期] ", "[PLAN STEP OVERDUE] "),
        ("trial", "[通道测试，无需处理] ", "[CHANNEL TEST, NOTHING TO DO] "),
        ("boiler[3]", "[boiler［3］] ", "[boiler［3］] "),
    ],
)
def test_the_stage_is_said_first(stage: str, zh: str, en: str) -> None:
    assert title("zh", stage) == f"{zh}[紧急] 火灾报警 · 3号楼 B1 电梯厅"
    assert title("en", stage) == f"{en}[CRITICAL] Fire alarm · 3号楼 B1 电梯厅"


def test_a_drill_escalates_as_a_drill() -> None:
    assert title("en", "level2-1", attributes={"drill": True}).startswith("[ESCALATED TO LEVEL 2] [DRILL] [CRITICAL]")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_stage_that_the_gateway_queues_has_words(language: Language) -> None:
    plain = title(language)
    for stage in queued_stages():
        told = title(language, f"{stage}1-1" if stage in ("level", "reminder") else stage)
        assert stage == "raised" or (told != plain and f"[{stage}" not in told), stage


def queued_stages() -> set[str]:
    """What the book's calls of ``_notify`` begin their stage with; a stage that begins with a name is a level's."""
    tree = ast.parse((Path(__file__).parents[3] / "gateway/alerts/book.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._notify"]
    found = {stage for call in calls for stage in beginnings(call.args[1])}
    assert {"raised", "raised-to", "unsuppressed", "level", "reminder"} <= found
    return found


def beginnings(stage: ast.expr) -> set[str]:
    first = stage.values[0] if isinstance(stage, ast.JoinedStr) else stage
    return {str(first.value).rstrip("-")} if isinstance(first, ast.Constant) else {"level", "reminder"}


def test_an_overdue_step_says_which_and_since_when() -> None:
    plan = {"step": {"zh": "疏散三层", "en": "Clear floor 3"}, "due_at": 1_750_003_700.0}
    assert {"逾期步骤：疏散三层", "应完成于：2025-06-16 00:08:20 (UTC+0800)"} < set(body("zh", plan=plan))
    assert "Overdue step: Clear floor 3" in body("en", plan=plan)
    assert "Overdue step: Call 119" in body("en", plan={"step": "Call 119"})


def digest(language: Language, messages: list[dict[str, Any]]) -> tuple[str, list[str]]:
    said = render({"severity": "major", "messages": messages}, DIGEST, language, "清河小区", SHANGHAI)
    return said.title, said.body.splitlines()


def test_a_digest_says_how_many_where_and_each_in_a_line() -> None:
    leak = {**view(id="w1", rule="water_leak", severity="major"), "stage": "level1-1"}
    off = {**view(id="d1", rule="device_offline", severity="minor"), "stage": "raised"}
    title_zh, lines = digest("zh", [leak, off])
    assert title_zh == "[重要] 另有 2 条告警 · 3号楼"
    assert lines == [
        "2025-06-16 00:06:40 (UTC+0800) [升级至第1级] [重要] 漏水 · 3号楼 B1 电梯厅 · w1",
        "2025-06-16 00:06:40 (UTC+0800) [一般] 设备离线 · 3号楼 B1 电梯厅 · d1",
    ]
    assert digest("en", [leak, off])[0] == "[MAJOR] 2 more alerts · 3号楼"


def test_a_digest_of_several_buildings_names_the_site() -> None:
    here, there = ({**view(place={"building": b}), "stage": "raised"} for b in ("1", "2"))
    assert digest("en", [here, there])[0].endswith("· 清河小区")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_long_digest_fits_the_smallest_service_and_says_what_it_leaves_out(language: Language) -> None:
    name = {"name": "很长的名字" * 30, "building": "3号楼" * 30, "floor": "", "zone": ""}
    messages = [{**view(id=f"a{n}", place=name), "stage": "raised"} for n in range(200)]
    _, lines = digest(language, messages)
    assert len("\n".join(lines[:-1]).encode()) <= DIGEST_BYTES
    assert str(200 - (len(lines) - 1)) in lines[-1]
    assert len(lines) > 2


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
    for zh, en in list(STAGES.values()):
        assert bool(zh) == bool(en)


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

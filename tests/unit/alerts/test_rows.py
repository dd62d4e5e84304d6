"""Nothing a device or a person writes is lost or refused on its way into a row."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from alert_rules.alert import Place, Severity, Verdict
from alert_rules.alert import alert_id as make_id
from alert_rules.moves import resolve
from gateway.alerts import rows
from gateway.alerts.schema import AnyText
from tests.unit.alerts.making import NOON, alert, message

DIALECT = SQLiteDialect()


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("\\\0a0"), max_size=12) | st.text())
def test_any_text_comes_back_and_holds_no_nul_in_between(text: str) -> None:
    kept = AnyText().process_bind_param(text, DIALECT)
    assert kept is not None
    assert "\0" not in kept
    assert AnyText().process_result_value(kept, DIALECT) == text


@settings(deadline=None)
@given(st.text(alphabet="\\\0a0", max_size=6), st.text(alphabet="\\\0a0", max_size=6))
def test_two_texts_never_become_the_same(one: str, two: str) -> None:
    kept = [AnyText().process_bind_param(text, DIALECT) for text in (one, two)]
    assert (kept[0] == kept[1]) == (one == two)


def test_null_stays_null() -> None:
    assert AnyText().process_bind_param(None, DIALECT) is None
    assert AnyText().process_result_value(None, DIALECT) is None


def test_an_alert_reads_back_whole() -> None:
    whole = alert(place=Place("大厅\0\u202e🔥", "b\\1", "B2", "z"), subject="lane\n1")
    assert rows.to_alert(rows.alert_values(whole)["body"]) == whole


def test_a_value_json_cannot_say_becomes_null_in_the_alert() -> None:
    whole = alert()
    whole.attributes = {"speed": math.nan}
    assert rows.to_alert(rows.alert_values(whole)["body"]).attributes == {"speed": None}


def test_only_an_open_alert_holds_its_fingerprint() -> None:
    one = alert(severity=Severity.MAJOR)
    assert rows.alert_values(one)["open_fingerprint"] == "smoke_alarm/smoke-1"
    one.verdict = Verdict.DRILL
    resolve(one, "li", "", NOON)
    assert rows.alert_values(one)["open_fingerprint"] is None


def test_long_fingerprints_are_shortened_and_stay_apart() -> None:
    one, two = ("x" * 5000 + end for end in "ab")
    assert rows.fingerprint_key(one) != rows.fingerprint_key(two)
    assert len(rows.fingerprint_key(one)) <= rows.KEY_LENGTH
    assert rows.fingerprint_key(one) == rows.fingerprint_key("x" * 5000 + "a")


def test_the_haystack_is_folded_and_bounded() -> None:
    assert rows.haystack(alert("Lift-7", place=Place("STRASSE ß", "B1"))) == "lift-7\nstrasse ss\nb1\nsmoke_alarm"
    assert len(rows.haystack(alert(place=Place("名" * 5000)))) == rows.HAYSTACK_LENGTH


def test_the_last_word_counts_and_resolved_alerts_go_first() -> None:
    first, again, other = alert(at=NOON), alert(at=NOON), alert("smoke-2")
    again.version = 2
    resolved = alert(at=NOON - 60)
    resolved.verdict = Verdict.DRILL
    resolve(resolved, "li", "", NOON)
    assert rows.ordered([first, other, resolved, again]) == [resolved, again, other]
    assert rows.ordered([first, again])[0].version == 2
    assert first.id == make_id(first.fingerprint, NOON)


@pytest.mark.parametrize(
    ("severity", "priority"), [("critical", 0), ("major", 1), ("minor", 2), ("notice", 3), ("", 4)]
)
def test_severity_decides_a_messages_place_in_the_queue(severity: str, priority: int) -> None:
    assert rows.message_values(message(severity=severity))["priority"] == priority

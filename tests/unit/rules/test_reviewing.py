"""Grave alerts ask for a review within 48 hours after they are resolved; cases open beyond 72 hours are found."""

import pytest

from alert_rules.alert import Alert, Severity, Verdict
from alert_rules.moves import close, judge, resolve
from alert_rules.reviewing import LONG_OPEN_S, REVIEW_S, long_open, review_due
from tests.unit.alerts.making import NOON, alert


def resolved(**changed: object) -> Alert:
    made = alert(**changed)  # type: ignore[arg-type]
    judge(made, "li", Verdict.TRUE_ALARM, "", NOON + 5)
    resolve(made, "li", "done", NOON + 10)
    return made


@pytest.mark.parametrize("severity", Severity)
def test_grave_alerts_ask_for_a_review(severity: Severity) -> None:
    due = review_due(resolved(severity=severity))
    assert due == (NOON + 10 + REVIEW_S if severity in (Severity.CRITICAL, Severity.MAJOR) else None)


def test_an_open_alert_is_not_reviewed_yet() -> None:
    assert review_due(alert()) is None


def test_a_closed_one_was_reviewed() -> None:
    made = resolved()
    close(made, "wang", "A pan was left on the stove.", NOON + 60)
    assert review_due(made) is None


def test_a_test_asks_for_nothing() -> None:
    assert review_due(resolved(test=True)) is None


@pytest.mark.parametrize(("age", "told"), [(LONG_OPEN_S, False), (LONG_OPEN_S + 1, True), (0.0, False)])
def test_what_is_open_for_too_long_is_listed(age: float, told: bool) -> None:
    made = alert()
    assert long_open([made], made.received_at + age) == ([made] if told else [])


def test_the_oldest_comes_first_and_what_is_resolved_not_at_all() -> None:
    new, old = alert("a", NOON + 9), alert("b", NOON)
    assert long_open([new, resolved(), old], NOON + 1e6) == [old, new]

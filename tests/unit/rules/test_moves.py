"""Moves beyond seeing, judging and resolving: claims that lapse or pass on, help on its way, closing after review."""

from collections.abc import Callable

import pytest

from alert_rules.alert import Alert, Entry, IllegalMove, Response, Severity, Stage, Verdict
from alert_rules.moves import acknowledge, assign, close, comment, escalate, judge, lapse, resolve, respond
from tests.unit.rules.test_alert import NOON, raised


def done(severity: Severity = Severity.MAJOR) -> Alert:
    alert = raised(severity)
    judge(alert, "li", Verdict.TRUE_ALARM, "", NOON)
    resolve(alert, "li", "", NOON)
    return alert


def test_a_claim_lapses_and_is_free_for_others() -> None:
    alert = raised()
    acknowledge(alert, "li", NOON)
    entry = lapse(alert, NOON + 120)
    assert (entry.action, entry.detail) == ("lapse", {"earlier": "li"})
    assert (alert.acknowledged_by, alert.acknowledged_at, alert.stage) == (None, None, Stage.NEW)
    acknowledge(alert, "wang", NOON + 121)
    assert alert.acknowledged_by == "wang"


@pytest.mark.parametrize(
    "use",
    [
        lambda alert: comment(alert, "li", "on my way", NOON),
        lambda alert: judge(alert, "li", Verdict.TRUE_ALARM, "", NOON),
        lambda alert: assign(alert, "li", "wang", NOON),
        lambda alert: respond(alert, "li", Response.DISPATCHED, NOON),
    ],
    ids=["comment", "judge", "assign", "respond"],
)
def test_doing_something_uses_the_claim(use: Callable[[Alert], Entry]) -> None:
    alert = raised()
    acknowledge(alert, "li", NOON)
    version = alert.version
    assert not alert.claim_used
    use(alert)
    assert alert.claim_used
    assert alert.version > version


def test_what_somebody_else_does_is_no_use_of_the_claim() -> None:
    alert = raised()
    acknowledge(alert, "li", NOON)
    comment(alert, "wang", "I hear it too", NOON)
    assert not alert.claim_used


def test_taking_over_is_said_and_starts_a_claim_of_its_own() -> None:
    alert = raised()
    acknowledge(alert, "li", NOON)
    comment(alert, "li", "looking", NOON)
    entry = acknowledge(alert, "chief", NOON + 9, over=True)
    assert (entry.action, entry.detail) == ("take_over", {"earlier": "li"})
    assert (alert.acknowledged_by, alert.acknowledged_at, alert.claim_used) == ("chief", NOON + 9, False)
    assert acknowledge(alert, "chief", NOON + 10, over=True).action == "acknowledge"


def test_help_only_goes_forward() -> None:
    alert = raised()
    assert assign(alert, "li", "wang", NOON).detail == {"to": "wang", "earlier": None}
    assert assign(alert, "li", "zhao", NOON).detail == {"to": "zhao", "earlier": "wang"}
    respond(alert, "zhao", Response.DISPATCHED, NOON)
    with pytest.raises(IllegalMove, match="zhao was sent already"):
        assign(alert, "li", "wang", NOON)
    respond(alert, "zhao", Response.ARRIVED, NOON)
    for response in (Response.NONE, Response.ASSIGNED, Response.DISPATCHED, Response.ARRIVED):
        with pytest.raises(IllegalMove, match="only goes forward"):
            respond(alert, "zhao", response, NOON)
    assert (alert.response, alert.assigned_to) == (Response.ARRIVED, "zhao")


def test_a_step_of_help_may_be_skipped() -> None:
    alert = raised()
    respond(alert, "li", Response.ARRIVED, NOON)
    assert alert.response is Response.ARRIVED


def test_an_escalation_notes_the_highest_level() -> None:
    alert = raised()
    assert escalate(alert, 2, False, 0.12345, NOON).detail == {"level": 2, "reminder": False, "late_s": 0.123}
    escalate(alert, 1, True, 0, NOON)
    assert alert.level == 2


def test_an_open_alert_is_not_closed() -> None:
    with pytest.raises(IllegalMove, match="still open"):
        close(raised(), "chief", "all well", NOON)


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.MAJOR])
def test_a_grave_alert_is_closed_with_a_written_review_only(severity: Severity) -> None:
    alert = done(severity)
    with pytest.raises(IllegalMove, match="written review"):
        close(alert, "chief", "  ", NOON)
    assert close(alert, "chief", " pan left alone ", NOON).detail == {"review": "pan left alone"}
    assert (alert.closed_by, alert.closed_at, alert.stage) == ("chief", NOON, Stage.CLOSED)
    with pytest.raises(IllegalMove, match="closed by chief"):
        close(alert, "li", "again", NOON)


@pytest.mark.parametrize("severity", [Severity.MINOR, Severity.NOTICE])
def test_others_may_be_closed_without(severity: Severity) -> None:
    alert = done(severity)
    assert close(alert, "chief", "", NOON).detail == {}


def test_a_critical_alert_resolved_without_verdict_cannot_be_closed() -> None:
    """It rose to critical after somebody resolved it without a verdict."""
    alert = raised(Severity.MAJOR)
    resolve(alert, "li", "", NOON)
    alert.severity = Severity.CRITICAL
    with pytest.raises(IllegalMove, match="without a verdict"):
        close(alert, "chief", "review", NOON)


def test_a_finding_is_corrected_until_the_alert_is_closed() -> None:
    alert = done()
    entry = judge(alert, "chief", Verdict.FALSE_ALARM, "steam", NOON + 5)
    assert entry.detail == {"verdict": Verdict.FALSE_ALARM, "reason": "steam", "earlier": Verdict.TRUE_ALARM}
    assert alert.stage is Stage.RESOLVED
    close(alert, "chief", "steam from the bath", NOON)
    with pytest.raises(IllegalMove, match="closed by chief"):
        judge(alert, "li", Verdict.DRILL, "", NOON)

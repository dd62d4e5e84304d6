"""The alert's axes: which moves are legal, what each records, and what no machine may do."""

from collections.abc import Callable
from typing import Any

import pytest

from alert_rules.alert import (
    MACHINE,
    Action,
    Alert,
    Condition,
    Entry,
    Handling,
    IllegalMove,
    Place,
    Reason,
    Response,
    Severity,
    Stage,
    Transition,
    Verdict,
    alert_id,
    clear,
    extend,
    open_alert,
)
from alert_rules.moves import acknowledge, assign, comment, judge, resolve, respond
from devices.model import DeviceKind

NOON = 1_790_000_000.0
WORST_FIRST = list(Severity)


def says(
    action: Action = Action.RAISE, severity: Severity = Severity.MAJOR, at: float = NOON, **more: Any
) -> Transition:
    return Transition(
        action=action,
        rule="r",
        device="d",
        kind=DeviceKind.LIFT,
        severity=severity,
        at=at,
        received_at=at + 0.5,
        reason=Reason("why", {"seen": 1}, {"limit": 2}),
        **more,
    )


def raised(severity: Severity = Severity.MAJOR, **more: Any) -> Alert:
    return open_alert(says(severity=severity, **more), Place(building="b1"))[0]


def resolved() -> Alert:
    alert = raised()
    resolve(alert, "li", "", NOON + 9)
    return alert


def test_opening_copies_what_the_rule_said() -> None:
    said = says(subject="lane-1", test=True, registered=False, attributes={"a": 1})
    alert, entry = open_alert(said, Place(building="b1"))
    assert alert.fingerprint == said.fingerprint == "r/d/lane-1"
    assert (alert.raised_at, alert.received_at, alert.last_at) == (NOON, NOON + 0.5, NOON)
    assert (alert.test, alert.registered, alert.attributes) == (True, False, {"a": 1})
    assert (alert.stage, alert.condition, alert.version, alert.repeats) == (Stage.NEW, Condition.ACTIVE, 1, 0)
    assert (entry.at, entry.actor, entry.action, entry.alert) == (NOON + 0.5, MACHINE, "raise", alert.id)
    assert (entry.detail["values"], entry.detail["thresholds"]) == ({"seen": 1}, {"limit": 2})


def test_the_id_names_what_happened_and_when() -> None:
    assert alert_id("r/d", NOON) == alert_id("r/d", NOON) == raised().id
    assert len({alert_id("r/d", NOON), alert_id("r/d", NOON + 0.001), alert_id("r/e", NOON)}) == 3


@pytest.mark.parametrize("first", Severity)
@pytest.mark.parametrize("then", Severity)
def test_a_severity_only_rises(first: Severity, then: Severity) -> None:
    alert = raised(first)
    entry = extend(alert, says(Action.REPEAT, then))
    assert alert.severity is min(first, then, key=WORST_FIRST.index)
    assert entry.detail["severity"] is alert.severity


def test_a_repeat_counts_and_wakes_the_condition() -> None:
    alert = raised(attributes={"a": 1, "b": 1})
    clear(alert, says(Action.CLEAR, at=NOON + 5))
    extend(alert, says(at=NOON + 3, attributes={"b": 2}))
    assert (alert.repeats, alert.condition, alert.last_at, alert.version) == (1, Condition.ACTIVE, NOON + 5, 3)
    assert alert.attributes == {"a": 1, "b": 2}


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("auto", [True, False])
def test_a_machine_resolves_only_what_may_resolve_itself_and_nothing_critical(severity: Severity, auto: bool) -> None:
    alert = raised(severity)
    entry = clear(alert, says(Action.CLEAR, at=NOON + 60, auto_resolve=auto))
    may = auto and severity is not Severity.CRITICAL
    assert alert.condition is Condition.NORMAL
    assert alert.handling is (Handling.RESOLVED if may else Handling.OPEN)
    assert alert.resolved_by == (MACHINE if may else None)
    assert ("resolved" in entry.detail) is may


def test_an_alert_that_rose_to_critical_no_longer_resolves_itself() -> None:
    alert = raised(Severity.MINOR)
    extend(alert, says(severity=Severity.CRITICAL))
    clear(alert, says(Action.CLEAR, Severity.MINOR, auto_resolve=True))
    assert alert.handling is Handling.OPEN


def test_the_usual_way() -> None:
    alert = raised(Severity.CRITICAL)
    stages = [alert.stage]
    moves: list[Callable[[], Entry]] = [
        lambda: acknowledge(alert, "li", NOON + 1),
        lambda: judge(alert, "li", Verdict.TRUE_ALARM, "", NOON + 2),
        lambda: resolve(alert, "li", " put out ", NOON + 3),
    ]
    for move in moves:
        entry = move()
        stages.append(alert.stage)
    assert stages == [Stage.NEW, Stage.ACKNOWLEDGED, Stage.JUDGED, Stage.RESOLVED]
    assert entry.detail == {"note": "put out"}
    assert (alert.acknowledged_at, alert.verdict_at, alert.resolved_at) == (NOON + 1, NOON + 2, NOON + 3)
    assert alert.version == 4


@pytest.mark.parametrize("severity", Severity)
def test_only_critical_needs_a_verdict_before_it_is_resolved(severity: Severity) -> None:
    alert = raised(severity)
    if severity is Severity.CRITICAL:
        with pytest.raises(IllegalMove, match="judge it first"):
            resolve(alert, "li", "", NOON)
        assert (alert.handling, alert.version) == (Handling.OPEN, 1)
        judge(alert, "li", Verdict.UNDETERMINED, "", NOON)
    resolve(alert, "li", "", NOON)
    assert alert.stage is Stage.RESOLVED


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_a_false_alarm_needs_its_reason(reason: str) -> None:
    alert = raised()
    with pytest.raises(IllegalMove, match="reason"):
        judge(alert, "li", Verdict.FALSE_ALARM, reason, NOON)
    assert (alert.verdict, alert.acknowledged_by, alert.version) == (None, None, 1)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.FALSE_ALARM])
def test_other_verdicts_do_not(verdict: Verdict) -> None:
    alert = raised()
    judge(alert, "li", verdict, " ", NOON)
    assert (alert.verdict, alert.verdict_reason) == (verdict, None)


def test_judging_implies_acknowledging_but_takes_nobodys_name_away() -> None:
    alert = raised()
    judge(alert, "li", Verdict.DRILL, "", NOON + 2)
    assert (alert.acknowledged_by, alert.acknowledged_at) == ("li", NOON + 2)
    entry = judge(alert, "wang", Verdict.FALSE_ALARM, " steam ", NOON + 3)
    assert (alert.acknowledged_by, alert.verdict_by, alert.verdict_reason) == ("li", "wang", "steam")
    assert entry.detail["earlier"] is Verdict.DRILL


def test_an_alert_has_one_owner() -> None:
    alert = raised()
    acknowledge(alert, "li", NOON)
    with pytest.raises(IllegalMove, match="li has this alert"):
        acknowledge(alert, "wang", NOON)
    acknowledge(alert, "li", NOON + 1)
    assert alert.acknowledged_by == "li"


MOVES: list[Callable[[Alert], Entry]] = [
    lambda alert: acknowledge(alert, "li", NOON),
    lambda alert: assign(alert, "li", "wang", NOON),
    lambda alert: respond(alert, "li", Response.ARRIVED, NOON),
    lambda alert: resolve(alert, "li", "", NOON),
]


@pytest.mark.parametrize("move", MOVES, ids=["acknowledge", "assign", "respond", "resolve"])
def test_nothing_moves_a_resolved_alert(move: Callable[[Alert], Entry]) -> None:
    alert = resolved()
    version = alert.version
    with pytest.raises(IllegalMove, match="resolved by li"):
        move(alert)
    assert alert.version == version


def test_late_knowledge_is_still_knowledge() -> None:
    alert = resolved()
    entry = comment(alert, "wang", " it was steam ", NOON + 99)
    assert entry.detail == {"text": "it was steam"}
    with pytest.raises(IllegalMove, match="empty"):
        comment(alert, "wang", "  ", NOON)

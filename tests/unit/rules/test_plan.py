"""A plan fits some alerts; started, it is a checklist whose late steps are found once each."""

from typing import Any

import pytest

from alert_rules import plan as plans
from alert_rules.alert import IllegalMove, Severity
from alert_rules.plan import Checklist, Plan
from alert_rules.rule import NEVER
from tests.unit.alerts.making import NOON, alert

STEADY = 5_000.0


def step(id_: str, deadline_s: float, role: str = "guard") -> dict[str, Any]:
    return {"id": id_, "text": {"zh": "做", "en": "Do"}, "role": role, "deadline_s": deadline_s}


def plan(**start: Any) -> Plan:
    steps = [step("see", 60), step("call", 180, "manager"), step("report", 600, "authority")]
    fields = {"id": "fire", "title": {"zh": "火灾", "en": "Fire"}, "steps": steps}
    return Plan.model_validate(fields | {"start": {"rules": ["smoke_alarm"], **start}})


def started() -> Checklist:
    return plans.start(plan(), alert(), "li", NOON, STEADY)[0]


def late(checklist: Checklist, steady: float) -> list[str]:
    return [item.id for item in plans.overdue(checklist, steady)]


@pytest.mark.parametrize(
    ("start", "changed", "fits"),
    [
        ({}, {}, True),
        ({}, {"rule": "water_leak"}, False),
        ({}, {"test": True}, False),
        ({"severity": "major"}, {"severity": Severity.MAJOR}, True),
        ({"severity": "major"}, {"severity": Severity.CRITICAL}, True),
        ({"severity": "major"}, {"severity": Severity.MINOR}, False),
    ],
)
def test_a_plan_is_for_its_rules_from_its_severity_on(
    start: dict[str, Any], changed: dict[str, Any], fits: bool
) -> None:
    assert bool(plans.fitting([plan(**start)], alert(**changed))) is fits


def test_deadlines_count_from_the_start_in_steady_time() -> None:
    checklist, entry = plans.start(plan(), alert(), "li", NOON, STEADY)
    assert [item.due for item in checklist.items] == [STEADY + 60, STEADY + 180, STEADY + 600]
    assert (entry.action, entry.actor, entry.detail["plan"]) == ("plan_start", "li", "fire")


@pytest.mark.parametrize(
    ("after", "found"),
    [(59.9, []), (60, ["see"]), (180, ["see", "call"]), (1e9, ["see", "call", "report"])],
)
def test_a_step_is_late_from_its_deadline_on(after: float, found: list[str]) -> None:
    assert late(started(), STEADY + after) == found


def test_nobody_is_called_twice_for_one_step() -> None:
    checklist = started()
    entry = plans.call(checklist, checklist.item("see"), 0.5, NOON + 60.5)
    assert (entry.action, entry.detail["step"], entry.detail["role"], entry.detail["late_s"]) == (
        "plan_call",
        "see",
        "guard",
        0.5,
    )
    assert late(checklist, STEADY + 100) == []
    assert plans.next_due(checklist) == STEADY + 180


def test_a_step_done_is_not_late() -> None:
    checklist = started()
    entry = plans.tick(checklist, "see", "wang", " a pan ", NOON + 30)
    assert (checklist.item("see").done_by, checklist.item("see").note) == ("wang", "a pan")
    assert entry.detail == {"plan": "fire", "step": "see", "note": "a pan"}
    assert late(checklist, STEADY + 100) == []


def test_a_step_is_done_once() -> None:
    checklist = started()
    plans.tick(checklist, "see", "wang", "", NOON)
    with pytest.raises(IllegalMove, match="wang has done"):
        plans.tick(checklist, "see", "li", "", NOON)


def test_an_unknown_step_is_not_there() -> None:
    with pytest.raises(KeyError):
        plans.tick(started(), "none", "wang", "", NOON)


def test_the_last_step_ends_the_plan() -> None:
    checklist = started()
    for number, item in enumerate(checklist.items):
        assert checklist.ended_at is None
        plans.tick(checklist, item.id, "wang", "", NOON + number)
    assert checklist.ended_at == NOON + 2
    assert plans.next_due(checklist) == NEVER


def test_an_ended_plan_calls_nobody_and_says_what_was_left() -> None:
    checklist = started()
    plans.tick(checklist, "call", "wang", "", NOON)
    assert plans.end(checklist, NOON + 5).detail["left"] == ["see", "report"]
    assert late(checklist, STEADY + 1e9) == []
    plans.tick(checklist, "see", "wang", "", NOON + 9)
    assert checklist.ended_at == NOON + 5


def test_what_is_shown_counts_deadlines_from_now() -> None:
    shown = plans.view(started(), STEADY + 100, NOON + 4_000)
    assert [item["late"] for item in shown["items"]] == [True, False, False]
    assert shown["items"][1]["due"] == NOON + 4_000 + 80

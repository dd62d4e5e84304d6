"""Doors forced, doors held open."""

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind, Event
from devices.registry import Device
from tests.unit.rules.cases import event
from tests.unit.rules.timeline import Timeline


@pytest.fixture
def gate() -> Timeline:
    return Timeline(Device("gate-1", DeviceKind.ACCESS_GATE))


def test_duress_is_critical_and_a_forced_door_is_not(gate: Timeline) -> None:
    gate.says("gate-1", **event("duress", door_id="d1"))
    said = gate.expect("gate_forced", "gate-1", between=(0, 0), severity=Severity.CRITICAL)
    assert (said.reason.code, said.reason.values) == ("duress", {"door_id": "d1"})
    gate.at(5).says("gate-1", **event("door_forced"))
    gate.expect("gate_forced", "gate-1", between=(5, 5), severity=Severity.MAJOR)


@pytest.mark.parametrize("shut", [{"states": {"door_state": "closed"}}, event("door_closed")], ids=["state", "event"])
def test_a_door_reported_shut_ends_the_break_in(gate: Timeline, shut: dict[str, object]) -> None:
    gate.says("gate-1", **event("door_forced"))
    gate.expect("gate_forced", "gate-1", between=(0, 0))
    gate.at(5).says("gate-1", **shut)  # type: ignore[arg-type]
    gate.expect("gate_forced", "gate-1", between=(5, 5), action=Action.CLEAR, auto_resolve=False)


def test_forced_and_shut_in_one_message_is_still_forced(gate: Timeline) -> None:
    gate.says("gate-1", events=(Event("door_forced"), Event("door_closed")))
    gate.expect("gate_forced", "gate-1", between=(0, 0))
    gate.expect_nothing()


@pytest.mark.parametrize("code", ["access_denied", "access_granted", "door_opened", "door_closed"])
def test_ordinary_passage_is_no_break_in(gate: Timeline, code: str) -> None:
    gate.says("gate-1", **event(code, reason="expired"))
    gate.expect_nothing(until=600)


def test_the_controllers_own_word_needs_no_dwell(gate: Timeline) -> None:
    gate.says("gate-1", **event("door_held_open", door_id="d1"))
    gate.expect("gate_held_open", "gate-1", between=(0, 0), severity=Severity.MINOR)
    gate.at(30).says("gate-1", **event("door_closed", door_id="d1"))
    gate.expect("gate_held_open", "gate-1", between=(30, 30), action=Action.CLEAR)


def test_repeats_do_not_prolong_the_dwell(gate: Timeline) -> None:
    for second in range(0, 60, 10):
        gate.at(second).says("gate-1", {"door_state": "open"})
    said = gate.expect("gate_held_open", "gate-1", between=(60, 60))
    assert said.reason.values == {"open_s": 60.0}
    assert said.reason.thresholds == {"dwell_s": 60.0}


@pytest.mark.parametrize("state", ["closing", "opening", None])
def test_a_door_that_is_not_reported_shut_is_still_open(gate: Timeline, state: str | None) -> None:
    gate.says("gate-1", {"door_state": "open"}).at(30).says("gate-1", {"door_state": state})
    gate.expect("gate_held_open", "gate-1", between=(60, 60))


def test_a_shut_door_restarts_the_dwell(gate: Timeline) -> None:
    gate.says("gate-1", {"door_state": "open"}).at(59).says("gate-1", {"door_state": "closed"})
    gate.at(60).says("gate-1", {"door_state": "open"})
    gate.expect_nothing(until=119.9)
    gate.expect("gate_held_open", "gate-1", between=(120, 120))


def test_an_older_shut_does_not_end_a_newer_open(gate: Timeline) -> None:
    """The lanes overtake each other: telemetry from before the opening may be judged after it."""
    gate.says("gate-1", {"door_state": "open"}).at(1).says("gate-1", {"door_state": "closed"}, age=2)
    gate.expect("gate_held_open", "gate-1", between=(60, 60))


def test_doors_that_open_all_day_leave_no_heap_of_timers(gate: Timeline) -> None:
    for second in range(0, 20_000, 4):
        gate.at(second).says("gate-1", {"door_state": "open"}).at(second + 2).says("gate-1", {"door_state": "closed"})
    gate.expect_nothing()
    assert len(gate.engine._timers) <= 60 / 4 + 1


def test_the_site_may_set_the_dwell() -> None:
    gate = Timeline(Device("gate-1", DeviceKind.ACCESS_GATE), rules={"gate_held_open": {"dwell_s": 15}})
    gate.says("gate-1", {"door_state": "open"})
    gate.expect("gate_held_open", "gate-1", between=(15, 15))

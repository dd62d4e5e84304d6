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
    said = gate.expect("gate_duress", "gate-1", between=(0, 0), severity=Severity.CRITICAL)
    assert (said.reason.code, said.reason.values) == ("duress", {"door_id": "d1"})
    gate.at(5).says("gate-1", **event("door_forced"))
    gate.expect("gate_forced", "gate-1", between=(5, 5), severity=Severity.MAJOR)
    gate.expect_nothing()


def test_the_door_that_shuts_behind_the_intruder_ends_no_duress(gate: Timeline) -> None:
    gate.says("gate-1", **event("duress")).at(3).says("gate-1", {"door_state": "closed"})
    gate.says("gate-1", **event("door_closed"))
    gate.expect("gate_duress", "gate-1", between=(0, 0))
    gate.expect_nothing(until=600)


def test_a_second_duress_is_told_again(gate: Timeline) -> None:
    gate.says("gate-1", **event("duress")).at(60).says("gate-1", **event("duress"))
    gate.expect("gate_duress", "gate-1", between=(0, 0))
    gate.expect("gate_duress", "gate-1", between=(60, 60))


def test_everybody_on_the_blocklist_gets_an_alert_of_their_own(gate: Timeline) -> None:
    for second, ref in enumerate(("c1", "c2", "c1")):
        gate.at(second).says("gate-1", **event("access_denied", reason="blocklist", credential_ref=ref))
    assert [said.transition.subject for said in gate.unclaimed] == ["c1", "c2", "c1"]
    assert {said.transition.rule for said in gate.unclaimed} == {"gate_blocklist"}


def test_the_site_says_whose_expired_passes_matter() -> None:
    gate = Timeline(
        Device("gate-1", DeviceKind.ACCESS_GATE), rules={"gate_expired_visitor": {"credential_types": ["card"]}}
    )
    gate.says("gate-1", **event("access_denied", reason="expired", credential_type="qr"))
    gate.expect_nothing()
    gate.says("gate-1", **event("access_denied", reason="expired", credential_type="card", credential_ref="c1"))
    gate.expect("gate_expired_visitor", "gate-1", between=(0, 0), subject="c1", severity=Severity.NOTICE)


def test_a_tampered_reader_is_told_once_and_an_unknown_contact_clears_nothing(gate: Timeline) -> None:
    for second in range(3):
        gate.at(second).says("gate-1", {"tamper": True})
    gate.expect("reader_tamper", "gate-1", between=(0, 0), severity=Severity.MAJOR)
    gate.at(10).says("gate-1", {"tamper": None})
    gate.expect_nothing(until=60)
    gate.says("gate-1", {"tamper": False})
    gate.expect("reader_tamper", "gate-1", between=(60, 60), action=Action.CLEAR, auto_resolve=False)


def test_a_silent_controller_is_offline() -> None:
    gate = Timeline(Device("gate-1", DeviceKind.ACCESS_GATE, expect_every_s=180))
    gate.says("gate-1", {"door_state": "closed"})
    gate.expect_nothing(until=179)
    gate.expect("device_offline", "gate-1", between=(180, 180), severity=Severity.MINOR)
    gate.at(200).says("gate-1", {"door_state": "closed"})
    gate.expect("device_offline", "gate-1", between=(200, 200), action=Action.CLEAR, auto_resolve=True)


@pytest.mark.parametrize("shut", [{"states": {"door_state": "closed"}}, event("door_closed")], ids=["state", "event"])
def test_a_door_reported_shut_ends_the_break_in(gate: Timeline, shut: dict[str, object]) -> None:
    gate.says("gate-1", **event("door_forced"))
    gate.expect("gate_forced", "gate-1", between=(0, 0))
    gate.at(5).says("gate-1", **shut)  # type: ignore[arg-type]
    gate.expect("gate_forced", "gate-1", between=(5, 5), action=Action.CLEAR, auto_resolve=False)


def test_another_door_of_the_controller_ends_nothing(gate: Timeline) -> None:
    gate.says("gate-1", **event("door_forced", door_id="d1")).says("gate-1", **event("door_forced", door_id="d2"))
    gate.says("gate-1", **event("door_held_open", door_id="d3")).at(5)
    gate.unclaimed.clear()
    for second, door in enumerate(("d4", "d2"), 10):
        gate.at(second).says("gate-1", **event("door_closed", door_id=door))
    gate.expect_nothing()
    gate.at(20).says("gate-1", **event("door_closed", door_id="d1"))
    gate.expect("gate_forced", "gate-1", between=(20, 20), action=Action.CLEAR)
    gate.restart().at(30).says("gate-1", **event("door_closed", door_id="d3"))
    gate.expect("gate_held_open", "gate-1", between=(30, 30), action=Action.CLEAR)


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

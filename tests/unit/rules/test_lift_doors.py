"""Doors that open again and again; electric bicycles that come in through them."""

from typing import Any

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind
from devices.registry import Device
from tests.unit.rules.case import event
from tests.unit.rules.timeline import Timeline

LIFT, CAMERA = "lift-1", "cam-1"
CYCLING, BIKE = "lift_door_cycling", "lift_e_bike"


@pytest.fixture
def lift() -> Timeline:
    return Timeline(Device(LIFT, DeviceKind.LIFT), Device(CAMERA, DeviceKind.CAMERA))


def cycle(lift: Timeline, times: int, every_s: float = 10.0) -> float:
    """Open and shut the doors; return when they opened last."""
    start = lift.now
    for number in range(times):
        lift.at(start + number * every_s).says(LIFT, {"door_closed": False, "car_state": "stopped"})
        lift.at(lift.now + every_s / 2).says(LIFT, {"door_closed": True})
    return start + (times - 1) * every_s


def bike(phase: str | None = "start", **more: Any) -> dict[str, Any]:
    return event("e_bike_in_car", **({"phase": phase} if phase else {}), **more)


def test_the_sixth_opening_without_a_run_raises_once(lift: Timeline) -> None:
    last = cycle(lift, 8)
    said = lift.expect(CYCLING, LIFT, between=(50, 50), severity=Severity.MINOR)
    assert said.reason.values == {"openings": 6, "within_s": 50.0, "floor": None}
    assert said.reason.thresholds == {"times": 6, "window_s": 180.0}
    lift.expect_nothing(until=last + 179)
    lift.expect(CYCLING, LIFT, between=(last + 180, last + 180), action=Action.CLEAR, auto_resolve=True)


def test_five_openings_are_a_busy_landing(lift: Timeline) -> None:
    cycle(lift, 5)
    lift.expect_nothing(until=1_000)


def test_openings_spread_over_more_than_the_window_do_not_add_up(lift: Timeline) -> None:
    cycle(lift, 20, every_s=37)
    lift.expect_nothing(until=2_000)


def test_a_run_starts_the_count_anew(lift: Timeline) -> None:
    cycle(lift, 5)
    lift.says(LIFT, {"car_state": "running"}).at(lift.now + 10)
    cycle(lift, 5)
    lift.expect_nothing(until=1_000)


def test_a_run_ends_the_alert(lift: Timeline) -> None:
    cycle(lift, 6)
    lift.expect(CYCLING, LIFT, between=(50, 50))
    lift.at(70).says(LIFT, {"car_state": "running"})
    lift.expect(CYCLING, LIFT, between=(70, 70), action=Action.CLEAR)
    lift.expect_nothing(until=1_000)


def test_reports_that_repeat_the_open_door_are_one_opening(lift: Timeline) -> None:
    for second in range(60):
        lift.at(second).says(LIFT, {"door_closed": False, "car_state": "stopped"})
    lift.expect_nothing(until=1_000)


def test_a_door_of_unknown_position_is_no_opening(lift: Timeline) -> None:
    for second in range(20):
        lift.at(second).says(LIFT, {"door_closed": False if second == 0 else None, "car_state": "stopped"})
    lift.expect_nothing(until=1_000)


def test_counting_survives_a_restart(lift: Timeline) -> None:
    cycle(lift, 3)
    lift.restart(down_s=5)
    cycle(lift, 3)
    lift.expect(CYCLING, LIFT, between=(50, 56))


def test_the_controllers_word_needs_no_count_and_only_it_ends_that(lift: Timeline) -> None:
    lift.says(LIFT, {"door_repeated_cycling": True, "floor": "3"})
    said = lift.expect(CYCLING, LIFT, between=(0, 0))
    assert (said.reason.code, said.reason.values["floor"]) == ("state_true", "3")
    lift.at(10).says(LIFT, {"car_state": "running"})
    lift.expect_nothing(until=600)
    lift.says(LIFT, {"door_repeated_cycling": False})
    lift.expect(CYCLING, LIFT, between=(600, 600), action=Action.CLEAR)


def test_doors_leave_no_heap_of_timers(lift: Timeline) -> None:
    for number in range(2_000):
        lift.at(number * 60).says(LIFT, {"door_closed": False, "car_state": "stopped"})
        lift.at(number * 60 + 5).says(LIFT, {"door_closed": True}).at(number * 60 + 10)
        lift.says(LIFT, {"car_state": "running"})
    lift.expect_nothing()
    assert len(lift.engine._timers) < 10


@pytest.mark.parametrize("device", [LIFT, CAMERA])
def test_a_bike_is_told_once_while_it_rides(lift: Timeline, device: str) -> None:
    lift.says(device, **bike("start", score=0.9))
    said = lift.expect(BIKE, device, between=(0, 0), severity=Severity.MAJOR)
    assert said.reason.thresholds == {"min_score": 0.6}
    for second in range(5, 50, 5):
        lift.at(second).says(device, **bike("update", score=0.9))
    lift.expect_nothing()
    lift.at(55).says(device, **bike("end"))
    lift.expect(BIKE, device, between=(55, 55), action=Action.CLEAR, auto_resolve=False)
    lift.expect_nothing(until=600)


def test_a_lost_start_is_made_good_by_the_update(lift: Timeline) -> None:
    lift.says(LIFT, **bike("update"))
    lift.expect(BIKE, LIFT, between=(0, 0))


def test_an_end_that_never_comes_clears_nothing_but_lets_the_next_bike_be_told(lift: Timeline) -> None:
    lift.says(LIFT, **bike("start"))
    lift.expect(BIKE, LIFT, between=(0, 0))
    lift.expect_nothing(until=3_600)
    lift.says(LIFT, **bike("start"))
    lift.expect(BIKE, LIFT, between=(3_600, 3_600))


def test_a_device_that_repeats_itself_without_phases_is_heard_once_until_a_minutes_rest(lift: Timeline) -> None:
    for second in (*range(120), 178, 237, 298):
        lift.at(second).says(LIFT, **bike(None))
    assert [said.second for said in lift.unclaimed] == [0, 298]


@pytest.mark.parametrize("score", ["0.9", None, [], 0.59])
def test_what_is_uncertain_is_not_believed(lift: Timeline, score: Any) -> None:
    lift.says(LIFT, **bike(score=score))
    lift.expect_nothing()

"""People shut in: by the controller's code at once, by the signs after 45 s; what breaks the dwell."""

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind, StateValue
from devices.registry import Device
from tests.unit.rules.cases import STUCK
from tests.unit.rules.timeline import Timeline

RULE = "lift_entrapment"


@pytest.fixture
def lift() -> Timeline:
    return Timeline(Device("lift-1", DeviceKind.LIFT))


def test_the_controllers_code_is_believed_at_once(lift: Timeline) -> None:
    lift.says("lift-1", {"entrapment": True, "floor": "7"})
    said = lift.expect(RULE, "lift-1", between=(0, 0), severity=Severity.CRITICAL)
    assert said.reason.code == "controller_code"
    assert said.reason.values == {"entrapment": True, "floor": "7", "at_landing": None}
    lift.at(10).says("lift-1", {"entrapment": True})
    lift.expect_nothing(until=600)


def test_only_the_controller_ends_its_own_code(lift: Timeline) -> None:
    lift.says("lift-1", {"entrapment": True})
    lift.expect(RULE, "lift-1", between=(0, 0))
    told: list[dict[str, StateValue]] = [{"car_state": "running"}, {"door_closed": False}, {"entrapment": None}]
    for second, states in enumerate(told, 1):
        lift.at(second).says("lift-1", states)
    lift.expect_nothing()
    lift.at(60).says("lift-1", {"entrapment": False})
    lift.expect(RULE, "lift-1", between=(60, 60), action=Action.CLEAR, auto_resolve=False)


def test_an_older_all_clear_does_not_end_a_newer_code(lift: Timeline) -> None:
    lift.at(100).says("lift-1", {"entrapment": True})
    lift.expect(RULE, "lift-1", between=(100, 100))
    lift.says("lift-1", {"entrapment": False}, age=5)
    lift.expect_nothing()


def test_the_code_comes_while_the_signs_are_watched(lift: Timeline) -> None:
    lift.says("lift-1", STUCK).at(20).says("lift-1", {"entrapment": True})
    lift.expect(RULE, "lift-1", between=(20, 20))
    lift.expect_nothing(until=600)


def test_the_reason_names_what_was_seen_and_the_threshold(lift: Timeline) -> None:
    lift.says("lift-1", {**STUCK, "floor": "12"})
    said = lift.expect(RULE, "lift-1", between=(45, 45))
    assert said.reason.values == {"stood_s": 45.0, "floor": "12", "at_landing": None}
    assert said.reason.thresholds == {"dwell_s": 45.0}


def test_repeats_do_not_prolong_the_dwell(lift: Timeline) -> None:
    for second in range(0, 45, 5):
        lift.at(second).says("lift-1", STUCK)
    lift.expect(RULE, "lift-1", between=(45, 45))
    lift.at(50).says("lift-1", STUCK)
    lift.expect_nothing(until=600)


def test_the_signs_may_come_in_several_messages(lift: Timeline) -> None:
    lift.says("lift-1", {"passengers_present": True}).at(3).says("lift-1", {"door_closed": True})
    lift.at(5).says("lift-1", {"car_state": "stopped"})
    lift.expect(RULE, "lift-1", between=(50, 50))


@pytest.mark.parametrize("missing", sorted(STUCK))
@pytest.mark.parametrize("value", [None, False, "absent"])
def test_every_sign_is_needed(lift: Timeline, missing: str, value: StateValue) -> None:
    states: dict[str, StateValue] = dict(STUCK)
    if value == "absent":
        del states[missing]
    else:
        states[missing] = "running" if missing == "car_state" and value is False else value
    lift.says("lift-1", states)
    lift.expect_nothing(until=600)


@pytest.mark.parametrize("ends", [{"car_state": "running"}, {"door_closed": False}], ids=str)
def test_the_signs_end_the_alert_they_raised(lift: Timeline, ends: dict[str, StateValue]) -> None:
    lift.says("lift-1", STUCK)
    lift.expect(RULE, "lift-1", between=(45, 45))
    lift.at(60).says("lift-1", ends)
    lift.expect(RULE, "lift-1", between=(60, 60), action=Action.CLEAR)


@pytest.mark.parametrize("unknown", [{"car_state": None}, {"door_closed": None}], ids=str)
def test_what_is_unknown_ends_nothing(lift: Timeline, unknown: dict[str, StateValue]) -> None:
    lift.says("lift-1", STUCK).at(20).says("lift-1", unknown).at(25).says("lift-1", STUCK)
    lift.expect(RULE, "lift-1", between=(45, 45))
    lift.at(60).says("lift-1", unknown)
    lift.expect_nothing(until=600)


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ({"at_landing": True}, True),
        ({"at_landing": False}, False),
        ({"door_zone": False}, False),
        ({"at_landing": True, "door_zone": False}, True),
        ({"at_landing": None, "door_zone": True}, True),
        ({"at_landing": None}, None),
    ],
    ids=str,
)
@pytest.mark.parametrize("signs", [STUCK, {"entrapment": True}], ids=["signs", "code"])
def test_the_reason_tells_whether_the_car_is_at_a_landing(
    lift: Timeline, told: dict[str, StateValue], level: bool | None, signs: dict[str, StateValue]
) -> None:
    lift.says("lift-1", {**signs, **told})
    said = lift.expect(RULE, "lift-1", between=(0, 45))
    assert said.reason.values["at_landing"] is level


def test_people_who_leave_the_sensors_sight_do_not_end_the_alert(lift: Timeline) -> None:
    lift.says("lift-1", STUCK)
    lift.expect(RULE, "lift-1", between=(45, 45))
    lift.at(50).says("lift-1", {"passengers_present": False})
    lift.expect_nothing(until=600)


@pytest.mark.parametrize(("gap", "raises"), [(9.9, True), (10.0, False), (30.0, False)])
def test_presence_may_flicker_for_less_than_ten_seconds(lift: Timeline, gap: float, raises: bool) -> None:
    lift.says("lift-1", STUCK).at(20).says("lift-1", {"passengers_present": False})
    lift.at(20 + gap).says("lift-1", {"passengers_present": True})
    if raises:
        lift.expect(RULE, "lift-1", between=(45, 45))
    else:
        lift.expect_nothing(until=20 + gap + 44.9)
        lift.expect(RULE, "lift-1", between=(20 + gap + 45, 20 + gap + 45))
    lift.expect_nothing(until=600)


def test_an_empty_car_is_no_entrapment(lift: Timeline) -> None:
    lift.says("lift-1", STUCK).at(20).says("lift-1", {"passengers_present": False})
    lift.expect_nothing(until=600)


def test_flicker_at_the_end_of_the_dwell_still_counts_as_present(lift: Timeline) -> None:
    lift.says("lift-1", STUCK).at(40).says("lift-1", {"passengers_present": False})
    lift.expect(RULE, "lift-1", between=(45, 45))


def test_flicker_survives_a_restart(lift: Timeline) -> None:
    lift.says("lift-1", STUCK).at(20).says("lift-1", {"passengers_present": False}).restart(down_s=4)
    lift.at(26).says("lift-1", {"passengers_present": True})
    lift.expect(RULE, "lift-1", between=(45, 45))


def test_flicker_leaves_no_heap_of_timers(lift: Timeline) -> None:
    for second in range(10_000):
        lift.at(second * 0.5).says("lift-1", {**STUCK, "passengers_present": second % 2 == 0})
    assert len(lift.engine._timers) < 200
    lift.expect(RULE, "lift-1", between=(45, 5_000))


def test_the_door_position_stands_in_for_a_missing_contact(lift: Timeline) -> None:
    lift.says("lift-1", {"car_state": "stopped", "door_state": "closed", "passengers_present": True})
    lift.expect(RULE, "lift-1", between=(45, 45))


def test_the_site_may_set_the_dwell() -> None:
    lift = Timeline(Device("lift-1", DeviceKind.LIFT), rules={RULE: {"dwell_s": 90}})
    lift.says("lift-1", STUCK)
    lift.expect(RULE, "lift-1", between=(90, 90))

"""Faults of a lift: by the controller's word at once, by signs that last, never by what attendants do."""

import pytest

from alert_rules.alert import Action, Severity
from alert_rules.catalogue import RULES
from alert_rules.lift_faults import ATTENDED, LiftFault
from devices.model import DeviceKind, StateValue
from devices.registry import Device
from tests.unit.rules.timeline import Timeline

LIFT = "lift-1"
UNINTENDED, RAN_OPEN, LEVELLING = "lift_unintended_movement", "lift_door_open_running", "lift_levelling"
SPEED, OUT = "lift_overspeed", "lift_out_of_service"
OPEN_RUN: dict[str, StateValue] = {"car_state": "running", "door_closed": False}
FAULTS = {name: rule for name, rule in RULES.items() if issubclass(rule, LiftFault)}
WORDS = [(name, word) for name, rule in FAULTS.items() for word in rule.words]


@pytest.fixture
def lift() -> Timeline:
    return Timeline(Device(LIFT, DeviceKind.LIFT))


@pytest.mark.parametrize(("rule", "word"), WORDS, ids=[word for _, word in WORDS])
def test_the_controllers_word_is_believed_at_once(lift: Timeline, rule: str, word: str) -> None:
    lift.says(LIFT, {"floor": "9"}).says(LIFT, {word: True})
    said = lift.expect(rule, LIFT, between=(0, 0), severity=FAULTS[rule].severity)
    assert said.reason.code == "state_true"
    assert said.reason.values == {word: True, "floor": "9"}
    lift.at(5).says(LIFT, {word: True})
    lift.expect_nothing(until=600)


@pytest.mark.parametrize(("rule", "word"), WORDS, ids=[word for _, word in WORDS])
def test_the_word_ends_what_it_raised_and_unknown_does_not(lift: Timeline, rule: str, word: str) -> None:
    lift.says(LIFT, {word: True})
    lift.expect(rule, LIFT, between=(0, 0))
    lift.at(5).says(LIFT, {word: None})
    lift.expect_nothing()
    lift.at(10).says(LIFT, {word: False, "car_state": "stopped", "door_closed": True, "at_landing": True})
    lift.expect(rule, LIFT, between=(10, 10), action=Action.CLEAR, auto_resolve=FAULTS[rule].auto_resolve)


@pytest.mark.parametrize(("rule", "word"), WORDS, ids=[word for _, word in WORDS])
@pytest.mark.parametrize("mode", sorted(ATTENDED))
def test_the_word_counts_in_every_mode(lift: Timeline, rule: str, word: str, mode: str) -> None:
    lift.says(LIFT, {"service_mode": mode, word: True})
    lift.expect(rule, LIFT, between=(0, 0))


def test_a_late_word_is_believed_though_it_is_over(lift: Timeline) -> None:
    lift.at(100).says(LIFT, {"overrun_top": False}).says(LIFT, {"overrun_top": True}, age=20)
    lift.expect("lift_overrun", LIFT, between=(100, 100))
    lift.at(110).says(LIFT, {"overrun_top": False})
    lift.expect("lift_overrun", LIFT, between=(110, 110), action=Action.CLEAR)


def test_overruns_at_both_ends_are_one_alert_until_both_are_over(lift: Timeline) -> None:
    lift.says(LIFT, {"overrun_top": True}).says(LIFT, {"overrun_bottom": True})
    lift.expect("lift_overrun", LIFT, between=(0, 0), severity=Severity.CRITICAL)
    lift.at(5).says(LIFT, {"overrun_top": False})
    lift.expect_nothing()
    lift.at(9).says(LIFT, {"overrun_bottom": False})
    lift.expect("lift_overrun", LIFT, between=(9, 9), action=Action.CLEAR)


@pytest.mark.parametrize(
    ("zone", "rule", "severity"),
    [({"door_zone": False}, UNINTENDED, Severity.CRITICAL), ({}, RAN_OPEN, Severity.MAJOR)],
    ids=["outside the zone", "zone not told"],
)
def test_running_with_open_doors(lift: Timeline, zone: dict[str, StateValue], rule: str, severity: Severity) -> None:
    lift.says(LIFT, {**OPEN_RUN, **zone})
    lift.expect_nothing(until=1.999)
    said = lift.expect(rule, LIFT, between=(2, 2), severity=severity)
    assert said.reason.values["car_state"] == "running"
    assert said.reason.thresholds == {"dwell_s": 2.0}
    lift.expect_nothing(until=600)


@pytest.mark.parametrize(
    "harmless",
    [
        {**OPEN_RUN, "door_zone": True},
        {**OPEN_RUN, "at_landing": True, "door_zone": False},
        {"car_state": "running", "door_closed": True, "door_zone": False},
        {"car_state": "stopped", "door_closed": False, "at_landing": True},
        {"car_state": None, "door_closed": False, "door_zone": False},
        {"car_state": "running", "door_closed": None, "door_state": "open", "door_zone": False},
        {**OPEN_RUN, "door_zone": False, "service_mode": "inspection"},
    ],
    ids=str,
)
def test_what_is_no_movement_with_open_doors(lift: Timeline, harmless: dict[str, StateValue]) -> None:
    lift.says(LIFT, harmless)
    lift.expect_nothing(until=600)


@pytest.mark.parametrize("position", ["open", "opening", "closing"])
def test_the_position_stands_in_for_a_missing_contact(lift: Timeline, position: str) -> None:
    lift.says(LIFT, {"car_state": "running", "door_state": position, "door_zone": False})
    lift.expect(UNINTENDED, LIFT, between=(2, 2))


def test_a_contact_reported_a_second_late_raises_nothing(lift: Timeline) -> None:
    lift.says(LIFT, {"door_closed": False, "car_state": "stopped", "door_zone": True})
    lift.at(5).says(LIFT, {"car_state": "running", "door_zone": False}).at(6).says(LIFT, {"door_closed": True})
    lift.expect_nothing(until=600)


def test_signs_end_the_alert_they_raised(lift: Timeline) -> None:
    lift.says(LIFT, {**OPEN_RUN, "door_zone": False})
    lift.expect(UNINTENDED, LIFT, between=(2, 2))
    lift.at(5).says(LIFT, {"car_state": None})
    lift.expect_nothing()
    lift.at(9).says(LIFT, {"car_state": "stopped"})
    lift.expect(UNINTENDED, LIFT, between=(9, 9), action=Action.CLEAR, auto_resolve=False)


@pytest.mark.parametrize(("speed", "raises"), [(2.0, True), (1.999, False)])
def test_a_measured_speed_is_held_against_the_rated_one(speed: float, raises: bool) -> None:
    lift = Timeline(Device(LIFT, DeviceKind.LIFT), rules={SPEED: {"rated_mps": {LIFT: 1.6}, "factor": 1.25}})
    lift.says(LIFT, measurements={"speed": speed})
    if raises:
        said = lift.expect(SPEED, LIFT, between=(1, 1), severity=Severity.CRITICAL)
        assert (said.reason.values, said.reason.thresholds) == ({"speed": 2.0}, {"limit_mps": 2.0})
    lift.expect_nothing(until=600)


def test_one_wild_sample_is_no_overspeed() -> None:
    lift = Timeline(Device(LIFT, DeviceKind.LIFT), rules={SPEED: {"rated_mps": {LIFT: 1.6}}})
    lift.says(LIFT, measurements={"speed": 9.9}).at(0.9).says(LIFT, measurements={"speed": 1.6})
    lift.expect_nothing(until=600)


def test_a_lift_without_a_rated_speed_is_judged_by_its_controller_alone() -> None:
    lift = Timeline(Device(LIFT, DeviceKind.LIFT), rules={SPEED: {"rated_mps": {"lift-2": 1.0}}})
    lift.says(LIFT, measurements={"speed": 20.0})
    lift.expect_nothing(until=60)


def test_a_car_off_level_must_stand_for_a_minute(lift: Timeline) -> None:
    off: dict[str, StateValue] = {"car_state": "stopped", "door_zone": False}
    lift.says(LIFT, off).at(59).says(LIFT, {"car_state": "running"}).at(60).says(LIFT, off)
    lift.expect_nothing(until=119.9)
    lift.expect(LEVELLING, LIFT, between=(120, 120), severity=Severity.MAJOR)


def test_people_shut_in_off_level_are_an_entrapment_and_nothing_else(lift: Timeline) -> None:
    lift.says(LIFT, {"car_state": "stopped", "door_zone": False, "door_closed": True, "passengers_present": True})
    said = lift.expect("lift_entrapment", LIFT, between=(45, 45))
    assert said.reason.values["at_landing"] is False
    lift.expect_nothing(until=600)


def test_people_before_an_open_door_off_level_may_stumble(lift: Timeline) -> None:
    lift.says(LIFT, {"car_state": "stopped", "door_zone": False, "door_closed": False, "passengers_present": True})
    lift.expect(LEVELLING, LIFT, between=(60, 60))


@pytest.mark.parametrize("out", [{"out_of_service": True}, {"service_mode": "stopped"}], ids=str)
def test_out_of_service_for_half_an_hour(lift: Timeline, out: dict[str, StateValue]) -> None:
    lift.says(LIFT, out)
    lift.expect_nothing(until=1_799.9)
    lift.expect(OUT, LIFT, between=(1_800, 1_800), severity=Severity.MINOR)
    lift.at(2_000).says(LIFT, {"service_mode": "unknown"}).at(2_010)
    lift.expect_nothing()
    lift.says(LIFT, {"out_of_service": False, "service_mode": "normal"})
    lift.expect(OUT, LIFT, between=(2_010, 2_010), action=Action.CLEAR, auto_resolve=True)


def test_a_short_stop_is_nobodys_business(lift: Timeline) -> None:
    lift.says(LIFT, {"out_of_service": True}).at(1_799).says(LIFT, {"out_of_service": False})
    lift.expect_nothing(until=10_000)


def test_a_restart_keeps_the_half_hour(lift: Timeline) -> None:
    lift.says(LIFT, {"service_mode": "stopped"}).at(1_000).restart(down_s=300)
    lift.expect(OUT, LIFT, between=(1_800, 1_800))

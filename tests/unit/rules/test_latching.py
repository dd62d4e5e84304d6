"""Smoke, water and tests: what raises at once and stays."""

import pytest

from alert_rules.alert import Action, Severity
from alert_rules.smoke import FIRE_STATES
from devices.model import DeviceKind, TimeQuality
from devices.registry import Device
from tests.unit.rules.timeline import Timeline


@pytest.fixture
def home() -> Timeline:
    return Timeline(Device("smoke-1", DeviceKind.SMOKE_DETECTOR), Device("water-1", DeviceKind.WATER_LEAK))


@pytest.mark.parametrize("state", sorted(FIRE_STATES))
def test_every_fire_state_is_critical(home: Timeline, state: str) -> None:
    home.says("smoke-1", {state: True}, measurements={"temperature": 71.0})
    said = home.expect("smoke_alarm", "smoke-1", between=(0, 0), severity=Severity.CRITICAL)
    assert said.reason.values == {state: True, "temperature": 71.0}


@pytest.mark.parametrize("ended", [False, None])
def test_smoke_that_thins_has_not_put_the_fire_out(home: Timeline, ended: bool | None) -> None:
    home.says("smoke-1", {"smoke": True})
    home.expect("smoke_alarm", "smoke-1", between=(0, 0))
    home.at(10).says("smoke-1", {"smoke": ended}).at(20).says("smoke-1", {"smoke": True}).at(30)
    if ended is False:
        home.expect("smoke_alarm", "smoke-1", between=(20, 20))
    home.expect_nothing(until=86_400)


def test_a_second_sensor_is_said_while_the_first_still_sounds(home: Timeline) -> None:
    home.says("smoke-1", {"smoke": True})
    home.expect("smoke_alarm", "smoke-1", between=(0, 0))
    home.at(5).says("smoke-1", {"smoke": True}).at(6).says("smoke-1", {"smoke": True, "heat": True})
    said = home.expect("smoke_alarm", "smoke-1", between=(6, 6))
    assert said.reason.values == {"smoke": True, "heat": True}
    home.expect_nothing()


def test_several_states_in_one_message_are_one_alarm(home: Timeline) -> None:
    home.says("smoke-1", dict.fromkeys(FIRE_STATES, True))
    home.expect("smoke_alarm", "smoke-1", between=(0, 0))
    home.expect_nothing()


def test_smoke_that_is_reported_late_is_smoke(home: Timeline) -> None:
    home.at(100).says("smoke-1", {"smoke": False}).says("smoke-1", {"smoke": True}, age=20)
    home.expect("smoke_alarm", "smoke-1", between=(100, 100))


def test_two_devices_do_not_share_a_latch() -> None:
    home = Timeline(*(Device(f"smoke-{n}", DeviceKind.SMOKE_DETECTOR) for n in (1, 2)))
    home.says("smoke-1", {"smoke": True}).says("smoke-2", {"smoke": True})
    home.expect("smoke_alarm", "smoke-1", between=(0, 0))
    home.expect("smoke_alarm", "smoke-2", between=(0, 0))


def test_unknown_does_not_dry_the_floor(home: Timeline) -> None:
    home.says("water-1", {"water_leak": True})
    home.expect("water_leak", "water-1", between=(0, 0))
    home.at(10).says("water-1", {"water_leak": None}).at(20).says("water-1", {"tamper": False})
    home.expect_nothing()
    home.at(30).says("water-1", {"water_leak": False})
    said = home.expect("water_leak", "water-1", between=(30, 30), action=Action.CLEAR)
    assert said.reason.values == {"water_leak": False}


def test_an_older_dry_report_does_not_end_a_newer_leak(home: Timeline) -> None:
    home.at(100).says("water-1", {"water_leak": True})
    home.expect("water_leak", "water-1", between=(100, 100))
    home.says("water-1", {"water_leak": False}, age=10)
    home.expect_nothing()


def test_a_real_fire_during_a_test_is_critical(home: Timeline) -> None:
    home.says("smoke-1", {"smoke": True}, test=True)
    home.expect("device_test", "smoke-1", between=(0, 0), severity=Severity.NOTICE, test=True)
    home.at(30).says("smoke-1", {"smoke": True})
    home.expect("smoke_alarm", "smoke-1", between=(30, 30), severity=Severity.CRITICAL, test=False)
    home.expect_nothing()


@pytest.mark.parametrize("flag", [True, False])
def test_the_end_of_a_test_may_come_with_the_flag_down(home: Timeline, flag: bool) -> None:
    home.says("smoke-1", {"smoke": True}, test=True)
    home.expect("device_test", "smoke-1", between=(0, 0))
    home.at(30).says("smoke-1", {"smoke": False}, test=flag)
    home.expect("device_test", "smoke-1", between=(30, 30), action=Action.CLEAR, auto_resolve=True)
    home.expect_nothing()


def test_no_real_alarm_begins_a_test(home: Timeline) -> None:
    home.says("smoke-1", {"smoke": True})
    home.expect("smoke_alarm", "smoke-1", between=(0, 0))
    home.expect_nothing()


@pytest.mark.parametrize(
    ("kind", "state"), [(DeviceKind.LIFT, "entrapment"), (DeviceKind.WATER_LEAK, "water_leak")], ids=str
)
def test_lifts_and_leaks_are_tested_too(kind: DeviceKind, state: str) -> None:
    story = Timeline(Device("d", kind)).says("d", {state: True}, test=True)
    story.expect("device_test", "d", between=(0, 0))
    story.expect_nothing()


@pytest.mark.parametrize("quality", [TimeQuality.RECEIVED_ONLY, TimeQuality.DEVICE_UNSYNCED])
def test_a_kept_alarm_of_unknown_age_is_no_news(home: Timeline, quality: TimeQuality) -> None:
    home.says("smoke-1", {"smoke": True}, snapshot=True, time_quality=quality)
    home.expect_nothing(until=60)
    home.says("smoke-1", {"smoke": True}, time_quality=quality)
    home.expect("smoke_alarm", "smoke-1", between=(60, 60))

"""Cause and consequence are linked, consequences keep quiet while the cause lasts, and nothing is hidden."""

import pytest

from alert_rules.alert import Alert, Condition, Handling, Severity
from devices.model import DeviceKind, Event, Report
from devices.registry import Device
from tests.unit.rules.room import START, Room

SMOKE, LIFT, CAMERA, LEAK = (
    DeviceKind.SMOKE_DETECTOR,
    DeviceKind.LIFT,
    DeviceKind.CAMERA,
    DeviceKind.WATER_LEAK,
)
FIRE = {"smoke": True}


def site(*extra: Device) -> Room:
    return Room(
        Device("smoke-1", SMOKE, building="b1", zone="z1"),
        Device("smoke-2", SMOKE, building="b2"),
        Device("lane-1", CAMERA, building="b1"),
        Device("lift-1", LIFT, building="b1"),
        Device("lift-2", LIFT, building="b2"),
        *extra,
    )


def behind(upstream: str, count: int) -> list[Device]:
    return [
        Device(f"{upstream}-d{n}", LEAK, building="b1", expect_every_s=100, upstream=upstream) for n in range(count)
    ]


def standing(phase: str = "start") -> Event:
    return Event("stationary_object", {"zone": "lane", "object_id": "car", "phase": phase, "object_class": "car"})


def blocked_lane(room: Room, since: float) -> Alert:
    room.at(since).says("lane-1", None, standing()).at(since + 300)
    return room.alert("fire_lane_blocked")


class TestFireAndLane:
    def test_a_lane_blocked_already_becomes_critical_with_the_fire(self) -> None:
        room = site()
        lane = blocked_lane(room, 0)
        assert lane.severity is not Severity.CRITICAL
        room.says("smoke-1", FIRE)
        fire = room.alert("smoke_alarm")
        assert (lane.severity, lane.incident, lane.cause) == (Severity.CRITICAL, fire.incident, None)
        assert room.actions(lane)[-2:] == ["aggravate", "join"]
        assert "raised-to-critical" in room.calls(lane)

    def test_a_lane_blocked_during_the_fire_is_critical_from_the_start(self) -> None:
        room = site().at(0).says("smoke-1", FIRE)
        lane = blocked_lane(room, 10)
        assert (lane.severity, lane.incident) == (Severity.CRITICAL, room.alert("smoke_alarm").incident)
        assert room.calls(lane) == ["raised"]

    def test_another_buildings_fire_is_none_of_its_business(self) -> None:
        room = site().at(0).says("smoke-2", FIRE)
        assert blocked_lane(room, 10).severity is not Severity.CRITICAL

    def test_a_test_of_the_detector_is_no_fire(self) -> None:
        room = site().at(0).says("smoke-1", FIRE, test=True)
        assert blocked_lane(room, 10).severity is not Severity.CRITICAL

    def test_the_fire_resolved_leaves_the_lane_as_grave_as_it_became(self) -> None:
        room = site().at(0).says("smoke-1", FIRE)
        lane = blocked_lane(room, 10)
        room.resolve(room.alert("smoke_alarm"))
        assert lane.severity is Severity.CRITICAL

    def test_it_outlives_a_crash(self) -> None:
        room = site().at(0).says("smoke-1", FIRE).save().killed()
        assert blocked_lane(room, 10).severity is Severity.CRITICAL


class TestFireAndLift:
    def test_a_lift_in_use_is_proposed_for_recall_and_linked_to_the_fire(self) -> None:
        room = site().at(0).says("lift-1", {"car_state": "running"}).says("lift-2", {"car_state": "running"})
        room.at(1).says("smoke-1", FIRE)
        recall, fire = room.alert("lift_recall"), room.alert("smoke_alarm")
        assert (recall.device, recall.cause, recall.incident) == ("lift-1", fire.id, fire.incident)
        assert recall.suppressed_by is None
        assert room.calls(recall) == ["raised"]

    def test_an_idle_lift_is_proposed_once_somebody_uses_it(self) -> None:
        room = site().at(0).says("lift-1", {"car_state": "stopped"}).at(1).says("smoke-1", FIRE)
        assert room.alerts("lift_recall") == []
        room.at(30).says("lift-1", {"passengers_present": True}).at(31).says("lift-1", {"car_state": "running"})
        assert room.alert("lift_recall").repeats == 0

    def test_a_recalled_lift_is_settled(self) -> None:
        room = site().at(0).says("lift-1", {"car_state": "running"}).at(1).says("smoke-1", FIRE)
        room.at(9).says("lift-1", {"service_mode": "fire_return"})
        assert room.alerts("lift_recall") == []
        room.at(12).says("lift-1", {"car_state": "running"})
        assert room.alerts("lift_recall") == []

    def test_resolved_by_a_person_it_is_not_asked_again(self) -> None:
        room = site().at(0).says("lift-1", {"car_state": "running"}).at(1).says("smoke-1", FIRE)
        room.resolve(room.alert("lift_recall")).at(5).says("lift-1", {"car_state": "running"})
        assert room.alerts("lift_recall") == []
        room.save().killed().at(6).says("lift-1", {"passengers_present": True})
        assert room.alerts("lift_recall") == []
        assert room.actions(room.alert("smoke_alarm"))[-1] == "decline"

    def test_a_fire_after_that_one_asks_again(self) -> None:
        room = site().at(0).says("lift-1", {"car_state": "running"}).at(1).says("smoke-1", FIRE)
        room.resolve(room.alert("lift_recall")).resolve(room.alert("smoke_alarm"))
        room.at(9).says("smoke-1", {"smoke": False}).at(10).says("smoke-1", FIRE)
        assert room.alert("lift_recall").device == "lift-1"

    def test_it_ends_with_the_fire(self) -> None:
        room = site().at(0).says("lift-1", {"car_state": "running"}).at(1).says("smoke-1", FIRE)
        room.at(60).resolve(room.alert("smoke_alarm"))
        assert room.alerts("lift_recall") == []
        assert not room.book.watched
        room.at(61).says("lift-1", {"car_state": "running"})
        assert room.alerts("lift_recall") == []

    def test_it_outlives_a_crash(self) -> None:
        room = site().at(0).says("smoke-1", FIRE).save().killed()
        room.at(5).says("lift-1", {"car_state": "running"}).save().killed()
        assert room.alert("lift_recall").device == "lift-1"
        room.at(6).says("lift-1", {"car_state": "stopped"})
        room.at(60).resolve(room.alert("smoke_alarm"))
        assert room.alerts("lift_recall") == []


class TestGatewayLost:
    def lost(self, count: int = 10) -> Room:
        devices = behind("gw", count)
        room = Room(*devices).at(0)
        for device in devices:
            room.says(device.id, {"water_leak": False})
        return room.at(101)

    def test_many_silent_devices_are_one_alert_on_one_card(self) -> None:
        room = self.lost()
        gateway = room.alert("gateway_lost")
        assert gateway.device == "gw"
        assert gateway.reason.values["devices"] == 10
        silent = room.alerts("device_offline")
        assert len(silent) == 10
        assert {alert.cause for alert in silent} == {gateway.id}
        assert {alert.suppressed_by for alert in silent} == {f"inhibit:{gateway.id}"}
        assert room.cards() == {gateway.incident}

    def test_people_are_told_of_the_gateway_and_of_those_before_it_was_known(self) -> None:
        room = self.lost()
        told = [alert for alert in room.alerts("device_offline") if room.calls(alert)]
        assert room.calls(room.alert("gateway_lost")) == ["raised"]
        assert len(told) == 5

    def test_inhibition_is_in_the_audit(self) -> None:
        room = self.lost()
        assert all(room.actions(alert)[-1] == "inhibit" for alert in room.alerts("device_offline"))

    def test_few_are_no_gateway(self) -> None:
        devices = behind("gw", 10)
        room = Room(*devices).at(0)
        for device in devices:
            room.says(device.id, {"water_leak": False})
        room.at(90)
        for device in devices[4:]:
            room.says(device.id, {"water_leak": False})
        room.at(101)
        assert len(room.alerts("device_offline")) == 4
        assert room.alerts("gateway_lost") == []

    def test_it_ends_when_nearly_all_are_back_and_the_rest_call_again(self) -> None:
        room = self.lost()
        gateway = room.alert("gateway_lost")
        for n in range(7):
            room.at(110 + n).says(f"gw-d{n}", {"water_leak": False})
        assert gateway.condition is Condition.ACTIVE
        room.at(120).says("gw-d7", {"water_leak": False})
        assert gateway.handling is Handling.RESOLVED
        left = room.alerts("device_offline")
        assert [alert.device for alert in left] == ["gw-d8", "gw-d9"]
        assert [alert.suppressed_by for alert in left] == [None, None]
        assert all(room.actions(alert)[-1] == "release" for alert in left)
        assert all(room.calls(alert) == ["raised"] for alert in left)

    def test_resolved_by_a_person_it_lets_go_of_what_persists(self) -> None:
        room = self.lost()
        room.resolve(room.alert("gateway_lost"))
        assert {alert.suppressed_by for alert in room.alerts("device_offline")} == {None}

    def test_a_crash_in_between_changes_nothing(self) -> None:
        calm, stormy = self.lost(), self.lost()
        stormy.save().killed()
        for n in range(8):
            for room in (calm, stormy):
                room.at(110 + n).says(f"gw-d{n}", {"water_leak": False})
            stormy.save().killed()
        assert calm.save().stored == stormy.save().stored

    def test_the_gateway_as_a_device_is_explained_as_well(self) -> None:
        devices = [Device("gw", LEAK, building="b1", expect_every_s=120), *behind("gw", 4)]
        room = Room(*devices).at(0)
        for device in devices:
            room.says(device.id, {"water_leak": False})
        room.at(130)
        gateway = room.alert("gateway_lost")
        assert room.alert("device_offline", "gw").cause == gateway.id

    def test_silences_far_apart_are_no_gateway(self) -> None:
        devices = [Device(f"d{n}", LEAK, upstream="gw", expect_every_s=100 + 400 * n) for n in range(4)]
        room = Room(*devices).at(0)
        for device in devices:
            room.says(device.id, {"water_leak": False})
        room.at(5000)
        assert len(room.alerts("device_offline")) == 4
        assert room.alerts("gateway_lost") == []


class TestPower:
    @pytest.fixture
    def room(self) -> Room:
        room = site(*(Device(f"leak-{n}", LEAK, building="b1", expect_every_s=100) for n in range(3))).at(0)
        for n in range(3):
            room.says(f"leak-{n}", {"water_leak": False})
        return room

    def test_a_power_failure_explains_what_falls_silent_after_it(self, room: Room) -> None:
        room.at(50).says("lift-1", {"power_failure": True}).at(101)
        failure = room.alert("power_failure")
        silent = room.alerts("device_offline")
        assert [(alert.cause, alert.incident) for alert in silent] == [(failure.id, failure.incident)] * 3
        assert [room.calls(alert) for alert in silent] == [[], [], []]

    def test_and_what_fell_silent_shortly_before(self, room: Room) -> None:
        room.at(101).at(300).says("lift-1", {"power_failure": True})
        assert {alert.cause for alert in room.alerts("device_offline")} == {room.alert("power_failure").id}

    def test_but_not_what_was_silent_long_before(self, room: Room) -> None:
        room.at(101).at(500).says("lift-1", {"power_failure": True})
        assert {alert.cause for alert in room.alerts("device_offline")} == {None}

    def test_nor_what_is_silent_in_another_building(self, room: Room) -> None:
        room.at(50).says("lift-2", {"power_failure": True}).at(101)
        assert {alert.cause for alert in room.alerts("device_offline")} == {None}

    def test_power_back_and_still_silent_they_call_people(self, room: Room) -> None:
        room.at(50).says("lift-1", {"power_failure": True}).at(101).at(200).says("lift-1", {"power_failure": False})
        silent = room.alerts("device_offline")
        assert [alert.suppressed_by for alert in silent] == [None] * 3
        assert [room.calls(alert) for alert in silent] == [["raised"]] * 3

    def test_a_second_failure_keeps_what_the_first_explained(self) -> None:
        lifts = [Device("lift-3", LIFT, building="b1"), Device("leak-1", LEAK, building="b1", expect_every_s=100)]
        room = site(*lifts).at(0).says("leak-1", {"water_leak": False})
        room.at(50).says("lift-1", {"power_failure": True}).at(60).says("lift-3", {"power_failure": True}).at(101)
        silent = room.alert("device_offline")
        assert silent.cause == room.alert("power_failure", "lift-1").id
        room.at(110).says("lift-1", {"power_failure": False})
        second = room.alert("power_failure", "lift-3")
        assert (silent.cause, silent.suppressed_by) == (second.id, f"inhibit:{second.id}")

    def test_a_lost_gateway_is_explained_too_and_takes_its_devices_along(self) -> None:
        devices = behind("gw", 4)
        room = Room(Device("lift-1", LIFT, building="b1"), *devices).at(0)
        for device in devices:
            room.says(device.id, {"water_leak": False})
        room.at(110).says("lift-1", {"power_failure": True})
        failure = room.alert("power_failure")
        assert room.alert("gateway_lost").cause == failure.id
        assert room.cards() == {failure.incident}


class TestAxis:
    def test_a_consequence_back_to_normal_is_left_alone(self) -> None:
        room = Room(*behind("gw", 4)).at(0)
        for n in range(4):
            room.says(f"gw-d{n}", {"water_leak": False})
        room.at(101).at(110).says("gw-d0", {"water_leak": False})
        assert len(room.alerts("device_offline")) == 3
        assert room.alert("gateway_lost").condition is Condition.ACTIVE

    def test_whoever_lifts_another_suppression_learns_that_this_one_holds(self) -> None:
        room = (
            site(Device("leak-1", LEAK, building="b1", expect_every_s=100)).at(0).says("leak-1", {"water_leak": False})
        )
        silent = room.at(101).alert("device_offline")
        assert room.correlation.inhibition(silent) is None
        room.says("lift-1", {"power_failure": True})
        assert room.correlation.inhibition(silent) == f"inhibit:{room.alert('power_failure').id}"
        room.at(110).says("lift-1", {"power_failure": False})
        assert room.correlation.inhibition(silent) is None

    def test_a_stranger_has_no_building_and_no_company(self) -> None:
        room = site().at(0).says("lift-1", {"car_state": "running"})
        room.hear(Report("unknown", SMOKE, START, START, states={"smoke": True}, registered=False))
        assert room.alert("smoke_alarm").cause is None
        assert room.alerts("lift_recall") == []

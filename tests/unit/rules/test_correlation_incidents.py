"""What people work as one: by zone and moment, by camera, and by kind when a building floods the room."""

import random

import pytest

from alert_rules.alert import Alert, Severity
from alert_rules.causes import STORM_ALERTS
from devices.model import DeviceKind, Event, Report
from devices.registry import Device
from gateway.alerts.incidents import summarise
from tests.unit.rules.room import START, Room

SMOKE, LIFT, GATE, CAMERA, LEAK = (
    DeviceKind.SMOKE_DETECTOR,
    DeviceKind.LIFT,
    DeviceKind.ACCESS_GATE,
    DeviceKind.CAMERA,
    DeviceKind.WATER_LEAK,
)
WET = {"water_leak": True}
MOST_CARDS = 50


def cellar(zone: str = "cellar", building: str = "b1", count: int = 3) -> Room:
    return Room(*(Device(f"leak-{n}", LEAK, building=building, zone=zone) for n in range(count)))


def thrown(number: int) -> Event:
    return Event("falling_object", {"object_id": f"t{number}", "phase": "end", "score": 0.9})


class TestZone:
    def test_within_a_minute_they_are_one(self) -> None:
        room = cellar().at(0).says("leak-0", WET).at(60).says("leak-1", WET)
        first, second = room.alerts("water_leak")
        assert first.incident == second.incident == first.id

    def test_later_they_are_two(self) -> None:
        room = cellar().at(0).says("leak-0", WET).at(60.5).says("leak-1", WET)
        assert len(room.cards()) == 2

    def test_each_prolongs_it(self) -> None:
        room = cellar().at(0).says("leak-0", WET).at(50).says("leak-1", WET).at(100).says("leak-2", WET)
        assert len(room.cards()) == 1

    def test_sensors_and_cameras_alike(self) -> None:
        room = Room(
            Device("leak", LEAK, building="b1", zone="z"),
            Device("cam", CAMERA, building="b1", zone="z"),
        )
        room.at(0).says("leak", WET).at(9).says("cam", None, thrown(1))
        assert len(room.alerts()) >= 2
        assert len(room.cards()) == 1

    @pytest.mark.parametrize(("zone", "building"), [("", "b1"), ("cellar", "b2")])
    def test_no_zone_and_another_building_are_apart(self, zone: str, building: str) -> None:
        here = Device("here", LEAK, building="b1", zone="cellar" if zone else "")
        there = Device("there", LEAK, building=building, zone=zone)
        room = Room(here, there).at(0).says("here", WET).says("there", WET)
        assert len(room.cards()) == 2

    def test_a_drill_is_no_part_of_an_emergency(self) -> None:
        room = cellar().at(0).says("leak-0", WET, test=True).says("leak-1", WET)
        assert len(room.cards()) == 2

    def test_a_new_alert_does_not_join_what_is_resolved(self) -> None:
        room = cellar().at(0).says("leak-0", WET)
        first = room.alert("water_leak")
        room.resolve(first).at(10).says("leak-1", WET)
        assert room.cards() == {room.alert("water_leak").id} != {first.incident}

    def test_a_crash_in_the_minute_parts_nobody(self) -> None:
        room = cellar().at(0).says("leak-0", WET).save().killed().at(30).says("leak-1", WET)
        assert len(room.cards()) == 1


def test_throws_in_front_of_one_camera_are_one_with_its_history() -> None:
    room = Room(Device("cam", CAMERA, building="b1"))
    for number in range(4):
        room.at(number * 300).says("cam", None, thrown(number))
    throws = room.alerts("falling_object")
    assert len(throws) == 4
    assert {alert.incident for alert in throws} == {throws[0].id}


def crowd(count: int) -> list[Device]:
    """Devices of every kind in one building, most of them without a zone."""
    kinds = [SMOKE, LIFT, GATE, CAMERA, LEAK]
    return [Device(f"d{n}", kinds[n % 5], building="b1", zone=f"z{n % 97}" if n % 3 == 0 else "") for n in range(count)]


def alarm(device: Device, at: float, test: bool = False) -> Report:
    states: dict[str, bool | str | None] = {}
    events: tuple[Event, ...] = ()
    match device.kind:
        case DeviceKind.SMOKE_DETECTOR:
            states = {"smoke": True}
        case DeviceKind.LIFT:
            states = {"entrapment": True}
        case DeviceKind.ACCESS_GATE:
            events = (Event("duress", {"door_id": "d"}),)
        case DeviceKind.CAMERA:
            events = (thrown(1),)
        case _:
            states = {"water_leak": True}
    return Report(device.id, device.kind, at, at, states=states, events=events, test=test)


@pytest.fixture(scope="module")
def storm() -> Room:
    """10,000 devices of one building give alarm within 60 s, in no order."""
    devices = crowd(10_000)
    random.Random(7).shuffle(devices)
    room = Room(*devices)
    for n, device in enumerate(devices):
        room.now = START + n * 0.006
        room.hear(alarm(device, room.now, test=device.kind is SMOKE and n % 50 == 0))
    return room.save()


class TestStorm:
    def test_none_is_lost(self, storm: Room) -> None:
        raised = {alert.device for alert in storm.alerts() if alert.rule != "lift_recall"}
        assert len(raised) == 10_000
        assert len(storm.stored) == len(storm.alerts())

    def test_at_most_fifty_cards(self, storm: Room) -> None:
        assert STORM_ALERTS < len(storm.cards()) <= MOST_CARDS

    def test_each_is_a_member_of_exactly_one(self, storm: Room) -> None:
        found = summarise(storm.alerts())
        assert sum(incident.alerts for incident in found) == len(storm.alerts())
        assert len({incident.id for incident in found}) == len(found) == len(storm.cards())

    def test_the_first_card_is_a_fire(self, storm: Room) -> None:
        lead = summarise(storm.alerts())[0].lead
        assert (lead.severity, lead.test) == (Severity.CRITICAL, False)

    def test_it_goes_on_as_it_was_after_a_crash(self, storm: Room) -> None:
        before = {alert.id: alert.incident for alert in storm.alerts()}
        storm.killed()
        assert {alert.id: alert.incident for alert in storm.alerts()} == before

    def test_replay_gives_the_same_alerts(self) -> None:
        def run() -> dict[str, Alert]:
            devices = crowd(600)
            room = Room(*devices)
            for n, device in enumerate(devices):
                room.now = START + n * 0.05
                room.hear(alarm(device, room.now))
                if n % 150 == 149:
                    room.save()
            return room.save().stored

        assert run() == run()


def test_a_trickle_is_no_storm() -> None:
    devices = crowd(200)
    room = Room(*(device for device in devices if device.kind is LEAK and not device.zone))
    for n, device in enumerate(room.engine.subjects.values()):
        room.at(n * 4).says(device.device.id, WET)
    assert len(room.cards()) == len(room.alerts()) > STORM_ALERTS

"""Tasmota: switches, cards, Zigbee behind a bridge, wills and local times. Defects by their number in our list."""

import json
from typing import Any

import msgspec
import pytest

from devices.decode import options_of
from devices.dialects.dialect import Lane
from devices.dialects.values import pseudonym
from devices.model import DeviceKind, Ignored, Reject, RejectReason, Report, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

K = DeviceKind
LOCAL_NOON = "2026-09-21T22:13:20"  # NOON in Asia/Shanghai
ZB = "tele/zb1/SENSOR"


def one(topic: str, payload: Any, *devices: Device, retained: bool = False, **options: Any) -> Report:
    return Feed("tasmota", *devices, **options).report(topic, payload, NOON, retained)


def registered(kind: DeviceKind, address: str) -> Device:
    return Device("known", kind, dialect="tasmota", address=address)


def zigbee(**said: Any) -> dict[str, Any]:
    return {"ZbReceived": {"0x2F01": said}}


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (K.SMOKE_DETECTOR, "smoke"),
        (K.WATER_LEAK, "water_leak"),
        (K.ACCESS_GATE, "input_state"),
        (K.CAMERA, "input_state"),
    ],
)
def test_a_switch_means_what_the_inventory_says(kind: DeviceKind, state: str) -> None:
    report = one("tele/cellar/SENSOR", {"Time": LOCAL_NOON, "Switch1": "ON"}, registered(kind, "cellar"))
    assert (report.device, report.kind, report.states) == ("known", kind, {state: True})
    assert (report.at, report.time_quality) == (NOON, TimeQuality.SOURCE_LOCAL_ASSUMED)


def test_a_lifts_switch_means_nothing() -> None:
    found = Feed("tasmota", registered(K.LIFT, "x")).give("tele/x/SENSOR", {"Switch1": "ON"})
    assert isinstance(found, Ignored)


def test_each_further_switch_is_a_device_of_its_own() -> None:
    first, second = Feed("tasmota").reports("tele/box/SENSOR", {"Switch1": "OFF", "Switch2": "ON"})
    assert (first.device, first.states) == ("box", {"input_state": False})
    assert (second.device, second.states) == ("box/Switch2", {"input_state": True})


def test_the_first_switch_may_be_registered_by_its_own_name() -> None:
    report = one("tele/box/SENSOR", {"Switch1": "ON"}, registered(K.WATER_LEAK, "box/Switch1"))
    assert (report.device, report.states) == ("known", {"water_leak": True})


@pytest.mark.parametrize(
    ("wired", "kind", "state"),
    [
        ("water_leak", K.WATER_LEAK, {"water_leak": True}),
        ("smoke", K.SMOKE_DETECTOR, {"smoke": True}),
        ("door", K.ACCESS_GATE, {"door_state": "open"}),
    ],
)
def test_what_a_switch_is_wired_to_can_be_told(wired: str, kind: DeviceKind, state: dict[str, Any]) -> None:
    report = one("stat/box/RESULT", {"Switch1": {"Action": "ON"}}, switches={"box/Switch1": wired})
    assert (report.kind, report.states) == (kind, state)


def test_an_unknown_word_of_a_switch_is_unknown() -> None:
    report = one("tele/box/SENSOR", {"Switch1": "TOGGLE"}, switches={"box/Switch1": "door"})
    assert (report.states, report.raw_codes) == ({"door_state": None}, {"door_state": "TOGGLE"})


@pytest.mark.parametrize(
    "options", [{"switches": {"a/Switch1": "speed"}}, {"full_topc": ""}, {"switches": {"a": "floor"}}]
)
def test_senseless_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        options_of("tasmota", options)


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("PN532", {"UID": "3C5A11F0", "DATA": "Li Wei"}),
        ("RC522", {"UID": "3C5A11F0", "Data": "Li Wei", "Type": "MIFARE 1KB"}),
        ("RDM6300", {"UID": "3C5A11F0"}),
        ("Wiegand", {"UID": "3C5A11F0", "Size": 34}),
    ],
)
def test_a_card_is_a_pseudonym_and_what_it_stores_stays_out(reader: str, said: dict[str, Any]) -> None:
    report = one("tele/porch/SENSOR", {"Time": LOCAL_NOON, reader: said})
    assert report.kind is K.ACCESS_GATE
    assert report.events == (), "the reader decides nothing"
    assert report.raw_codes == {"credential_type": "card", "credential_ref": pseudonym(b"test", "3C5A11F0")}
    written = msgspec.json.encode(report)
    assert b"3C5A11F0" not in written
    assert b"Li Wei" not in written


def test_no_card_is_no_card() -> None:
    assert isinstance(Feed("tasmota").give("tele/porch/SENSOR", {"PN532": {"UID": ""}}), Ignored)
    assert isinstance(Feed("tasmota").give("tele/porch/SENSOR", {"PN532": "?"}), Ignored)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (K.SMOKE_DETECTOR, {"smoke": True}),
        (K.WATER_LEAK, {"water_leak": True}),
        (K.ACCESS_GATE, {"door_state": "open"}),
        (K.CAMERA, {"motion": True}),
    ],
)
@pytest.mark.parametrize("address", ["zb1/0x2F01", "0x2F01", "Cellar 2", "zb1/Cellar 2"])
def test_alarm_1_means_what_the_device_is(kind: DeviceKind, state: dict[str, Any], address: str) -> None:
    said = zigbee(Device="0x2F01", Name="Cellar 2", **{"0500!00": "010000FF0000"}, Endpoint=1, LinkQuality=88)
    report = one(ZB, said, registered(kind, address))
    assert report.device == "known"
    assert state.items() <= report.states.items()
    assert report.measurements == {"link_quality": 88}


@pytest.mark.parametrize(
    ("status", "states", "test"),
    [
        (
            "0000",
            {"tamper": False, "battery_low": False, "fault": False, "main_power_fault": False, "smoke": False},
            False,
        ),
        ("0100", {"smoke": True}, False),
        ("0400", {"tamper": True, "smoke": False}, False),
        ("0800", {"battery_low": True}, False),
        ("4000", {"fault": True}, False),
        ("8000", {"main_power_fault": True}, False),
        ("0102", {"smoke": True, "fault": True}, False),
        ("0101", {"smoke": True}, True),
    ],
)
def test_every_bit_of_the_zone_status_low_byte_first(status: str, states: dict[str, Any], test: bool) -> None:
    report = one(ZB, zigbee(**{"0500!00": f"{status}00FF0000"}, ModelId="lumi.sensor_smoke"))
    assert report.kind is K.SMOKE_DETECTOR
    assert states.items() <= report.states.items()
    assert report.test is test


def test_a_zone_of_unknown_type_is_a_stranger_for_people_to_look_at() -> None:
    report = one(ZB, zigbee(**{"0500!00": "010000FF0000"}))
    assert (report.device, report.kind, report.registered) == ("zb1/0x2F01", K.WATER_LEAK, False)
    assert report.states["water_leak"] is True


@pytest.mark.parametrize(
    ("said", "kind", "states"),
    [
        ({"ZoneType": 40, "ZoneStatus": 1}, K.SMOKE_DETECTOR, {"smoke": True}),
        ({"ZoneType": 43, "ZoneStatusChange": 1}, K.SMOKE_DETECTOR, {"gas": True}),
        ({"ZoneType": 21, "0500/0002": 0}, K.ACCESS_GATE, {"door_state": "closed"}),
        ({"Fire": 1, "ZoneStatusChange": 1}, K.SMOKE_DETECTOR, {"smoke": True}),
        ({"CO": 1}, K.SMOKE_DETECTOR, {"carbon_monoxide": True}),
        ({"Water": 0}, K.WATER_LEAK, {"water_leak": False}),
        ({"Contact": 1}, K.ACCESS_GATE, {"door_state": "open"}),
        ({"Occupancy": 1}, K.CAMERA, {"occupancy": True}),
    ],
)
def test_what_the_bridge_names(said: dict[str, Any], kind: DeviceKind, states: dict[str, Any]) -> None:
    report = one(ZB, zigbee(**said))
    assert report.kind is kind
    assert states.items() <= report.states.items()


def test_defect_6_battery_of_either_scale() -> None:
    assert one(ZB, zigbee(Water=0, BatteryPercentage=64)).measurements == {"battery_percent": 64}
    assert one(ZB, zigbee(Water=0, **{"0001/0021": 150})).measurements == {"battery_percent": 75}
    refused = one(ZB, zigbee(Water=0, BatteryPercentage=180))
    assert (refused.measurements, refused.raw_codes) == ({}, {"battery_percent": 180})
    told = one(ZB, zigbee(Water=0, BatteryPercentage=180), battery_scale={"zb1/0x2F01": 0.5})
    assert told.measurements == {"battery_percent": 90}


def test_a_kind_once_shown_is_remembered_and_climate_read() -> None:
    feed = Feed("tasmota")
    assert isinstance(feed.give(ZB, zigbee(Temperature=21.5)), Ignored)
    feed.report(ZB, zigbee(Water=0))
    report = feed.report(ZB, zigbee(Temperature=21.5, Humidity=50, BatteryVoltage=2.9))
    assert report.measurements == {"temperature": 21.5, "humidity": 50, "battery_voltage": 2.9}


def test_several_zigbee_devices_in_one_message() -> None:
    body = {"ZbReceived": {"0x0001": {"Fire": 1}, "0x0002": {"Water": 1}, "0x0003": "?"}}
    assert [r.device for r in Feed("tasmota").reports(ZB, body)] == ["zb1/0x0001", "zb1/0x0002"]


@pytest.mark.parametrize("raw", ["zz", 7, "", "01", None])
def test_a_zone_status_that_is_none_clears_nothing(raw: Any) -> None:
    report = one(ZB, zigbee(LinkQuality=9, **{"0500!00": raw}), registered(K.SMOKE_DETECTOR, "0x2F01"))
    assert report.states == {}


def test_defect_1_a_retained_sensor_is_a_snapshot() -> None:
    body = {"Time": "2026-09-21T16:13:10+02:00", "Switch1": "ON"}
    report = one("tele/box/SENSOR", body, retained=True)
    assert (report.snapshot, report.at, report.time_quality) == (True, NOON - 10, TimeQuality.SOURCE_UTC)


@pytest.mark.parametrize(
    ("written", "quality"),
    [
        ("1970-01-01T00:00:07", TimeQuality.DEVICE_UNSYNCED),
        ("2031-01-01T00:00:00", TimeQuality.FUTURE_REJECTED),
        ("yesterday", TimeQuality.RECEIVED_ONLY),
        ("2026-09-21T22:75:00", TimeQuality.RECEIVED_ONLY),
        ("2026-09-21T22:1x:00", TimeQuality.RECEIVED_ONLY),
        ("2026-13-21T22:10:00", TimeQuality.RECEIVED_ONLY),
        (None, TimeQuality.RECEIVED_ONLY),
    ],
)
def test_defect_5_a_wrong_time_gives_way_to_the_receipt(written: Any, quality: TimeQuality) -> None:
    report = one("tele/box/SENSOR", {"Time": written, "Switch1": "ON"})
    assert (report.at, report.time_quality) == (NOON, quality)


def test_defect_5_the_same_bytes_after_each_start_are_no_redelivery() -> None:
    assert one("tele/box/SENSOR", {"Time": "1970-01-01T00:00:07", "Switch1": "ON"}).dedup_key is None
    assert one("tele/box/SENSOR", {"Time": LOCAL_NOON, "Switch1": "ON"}).dedup_key


@pytest.mark.parametrize(("word", "there"), [(b"Online", True), (b"Offline", False)])
def test_a_will_is_availability(word: bytes, there: bool) -> None:
    report = one("tele/box/LWT", word, registered(K.WATER_LEAK, "box"), retained=True)
    assert (report.availability, report.states, report.snapshot) == (there, {}, True)
    assert isinstance(Feed("tasmota").give("tele/box/LWT", word), Ignored)


def test_wills_that_say_nothing() -> None:
    assert isinstance(Feed("tasmota").give("tele/box/LWT", b""), Ignored)
    assert Feed("tasmota").reason("tele/box/LWT", b"Asleep") is RejectReason.WRONG_SHAPE


def test_the_radio_and_the_relay_of_a_known_device() -> None:
    body = {"Time": LOCAL_NOON, "POWER": "ON", "Wifi": {"RSSI": 90, "Signal": -61}, "Heap": 22}
    report = one("tele/gate/STATE", body, registered(K.ACCESS_GATE, "gate"))
    assert (report.measurements, report.states) == ({"rssi": -61}, {"relay_state": True})
    assert isinstance(Feed("tasmota").give("tele/gate/STATE", body), Ignored)


@pytest.mark.parametrize(("unit", "read"), [("C", 50.0), ("F", 10.0)])
def test_climate_of_a_known_device(unit: str, read: float) -> None:
    body = {"DS18B20": {"Id": "0", "Temperature": 50.0}, "TempUnit": unit}
    report = one("stat/x/STATUS8", {"StatusSNS": body}, registered(K.WATER_LEAK, "x"))
    assert report.measurements == {"temperature": pytest.approx(read)}


def test_other_full_topics() -> None:
    feed = Feed("tasmota", full_topic="site/%topic%/%prefix%/")
    assert feed.report("site/box/tele/SENSOR", {"Switch1": "ON"}).device == "box"
    assert isinstance(feed.give("tele/box/SENSOR", {"Switch1": "ON"}), Reject)
    assert feed.decoder.filters()["site/+/tele/SENSOR"] is Lane.ALARM


def test_alarms_and_telemetry_travel_apart() -> None:
    filters = Feed("tasmota").decoder.filters()
    assert filters["tele/+/SENSOR"] is filters["tele/+/LWT"] is filters["stat/+/RESULT"] is Lane.ALARM
    assert filters["tele/+/+/SENSOR"] is Lane.ALARM, "one topic for each Zigbee device"
    assert filters["tele/+/STATE"] is Lane.TELEMETRY


def test_a_topic_for_each_zigbee_device() -> None:
    assert one("tele/zb1/2F01/SENSOR", zigbee(Fire=1)).device == "zb1/0x2F01"


@pytest.mark.parametrize("topic", ["tele/box", "cmnd/box/SENSOR", "tele/SENSOR", "tele/box/INFO1", "tele//SENSOR"])
def test_other_topics_are_not_ours(topic: str) -> None:
    assert isinstance(Feed("tasmota").give(topic, {"Switch1": "ON"}), Reject)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", RejectReason.MALFORMED),
        (b"[]", RejectReason.WRONG_SHAPE),
        (b"\xff", RejectReason.MALFORMED),
        (json.dumps({"StatusSNS": 1}).encode(), RejectReason.WRONG_SHAPE),
    ],
)
def test_defect_9_broken_text_is_refused(payload: bytes, reason: RejectReason) -> None:
    assert Feed("tasmota").reason("tele/box/SENSOR", payload) is reason


def test_what_holds_nothing_is_ignored() -> None:
    assert isinstance(Feed("tasmota").give("tele/box/SENSOR", b""), Ignored)
    assert isinstance(Feed("tasmota").give("tele/box/RESULT", {"TuyaReceived": {"Cmnd": 7}}), Ignored)
    assert isinstance(Feed("tasmota").give("tele/box/SENSOR", {"ZbReceived": []}), Ignored)

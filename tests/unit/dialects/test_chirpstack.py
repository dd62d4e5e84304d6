"""ChirpStack v4: decoded objects of smoke, leak and contact sensors, stored readings, joins, battery status."""

from typing import Any

import pytest

from devices.dialects.dialect import Lane
from devices.model import DeviceKind, Event, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

EUI = "24e124aa00b1c2d3"
APP = "application/5b1c/device"
UP = f"{APP}/{EUI}/event/up"
ISO = "2026-09-21T14:13:20.123456789+00:00"  # NOON, and nanoseconds


def up(said: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    body = {
        "deduplicationId": "d-1",
        "time": ISO,
        "deviceInfo": {"devEui": EUI, "deviceName": "Cellar 3", "deviceProfileName": "profile", "tags": {}},
        "devAddr": "01ab23cd",
        "fCnt": 12,
        "fPort": 85,
        "data": "AXVc",
        "rxInfo": [{"gatewayId": "g1", "rssi": -97, "snr": 4.5}, {"gatewayId": "g2", "rssi": -61, "snr": 9}],
        **more,
    }
    return body if said is None else {**body, "object": said}


def smoke(event: str, **more: Any) -> dict[str, Any]:
    return up({"version": 2, "protocol": 2, "type": "smoke sensor", "event": event, "battery": 71, **more})


def feed(kind: DeviceKind | None = None) -> Feed:
    devices = [Device("d1", kind, dialect="chirpstack", address=EUI)] if kind else []
    return Feed("chirpstack", *devices)


def test_a_leak_sensor() -> None:
    found = feed().report(UP, up({"battery": 88, "temperature": 9.5, "humidity": 80.5, "leakage_status": "leak"}))
    assert (found.device, found.kind, found.registered) == (EUI, DeviceKind.WATER_LEAK, False)
    assert found.states == {"water_leak": True}
    assert found.measurements == {"battery_percent": 88, "temperature": 9.5, "humidity": 80.5, "rssi": -61, "snr": 9}
    assert found.at == pytest.approx(NOON + 0.123456, rel=0, abs=1e-5)
    assert found.time_quality is TimeQuality.SOURCE_UTC
    assert (found.dedup_key, found.raw_codes, found.test) == ("01ab23cd-12", None, False)


@pytest.mark.parametrize(("word", "meant"), [("normal", False), ("leak", True), ("wet", None), (None, None)])
def test_leak_words(word: str | None, meant: bool | None) -> None:
    assert feed().report(UP, up({"leakage_status": word})).states == {"water_leak": meant}


def test_a_smoke_alarm() -> None:
    found = feed().report(UP, smoke("alarm", concentration=41, temperature=33))
    assert (found.kind, found.states, found.test) == (DeviceKind.SMOKE_DETECTOR, {"smoke": True}, False)
    assert found.measurements["temperature"] == 33
    assert "smoke_density" not in found.measurements
    assert found.raw_codes == {"concentration": 41}  # per cent of what, nobody says


@pytest.mark.parametrize(
    ("event", "states"),
    [
        ("normal", {"smoke": False, "muted": False, "fault": False}),
        ("silent", {"muted": True}),
        ("low battery", {"battery_low": True}),
        ("failover", {"fault": True}),
        ("removed", {"tamper": True}),
        ("Installed", {"tamper": False}),
    ],
)
def test_smoke_events(event: str, states: dict[str, bool]) -> None:
    found = feed().report(UP, smoke(event))
    assert (found.states, found.test) == (states, False)


@pytest.mark.parametrize(("battery", "low"), [("normal", False), ("low", True)])
def test_a_testing_alarm_is_a_test(battery: str, low: bool) -> None:
    found = feed().report(UP, smoke(f"testing alarm with {battery} battery"))
    assert (found.test, found.states) == (True, {"smoke": True, "battery_low": low})


def test_an_event_nobody_knows_is_not_normal() -> None:
    found = feed().report(UP, smoke("pre-alarm"))
    assert found.states == {"smoke": None}
    assert found.events == (
        Event("unknown_fault", {"raw_code": "pre-alarm", "code_system": "milesight", "active": True}),
    )


@pytest.mark.parametrize(("word", "meant"), [("open", "open"), ("close", "closed"), ("closed", "closed"), ("?", None)])
def test_a_contact_is_a_door(word: str, meant: str | None) -> None:
    found = feed().report(UP, up({"battery": 100, "magnet_status": word}))
    assert (found.kind, found.states) == (DeviceKind.ACCESS_GATE, {"door_state": meant})


@pytest.mark.parametrize(("word", "meant"), [("uninstalled", True), ("installed", False), ("loose", None)])
def test_defect_16_tamper_words_contradict_the_manual_so_the_word_is_kept(word: str, meant: bool | None) -> None:
    found = feed().report(UP, up({"magnet_status": "open", "tamper_status": word}))
    assert found.states["tamper"] is meant
    assert found.raw_codes is not None
    assert found.raw_codes["tamper_status"] == word


def test_stored_readings_are_reports_of_their_own_seconds() -> None:
    entries = [
        {"timestamp": int(NOON) - 600, "temperature": 21.0, "leakage_status": "leak"},
        {"timestamp": int(NOON) - 200_000, "temperature": 20.0, "leakage_status": "normal"},
        "nonsense",
    ]
    found = feed().reports(UP, up({"history": entries}))
    assert [(r.at, r.historical, r.states) for r in found] == [
        (NOON - 200_000, True, {"water_leak": False}),
        (NOON - 600, True, {"water_leak": True}),
    ]
    assert {r.time_quality for r in found} == {TimeQuality.SOURCE_UTC}
    assert len({r.dedup_key for r in found}) == 2


def test_stored_readings_beside_a_present_one() -> None:
    said = {"leakage_status": "normal", "history": [{"timestamp": int(NOON) - 60, "leakage_status": "leak"}]}
    old, now = feed().reports(UP, up(said))
    assert (old.historical, old.states, now.historical, now.states) == (
        True,
        {"water_leak": True},
        False,
        {"water_leak": False},
    )
    assert old.dedup_key != now.dedup_key


def test_defect_3_one_uplink_published_twice_has_one_key() -> None:
    one = feed().report(UP, up({"leakage_status": "leak"}))
    two = feed().report(UP, up({"leakage_status": "leak"}, deduplicationId="d-2"))
    rejoined = feed().report(UP, up({"leakage_status": "leak"}, devAddr="0000ffff"))
    assert one.dedup_key == two.dedup_key != rejoined.dedup_key
    bare = feed().report(UP, up({"leakage_status": "leak"}, fCnt=None))
    assert bare.dedup_key == "d-1"


def test_defect_5_no_time_is_the_receipt() -> None:
    found = feed().report(UP, up({"leakage_status": "leak"}, time=None))
    assert found.time_quality is TimeQuality.RECEIVED_ONLY


def test_defect_6_a_battery_beyond_100_is_no_reading() -> None:
    found = feed().report(UP, up({"leakage_status": "leak", "battery": 255}))
    assert "battery_percent" not in found.measurements
    assert found.raw_codes == {"battery_percent": 255}


def test_battery_status() -> None:
    topic = f"{APP}/{EUI}/event/status"
    body = {"deviceInfo": {"devEui": EUI}, "time": ISO, "margin": 12, "batteryLevel": 64.5}
    found = feed(DeviceKind.WATER_LEAK).report(topic, body)
    assert (found.device, found.measurements, found.raw_codes) == ("d1", {"battery_percent": 64.5}, {"margin": 12})
    for unknown in ({"batteryLevelUnavailable": True}, {"externalPowerSource": True}):
        assert feed(DeviceKind.WATER_LEAK).report(topic, {**body, "batteryLevel": 0, **unknown}).measurements == {}
    assert "nobody knows the kind" in feed().why(topic, body)


def test_a_stranger_is_remembered_by_what_it_showed() -> None:
    stream = feed()
    stream.report(UP, up({"leakage_status": "normal"}))
    found = stream.report(f"{APP}/{EUI}/event/status", {"deviceInfo": {"devEui": EUI}, "batteryLevel": 50})
    assert found.kind is DeviceKind.WATER_LEAK
    assert stream.report(UP, smoke("alarm")).kind is DeviceKind.SMOKE_DETECTOR


def test_a_join_announces_a_device() -> None:
    body = {"deviceInfo": {"devEui": EUI, "deviceProfileName": "EM300-ZLD"}, "time": ISO, "devAddr": "01ab23cd"}
    found = feed().report(f"{APP}/{EUI}/event/join", body)
    assert (found.kind, found.availability) == (DeviceKind.WATER_LEAK, True)
    assert found.raw_codes == {"model": "EM300-ZLD"}
    body["deviceInfo"] = {"devEui": EUI}
    assert "nobody knows" in feed().why(f"{APP}/{EUI}/event/join", body)


@pytest.mark.parametrize("event", ["log", "ack", "txack", "location", "integration"])
def test_other_events_are_ignored(event: str) -> None:
    assert feed().why(f"{APP}/{EUI}/event/{event}", {})


def test_an_uplink_that_nobody_decoded_is_refused_with_the_remedy() -> None:
    assert feed().reason(UP, up(None)) is RejectReason.WRONG_SHAPE
    assert "without data" in feed().why(UP, up(None, data=None))


def test_an_object_of_nothing_we_know_is_ignored() -> None:
    assert "kind" in feed().why(UP, up({"co2": 600}))


def test_the_site_may_name_fields() -> None:
    stream = Feed("chirpstack", fields={"wet": {"name": "water_leak", "words": {"2": True, "1": False}}})
    assert stream.report(UP, up({"wet": 2})).states == {"water_leak": True}


def test_the_inventory_decides() -> None:
    found = feed(DeviceKind.CAMERA).report(UP, up({"battery": 50, "leakage_status": "leak"}))
    assert (found.device, found.kind, found.states) == ("d1", DeviceKind.CAMERA, {})


def test_an_address_may_be_written_in_capitals() -> None:
    stream = Feed("chirpstack", Device("d1", DeviceKind.WATER_LEAK, dialect="chirpstack", address=EUI.upper()))
    assert stream.report(UP, up({"leakage_status": "leak"})).device == "d1"


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", RejectReason.EMPTY),
        (b"\x0a\x12", RejectReason.MALFORMED),  # ChirpStack set to protobuf
        ({}, RejectReason.WRONG_SHAPE),
        ({"deviceInfo": {"devEui": EUI}, "rxInfo": 5}, RejectReason.WRONG_SHAPE),
        ({"deviceInfo": {"devEui": "0000000000000001"}}, RejectReason.IDENTITY_MISMATCH),
    ],
)
def test_refusals(payload: Any, why: RejectReason) -> None:
    assert feed().reason(UP, payload) is why


@pytest.mark.parametrize("topic", [f"{APP}//event/up", f"{APP}/{EUI}/event/boom", "x/device/y/events/up"])
def test_other_topics_are_refused(topic: str) -> None:
    assert feed().reason(topic, {}) in (RejectReason.BAD_TOPIC, RejectReason.UNKNOWN_DIALECT)


def test_lanes() -> None:
    filters = feed().decoder.filters()
    assert filters["application/+/device/+/event/up"] is Lane.ALARM
    assert filters["application/+/device/+/event/status"] is Lane.TELEMETRY

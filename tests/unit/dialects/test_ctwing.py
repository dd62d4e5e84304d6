"""CTWing: serviceData, base64 APPdata, online and offline, codes per product, double deliveries."""

import json
from base64 import b64encode
from typing import Any

import msgspec
import pytest

from devices.dialects.dialect import Lane
from devices.model import DeviceKind, Event, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, NOON_MS, Feed

TOPIC = "v1/up/ad55smoke"
PRODUCTS: dict[str, Any] = {
    "1777": {
        "kind": "smoke_detector",
        "fields": {"Temp10": {"name": "temperature", "scale": 0.1}},
        "codes": {"4": {"battery_low": True}, "5": {"smoke": False, "fault": True}, "27/3": {"smoke": True}},
    }
}


def message(data: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    body = {"messageType": "dataReport", "deviceId": "dev-77", "productId": "1777", "timestamp": NOON_MS, **more}
    return body if data is None else {**body, "payload": {"serviceId": "notification", "serviceData": data}}


def app(data: Any, **more: Any) -> dict[str, Any]:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return message(payload={"APPdata": b64encode(raw).decode()}, **more)


def test_service_data() -> None:
    data = {
        "TData": 24,
        "SNR": 7,
        "RSRP": 98,
        "Battery_Level": 61,
        "Alarm_Status": 1,
        "IMEI": "861234567890123",
        "Cell_ID": "123456789",
        "AlarmLevel": 3,
    }
    found = Feed("ctwing").report(TOPIC, message(data))
    assert (found.device, found.kind, found.registered) == ("dev-77", DeviceKind.SMOKE_DETECTOR, False)
    assert found.measurements == {"temperature": 24, "snr": 7, "rssi": -98, "battery_percent": 61}
    assert found.states == {"smoke": True}
    assert found.raw_codes == {"AlarmLevel": 3}
    assert (found.at, found.time_quality) == (NOON, TimeQuality.SOURCE_UTC)


@pytest.mark.parametrize(("rsrp", "rssi"), [(114, -114), (-87, -87), ("101", -101), (-1140, None), (None, None)])
def test_signal_strength_without_its_sign(rsrp: Any, rssi: float | None) -> None:
    found = Feed("ctwing").report(TOPIC, message({"RSRP": rsrp, "Alarm_Status": 0}))
    assert found.measurements.get("rssi") == rssi
    assert found.states == {"smoke": False}


def test_a_code_without_a_table_is_unknown_and_kept() -> None:
    found = Feed("ctwing").report(TOPIC, message({"Alarm_Status": 2}))
    assert found.states == {"smoke": None}
    assert found.events == (Event("unknown_fault", {"raw_code": "2", "code_system": "ctwing:1777", "active": True}),)


def test_null_is_unknown_and_no_fault() -> None:
    found = Feed("ctwing").report(TOPIC, message({"Alarm_Status": None}))
    assert (found.states, found.events) == ({"smoke": None}, ())


def test_codes_and_fields_of_a_product() -> None:
    feed = Feed("ctwing", products=PRODUCTS)
    found = feed.report(TOPIC, message({"Alarm_Status": 4, "Temp10": 215}))
    assert (found.states, found.measurements) == ({"battery_low": True}, {"temperature": 21.5})
    assert feed.report(TOPIC, message({"Alarm_Status": "5"})).states == {"smoke": False, "fault": True}
    assert feed.report(TOPIC, message({"Alarm_Status": 1})).states == {"smoke": True}
    assert feed.report(TOPIC, message({"Battery_Level": 9})).kind is DeviceKind.SMOKE_DETECTOR


def test_a_leak_sensor_alarms_as_what_it_is() -> None:
    feed = Feed("ctwing", Device("w1", DeviceKind.WATER_LEAK, dialect="ctwing", address="dev-77"))
    found = feed.report(TOPIC, message({"Alarm_Status": 1}))
    assert (found.device, found.states) == ("w1", {"water_leak": True})


def test_json_inside_base64_inside_json() -> None:
    body = app({"b": [{"id": "17", "v": "9"}, {"id": 18, "v": 3}], "c": 27, "id": 5, "tm": NOON_MS - 2000})
    first, second = Feed("ctwing", products=PRODUCTS).reports("ad", body)
    assert (first.device, first.states) == ("dev-77/17", {"smoke": None})
    assert [event.attributes["raw_code"] for event in first.events] == ["27/9"]
    assert (second.device, second.states, second.events) == ("dev-77/18", {"smoke": True}, ())
    assert first.at == NOON - 2
    assert first.dedup_key != second.dedup_key


def test_app_data_may_hold_plain_fields() -> None:
    found = Feed("ctwing").report(TOPIC, app({"smoke": 1, "temperature": 30.5}))
    assert (found.states, found.measurements) == ({"smoke": True}, {"temperature": 30.5})


@pytest.mark.parametrize("data", [b"\x01\x01V9.9\x00\xff", b"[1]", b"\xff"])
def test_a_vendors_own_frame_is_refused_with_the_remedy(data: bytes) -> None:
    assert Feed("ctwing").reason(TOPIC, app(data)) is RejectReason.WRONG_SHAPE


def test_app_data_that_is_no_base64_is_refused() -> None:
    assert Feed("ctwing").reason(TOPIC, message(payload={"APPdata": "***"})) is RejectReason.WRONG_SHAPE


def test_no_components() -> None:
    assert Feed("ctwing").why(TOPIC, app({"b": [], "c": 27}))


@pytest.mark.parametrize(
    ("more", "online"),
    [
        ({"messageType": "deviceOnlineOfflineReport", "eventType": 1}, True),
        ({"messageType": "deviceOnlineOfflineReport", "eventType": "0"}, False),
        ({"messageType": "online"}, True),
        ({"messageType": "Offline"}, False),
    ],
)
def test_online_and_offline(more: dict[str, Any], online: bool) -> None:
    feed = Feed("ctwing", Device("s1", DeviceKind.SMOKE_DETECTOR, dialect="ctwing", address="dev-77"))
    found = feed.report(TOPIC, message(**more))
    assert (found.device, found.availability, found.states) == ("s1", online, {})


def test_a_stranger_online() -> None:
    feed = Feed("ctwing")
    assert "kind" in feed.why(TOPIC, message(messageType="online"))
    feed.report(TOPIC, message({"Alarm_Status": 0}))
    assert feed.report(TOPIC, message(messageType="offline")).availability is False
    odd = message(messageType="deviceOnlineOfflineReport", eventType=7)
    assert feed.reason(TOPIC, odd) is RejectReason.WRONG_SHAPE


def test_defect_3_two_deliveries_within_a_second_have_one_key() -> None:
    feed = Feed("ctwing")
    keys = [
        feed.report(TOPIC, message({"Alarm_Status": status}, timestamp=NOON_MS + ms)).dedup_key
        for status, ms in ((1, 10), (1, 730), (0, 800), (1, 1200))
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("imei", ["861234567890123", 861234567890123])
def test_the_imei_may_be_the_address(imei: Any) -> None:
    feed = Feed("ctwing", Device("s1", DeviceKind.SMOKE_DETECTOR, dialect="ctwing", address="861234567890123"))
    assert feed.report(TOPIC, message({"Alarm_Status": 1, "IMEI": imei})).device == "s1"
    assert feed.report(TOPIC, message({"Alarm_Status": 1}, IMEI=imei, deviceId="undefined")).device == "s1"


def test_defect_7_undefined_is_no_name() -> None:
    for body in (message({"Alarm_Status": 1}), app({"smoke": 1}), message(messageType="online")):
        assert Feed("ctwing").reason(TOPIC, {**body, "deviceId": "undefined"}) is RejectReason.WRONG_SHAPE


@pytest.mark.parametrize("kind", ["commandResponse", "deviceAdd", "softwareUpgrade"])
def test_other_messages_are_ignored(kind: str) -> None:
    assert Feed("ctwing").why(TOPIC, message(messageType=kind))


def test_event_reports_and_flat_payloads() -> None:
    found = Feed("ctwing").report(TOPIC, message(messageType="eventReport", eventType=2, eventContent={"smoke": "1"}))
    assert found.states == {"smoke": True}
    assert Feed("ctwing").report(TOPIC, message(payload={"water_leak": 1})).kind is DeviceKind.WATER_LEAK


def test_data_of_no_known_kind_is_ignored() -> None:
    assert "kind" in Feed("ctwing").why(TOPIC, message({"Battery_Level": 50}))


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", RejectReason.EMPTY),
        (b"{", RejectReason.MALFORMED),
        (b"[]", RejectReason.WRONG_SHAPE),
        (b'{"deviceId": "1", "payload": {"\xff": 1}}', RejectReason.MALFORMED),
        (message(payload=7), RejectReason.WRONG_SHAPE),
        (message(), RejectReason.WRONG_SHAPE),
        (message({"Alarm_Status": 1}, messageType=5), RejectReason.WRONG_SHAPE),
    ],
)
def test_refusals(payload: Any, why: RejectReason) -> None:
    assert Feed("ctwing").reason(TOPIC, payload) is why


def test_topics_and_wrong_options() -> None:
    feed = Feed("ctwing", topics=["bridge/aep/#"])
    assert feed.decoder.filters() == {"bridge/aep/#": Lane.ALARM}
    assert feed.report("bridge/aep/x", message({"Alarm_Status": 1})).states == {"smoke": True}
    assert feed.reason(TOPIC, message()) is RejectReason.UNKNOWN_DIALECT
    with pytest.raises(msgspec.ValidationError, match="no canonical state"):
        Feed("ctwing", products={"1": {"codes": {"1": {"fire": True}}}})

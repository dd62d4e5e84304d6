"""Aliyun's thing model: wrapped and plain values, events, packs, stored readings, status."""

from typing import Any

import pytest

from devices.dialects.dialect import Lane
from devices.model import DeviceKind, Event, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, NOON_MS, Feed

BASE = "/sys/b7Prod/hall-9/thing/event"
POST = f"{BASE}/property/post"


def post(**params: Any) -> dict[str, Any]:
    return {"id": "81", "version": "1.0", "params": params, "method": "thing.event.property.post"}


@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("number", ["81", 81])
def test_values_plain_or_wrapped_and_an_id_of_either_type(wrap: bool, number: Any) -> None:
    given = {"SmokeSensorState": 1, "CurrentTemperature": 41.5, "BatteryPercentage": 77}
    params = {name: {"value": value} if wrap else value for name, value in given.items()}
    found = Feed("aliyun").report(POST, {**post(**params), "id": number})
    assert (found.device, found.kind) == ("b7Prod/hall-9", DeviceKind.SMOKE_DETECTOR)
    assert (found.states, found.measurements) == ({"smoke": True}, {"temperature": 41.5, "battery_percent": 77})
    assert found.time_quality is TimeQuality.RECEIVED_ONLY


def test_the_newest_time_of_the_values_counts() -> None:
    params = {"WaterLeakState": {"value": 1, "time": NOON_MS - 500}, "Battery": {"value": 5, "time": NOON_MS - 900}}
    found = Feed("aliyun").report(POST, post(**params))
    assert (found.at, found.time_quality, found.states) == (NOON - 0.5, TimeQuality.SOURCE_UTC, {"water_leak": True})


def test_temperature_and_humidity_alone() -> None:
    found = Feed("aliyun").report(POST, post(CurrentTemperature={"value": 19}, RelativeHumidity={"value": 44}))
    assert found.measurements == {"temperature": 19, "humidity": 44}


def test_what_the_platform_forwards() -> None:
    body = {"deviceName": "hall-9", "gmtCreate": NOON_MS, "items": {"SmokeSensorState": {"value": 0, "time": NOON_MS}}}
    assert Feed("aliyun").report("/b7Prod/hall-9/thing/event/property/post", body).states == {"smoke": False}


def test_an_event_happened() -> None:
    body = {"id": 1, "params": {"value": {"CurrentTemperature": 60}, "time": NOON_MS - 1000}}
    found = Feed("aliyun").report(f"{BASE}/SmokeAlarm/post", body)
    assert (found.states, found.measurements, found.at) == ({"smoke": True}, {"temperature": 60}, NOON - 1)


def test_an_events_output_wins_over_its_name() -> None:
    body = {"params": {"SmokeAlarm": 0}}
    assert Feed("aliyun").report(f"{BASE}/SmokeAlarm/post", body).states == {"smoke": False}


def test_an_event_nobody_knows_is_kept() -> None:
    feed = Feed("aliyun", Device("s1", DeviceKind.SMOKE_DETECTOR, dialect="aliyun", address="hall-9"))
    found = feed.report(f"{BASE}/ChamberError/post", {"params": {"value": {}}})
    assert (found.device, found.events) == (
        "s1",
        (Event("unknown_fault", {"raw_code": "ChamberError", "code_system": "aliyun:b7Prod", "active": True}),),
    )
    assert "kind" in Feed("aliyun").why(f"{BASE}/ChamberError/post", {"params": {"value": {}}})


def test_a_bare_alarm_is_what_the_device_is_there_for() -> None:
    feed = Feed("aliyun", Device("w1", DeviceKind.WATER_LEAK, dialect="aliyun", address="b7Prod/hall-9"))
    assert feed.report(f"{BASE}/alarm/post", {"params": {}}).states == {"water_leak": True}
    assert feed.report(POST, post(AlarmState=0)).states == {"water_leak": False}
    assert Feed("aliyun").report(POST, post(AlarmState=1)).states == {"smoke": True}


def test_a_gateway_posts_for_its_sub_devices() -> None:
    body = {
        "params": {
            "properties": {"speed": {"value": 1.0, "time": NOON_MS}},
            "subDevices": [
                {
                    "identity": {"productKey": "p2", "deviceName": "d2"},
                    "properties": {"SmokeSensorState": {"value": 1, "time": NOON_MS}},
                }
            ],
        }
    }
    own, child = Feed("aliyun").reports(f"{BASE}/property/pack/post", body)
    assert (own.device, own.kind, child.device, child.states) == (
        "b7Prod/hall-9",
        DeviceKind.LIFT,
        "p2/d2",
        {"smoke": True},
    )
    assert own.dedup_key != child.dedup_key


def test_stored_readings_keep_their_time() -> None:
    week = NOON_MS - 7 * 86_400_000
    body = {
        "params": [
            {
                "identity": {"productKey": "b7Prod", "deviceName": "hall-9"},
                "properties": [{"SmokeSensorState": {"value": 1, "time": week}}],
            }
        ]
    }
    found = Feed("aliyun").report(f"{BASE}/property/history/post", body)
    assert (found.historical, found.at, found.states) == (True, week / 1000, {"smoke": True})


@pytest.mark.parametrize(("status", "online"), [("online", True), ("offline", False)])
def test_status(status: str, online: bool) -> None:
    body = {"status": status, "productKey": "b7Prod", "deviceName": "hall-9", "utcTime": "2026-09-21T14:13:20.000Z"}
    feed = Feed("aliyun", Device("s1", DeviceKind.SMOKE_DETECTOR, dialect="aliyun", address="hall-9"))
    found = feed.report("/as/mqtt/status/b7Prod/hall-9", body)
    assert (found.device, found.availability, found.at) == ("s1", online, NOON)
    assert "kind" in Feed("aliyun").why("/as/mqtt/status/b7Prod/hall-9", body)


def test_the_site_may_name_properties_per_product() -> None:
    fields = {"b7Prod/P1": {"name": "load_percent"}, "P1": {"name": "speed"}}
    feed = Feed("aliyun", fields=fields)
    assert feed.report(POST, post(P1=55)).measurements == {"load_percent": 55}
    assert feed.report("/sys/other/d/thing/event/property/post", post(P1=2)).measurements == {"speed": 2}


def test_defect_7_and_8_words_and_nulls() -> None:
    found = Feed("aliyun").report(POST, post(SmokeSensorState="maybe", TamperState=None, Owner="Wang", Tel="139"))
    assert found.states == {"smoke": None, "tamper": None}
    assert found.raw_codes == {"smoke": "maybe", "Owner": "(str)", "Tel": "(str)"}


@pytest.mark.parametrize(
    "topic",
    [
        f"{POST}_reply",
        "/sys/b7Prod/hall-9/thing/service/property/set",
        "/sys/b7Prod/hall-9/thing/config/get",
        "/ext/ntp/b7Prod/hall-9/request",
        "/ota/device/inform/b7Prod/hall-9",
    ],
)
def test_what_is_irrelevant_is_ignored(topic: str) -> None:
    assert Feed("aliyun").why(topic, {})


@pytest.mark.parametrize(
    ("topic", "payload", "why"),
    [
        (POST, b"", RejectReason.EMPTY),
        (POST, b"{]", RejectReason.MALFORMED),
        (POST, [], RejectReason.WRONG_SHAPE),
        (POST, {"params": 3}, RejectReason.WRONG_SHAPE),
        (f"{BASE}/SmokeAlarm/post", {"params": 3}, RejectReason.WRONG_SHAPE),
        (f"{BASE}/property/pack/post", {"params": 3}, RejectReason.WRONG_SHAPE),
        ("/as/mqtt/status/a/b", {"status": 4}, RejectReason.WRONG_SHAPE),
        ("/sys/a/b", {}, RejectReason.BAD_TOPIC),
        ("/sys//b/thing/event/property/post", {}, RejectReason.BAD_TOPIC),
    ],
)
def test_refusals(topic: str, payload: Any, why: RejectReason) -> None:
    assert Feed("aliyun").reason(topic, payload) is why


def test_no_property_of_a_known_kind() -> None:
    assert Feed("aliyun").why(POST, post(Counter=4))
    assert Feed("aliyun").why(f"{BASE}/property/history/post", {"params": [4]})


def test_filters() -> None:
    filters = Feed("aliyun").decoder.filters()
    assert filters["/sys/+/+/thing/event/#"] is filters["/as/mqtt/status/+/+"] is Lane.ALARM

"""Huawei IoTDA: properties by service, gateways with sub-devices, events, the platform's notifications."""

from typing import Any

import pytest

from devices.dialects.dialect import Lane
from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

ID = "64f0_smoke-12"
TOPIC = f"$oc/devices/{ID}/sys/properties/report"
TIME = "20260921T141320Z"


def service(name: str, time: str | None = TIME, **properties: Any) -> dict[str, Any]:
    return {"service_id": name, "properties": properties, **({"event_time": time} if time else {})}


def test_properties_of_one_moment_are_one_report() -> None:
    body = {"services": [service("Smoke", alarm=1), service("Battery", batteryLevel=44, rssi=-90)]}
    found = Feed("huawei_iotda").report(TOPIC, body)
    assert (found.device, found.kind, found.registered) == (ID, DeviceKind.SMOKE_DETECTOR, False)
    assert (found.states, found.measurements) == ({"smoke": True}, {"battery_percent": 44, "rssi": -90})
    assert (found.at, found.time_quality) == (NOON, TimeQuality.SOURCE_UTC)


def test_services_of_several_moments_are_several_reports() -> None:
    body = {"services": [service("a", smoke=1), service("a", "20260921T141310Z", smoke=0)]}
    new, old = Feed("huawei_iotda").reports(TOPIC, body)
    assert (new.at, new.states, old.at, old.states) == (NOON, {"smoke": True}, NOON - 10, {"smoke": False})
    assert new.dedup_key != old.dedup_key


@pytest.mark.parametrize("time", [None, "now", "2026-09-21 14:13:20"])
def test_defect_5_a_time_nobody_can_read_is_the_receipt(time: str | None) -> None:
    found = Feed("huawei_iotda").report(TOPIC, {"services": [service("s", time, smoke=1)]})
    assert found.time_quality is TimeQuality.RECEIVED_ONLY


@pytest.mark.parametrize(("value", "meant"), [(0, False), ("1", True), (3, None), (None, None)])
def test_an_integer_alarm(value: Any, meant: bool | None) -> None:
    assert Feed("huawei_iotda").report(TOPIC, {"services": [service("s", alarm=value)]}).states == {"smoke": meant}


def test_an_alarm_of_nobody_knows_what_may_be_a_fire() -> None:
    found = Feed("huawei_iotda").report("$oc/devices/x1/sys/properties/report", {"services": [service("s", alarm=1)]})
    assert (found.kind, found.states) == (DeviceKind.SMOKE_DETECTOR, {"smoke": True})


def test_sub_devices_of_a_gateway() -> None:
    body = {
        "devices": [
            {"device_id": "w-1", "services": [service("Leak", alarm=1)]},
            {"device_id": "l-1", "services": [service("Car", speed=1.5)]},
            {"device_id": "", "services": []},
            5,
        ]
    }
    leak, lift = Feed("huawei_iotda").reports("$oc/devices/gw/sys/gateway/sub_devices/properties/report", body)
    assert (leak.device, leak.kind, leak.states) == ("w-1", DeviceKind.WATER_LEAK, {"water_leak": True})
    assert (lift.device, lift.kind, lift.measurements) == ("l-1", DeviceKind.LIFT, {"speed": 1.5})


def test_events_are_read_like_properties_but_the_platforms_own_are_not() -> None:
    topic = f"$oc/devices/{ID}/sys/events/up"
    event = {"service_id": "Smoke", "event_type": "alarm", "event_time": TIME, "paras": {"smokeAlarm": 1}}
    assert Feed("huawei_iotda").report(topic, {"services": [event]}).states == {"smoke": True}
    own = {"service_id": "$time_sync", "event_type": "x", "paras": {"device_send_time": 1}}
    assert Feed("huawei_iotda").reports(topic, {"services": [own]}) == []


def test_a_forwarded_notification() -> None:
    body = {
        "resource": "device.property",
        "event": "report",
        "notify_data": {"header": {"device_id": ID}, "body": {"services": [service("s", smoke=1)]}},
    }
    found = Feed("huawei_iotda").report("huawei_iotda/push", body)
    assert (found.device, found.states) == (ID, {"smoke": True})


@pytest.mark.parametrize(("status", "online"), [("ONLINE", True), ("OFFLINE", False), ("ABNORMAL", False)])
def test_a_forwarded_status(status: str, online: bool) -> None:
    inner = {"status": status, "status_update_time": "2026-09-21T14:13:20.000Z"}
    body = {"resource": "device.status", "notify_data": {"header": {"device_id": ID}, "body": inner}}
    found = Feed("huawei_iotda").report("huawei_iotda/push", body)
    assert (found.availability, found.at) == (online, NOON)


def test_a_status_that_says_nothing() -> None:
    body = {"notify_data": {"header": {"device_id": "x"}, "body": {"status": "INACTIVE"}}}
    assert Feed("huawei_iotda").why("huawei_iotda/push", body)


def test_the_site_may_name_properties() -> None:
    fields = {"Door/state": {"name": "door_closed", "words": {"9": True}}, "kmh": {"name": "speed", "scale": 0.2778}}
    feed = Feed("huawei_iotda", Device("l1", DeviceKind.LIFT, dialect="huawei_iotda", address=ID), fields=fields)
    found = feed.report(TOPIC, {"services": [service("Door", state=9), service("Car", kmh=9, state=2)]})
    assert (found.device, found.states) == ("l1", {"door_closed": True})
    assert found.measurements == {"speed": pytest.approx(2.5, abs=0.01)}
    assert found.raw_codes == {"state": 2}


def test_what_is_irrelevant_is_ignored() -> None:
    feed = Feed("huawei_iotda")
    for tail in ("sys/messages/up", "sys/commands/request_id=1", "sys/shadow/get/request_id=2"):
        assert feed.why(f"$oc/devices/{ID}/{tail}", {})
    assert feed.why("$oc/devices/q/sys/properties/report", {"services": [service("s", co2=5)]})
    assert feed.why("$oc/devices/gw/sys/gateway/sub_devices/properties/report", {"devices": []})


@pytest.mark.parametrize(
    ("topic", "payload", "why"),
    [
        (TOPIC, b"", RejectReason.EMPTY),
        (TOPIC, b"{", RejectReason.MALFORMED),
        (TOPIC, [], RejectReason.WRONG_SHAPE),
        (TOPIC, {"services": 5}, RejectReason.WRONG_SHAPE),
        ("huawei_iotda/push", {"notify_data": {}}, RejectReason.WRONG_SHAPE),
        ("$oc/devices", {}, RejectReason.BAD_TOPIC),
    ],
)
def test_refusals(topic: str, payload: Any, why: RejectReason) -> None:
    assert Feed("huawei_iotda").reason(topic, payload) is why


def test_filters() -> None:
    filters = Feed("huawei_iotda", topics=["iotda"]).decoder.filters()
    assert filters["$oc/devices/+/sys/properties/report"] is Lane.ALARM
    assert filters["iotda"] is Lane.ALARM

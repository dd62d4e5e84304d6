"""Axis: JSON over MQTT with parts missing, the XML metadata form, the will, and the DataQ app."""

from typing import Any

import pytest

from devices.model import DeviceKind, Reject, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, NOON_MS, Feed

SERIAL = "B8A44F001122"
PIR = f"axis:{SERIAL}/event/tns:onvif/Device/tns:axis/Sensor/PIR/$source/sensor/0"
ANY = f"axis:{SERIAL}/event/whatever"


def said(topic: str | None, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"timestamp": NOON_MS, "message": {"source": {"sensor": "0"}, "key": {}, "data": data}}
    return {**body, **({"topic": topic} if topic else {}), **more}


def notice(topic: str, operation: str = "Changed", **items: str) -> str:
    data = "".join(f'<tt:SimpleItem Name="{name}" Value="{value}"/>' for name, value in items.items())
    return (
        '<wsnt:NotificationMessage xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tns1="http://www.onvif.org/t">'
        f'<wsnt:Topic Dialect="d">{topic}</wsnt:Topic><wsnt:Message>'
        f'<tt:Message UtcTime="2026-09-21T14:13:20.5Z" PropertyOperation="{operation}"><tt:Source></tt:Source>'
        f"<tt:Data>{data}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>"
    )


def stream(*notices: str) -> bytes:
    inner = "".join(f"<tt:Event>{one}</tt:Event>" for one in notices)
    return f'<?xml version="1.0"?><tt:MetadataStream xmlns:tt="http://o.org/s">{inner}</tt:MetadataStream>'.encode()


@pytest.fixture
def feed() -> Feed:
    return Feed("axis")


@pytest.mark.parametrize(("word", "state"), [("0", False), ("1", True), (True, True), ("?", None)])
def test_zero_and_one_as_text(feed: Feed, word: Any, state: bool | None) -> None:
    """Defect 7."""
    report = feed.report(ANY, said("onvif:Device/axis:Sensor/PIR", {"state": word}))
    assert (report.device, report.kind, report.states) == (SERIAL, DeviceKind.CAMERA, {"motion": state})
    assert (report.at, report.time_quality) == (NOON, TimeQuality.SOURCE_UTC)


def test_without_topic_the_mqtt_topic_tells(feed: Feed) -> None:
    assert feed.report(PIR, said(None, {"state": "1"})).states == {"motion": True}


def test_without_message_nothing_is_said(feed: Feed) -> None:
    assert "no message" in feed.why(PIR, {"topic": "onvif:Device/axis:Sensor/PIR"})


def test_without_time_receipt_counts(feed: Feed) -> None:
    """Defect 5."""
    report = feed.report(PIR, {"message": {"data": {"state": "1"}}})
    assert (report.at, report.time_quality) == (feed.now, TimeQuality.RECEIVED_ONLY)


def test_object_analytics(feed: Feed) -> None:
    topic = "onvif:CameraApplicationPlatform/axis:ObjectAnalytics/Device1Scenario2"
    came = feed.report(ANY, said(topic, {"classTypes": "human", "active": "1", "objectId": "77"}))
    assert came.events[0].code == "object_detected"
    wanted = {"object_class": "person", "object_id": "77", "rule_name": "Device1Scenario2", "phase": "start"}
    assert came.events[0].attributes == wanted
    assert came.states == {"occupancy": True}
    gone = feed.report(ANY, said(topic, {"classTypes": "human", "active": "0"}))
    assert (gone.events[0].attributes["phase"], gone.states) == ("end", {"occupancy": False})


@pytest.mark.parametrize(
    ("topic", "data", "states"),
    [
        ("axis:CameraApplicationPlatform/VMD/Camera1Profile1", {"active": "1"}, {"motion": True}),
        ("onvif:Device/axis:IO/Port", {"state": "1", "port": "2"}, {"input_state": True}),
        ("onvif:VideoSource/axis:Tampering", {"tampering": "1"}, {"tamper": True}),
        ("axis:Storage/Alert", {"alert": "1", "overall_health": "-3"}, {"storage_fault": True}),
        ("onvif:Device/axis:Casing/Open", {"Open": "1"}, {"tamper": True}),
    ],
)
def test_the_topic_table(feed: Feed, topic: str, data: dict[str, str], states: dict[str, bool]) -> None:
    assert feed.report(ANY, said(topic, data)).states == states


def test_initialized_and_retained_state_is_no_news(feed: Feed) -> None:
    """Defects 1 and 2: cameras replay all properties when they connect."""
    assert feed.report(PIR, stream(notice("tns1:Device/tnsaxis:Sensor/PIR", "Initialized", state="1"))).snapshot is True
    assert feed.report(PIR, stream(notice("tns1:Device/tnsaxis:Sensor/PIR", state="1"))).snapshot is False
    assert feed.report(PIR, said(None, {"state": "1"}), retained=True).snapshot is True


def test_metadata_may_hold_several_notifications(feed: Feed) -> None:
    body = stream(
        notice("tns1:Device/tnsaxis:Sensor/PIR", state="1"),
        notice("tnsaxis:CameraApplicationPlatform/ObjectAnalytics/Device1Scenario1", classTypes="vehicle", active="1"),
        notice("tnsaxis:Light/Status", colour="OFF"),
    )
    motion, seen = feed.reports(PIR, body)
    assert (motion.states, motion.at) == ({"motion": True}, NOON + 0.5)
    assert seen.events[0].attributes["object_class"] == "car"
    assert motion.dedup_key != seen.dedup_key


def test_metadata_that_says_nothing_to_us(feed: Feed) -> None:
    assert "Light/Status" in feed.why(PIR, stream(notice("tnsaxis:Light/Status", colour="OFF")))
    assert feed.why(PIR, stream())
    assert feed.why(PIR, b"<a><Event><NotificationMessage>x</NotificationMessage></Event></a>")


def test_metadata_with_a_document_type_is_refused(feed: Feed) -> None:
    found = feed.give(PIR, b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>')
    assert isinstance(found, Reject)
    assert (found.reason, "refused" in found.detail) == (RejectReason.MALFORMED, True)


@pytest.mark.parametrize(
    ("payload", "alive"),
    [
        ({"connected": True, "description": "Connected"}, True),
        ({"connected": False, "description": "Disconnected"}, False),
        ({"state": "Connection lost"}, False),
        (b"online", True),
        (b"Disconnected", False),
    ],
)
def test_the_will(feed: Feed, payload: Any, alive: bool) -> None:
    report = feed.report(f"axis:{SERIAL}/event/connection", payload)
    assert (report.device, report.availability) == (SERIAL, alive)


def test_an_unreadable_will_is_refused(feed: Feed) -> None:
    assert feed.reason(f"axis:{SERIAL}/event/connection", b"???") is RejectReason.WRONG_SHAPE
    assert feed.reason(f"axis:{SERIAL}/event/connection", b"{") is RejectReason.MALFORMED


def test_dataq_topics_need_the_option() -> None:
    motion = {"timestamp": NOON_MS, "active": True, "serial": SERIAL, "name": "Gate"}
    assert Feed("axis").reason(f"event/{SERIAL}/VideoSource/MotionAlarm", motion) is RejectReason.UNKNOWN_DIALECT
    feed = Feed("axis", dataq=True)
    report = feed.report(f"event/{SERIAL}/VideoSource/MotionAlarm", motion)
    assert (report.device, report.states, report.at) == (SERIAL, {"motion": True}, NOON)
    assert feed.report(f"connect/{SERIAL}", {"connected": False}).availability is False
    counted = feed.report(f"occupancy/{SERIAL}", {"occupancy": {"Human": 3, "Car": 1}, "timestamp": NOON_MS})
    assert (counted.measurements, counted.states) == ({"object_count": 4}, {"occupancy": True})
    assert feed.reason(f"occupancy/{SERIAL}", {"occupancy": 3}) is RejectReason.WRONG_SHAPE
    assert feed.report(f"dataq/connect/{SERIAL}", {"connected": True}).device == SERIAL
    assert feed.report(f"dataq/event/{SERIAL}/VideoSource/MotionAlarm", motion).device == SERIAL
    wanted = {"event/+/#", "connect/+", "occupancy/+", "dataq/connect/+", "dataq/occupancy/+", "+/event/#"}
    assert set(feed.decoder.filters()) == wanted
    assert "dataq/event/+/#" in Feed("axis", dataq=True, prefix="axis/+").decoder.filters()


def test_topics_beyond_the_table_are_kept_where_they_say_something(feed: Feed) -> None:
    report = feed.report(ANY, said("axis:CameraApplicationPlatform/Crowd/Zone1", {"active": "1"}))
    assert (report.states, report.events) == ({}, ())
    assert report.raw_codes == {"topic": "axis:CameraApplicationPlatform/Crowd/Zone1", "active": "1"}
    assert "DayNightVision" in feed.why(ANY, said("onvif:VideoSource/axis:DayNightVision", {"day": "1"}))


@pytest.mark.parametrize(
    ("where", "payload", "reason"),
    [
        (PIR, b"", RejectReason.EMPTY),
        (PIR, b'{"a', RejectReason.MALFORMED),
        (PIR, b"[]", RejectReason.WRONG_SHAPE),
        ("axis:/event/x", b"{}", RejectReason.BAD_TOPIC),
        ("application/7/device/0011/event/up", b"{}", RejectReason.UNKNOWN_DIALECT),
        ("axis:1/event", b"{}", RejectReason.UNKNOWN_DIALECT),
    ],
)
def test_what_is_not_understood_is_refused(feed: Feed, where: str, payload: bytes, reason: RejectReason) -> None:
    """Defect 9."""
    assert feed.reason(where, payload) is reason


def test_prefix_and_inventory() -> None:
    here = Device("cam-1", DeviceKind.CAMERA, dialect="axis", address=SERIAL)
    feed = Feed("axis", here, prefix="axis/+")
    report = feed.report(f"axis/{SERIAL}/event/tns:onvif/Device/tns:axis/Sensor/PIR", said(None, {"state": "1"}))
    assert (report.device, report.registered) == ("cam-1", True)
    assert feed.reason(f"other/{SERIAL}/event/x", b"{}") is RejectReason.UNKNOWN_DIALECT

"""ONVIF Profile M over MQTT: several makers' shapes of the same events."""

from typing import Any

import pytest

from devices.dialects.scene import TOPICS, meaning
from devices.dialects.values import pseudonym
from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.names import EVENTS, STATES
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

CAMERA = "AC:DE:48:00:11:22"
UTC = "2026-09-21T14:13:20.000Z"


def topic(event: str, source: str = "&vs-0", rule: str = "") -> str:
    return f"{CAMERA}/onvif-ej/{event}/{source}{'/' + rule if rule else ''}"


def plain(data: dict[str, Any], **source: Any) -> dict[str, Any]:
    return {"UtcTime": UTC, "Source": source, "Data": data}


@pytest.fixture
def feed() -> Feed:
    return Feed("onvif")


def test_a_line_crossing_with_booleans_and_ids_as_text(feed: Feed) -> None:
    """Defect 7."""
    said = plain({"State": "true", "ObjectId": "311", "Action": "Left"}, VideoSourceToken="vs-0", RuleName="gate-in")
    report = feed.report(topic("OpenApp/WiseAI/LineCrossing", rule="gate-in"), said)
    assert (report.device, report.kind, report.at) == (CAMERA, DeviceKind.CAMERA, NOON)
    (event,) = report.events
    assert event.code == "line_crossed"
    assert event.attributes == {"rule_name": "gate-in", "direction": "left", "object_id": "311", "phase": "start"}


def test_a_release_ends_and_starts_nothing(feed: Feed) -> None:
    said = plain({"State": "false", "ObjectId": "", "Action": ""}, RuleName="gate-in")
    (event,) = feed.report(topic("OpenApp/WiseAI/LineCrossing", rule="gate-in"), said).events
    assert event.attributes == {"rule_name": "gate-in", "phase": "end"}


def test_without_a_time_receipt_counts(feed: Feed) -> None:
    """Defect 5."""
    report = feed.report(topic("VideoSource/MotionAlarm"), {"Source": {}, "Data": {"State": "true"}})
    assert (report.at, report.time_quality) == (feed.now, TimeQuality.RECEIVED_ONLY)


@pytest.mark.parametrize(
    ("event", "data", "states", "code"),
    [
        ("RuleEngine/CellMotionDetector/Motion", {"IsMotion": "true"}, {"motion": True}, None),
        ("tns1:RuleEngine/tns1:MotionRegionDetector/tns1:Motion", {"State": "false"}, {"motion": False}, None),
        ("VideoSource/MotionAlarm", {"State": True}, {"motion": True}, None),
        ("VideoAnalytics/tnssamsung:MotionDetection", {"State": "true"}, {"motion": True}, None),
        ("Device/tns1:Trigger/tns1:Relay", {"LogicalState": "active"}, {"relay_state": True}, None),
        ("Device/Trigger/DigitalInput", {"LogicalState": "false"}, {"input_state": False}, None),
        ("VideoSource/GlobalSceneChange/ImagingService", {"State": "1"}, {"tamper": True}, "camera_tamper"),
        ("RuleEngine/FieldDetector/ObjectsInside", {"IsInside": "true"}, {"occupancy": True}, "intrusion"),
        ("RuleEngine/LoiteringDetector/ObjectIsLoitering", {"State": "true"}, {}, "loitering"),
        ("OpenApp/WiseAI/fireAlarm", {"State": "true"}, {"visual_fire": True}, None),
        ("VideoSource/SignalLoss", {"State": "true"}, {"stream_lost": True}, None),
        ("Storage/Alert", {"State": "true"}, {"storage_fault": True}, None),
    ],
)
def test_the_topic_table(feed: Feed, event: str, data: dict[str, Any], states: Any, code: str | None) -> None:
    report = feed.report(topic(event), plain(data))
    assert report.states == states
    assert [found.code for found in report.events] == ([code] if code else [])


def test_the_table_holds_canonical_names_only() -> None:
    for part, meant in TOPICS:
        assert meaning(f"tns1:Any/{part.upper()}/x") is not None
        assert not meant.event or DeviceKind.CAMERA in EVENTS[meant.event].kinds
        assert not meant.state or (
            STATES[meant.state].type == "bool" and DeviceKind.CAMERA in STATES[meant.state].kinds
        )
        assert meant.event or meant.state or meant.count


@pytest.mark.parametrize("name", ["Name", "@Name"])
@pytest.mark.parametrize("many", [True, False])
def test_simple_items_one_or_many_with_marks_or_without(feed: Feed, name: str, many: bool) -> None:
    item = {name: "IsMotion", name.replace("Name", "Value"): "true"}
    said = {"UtcTime": UTC, "Source": {"SimpleItem": []}, "Data": {"SimpleItem": [item] if many else item}}
    assert feed.report(topic("RuleEngine/CellMotionDetector/Motion"), said).states == {"motion": True}
    wrapped = {"tt:Message": {"@UtcTime": UTC, "tt:Data": {"tt:SimpleItem": [item]}}}
    report = feed.report(topic("RuleEngine/CellMotionDetector/Motion"), wrapped)
    assert (report.states, report.at) == ({"motion": True}, NOON)


def appearance(identity: int, *kinds: tuple[str, float]) -> dict[str, Any]:
    types = [{"@Likelihood": score, "#text": kind} for kind, score in kinds]
    return {"@ObjectId": identity, "Appearance": {"Class": {"Type": types[0] if len(types) == 1 else types}}}


def test_objects_one_or_several_nested_or_not(feed: Feed) -> None:
    where = topic("RuleEngine/LineDetector/Crossed", "&1", "Kerb")
    (one,) = feed.report(where, plain({"Object": {"Object": appearance(17, ("Vehicle", 0.8))}})).events
    wanted = {"object_id": "17", "object_class": "car", "score": 0.8, "phase": "pulse", "rule_name": "Kerb"}
    assert one.attributes == wanted
    two = [appearance(1, ("Person", 0.3), ("Bicycle", 0.6)), appearance(2, ("Animal", 0.9))]
    events = feed.report(where, plain({"Object": {"Object": two}})).events
    assert [event.attributes["object_class"] for event in events] == ["bicycle", "animal"]
    assert len(feed.report(where, plain({"Object": two})).events) == 2


def test_an_exit_ends_although_its_state_is_true(feed: Feed) -> None:
    def area(action: str) -> Any:
        said = plain({"State": "true", "ObjectId": "5", "Action": action}, RuleName="lane")
        return feed.report(topic("OpenApp/WiseAI/IvaArea", rule="lane"), said)

    assert area("Intrusion").states == {"occupancy": True}
    assert (area("Exit").states, area("Exit").events[0].attributes["phase"]) == ({"occupancy": False}, "end")
    assert area("Loitering").events[0].code == "loitering"


def test_counters(feed: Feed) -> None:
    where = topic("RuleEngine/CountAggregation/Counter", "&1", "Lobby")
    assert feed.report(where, plain({"Count": "14"})).measurements == {"object_count": 14}
    assert feed.reason(where, b"") is RejectReason.EMPTY


@pytest.mark.parametrize("shape", [{"PlateNumber": "沪A12345"}, {"PlateNumber": {"#text": "沪A12345"}}])
def test_plates_are_pseudonyms(feed: Feed, shape: dict[str, Any]) -> None:
    where = topic("RuleEngine/Recognition/LicensePlate")
    report = feed.report(where, plain({"LicensePlateInfo": {**shape, "@Likelihood": 0.7}}))
    (event,) = report.events
    assert event.attributes == {"credential_ref": pseudonym(b"test", "沪A12345"), "confidence": 0.7}
    assert "12345" not in repr(report)
    assert feed.report(where, plain({})).events[0].code == "no_plate_read"


@pytest.mark.parametrize(
    ("event", "states", "code"),
    [
        ("OpenApp/WiseAI/fireAlarm", {"visual_fire": True}, None),
        ("VideoSource/MotionAlarm", {"motion": True}, None),
        ("RuleEngine/LineDetector/Crossed", {}, "line_crossed"),
    ],
)
def test_an_empty_payload_is_an_alarm(feed: Feed, event: str, states: dict[str, bool], code: str | None) -> None:
    report = feed.report(topic(event), b"")
    assert report.states == states
    assert [found.code for found in report.events] == ([code] if code else [])


def test_the_heartbeat_is_empty_too(feed: Feed) -> None:
    report = feed.report(f"{CAMERA}/heartbeat", b"")
    assert (report.device, report.availability) == (CAMERA, True)


def test_initialized_and_retained_state_is_no_news(feed: Feed) -> None:
    """Defects 1 and 2."""
    said = plain({"IsMotion": "true"})
    where = topic("RuleEngine/CellMotionDetector/Motion")
    assert feed.report(where, {**said, "PropertyOperation": "Initialized"}).snapshot is True
    assert feed.report(where, {**said, "PropertyOperation": "Changed"}).snapshot is False
    assert feed.report(where, said, retained=True).snapshot is True


def test_a_word_nobody_agreed_on_is_unknown(feed: Feed) -> None:
    """Defects 7 and 8."""
    report = feed.report(topic("VideoSource/MotionAlarm"), plain({"State": "vielleicht"}))
    assert (report.states, report.events) == ({"motion": None}, ())


def test_several_lenses_of_one_camera() -> None:
    lens = Device("cam-north", DeviceKind.CAMERA, dialect="onvif", address=f"{CAMERA}/vs-1")
    feed = Feed("onvif", lens)
    said = plain({"State": "true"})
    assert feed.report(topic("VideoSource/MotionAlarm", "&vs-1"), said).device == "cam-north"
    assert feed.report(topic("VideoSource/MotionAlarm", "&vs-0"), said).device == CAMERA


def test_topics_beyond_the_table_are_kept_where_they_say_something(feed: Feed) -> None:
    """Defect 14: makers invent topics."""
    report = feed.report(topic("OpenApp/WiseAI/SlipAndFall"), plain({"State": "true"}))
    assert (report.states, report.events, report.at) == ({}, (), NOON)
    assert report.raw_codes == {"topic": "OpenApp/WiseAI/SlipAndFall", "active": "true"}
    empty = feed.report(topic("OpenApp/WiseAI/SlipAndFall"), b"")
    assert (empty.states, empty.raw_codes) == ({}, {"topic": "OpenApp/WiseAI/SlipAndFall"})
    assert feed.reason(topic("OpenApp/WiseAI/SlipAndFall"), b"{") is RejectReason.MALFORMED
    assert "Media/ProfileChanged" in feed.why(topic("Media/ProfileChanged"), plain({}))


@pytest.mark.parametrize(
    ("where", "payload", "reason"),
    [
        (topic("VideoSource/MotionAlarm"), b"{", RejectReason.MALFORMED),
        (topic("VideoSource/MotionAlarm"), b"[1]", RejectReason.WRONG_SHAPE),
        ("/onvif-ej/VideoSource/MotionAlarm/&1", b"", RejectReason.BAD_TOPIC),
        ("elsewhere/x", b"", RejectReason.UNKNOWN_DIALECT),
        ("a/b/heartbeat", b"", RejectReason.UNKNOWN_DIALECT),
    ],
)
def test_what_is_not_understood_is_refused(feed: Feed, where: str, payload: bytes, reason: RejectReason) -> None:
    """Defect 9."""
    assert feed.reason(where, payload) is reason


def test_prefixes_may_have_levels() -> None:
    feed = Feed("onvif", prefix="site/+")
    said = plain({"State": "true"})
    assert feed.report("site/cam-4/onvif-ej/VideoSource/MotionAlarm/&1", said).device == "site/cam-4"
    assert set(feed.decoder.filters()) == {"site/+/onvif-ej/#", "site/+/heartbeat"}


def test_deep_nesting_is_cut_off(feed: Feed) -> None:
    deep: Any = "x"
    for _ in range(40):
        deep = {"PlateNo": [deep]}
    report = feed.report(topic("RuleEngine/Recognition/LicensePlate"), plain({"Object": deep}))
    assert report.events[0].code == "no_plate_read"

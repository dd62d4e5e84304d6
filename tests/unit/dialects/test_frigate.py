"""Frigate: objects, reviews, motion, counts, availability."""

from typing import Any

import pytest

from devices.dialects.values import pseudonym
from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

EVENTS = "frigate/events"


def tracked(**members: Any) -> dict[str, Any]:
    return {
        "id": f"{NOON}-k3x9ab",
        "camera": "south_gate",
        "frame_time": NOON,
        "label": "car",
        "sub_label": None,
        "top_score": 0.97,
        "false_positive": False,
        "start_time": NOON - 40,
        "end_time": None,
        "score": 0.91,
        "box": [10, 20, 330, 240],
        "current_zones": ["apron"],
        "entered_zones": ["apron"],
        "has_snapshot": True,
        "has_clip": False,
        "stationary": False,
        **members,
    }


def message(kind: str, after: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": kind, "before": before or after, "after": after}


@pytest.fixture
def feed() -> Feed:
    return Feed("frigate")


def test_a_tracked_object(feed: Feed) -> None:
    report = feed.report(EVENTS, message("new", tracked()))
    (event,) = report.events
    assert (report.device, report.kind) == ("south_gate", DeviceKind.CAMERA)
    assert (report.at, report.time_quality) == (NOON, TimeQuality.SOURCE_UTC)
    assert event.code == "object_detected"
    assert event.attributes == {
        "phase": "start",
        "object_class": "car",
        "object_id": f"{NOON}-k3x9ab",
        "zones": "apron",
        "score": 0.91,
        "box": "pixel 10,20,330,240",
        "snapshot_ref": f"{NOON}-k3x9ab",
    }


@pytest.mark.parametrize(("kind", "phase"), [("new", "start"), ("update", "update"), ("end", "end")])
def test_phases(feed: Feed, kind: str, phase: str) -> None:
    assert feed.report(EVENTS, message(kind, tracked())).events[0].attributes["phase"] == phase


@pytest.mark.parametrize("sub_label", [None, "Wang", ["Wang", 0.83], {"name": "Wang"}])
def test_names_never_leave_the_message(feed: Feed, sub_label: Any) -> None:
    """Defect 8: ``sub_label`` is null, text or a pair."""
    after = tracked(label="person", sub_label=sub_label, recognized_license_plate="沪A12345")
    report = feed.report(EVENTS, message("update", after))
    assert report.events[0].attributes["object_class"] == "person"
    assert not any(secret in repr(report) for secret in ("Wang", "沪A"))


@pytest.mark.parametrize(
    ("label", "known", "raw"),
    [
        ("truck", "truck", None),
        ("dog", "animal", None),
        ("bicycle", "bicycle", None),
        ("motorcycle", "e_bike", None),
        ("umbrella", "unknown", {"label": "umbrella"}),
    ],
)
def test_labels_become_object_classes(feed: Feed, label: str, known: str, raw: Any) -> None:
    report = feed.report(EVENTS, message("new", tracked(label=label)))
    assert (report.events[0].attributes["object_class"], report.raw_codes) == (known, raw)


def test_an_end_alone_and_without_time(feed: Feed) -> None:
    """Defect 4: only the end arrives; ``end_time`` may be null."""
    assert feed.report(EVENTS, message("end", tracked(end_time=NOON - 3))).at == NOON - 3
    assert feed.report(EVENTS, message("end", tracked(end_time=None))).at == NOON
    assert feed.report(EVENTS, {"type": "end", "after": tracked()}).events[0].attributes["phase"] == "end"


def standing(report: Any) -> list[tuple[str, str]]:
    found = [event.attributes for event in report.events if event.code == "stationary_object"]
    return [(one["phase"], one["zone"]) for one in found]


def test_what_stands_in_a_fire_lane_is_told_from_coming_to_going(feed: Feed) -> None:
    moving = tracked(current_zones=["fire_lane_1", "apron"])
    stopped = tracked(current_zones=["fire_lane_1", "apron"], stationary=True)
    left = tracked(current_zones=["apron"], stationary=False)
    assert standing(feed.report(EVENTS, message("update", moving))) == []
    assert standing(feed.report(EVENTS, message("update", stopped, moving))) == [("start", "fire_lane_1")]
    assert standing(feed.report(EVENTS, message("update", stopped, stopped))) == [("update", "fire_lane_1")]
    assert standing(feed.report(EVENTS, message("update", left, stopped))) == [("end", "fire_lane_1")]
    assert standing(feed.report(EVENTS, message("end", stopped))) == [("end", "fire_lane_1")]


def test_zones_that_count_as_fire_lanes_are_an_option() -> None:
    stopped = message("update", tracked(current_zones=["apron"], stationary=True), tracked())
    assert standing(Feed("frigate").report(EVENTS, stopped)) == []
    assert standing(Feed("frigate", stationary_zones=["apron"]).report(EVENTS, stopped)) == [("start", "apron")]


def test_false_positives_are_ignored(feed: Feed) -> None:
    assert "false positive" in feed.why(EVENTS, message("end", tracked(false_positive=True)))


def test_retained_is_a_snapshot_and_the_same_bytes_the_same_message(feed: Feed) -> None:
    """Defects 1 and 3."""
    assert feed.report(EVENTS, message("new", tracked()), retained=True).snapshot is True
    keys = {feed.report(EVENTS, message("new", tracked())).dedup_key for _ in range(2)}
    assert len(keys) == 1
    assert None not in keys


def review(kind: str, **members: Any) -> dict[str, Any]:
    data = {"detections": ["x-1"], "objects": ["person-verified", "car"], "sub_labels": ["Wang"], "zones": ["apron"]}
    after = {"id": "r-9", "camera": "south_gate", "start_time": NOON, "end_time": None, "severity": "alert"}
    return {"type": kind, "before": {}, "after": {**after, "data": data, **members}}


def test_reviews(feed: Feed) -> None:
    report = feed.report("frigate/reviews", review("new"))
    assert report.events[0].attributes == {
        "phase": "start",
        "object_class": "person",
        "object_id": "r-9",
        "zones": "apron",
        "rule_name": "review alert",
    }
    assert report.at == NOON
    assert "Wang" not in repr(report)
    ended = feed.report("frigate/reviews", review("end", end_time=NOON + 1, severity="detection"))
    assert (ended.at, ended.events[0].attributes["rule_name"]) == (NOON + 1, "review detection")
    assert feed.report("frigate/reviews", review("end")).time_quality is TimeQuality.RECEIVED_ONLY


def test_updates_give_plates_as_pseudonyms_and_no_more(feed: Feed) -> None:
    said = {"type": "lpr", "id": "x", "name": "Wang's car", "plate": "沪A12345", "score": 0.9, "camera": "south_gate"}
    report = feed.report("frigate/tracked_object_update", {**said, "timestamp": NOON})
    assert report.device == "south_gate"
    assert report.events[0].attributes == {"credential_ref": pseudonym(b"test", "沪A12345"), "confidence": 0.9}
    assert not any(secret in repr(report) for secret in ("Wang", "12345"))
    for kind in ("face", "description", "classification"):
        assert kind in feed.why("frigate/tracked_object_update", {"type": kind, "name": "Wang", "camera": "c"})
    assert feed.reason("frigate/tracked_object_update", {"type": "lpr"}) is RejectReason.WRONG_SHAPE


@pytest.mark.parametrize(("word", "alive"), [(b"online", True), (b"stopped", False), (b"offline", False)])
def test_the_server_comes_and_goes(feed: Feed, word: bytes, alive: bool) -> None:
    report = feed.report("frigate/available", word, retained=True)
    assert (report.device, report.availability, report.snapshot) == ("frigate", alive, True)


def test_a_camera_without_picture(feed: Feed) -> None:
    """Defect 13: offline says nothing about what was seen before."""
    lost = feed.report("frigate/south_gate/status/detect", b"offline")
    assert (lost.device, lost.availability, lost.states) == ("south_gate", False, {"stream_lost": True})
    assert feed.report("frigate/south_gate/status/detect", b"online").states == {"stream_lost": False}
    assert feed.report("frigate/south_gate/status/record", b"offline").states == {"fault": True}
    assert "on purpose" in feed.why("frigate/south_gate/status/audio", b"disabled")
    assert feed.reason("frigate/south_gate/status/detect", b"maybe") is RejectReason.WRONG_SHAPE


@pytest.mark.parametrize(("word", "moving"), [(b"ON", True), (b"OFF", False), (b"on\n", True)])
def test_motion(feed: Feed, word: bytes, moving: bool) -> None:
    assert feed.report("frigate/south_gate/motion", word).states == {"motion": moving}


def test_counts_are_numbers_as_text(feed: Feed) -> None:
    """Defect 7; the camera's own total wins over our sum of labels."""
    first = feed.report("frigate/south_gate/person", b"2")
    assert (first.measurements, first.states) == ({"object_count": 2}, {"occupancy": True})
    assert feed.report("frigate/south_gate/car", b"1").measurements == {"object_count": 3}
    none = feed.report("frigate/south_gate/all", b"0")
    assert (none.measurements, none.states) == ({"object_count": 0}, {"occupancy": False})
    assert feed.why("frigate/south_gate/person", b"1")
    assert feed.report("frigate/yard/person", b"4").measurements == {"object_count": 4}


@pytest.mark.parametrize(
    "topic",
    [
        "frigate/stats",
        "frigate/triggers",
        "frigate/whatever",
        "frigate/south_gate/person/snapshot",
        "frigate/south_gate/detect/state",
        "frigate/south_gate/detect",
        "frigate/notifications/state",
    ],
)
def test_pictures_settings_and_statistics_are_ignored(feed: Feed, topic: str) -> None:
    assert feed.why(topic, b"\xff\xd8\xff\xe0 picture")


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (EVENTS, b"", RejectReason.EMPTY),
        (EVENTS, b"{", RejectReason.MALFORMED),
        (EVENTS, b'{"type": "new"}', RejectReason.WRONG_SHAPE),
        (EVENTS, message("moved", tracked()), RejectReason.WRONG_SHAPE),
        ("frigate/reviews", review("moved"), RejectReason.WRONG_SHAPE),
        ("frigate/reviews", b"[]", RejectReason.WRONG_SHAPE),
        ("frigate/available", b"perhaps", RejectReason.WRONG_SHAPE),
        ("frigate/available", b"", RejectReason.EMPTY),
        ("frigate//motion", b"ON", RejectReason.BAD_TOPIC),
        ("elsewhere/events", b"{}", RejectReason.UNKNOWN_DIALECT),
    ],
)
def test_what_is_not_understood_is_refused(feed: Feed, topic: str, payload: Any, reason: RejectReason) -> None:
    """Defect 9."""
    assert feed.reason(topic, payload) is reason


def test_the_inventory_names_cameras() -> None:
    here = Device("cam-south", DeviceKind.CAMERA, dialect="frigate", address="south_gate")
    report = Feed("frigate", here, base="nvr1").report("nvr1/events", message("new", tracked()))
    assert (report.device, report.registered) == ("cam-south", True)


def test_alarm_class_topics_have_their_own_lane(feed: Feed) -> None:
    lanes = feed.decoder.filters()
    assert {name for name, lane in lanes.items() if lane == "telemetry"} == {"frigate/+/+"}
    assert lanes["frigate/events"] == "alarm"

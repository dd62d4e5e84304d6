"""Cameras of several makers: every topic and event type of the tables, truth words, repeats, objects and sentinels."""

from typing import Any

import pytest

from devices.dialects.hikvision_codes import CAMERA
from devices.dialects.scene import CLASSES, NO, TOPICS, YES, meaning
from devices.model import RejectReason, Report
from tests.unit.dialects.feed import NOON, Feed

ONVIF_STATES = [(part, meant) for part, meant in TOPICS if meant.state and not meant.event]
ONVIF_EVENTS = [(part, meant) for part, meant in TOPICS if meant.event and meant.event != "plate_recognised"]
UTC = "2026-09-21T14:13:19Z"


def onvif(part: str, data: Any, shape: str = "plain", **more: Any) -> Report:
    body: dict[str, Any] = {"UtcTime": UTC, "Source": {"VideoSource": "2"}, "Data": data, **more}
    if shape == "items":
        body["Data"] = {"SimpleItem": [{"Name": name, "Value": value} for name, value in data.items()]}
    if shape == "attributes":
        body["Data"] = {"SimpleItem": [{"@Name": name, "@Value": value} for name, value in data.items()]}
    if shape == "namespaced":
        body = {f"tt:{name}": value for name, value in body.items()}
    return Feed("onvif").report(f"CAM/onvif-ej/tns1:{part}/&2", body, at=NOON)


@pytest.mark.parametrize("part", [part for part, _ in ONVIF_STATES])
@pytest.mark.parametrize(
    ("word", "value"), [("true", True), ("false", False), (True, True), ("1", True), (0, False), ("?", None)]
)
@pytest.mark.parametrize("shape", ["plain", "items"])
def test_onvif_every_state(part: str, word: Any, value: bool | None, shape: str) -> None:
    found = meaning(part)
    assert found is not None
    report = onvif(part, {"State": word}, shape)
    assert (report.device, report.at) == ("CAM", NOON - 1)
    assert report.states == {found.state: value}


@pytest.mark.parametrize("part", [part for part, _ in ONVIF_EVENTS])
@pytest.mark.parametrize(("word", "phase"), [("true", "start"), ("false", "end"), (None, "pulse")])
def test_onvif_every_event(part: str, word: Any, phase: str) -> None:
    found = meaning(part)
    assert found is not None
    data = {"ObjectId": "71", "ClassTypes": "Vehicle"} | ({} if word is None else {"State": word})
    (event,) = onvif(part, data).events
    assert (event.code, event.attributes["phase"]) == (found.event, phase)
    assert event.attributes.get("object_id") == (None if found.event == "camera_tamper" else "71")


@pytest.mark.parametrize(
    "part", [part for part, meant in TOPICS if not meant.count and meant.event != "plate_recognised"]
)
@pytest.mark.parametrize("payload", [b"", b" \x00\r\n"])
def test_onvif_an_empty_payload_is_an_alarm(part: str, payload: bytes) -> None:
    found = meaning(part)
    assert found is not None
    report = Feed("onvif").report(f"CAM/onvif-ej/{part}/&1/rule 7", payload)
    assert report.states == ({found.state: True} if found.state else {})
    assert [event.code for event in report.events] == ([found.event] if found.event else [])


@pytest.mark.parametrize(
    ("operation", "snapshot"), [("Initialized", True), ("initialized", True), ("Changed", False), (None, False)]
)
def test_onvif_initialized_is_a_snapshot(operation: Any, snapshot: bool) -> None:
    """Defect 2."""
    report = onvif("VideoSource/MotionAlarm", {"State": "true"}, PropertyOperation=operation)
    assert (report.snapshot, report.states) == (snapshot, {"motion": True})


@pytest.mark.parametrize(
    ("likelihood", "score"), [(0.5, 0.5), ("0.75", 0.75), (92, None), (-1, None), ("x", None), (None, None)]
)
def test_onvif_scores_are_shares(likelihood: Any, score: float | None) -> None:
    kind = {"@Likelihood": likelihood, "#text": "Human"}
    data = {"Object": [{"@ObjectId": 3, "Appearance": {"Class": {"Type": kind}}}]}
    (event,) = onvif("RuleEngine/LineDetector/Crossed", data).events
    assert event.attributes.get("score") == score
    assert event.attributes["object_class"] == "person"


@pytest.mark.parametrize(("likelihood", "confidence"), [(0.5, 0.5), (92, None), ("-0.1", None)])
def test_onvif_plates(likelihood: Any, confidence: float | None) -> None:
    data = {"PlateNumber": {"#text": "京A1"}, "Likelihood": likelihood}
    (event,) = onvif("RuleEngine/Recognition/LicensePlate", data).events
    assert event.code == "plate_recognised"
    assert event.attributes.get("confidence") == confidence


@pytest.mark.parametrize(("label", "kind"), CLASSES.items())
def test_onvif_and_axis_every_class(label: str, kind: str) -> None:
    (event,) = onvif("RuleEngine/LineDetector/Crossed", {"ClassTypes": label.title(), "ObjectId": 1}).events
    assert event.attributes["object_class"] == kind
    body = {"topic": "onvif:X/axis:ObjectAnalytics/D1", "message": {"data": {"classTypes": label, "active": "1"}}}
    (event,) = Feed("axis").report("axis:B8/event/x", body).events
    assert event.attributes["object_class"] == kind


@pytest.mark.parametrize("retained", [True, False])
def test_a_kept_heartbeat_is_no_sign_of_life(retained: bool) -> None:
    found = Feed("onvif").give("CAM/heartbeat", b"", retained=retained)
    assert isinstance(found, list) is not retained


AXIS_WORDS = [(word, True) for word in sorted(YES)] + [(word, False) for word in sorted(NO)]
AXIS_CASES = [(part, "1", True) for part, _ in ONVIF_STATES] + [("Sensor/PIR", *each) for each in AXIS_WORDS]


@pytest.mark.parametrize(("part", "word", "value"), AXIS_CASES)
def test_axis_every_state_and_word(part: str, word: str, value: bool) -> None:
    found = meaning(part)
    assert found is not None
    body = {"timestamp": NOON * 1000 - 500, "topic": f"onvif:{part}", "message": {"data": {"active": word.upper()}}}
    report = Feed("axis").report("axis:B8A4/event/x", body, at=NOON)
    assert (report.device, report.states, report.at) == ("B8A4", {found.state: value}, NOON - 0.5)


HIK = (
    "<EventNotificationAlert{}><channelID>{}</channelID>"
    "<dateTime>2026-09-21T22:13:19+08:00</dateTime>{}</EventNotificationAlert>"
)


def hikvision(inner: str, namespace: str = "", channel: int = 1) -> Any:
    return Feed("hikvision").give("hikvision/N9/event", HIK.format(namespace, channel, inner).encode(), at=NOON)


@pytest.mark.parametrize("kind", sorted(CAMERA))
@pytest.mark.parametrize("state", ["active", "inactive"])
@pytest.mark.parametrize("namespace", ["", ' version="2.0" xmlns="urn:psialliance-org"'])
def test_hikvision_every_camera_event(kind: str, state: str, namespace: str) -> None:
    inner = f"<eventType>{kind.upper()}</eventType><eventState>{state}</eventState><activePostCount>1</activePostCount>"
    (report,) = hikvision(inner, namespace)
    meant = CAMERA[kind]
    assert (report.device, report.at) == ("N9", NOON - 1)
    assert report.states == ({meant.state: state == "active"} if meant.state else {})
    assert [e.attributes["phase"] for e in report.events] == (
        ["start" if state == "active" else "end"] if meant.event else []
    )


@pytest.mark.parametrize(("posts", "phase"), [(1, "start"), (2, "update"), (174, "update"), (0, "start")])
def test_hikvision_repeats_are_updates(posts: int, phase: str) -> None:
    """Defect 3."""
    inner = (
        f"<eventType>linedetection</eventType><eventState>active</eventState><activePostCount>{posts}</activePostCount>"
    )
    (report,) = hikvision(inner, channel=3)
    assert (report.device, report.events[0].attributes["phase"]) == ("N9/3", phase)


@pytest.mark.parametrize(
    ("level", "confidence"), [("97", 0.97), ("100", 1.0), ("250", None), ("-1", None), ("high", None)]
)
def test_hikvision_confidence_is_a_share(level: str, confidence: float | None) -> None:
    anpr = f"<ANPR><licensePlate>A12345</licensePlate><confidenceLevel>{level}</confidenceLevel></ANPR>"
    (report,) = hikvision(f"<eventType>ANPR</eventType>{anpr}")
    assert report.events[0].attributes.get("confidence") == confidence


@pytest.mark.parametrize(
    "text", ["<", "<a>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a><b></a></b>", "--x\r\n\r\n"]
)
def test_hikvision_broken_markup(text: str) -> None:
    assert Feed("hikvision").reason("hikvision/N9/event", text.encode()) in (
        RejectReason.MALFORMED,
        RejectReason.WRONG_SHAPE,
    )


def frigate(kind: str = "new", **after: Any) -> Any:
    seen = {"id": "9.5-q", "camera": "lane", "label": "car", "frame_time": NOON - 2, "end_time": None, **after}
    return Feed("frigate").give("frigate/events", {"type": kind, "before": {**seen}, "after": seen}, at=NOON)


@pytest.mark.parametrize(("kind", "phase"), [("new", "start"), ("update", "update"), ("end", "end")])
@pytest.mark.parametrize(
    ("label", "known"), [("person", "person"), ("car", "car"), ("motorcycle", "e_bike"), ("kite", "unknown")]
)
@pytest.mark.parametrize("sub", [None, "delivery", ["Somebody", 0.9], []])
def test_frigate_events(kind: str, phase: str, label: str, known: str, sub: Any) -> None:
    (report,) = frigate(kind, label=label, sub_label=sub, score=0.5, box=[1, 2, 3, 4], current_zones=["gate", "yard"])
    (event,) = report.events
    assert event.attributes["phase"] == phase
    assert (event.attributes["object_class"], event.attributes["zones"]) == (known, "gate,yard")
    assert (report.device, report.at) == ("lane", NOON - 2)


@pytest.mark.parametrize(
    ("score", "kept"), [(0.0, 0.0), (1.0, 1.0), (0.88, 0.88), (88, None), (-0.5, None), (None, None)]
)
def test_frigate_scores_are_shares(score: Any, kept: float | None) -> None:
    assert frigate(score=score)[0].events[0].attributes.get("score") == kept
    body = {"type": "lpr", "camera": "lane", "plate": "A1", "score": score, "timestamp": NOON}
    (event,) = Feed("frigate").report("frigate/tracked_object_update", body).events
    assert event.attributes.get("confidence") == kept


@pytest.mark.parametrize("zone", ["fire_lane", "Fire-Lane west", "firelane2"])
@pytest.mark.parametrize(
    ("kind", "stationary", "phases"), [("new", True, ["update"]), ("end", True, ["end"]), ("new", False, [])]
)
def test_frigate_standing_in_a_fire_lane(zone: str, kind: str, stationary: bool, phases: list[str]) -> None:
    (report,) = frigate(kind, stationary=stationary, current_zones=[zone, "yard"])
    standing = [e.attributes for e in report.events if e.code == "stationary_object"]
    assert [a["phase"] for a in standing] == phases
    assert all(a["zone"] == zone for a in standing)


@pytest.mark.parametrize(
    ("word", "online"), [(b"online", True), (b"stopped", False), (b"offline", False), (b'"online"', True)]
)
def test_frigate_availability(word: bytes, online: bool) -> None:
    report = Feed("frigate").report("frigate/available", word, retained=True)
    assert (report.availability, report.snapshot) == (online, True)


@pytest.mark.parametrize(("word", "states"), [(b"online", {"stream_lost": False}), (b"offline", {"stream_lost": True})])
def test_frigate_detect_role(word: bytes, states: dict[str, bool]) -> None:
    assert Feed("frigate").report("frigate/lane/status/detect", word).states == states


@pytest.mark.parametrize(
    ("counts", "total"), [([("car", b"2"), ("person", b"1")], 3), ([("all", b"4"), ("all", b"0")], 0)]
)
def test_frigate_counts(counts: list[tuple[str, bytes]], total: int) -> None:
    feed = Feed("frigate")
    report = [feed.report(f"frigate/lane/{label}", count) for label, count in counts][-1]
    assert (report.measurements["object_count"], report.states["occupancy"]) == (total, total > 0)

"""Face terminals. Numbers are those of the list of known field defects."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

REC, SNAP = "mqtt/face/90031/Rec", "mqtt/face/90031/Snap"
MOMENT = datetime(2026, 9, 21, 14, 0, tzinfo=UTC).timestamp()


def record(operator: str = "RecPush", **info: Any) -> dict[str, Any]:
    given = {
        "facesluiceId": "90031",
        "personId": "12",
        "RecordID": "400",
        "VerifyStatus": "1",
        "PersonType": "0",
        "similarity1": "91.500000",
        "Sendintime": 1,
        "personName": "Somebody",
        "idCard": "SECRET-ID",
        "telnum": "SECRET-PHONE",
        "time": "2026-09-21 22:00:00",
        "pic": "data:image/jpeg;base64,SECRETPICTURE",
    }
    return {"operator": operator, "info": {**given, **info}}


@pytest.fixture
def feed() -> Feed:
    return Feed("face_terminal", Device("gate-a", DeviceKind.ACCESS_GATE, dialect="face_terminal", address="90031"))


def event(feed: Feed, topic: str = REC, **info: Any) -> tuple[str, dict[str, Any]]:
    (found,) = feed.report(topic, record(**info)).events
    return found.code, found.attributes


def test_a_face_passes(feed: Feed) -> None:
    """Defect 7: numbers are text."""
    code, attributes = event(feed)
    assert code == "access_granted"
    assert attributes["credential_type"] == "face"
    assert attributes["confidence"] == pytest.approx(0.915)
    assert attributes["credential_ref"] == attributes["person_ref"]
    assert len(attributes["person_ref"]) == 16


@pytest.mark.parametrize(
    ("status", "person_type", "reason"),
    [("2", "0", "no_right"), (2, 1, "blocklist"), ("2", "1", "blocklist"), ("3", "0", "unknown_credential")],
)
def test_a_face_is_refused(feed: Feed, status: Any, person_type: Any, reason: str) -> None:
    code, attributes = event(feed, VerifyStatus=status, PersonType=person_type)
    assert (code, attributes["reason"]) == ("access_denied", reason)
    assert ("person_ref" in attributes) is (reason != "unknown_credential")


@pytest.mark.parametrize("status", ["0", "9", "?", None])
def test_an_unknown_status_is_no_passage(feed: Feed, status: Any) -> None:
    """Defect 8."""
    report = feed.report(REC, record(VerifyStatus=status))
    assert report.events == ()


def test_a_stranger_at_the_camera(feed: Feed) -> None:
    stranger = {
        "operator": "StrSnapPush",
        "info": {"facesluiceId": "90031", "SnapID": 7, "time": "2026-09-21 22:00:00"},
    }
    report = feed.report(SNAP, stranger)
    assert report.events[0].code == "access_denied"
    assert report.events[0].attributes == {"reason": "unknown_credential", "credential_type": "face"}
    assert report.dedup_key == "snap:7:2026-09-21 22:00:00"


def test_nothing_personal_is_kept(feed: Feed) -> None:
    report = feed.report(REC, record(persionName="Somebody Else", VerifyStatus="7"))
    told = msgspec.json.encode(report).decode()
    for private in ("Somebody", "SECRET"):
        assert private not in told


def test_one_person_has_one_reference_by_the_sites_id(feed: Feed) -> None:
    first = event(feed, customId="c-9")[1]["person_ref"]
    assert event(feed, customId="c-9", personId="77")[1]["person_ref"] == first
    assert event(feed, customId="", personId="77")[1]["person_ref"] != first
    assert "person_ref" not in event(feed, customId="0", personId="")[1]


@pytest.mark.parametrize(("given", "late"), [(0, True), ("0", True), (1, False), ("1", False), (None, False)])
def test_records_sent_late(feed: Feed, given: Any, late: bool) -> None:
    """Defect 12: kept while offline, sent afterwards; its time is believed however old."""
    report = feed.report(REC, record(Sendintime=given), at=MOMENT + 5 * 86_400)
    assert report.historical is late
    assert (report.at == MOMENT) is late


def test_local_time(feed: Feed) -> None:
    """Defect 5."""
    report = feed.report(REC, record(), at=MOMENT + 2)
    assert (report.at, report.time_quality) == (MOMENT, TimeQuality.SOURCE_LOCAL_ASSUMED)
    newer = feed.report(REC, record(time=None, CreateTime="2026-09-21T22:00:01"), at=MOMENT + 2)
    assert newer.at == MOMENT + 1
    unset = feed.report(REC, record(time="1970-01-01 08:00:11"), at=NOON)
    assert (unset.at, unset.time_quality) == (NOON, TimeQuality.DEVICE_UNSYNCED)


def test_redelivery(feed: Feed) -> None:
    """Defect 3."""
    key = feed.report(REC, record()).dedup_key
    assert feed.report(REC, record(similarity1="90.0")).dedup_key == key
    assert feed.report(REC, record(RecordID="401")).dedup_key != key


@pytest.mark.parametrize(("given", "confidence"), [("83.0", 0.83), (100, 1.0), ("0", None), ("255", None), ("x", None)])
def test_confidence(feed: Feed, given: Any, confidence: float | None) -> None:
    assert event(feed, similarity1=given)[1].get("confidence") == confidence


def test_members_of_newer_firmware(feed: Feed) -> None:
    """Defect 14."""
    newer = {
        "operator": "VerifyPush",
        "info": {"DeviceID": 90031, "CustomizeID": 5, "VerifyStatus": 1, "Similarity1": 80},
    }
    report = feed.report(REC, newer)
    assert report.events[0].code == "access_granted"
    assert report.events[0].attributes["confidence"] == 0.8


@pytest.mark.parametrize(("operator", "available"), [("Online", True), ("Offline", False)])
def test_presence(feed: Feed, operator: str, available: bool) -> None:
    report = feed.report("mqtt/face/basic", {"operator": operator, "info": {"facesluiceId": "90031"}})
    assert (report.device, report.availability) == ("gate-a", available)


def test_heartbeats(feed: Feed) -> None:
    beat = {"operator": "HeartBeat", "info": {"facesluiceId": "90031", "time": "2026-09-21 22:00:30"}}
    assert feed.report("mqtt/face/heartbeat", beat).availability is True
    assert feed.report("mqtt/face/heartbeat", {"operator": "HeartBeat", "facesluiceId": "5"}).device == "5"
    assert type(feed.give("mqtt/face/heartbeat", beat, retained=True)).__name__ == "Ignored"


def test_heartbeats_of_a_clock_that_stands_still_all_count(feed: Feed) -> None:
    beat = {"operator": "HeartBeat", "info": {"facesluiceId": "90031", "time": "2000-01-01 00:00:00"}}
    assert feed.report("mqtt/face/heartbeat", beat).dedup_key is None


def test_kept_record_is_a_snapshot(feed: Feed) -> None:
    """Defect 1."""
    assert feed.report(REC, record(), retained=True).snapshot


def test_what_is_left_aside(feed: Feed) -> None:
    assert "command" in feed.why("mqtt/face/90031", {"operator": "EditPerson"})
    assert "command" in feed.why("mqtt/face/90031/Ack", {"operator": "EditPerson-Ack"})
    assert "no record" in feed.why(REC, record(operator="Something"))
    assert "picture" in feed.why(SNAP, record("SnapPush", AlarmAction="no helmet"))


def test_refusals(feed: Feed) -> None:
    assert feed.reason(REC, record(facesluiceId="1")) is RejectReason.IDENTITY_MISMATCH
    assert feed.reason("mqtt/face/basic", {"operator": "Online", "info": {}}) is RejectReason.WRONG_SHAPE
    assert feed.reason("mqtt/face/basic", {"operator": "X", "info": {"facesluiceId": "1"}}) is RejectReason.WRONG_SHAPE
    assert feed.reason(REC, {"operator": 5}) is RejectReason.WRONG_SHAPE
    assert feed.reason(REC, b'{"operator": "RecPush", "info": {"pic": "data:') is RejectReason.MALFORMED
    assert feed.reason(REC, b"") is RejectReason.EMPTY
    assert feed.reason("mqtt/face/1/2/3", {}) is RejectReason.BAD_TOPIC


def test_nul_and_byte_order_mark(feed: Feed) -> None:
    """Defect 9."""
    body = b"\xef\xbb\xbf" + msgspec.json.encode(record()) + b"\x00"
    assert feed.report(REC, body).events[0].code == "access_granted"


def test_base_is_an_option() -> None:
    feed = Feed("face_terminal", base="site/faces/")
    assert feed.report("site/faces/90031/Rec", record()).device == "90031"
    assert "site/faces/+/Rec" in feed.decoder.filters()

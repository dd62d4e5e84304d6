"""Dahua door stations. Numbers are those of the list of known field defects."""

from typing import Any

import msgspec
import pytest

from devices.dialects.lenient_json import strip_extras
from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

ACCESS = "DahuaVTO/AccessControl/Event"


def event(action: str = "Pulse", serial: str | None = "VTO-5", **data: Any) -> dict[str, Any]:
    given = {"Action": action, "Data": {"LocaleTime": "2031-01-01 00:00:00", "UTC": NOON, **data}, "deviceType": "VTO"}
    return given if serial is None else {**given, "serialNumber": serial}


def opening(**data: Any) -> dict[str, Any]:
    given = {"CardNo": "", "Method": 1, "Name": "OpenDoor", "Password": "SECRET", "ReaderID": "1", "RecNo": 8}
    return event(**{**given, "Status": 1, "Type": "Entry", "UserID": "", **data})


@pytest.fixture
def feed() -> Feed:
    return Feed("dahua_vto", Device("gate-a", DeviceKind.ACCESS_GATE, dialect="dahua_vto", address="VTO-5"))


def test_the_utc_time_counts(feed: Feed) -> None:
    """Defect 5: the local time beside it has no zone and is wrong."""
    report = feed.report(ACCESS, opening(), at=NOON + 1)
    assert (report.device, report.at, report.time_quality) == ("gate-a", NOON, TimeQuality.SOURCE_UTC)
    without = opening()
    del without["Data"]["UTC"]
    assert feed.report(ACCESS, without).time_quality is TimeQuality.RECEIVED_ONLY


@pytest.mark.parametrize(
    ("method", "credential"),
    [(0, "pin"), (1, "card"), ("2", "card"), (4, "remote"), (6, "fingerprint"), (15, "face"), (99, None)],
)
def test_how_the_door_was_opened(feed: Feed, method: Any, credential: str | None) -> None:
    report = feed.report(ACCESS, opening(Method=method))
    assert report.events[0].code == "access_granted"
    assert report.events[0].attributes.get("credential_type") == credential
    assert ("remote_open" in [found.code for found in report.events]) is (method == 4)
    assert (report.raw_codes == {"Method": 99}) is (credential is None)


def test_button(feed: Feed) -> None:
    assert [found.code for found in feed.report(ACCESS, opening(Method=5)).events] == ["exit_button"]


@pytest.mark.parametrize(("status", "code"), [(1, "access_granted"), ("0", "access_denied"), (0, "access_denied")])
def test_outcome(feed: Feed, status: Any, code: str) -> None:
    assert feed.report(ACCESS, opening(Status=status)).events[0].code == code


def test_an_unknown_outcome_is_no_passage(feed: Feed) -> None:
    """Defect 8."""
    report = feed.report(ACCESS, opening(Status=None))
    assert report.events == ()


def test_who_and_which_way(feed: Feed) -> None:
    attributes = feed.report(ACCESS, opening(CardNo="0099AA", UserID="77", Type="Exit")).events[0].attributes
    assert attributes["direction"] == "out"
    assert attributes["reader_id"] == "1"
    assert attributes["credential_ref"] != attributes["person_ref"]
    by_person = feed.report(ACCESS, opening(UserID="77")).events[0].attributes
    assert by_person["credential_ref"] == by_person["person_ref"] == attributes["person_ref"]


def test_nothing_secret_is_kept(feed: Feed) -> None:
    told = msgspec.json.encode(feed.report(ACCESS, opening(CardNo="0099AA", UserID="R-77", ErrorCode=16))).decode()
    for private in ("SECRET", "0099AA", "R-77"):
        assert private not in told


def test_redelivery(feed: Feed) -> None:
    """Defect 3."""
    key = feed.report(ACCESS, opening()).dedup_key
    assert feed.report(ACCESS, opening()).dedup_key == key
    assert feed.report(ACCESS, opening(RecNo=9)).dedup_key != key


@pytest.mark.parametrize(
    ("name", "code"),
    [("Invite", "doorbell"), ("BreakIn", "door_forced"), ("DoorNotClosed", "door_held_open"), ("Duress", "duress")],
)
def test_what_happens(feed: Feed, name: str, code: str) -> None:
    assert [found.code for found in feed.report(f"DahuaVTO/{name}/Event", event()).events] == [code]
    assert "over" in feed.why(f"DahuaVTO/{name}/Event", event("Stop"))


@pytest.mark.parametrize(
    "name", ["CallNoAnswered", "NTPAdjustTime", "BackKeyLight", "SIPRegisterResult", "RtspSessionDisconnect"]
)
def test_chatter(feed: Feed, name: str) -> None:
    assert name in feed.why(f"DahuaVTO/{name}/Event", event("Start"))


@pytest.mark.parametrize(("action", "value"), [("Start", True), ("Stop", False), ("Pulse", None)])
def test_motion_is_the_cameras(action: str, value: bool | None) -> None:
    report = Feed("dahua_vto").report("DahuaVTO/VideoMotion/Event", event(action))
    assert report.kind is DeviceKind.CAMERA
    assert report.states == {"motion": value}


def test_motion_means_nothing_to_a_gate(feed: Feed) -> None:
    assert "access_gate" in feed.why("DahuaVTO/VideoMotion/Event", event("Start"))


def test_blinded(feed: Feed) -> None:
    assert feed.report("DahuaVTO/VideoBlind/Event", event("Start")).states == {"tamper": True}
    camera = Feed("dahua_vto").report("DahuaVTO/VideoBlind/Event", event("Stop"))
    assert camera.states == {"tamper": False}
    assert camera.events[0].attributes == {"phase": "end"}


def test_inputs(feed: Feed) -> None:
    assert feed.report("DahuaVTO/AlarmLocal/Event", event("Start")).states == {"input_state": True}
    assert feed.report("DahuaVTO/AlarmLocal/Event", event("Stop")).states == {"input_state": False}


def test_fingerprints(feed: Feed) -> None:
    topic = "DahuaVTO/FingerPrintCheck/Event"
    assert feed.report(topic, event(FingerPrintID="0")).events[0].code == "access_denied"
    assert "AccessControl" in feed.why(topic, event(FingerPrintID=4))


@pytest.mark.parametrize(("word", "state"), [("Open", "open"), ("Close", "closed"), ("Ajar", None)])
def test_door(feed: Feed, word: str, state: str | None) -> None:
    assert feed.report("DahuaVTO/DoorStatus/Event", event(Status=word)).states == {"door_state": state}


def test_an_unknown_event_is_shown(feed: Feed) -> None:
    assert feed.report("DahuaVTO/Earthquake/Event", event("Start")).raw_codes == {
        "event": "Earthquake",
        "action": "Start",
    }


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ("true", "locked"),
        ("false", "unlocked"),
        (True, "locked"),
        (False, "unlocked"),
        ("true/false", None),
        (None, None),
    ],
)
def test_lock(feed: Feed, given: Any, state: str | None) -> None:
    """Defect 7: ``"false"`` is false."""
    report = feed.report("DahuaVTO/MagneticLock/Status", {"door": "1", "isLocked": given})
    assert (report.device, report.states) == ("DahuaVTO", {"lock_state": state})


def test_registered_by_its_prefix() -> None:
    feed = Feed(
        "dahua_vto", Device("gate-b", DeviceKind.ACCESS_GATE, dialect="dahua_vto", address="north"), prefix="north"
    )
    assert feed.report("north/AccessControl/Event", opening()).device == "gate-b"
    assert feed.report("north/MagneticLock/Status", {"isLocked": "true"}).device == "gate-b"
    assert feed.reason("DahuaVTO/AccessControl/Event", opening()) is RejectReason.UNKNOWN_DIALECT


def test_comments_and_trailing_commas(feed: Feed) -> None:
    """Defect 9: some bridges write JSON as their manual prints it."""
    body = b"""{
        "Action": "Pulse", // "Start", "Stop"
        "Data": {"Method": 4, /* remote */ "Status": 1, "UserID": "http://x", "UTC": 1790000000,},
        "serialNumber": "VTO-5",
    }"""
    report = feed.report(ACCESS, body)
    assert report.device == "gate-a"
    assert [found.code for found in report.events] == ["access_granted", "remote_open"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('{"a": "// no", "b": "/* no */"}', '{"a": "// no", "b": "/* no */"}'),
        ('{"a": "\\", // no",}', '{"a": "\\", // no"}'),
        ("[1, 2, /* three */ ]", "[1, 2  ]"),
        ("[1] // end", "[1] "),
        ("[1 /* never closed", "[1 "),
        ('"open', '"open'),
        ("[,]", "[]"),
        ('["a,", ]', '["a," ]'),
    ],
)
def test_the_cleaner_touches_nothing_in_strings(given: str, kept: str) -> None:
    assert strip_extras(given) == kept


def test_kept_event_is_a_snapshot(feed: Feed) -> None:
    """Defect 1."""
    assert feed.report(ACCESS, opening(), retained=True).snapshot


def test_commands_are_left_aside(feed: Feed) -> None:
    assert "command" in feed.why("DahuaVTO/Command/Open", b"")


def test_refusals(feed: Feed) -> None:
    assert feed.reason(ACCESS, b"{/* ]") is RejectReason.MALFORMED
    assert feed.reason(ACCESS, b"") is RejectReason.EMPTY
    assert feed.reason(ACCESS, b"[1,]") is RejectReason.MALFORMED
    assert feed.reason(ACCESS, b"[1]") is RejectReason.WRONG_SHAPE
    assert feed.reason("DahuaVTO/MagneticLock/Status", {}) is RejectReason.WRONG_SHAPE
    assert feed.reason("DahuaVTO/AccessControl/Other", {}) is RejectReason.BAD_TOPIC


def test_no_data_is_no_passage(feed: Feed) -> None:
    assert feed.report(ACCESS, {"Action": "Pulse", "Data": None, "serialNumber": "VTO-5"}).events == ()

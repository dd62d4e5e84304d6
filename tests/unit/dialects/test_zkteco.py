"""ZKTeco push records, by tab and by comma."""

from typing import Any

import pytest

from devices.decode import Decoder
from devices.dialects.values import pseudonym
from devices.dialects.zkteco import EVENTS
from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.names import EVENTS as CANONICAL
from devices.registry import Device, Registry
from tests.unit.dialects.feed import NOON, Feed

TOPIC = "zkteco/CJ55/rtlog"
LINE = "time=2026-09-21 22:13:15\tpin=407\tcardno=0\teventaddr=2\tevent=0\tinoutstatus=1\tverifytype=15\tindex=9"


def feed(*devices: Device) -> Feed:
    return Feed("zkteco", *devices)


def line(**changes: Any) -> bytes:
    parts = dict(part.split("=") for part in LINE.split("\t")) | {k: str(v) for k, v in changes.items()}
    return "\t".join(f"{k}={v}" for k, v in parts.items()).encode()


def test_a_passage_with_every_member() -> None:
    report = feed().report(TOPIC, LINE.encode(), at=NOON)
    person = pseudonym(b"test", "407")
    (event,) = report.events
    assert (report.device, report.kind, event.code) == ("CJ55", DeviceKind.ACCESS_GATE, "access_granted")
    assert event.attributes == {
        "credential_type": "face",
        "credential_ref": person,
        "person_ref": person,
        "direction": "out",
        "door_id": "2",
    }
    assert (report.at, report.time_quality) == (NOON - 5, TimeQuality.SOURCE_LOCAL_ASSUMED)
    assert report.dedup_key == "9@2026-09-21 22:13:15"


def test_the_person_never_leaves_as_a_number() -> None:
    report = feed().report(TOPIC, line(cardno=88123456, pin=99407))
    assert "88123456" not in str(report)
    assert "99407" not in str(report)


def test_a_scan_by_comma_decides_nothing() -> None:
    report = feed().report(TOPIC, b"cardno=5550001,eventaddr=1,inoutstatus=0,time=2026-09-21 22:13:15,sn=CJ55")
    assert report.events == ()
    assert report.raw_codes == {"event": "scan", "credential_ref": pseudonym(b"test", "5550001")}


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        (22, "access_denied", "schedule"),
        (23, "access_denied", "no_right"),
        (24, "access_denied", "anti_passback"),
        (27, "access_denied", "unknown_credential"),
        (29, "access_denied", "expired"),
        (28, "door_held_open", None),
        (101, "duress", None),
        (102, "door_forced", None),
        (202, "exit_button", None),
        (8, "remote_open", None),
    ],
)
def test_numbers_have_their_meaning(number: int, code: str, reason: str | None) -> None:
    (event,) = feed().report(TOPIC, line(event=number)).events
    assert (event.code, event.attributes.get("reason")) == (code, reason)


def test_doors_and_tamper_are_states() -> None:
    assert feed().report(TOPIC, line(event=200)).states == {"door_state": "open"}
    assert feed().report(TOPIC, line(event=201)).states == {"door_state": "closed"}
    assert feed().report(TOPIC, line(event=100)).states == {"tamper": True}


def test_an_unknown_number_is_shown_not_guessed() -> None:
    report = feed().report(TOPIC, line(event=777))
    assert (report.events, report.raw_codes and report.raw_codes["event"]) == ((), "777")


def test_every_meaning_is_canonical() -> None:
    for meant in EVENTS.values():
        assert meant.event or meant.states
        assert not meant.event or DeviceKind.ACCESS_GATE in CANONICAL[meant.event].kinds


def test_several_lines_are_several_reports() -> None:
    reports = feed().reports(TOPIC, line(index=1) + b"\r\n" + line(index=2) + b"\n\n")
    assert [report.dedup_key for report in reports] == ["1@2026-09-21 22:13:15", "2@2026-09-21 22:13:15"]


def test_a_registered_device_is_known_by_its_serial_number() -> None:
    known = Device("lobby", DeviceKind.ACCESS_GATE, dialect="zkteco", address="CJ55")
    assert feed(known).report(TOPIC, LINE.encode()).device == "lobby"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [(b"", RejectReason.EMPTY), (b"\n", RejectReason.EMPTY), (b"garbage", RejectReason.MALFORMED)],
)
def test_what_is_no_record_is_refused(payload: bytes, reason: RejectReason) -> None:
    assert feed().reason(TOPIC, payload) is reason


def test_a_record_of_nobody_is_ignored() -> None:
    assert "without event" in feed().why(TOPIC, b"time=2026-09-21 22:13:15\tsensor=01")


def test_an_implausible_time_gives_way_to_the_receipt_defect_5() -> None:
    report = feed().report(TOPIC, line(time="2017-01-10 11:49:32"), at=NOON)
    assert (report.at, report.time_quality) == (NOON, TimeQuality.DEVICE_UNSYNCED)


@pytest.mark.parametrize(
    ("topic", "payload", "device"),
    [("(POST /iclock/cdata?SN=X9&table=rtlog)", LINE, "X9"), ("push", "cardno=1,sn=X8", "X8"), ("push", LINE, "push")],
)
def test_without_a_site_any_topic_will_do(topic: str, payload: str, device: str) -> None:
    anywhere = feed()
    anywhere.decoder = Decoder(Registry(), "", {"zkteco": {}}, anywhere.context)
    assert anywhere.report(topic, payload.encode()).device == device

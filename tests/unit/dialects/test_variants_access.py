"""Doors, faces, cards and plates of several makers: all code tables, odd truth words, and who may be named."""

import json
from base64 import b64encode
from typing import Any

import pytest

from devices.dialects.dahua_vto import CHATTER, HAPPENED, METHODS, SWITCHED
from devices.dialects.esp_rfid import IO, LOG_LINES
from devices.dialects.hikvision_codes import ACCESS, HEARTBEAT
from devices.dialects.zhenshi import COLOURS, NO_PLATE, TRIGGERS
from devices.dialects.zkteco import EVENTS as ZK_EVENTS
from devices.model import DeviceKind, Event, Report, TimeQuality
from tests.unit.dialects.feed import NOON, Feed

GATE = DeviceKind.ACCESS_GATE


def only(report: Report) -> Event:
    (event,) = report.events
    return event


def esp(body: Any, topic: str = "/rfid/send") -> Report:
    return Feed("esp_rfid").report(topic, {"time": NOON - 1, "hostname": "door-8", **body}, at=NOON)


ACCESS_WORDS = [
    ({"isKnown": "true", "access": "Always"}, "access_granted", None),
    ({"isKnown": "true", "access": "Admin"}, "access_granted", None),
    ({"isKnown": True, "access": "always"}, "access_granted", None),
    ({"isknown": "true", "access": "Always"}, "access_granted", None),
    ({"isKnown": "true", "access": "Disabled"}, "access_denied", "disabled"),
    ({"isKnown": "true", "access": "Expired"}, "access_denied", "expired"),
    ({"isKnown": "true", "access": "Denied"}, "access_denied", "no_right"),
    ({"isKnown": "false", "access": "Denied"}, "access_denied", "unknown_credential"),
    ({"isKnown": False, "access": "Always"}, "access_denied", "unknown_credential"),
    ({"isknown": "false", "access": "Always"}, "access_denied", "unknown_credential"),
]


@pytest.mark.parametrize(("body", "code", "reason"), ACCESS_WORDS)
@pytest.mark.parametrize("topic", ["/rfid/send", "/rfid", "/rfid/tag"])
def test_esp_rfid_access(body: dict[str, Any], code: str, reason: str | None, topic: str) -> None:
    report = esp({"type": "access", "uid": "a1b2c3d4", "username": "Li Wei", **body}, topic)
    event = only(report)
    assert (event.code, event.attributes.get("reason")) == (code, reason)
    assert len(event.attributes["credential_ref"]) == 16
    assert (report.device, report.at) == ("door-8", NOON - 1)


@pytest.mark.parametrize(("source", "part", "states", "code"), LOG_LINES)
def test_esp_rfid_every_log_line(source: str, part: str, states: dict[str, Any], code: str) -> None:
    report = esp({"type": "WARN", "src": source, "desc": f"Some {part.upper()} text", "cmd": "event"})
    assert (only(report).code, report.states) == (code, states)


@pytest.mark.parametrize(("place", "meant"), IO.items())
def test_esp_rfid_every_input(place: tuple[str, str], meant: tuple[dict[str, Any], str]) -> None:
    found = Feed("esp_rfid").give(f"/rfid/io/{place[0]}", place[1].upper().encode(), at=NOON)
    if not any(meant):
        assert not isinstance(found, list)
        return
    assert isinstance(found, list)
    assert found[0].states == meant[0]
    assert [event.code for event in found[0].events] == ([meant[1]] if meant[1] else [])


FACES = [
    ("1", "0", "access_granted", None),
    (1, 0, "access_granted", None),
    ("2", "0", "access_denied", "no_right"),
    ("2", "1", "access_denied", "blocklist"),
    ("3", "0", "access_denied", "unknown_credential"),
]


@pytest.mark.parametrize(("status", "person_type", "code", "reason"), FACES)
@pytest.mark.parametrize("late", [0, "0", 1])
def test_face_terminal_records(status: Any, person_type: Any, code: str, reason: str | None, late: Any) -> None:
    info = {"VerifyStatus": status, "PersonType": person_type, "similarity1": "91.500000", "Sendintime": late}
    more = {"personId": "77", "persionName": "Li Wei", "facesluiceId": "F1", "time": "2026-09-21 22:13:00"}
    report = Feed("face_terminal").report(
        "mqtt/face/F1/Rec", {"operator": "RecPush", "info": {**info, **more}}, at=NOON
    )
    event = only(report)
    assert (event.code, event.attributes.get("reason"), event.attributes["confidence"]) == (code, reason, 0.915)
    assert report.historical is (late != 1)
    assert (report.at, report.time_quality) == (NOON - 20, TimeQuality.SOURCE_LOCAL_ASSUMED)
    assert ("person_ref" in event.attributes) is (status not in ("3", 3))


@pytest.mark.parametrize("similarity", ["0", "101", "x", None, "-3"])
def test_face_terminal_odd_similarity_is_none(similarity: Any) -> None:
    info = {"VerifyStatus": "1", "similarity1": similarity, "personId": "4"}
    report = Feed("face_terminal").report("mqtt/face/F1/Rec", {"operator": "RecPush", "info": info})
    assert "confidence" not in only(report).attributes


@pytest.mark.parametrize("status", ["4", "0", "pass", None])
def test_face_terminal_unknown_status_opens_nothing(status: Any) -> None:
    report = Feed("face_terminal").report("mqtt/face/F1/Rec", {"operator": "RecPush", "info": {"VerifyStatus": status}})
    assert report.events == ()


def hikvision(major: Any, sub: Any, **more: Any) -> Report:
    said = {"majorEventType": major, "subEventType": sub, "serialNo": 9, "doorNo": 2, "cardReaderNo": 1, **more}
    body = {
        "eventType": "AccessControllerEvent",
        "dateTime": "2026-09-21T22:13:19+08:00",
        "AccessControllerEvent": said,
    }
    return Feed("hikvision").report("hikvision/K1/event", body, at=NOON)


@pytest.mark.parametrize(("code", "meant"), [item for item in ACCESS.items() if item[0] != HEARTBEAT])
@pytest.mark.parametrize("write", [int, str, hex], ids=["number", "decimal", "hex"])
def test_hikvision_every_access_code(code: tuple[int, int], meant: Any, write: Any) -> None:
    report = hikvision(write(code[0]), write(code[1]), employeeNoString="55", cardNo="8001")
    assert report.states == meant.states
    assert [event.code for event in report.events] == ([meant.event] if meant.event else [])
    for event in report.events:
        assert event.attributes.get("reason") == meant.attributes.get("reason")
    assert report.at == NOON - 1


@pytest.mark.parametrize("code", [(5, 0x999), (3, 1), (9, 1), (1, 1)])
def test_hikvision_other_codes_are_kept_by_number(code: tuple[int, int]) -> None:
    report = hikvision(*code, name="Li Wei")
    assert (report.events, report.states) == ((), {})
    assert report.raw_codes == {"code": f"{code[0]}/{code[1]}"}


@pytest.mark.parametrize(("current", "historical"), [(True, False), (False, True), ("false", True), (None, False)])
def test_hikvision_backfill(current: Any, historical: bool) -> None:
    assert hikvision(5, 75, currentEvent=current).historical is historical


@pytest.mark.parametrize(
    ("written", "at", "quality"),
    [
        ("2026-09-21T22:13:18+08:00", NOON - 2, TimeQuality.SOURCE_UTC),
        ("2026-09-21T22:13:18", NOON - 2, TimeQuality.SOURCE_LOCAL_ASSUMED),
        ("2026-09-21T22:13:1800:00", NOON, TimeQuality.RECEIVED_ONLY),
        ("1970-01-01T00:00:18+08:00", NOON, TimeQuality.DEVICE_UNSYNCED),
        (None, NOON, TimeQuality.RECEIVED_ONLY),
    ],
)
def test_hikvision_times(written: Any, at: float, quality: TimeQuality) -> None:
    body = {"dateTime": written, "AccessControllerEvent": {"majorEventType": 5, "subEventType": 1}}
    report = Feed("hikvision").report("hikvision/K1/event", body, at=NOON)
    assert (report.at, report.time_quality) == (at, quality)


def dahua(event: str, action: str = "Pulse", serial: str = "5C00", **data: Any) -> Any:
    body = {"Action": action, "Data": {"UTC": NOON - 4, **data}, "serialNumber": serial}
    return Feed("dahua_vto").give(f"DahuaVTO/{event}/Event", body, at=NOON)


@pytest.mark.parametrize(("method", "credential"), METHODS.items())
@pytest.mark.parametrize("status", [1, 0, "1", "0"])
def test_dahua_every_method(method: int, credential: str, status: Any) -> None:
    (report,) = dahua("AccessControl", Method=method, Status=status, UserID="6", Type="Exit", LocaleTime="x", RecNo=4)
    first = report.events[0]
    assert first.code == ("access_granted" if int(status) else "access_denied")
    assert (first.attributes["credential_type"], first.attributes["direction"]) == (credential, "out")
    assert (report.device, report.at) == ("5C00", NOON - 4)
    assert (len(report.events) == 2) is (credential == "remote" and bool(int(status)))


@pytest.mark.parametrize(("event", "meant"), SWITCHED.items())
@pytest.mark.parametrize(("action", "value"), [("Start", True), ("Stop", False), ("Pulse", None)])
def test_dahua_every_switch(event: str, meant: tuple[str, DeviceKind], action: str, value: bool | None) -> None:
    (report,) = dahua(event, action)
    assert (report.kind, report.states) == (meant[1], {meant[0]: value})


@pytest.mark.parametrize(("event", "code"), HAPPENED.items())
def test_dahua_every_happening(event: str, code: str) -> None:
    assert only(dahua(event, "Start")[0]).code == code
    assert not isinstance(dahua(event, "Stop"), list)


@pytest.mark.parametrize("event", sorted(CHATTER))
def test_dahua_chatter_is_nothing(event: str) -> None:
    assert "no passage" in dahua(event, "Start").why


@pytest.mark.parametrize(
    ("locked", "state"),
    [("true", "locked"), (False, "unlocked"), ("false", "unlocked"), ("true/false", None), (None, None)],
)
def test_dahua_lock(locked: Any, state: str | None) -> None:
    report = Feed("dahua_vto").report("DahuaVTO/MagneticLock/Status", {"door": "d", "isLocked": locked})
    assert report.states == {"lock_state": state}


def zkteco(separator: str, **fields: Any) -> Report:
    line = separator.join(f"{name}={value}" for name, value in fields.items())
    return Feed("zkteco").report("zkteco/CK9/rtlog", line.encode(), at=NOON)


@pytest.mark.parametrize(("number", "meant"), ZK_EVENTS.items())
@pytest.mark.parametrize("separator", ["\t", ","])
def test_zkteco_every_event(number: str, meant: Any, separator: str) -> None:
    time = "2026-09-21 22:13:10"
    report = zkteco(
        separator, time=time, pin=31, cardno=0, eventaddr=2, event=number, inoutstatus=1, verifytype=15, index=6
    )
    assert report.states == meant.states
    assert [event.code for event in report.events] == ([meant.event] if meant.event else [])
    assert (report.at, report.time_quality) == (NOON - 10, TimeQuality.SOURCE_LOCAL_ASSUMED)
    for event in report.events:
        assert event.attributes.get("reason") == meant.reason


@pytest.mark.parametrize("number", ["9999", "", "x"])
def test_zkteco_other_events_are_kept_by_number(number: str) -> None:
    report = zkteco("\t", event=number, pin="12")
    assert report.events == ()
    assert report.raw_codes is not None
    assert report.raw_codes["event"] == number


@pytest.mark.parametrize("index", ["1", "2"])
def test_zkteco_index_is_the_key(index: str) -> None:
    assert (
        zkteco("\t", event=0, pin=1, index=index, time="2026-09-21 22:13:10").dedup_key
        == f"{index}@2026-09-21 22:13:10"
    )


SN = "7a7a-01"


def zhenshi(name: str, inner: Any, first: bool = True, nul: bool = False) -> Report:
    topic = f"device/{SN}/message/up/{name}" if first else f"{SN}/device/message/up/{name}"
    body = {"id": "3", "sn": SN, "name": name, "timestamp": NOON - 1, "payload": inner}
    return Feed("zhenshi").report(topic, (b"\x00" if nul else b"") + json.dumps(body).encode(), at=NOON)


def plate(licence: str = "京C20977", **more: Any) -> dict[str, Any]:
    given = {"license": b64encode(licence.encode()).decode(), "confidence": 88, "plateid": 4, "triggerType": 1, **more}
    return {"AlarmInfoPlate": {"result": {"PlateResult": given}}}


@pytest.mark.parametrize(("colour", "word"), [*COLOURS.items(), (0, None), (255, None)])
@pytest.mark.parametrize("first", [True, False])
def test_zhenshi_every_colour(colour: int, word: str | None, first: bool) -> None:
    event = only(zhenshi("ivs_result", plate(colorType=colour), first, nul=not first))
    assert (event.code, event.attributes.get("plate_color")) == ("plate_recognised", word)
    assert event.attributes["confidence"] == 0.88
    assert "plate_text" not in event.attributes


@pytest.mark.parametrize("word", sorted(NO_PLATE))
def test_zhenshi_no_plate(word: str) -> None:
    assert only(zhenshi("ivs_result", plate(word))).code == "no_plate_read"


@pytest.mark.parametrize(("trigger", "code"), TRIGGERS.items())
def test_zhenshi_triggers(trigger: int, code: str) -> None:
    assert only(zhenshi("ivs_result", {"body": plate(triggerType=trigger)})).code == code


@pytest.mark.parametrize(("offline", "historical"), [(0, False), (1, True), ("1", True), (None, False)])
def test_zhenshi_sent_late(offline: Any, historical: bool) -> None:
    assert zhenshi("ivs_result", plate(isoffline=offline)).historical is historical


@pytest.mark.parametrize(("status", "state"), [(0, "down"), (1, "up"), ("1", "up"), (9, None), (None, None)])
@pytest.mark.parametrize("wrapped", [True, False])
def test_zhenshi_barrier(status: Any, state: str | None, wrapped: bool) -> None:
    inner = {"gate_status": status, "connect_status": 1}
    report = zhenshi("barr_gate_status", {"body": inner} if wrapped else inner)
    assert report.states == {"barrier_state": state, "fault": False}


@pytest.mark.parametrize(("value", "state"), [(1, True), (0, False), ("1", True), (7, None), (None, None)])
def test_zhenshi_inputs(value: Any, state: bool | None) -> None:
    inner = {"AlarmGioIn": {"result": {"TriggerResult": {"source": 2, "value": value}}}}
    report = zhenshi("gpio_in", {"body": inner})
    assert (report.states, report.at) == ({"input_state": state}, NOON - 1)

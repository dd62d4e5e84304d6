"""Hikvision: access events, camera events in every dress, plates, and what bridges make of them."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devices.decode import Decoder
from devices.dialects.hikvision_codes import ACCESS, CAMERA
from devices.dialects.values import pseudonym
from devices.model import DeviceKind, Envelope, Reject, RejectReason, TimeQuality
from devices.names import EVENTS, STATES
from devices.registry import Device, Registry
from tests.unit.dialects.feed import NOON, Feed

TOPIC = "hikvision/K1T-77/event"
WRITTEN = "2026-09-21T22:13:20+08:00"
ZONE = ZoneInfo("Asia/Shanghai")
HIK = ' xmlns="http://www.hikvision.com/ver20/XMLSchema"'
PSIA = ' xmlns="urn:psialliance-org"'


def access(major: Any = 5, sub: Any = 1, when: str = WRITTEN, **members: Any) -> dict[str, Any]:
    said = {"majorEventType": major, "subEventType": sub, "serialNo": 900, "doorNo": 2, "cardReaderNo": 1, **members}
    return {"eventType": "AccessControllerEvent", "dateTime": when, "AccessControllerEvent": said}


def xml(kind: str, state: str = "active", namespace: str = HIK, extra: str = "", channel: int = 1) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<EventNotificationAlert version="2.0"{namespace}>'
        f"<ipAddress>10.9.8.7</ipAddress><channelID>{channel}</channelID><dateTime>{WRITTEN}</dateTime>"
        f"<eventType>{kind}</eventType><eventState>{state}</eventState>{extra}</EventNotificationAlert>"
    ).encode()


@pytest.fixture
def feed() -> Feed:
    return Feed("hikvision")


def test_a_granted_card_keeps_no_name_and_no_number(feed: Feed) -> None:
    report = feed.report(
        TOPIC, access(cardNo="5551234", name="Li Xiaoming", employeeNoString="E77", pictureURL="/p.jpg")
    )
    (event,) = report.events
    assert (report.device, report.kind) == ("K1T-77", DeviceKind.ACCESS_GATE)
    assert (event.code, event.attributes["credential_type"]) == ("access_granted", "card")
    assert event.attributes["credential_ref"] == pseudonym(b"test", "5551234")
    assert event.attributes["person_ref"] == pseudonym(b"test", "E77")
    assert (event.attributes["door_id"], event.attributes["reader_id"]) == ("2", "1")
    assert not any(secret in repr(report) for secret in ("5551234", "Li Xiaoming", "E77", "p.jpg"))
    assert (report.at, report.time_quality) == (NOON, TimeQuality.SOURCE_UTC)


@pytest.mark.parametrize(
    ("sub", "code", "attributes"),
    [
        (75, "access_granted", {"credential_type": "face"}),
        (38, "access_granted", {"credential_type": "fingerprint"}),
        (101, "access_granted", {"credential_type": "pin"}),
        (6, "access_denied", {"reason": "no_right"}),
        (7, "access_denied", {"reason": "schedule"}),
        (8, "access_denied", {"reason": "expired"}),
        (9, "access_denied", {"reason": "unknown_credential"}),
        (10, "access_denied", {"reason": "anti_passback"}),
        (113, "access_denied", {"reason": "blocklist"}),
        (3, "access_denied", {}),
        (23, "exit_button", {"door_id": "2"}),
        (25, "door_opened", {"door_id": "2"}),
        (26, "door_closed", {"door_id": "2"}),
        (27, "door_forced", {"door_id": "2"}),
        (28, "door_held_open", {"door_id": "2"}),
        (37, "doorbell", {"door_id": "2"}),
    ],
)
def test_event_codes(feed: Feed, sub: int, code: str, attributes: dict[str, str]) -> None:
    (event,) = feed.report(TOPIC, access(5, sub)).events
    assert event.code == code
    assert attributes.items() <= event.attributes.items()


@pytest.mark.parametrize(("major", "sub"), [("5", "8"), ("0x5", "0x08"), ("0X5", 8), (5, "0x8")])
def test_codes_are_numbers_decimal_or_hex(feed: Feed, major: Any, sub: Any) -> None:
    """Defect 7."""
    assert feed.report(TOPIC, access(major, sub)).events[0].attributes["reason"] == "expired"


def test_the_older_member_names(feed: Feed) -> None:
    """Defect 14."""
    said = {"dateTime": WRITTEN, "AccessControllerEvent": {"major": 1, "minor": 0x40A, "doorNo": 1}}
    assert feed.report(TOPIC, said).events[0].code == "duress"


@pytest.mark.parametrize(
    ("major", "sub", "states"),
    [
        (1, 0x404, {"tamper": True}),
        (1, 0x405, {"tamper": False}),
        (2, 0x403, {"battery_low": True}),
        (2, 0x405, {"fault": True}),
        (5, 0x15, {"lock_state": "unlocked"}),
        (5, 0x1B, {"door_state": "open"}),
        (5, 0x1A, {"door_state": "closed"}),
    ],
)
def test_states_of_the_controller(feed: Feed, major: int, sub: int, states: dict[str, Any]) -> None:
    assert feed.report(TOPIC, access(major, sub)).states == states


def test_the_tables_hold_canonical_names_only() -> None:
    for meant in ACCESS.values():
        assert not meant.event or DeviceKind.ACCESS_GATE in EVENTS[meant.event].kinds
        assert all(DeviceKind.ACCESS_GATE in STATES[name].kinds for name in meant.states)
        assert meant.event or meant.states
    for seen in CAMERA.values():
        assert not seen.event or DeviceKind.CAMERA in EVENTS[seen.event].kinds
        assert not seen.state or STATES[seen.state].type == "bool"


def test_a_code_nobody_knows_is_kept_for_people(feed: Feed) -> None:
    report = feed.report(TOPIC, access(3, 1, cardNo="5551234", name="Li"))
    assert (report.events, report.states, report.raw_codes) == ((), {}, {"code": "3/1"})


def test_replayed_events_are_history(feed: Feed) -> None:
    """Defect 12: what happened while the link was down comes later, and says so."""
    late = feed.report(TOPIC, access(5, 27, "2026-09-18T03:00:00+08:00", currentEvent=False))
    assert (late.historical, late.time_quality) == (True, TimeQuality.SOURCE_UTC)
    assert feed.report(TOPIC, access(currentEvent="false")).historical is True
    assert feed.report(TOPIC, access(currentEvent=True)).historical is False


def test_the_serial_number_identifies_a_redelivery(feed: Feed) -> None:
    """Defect 3."""
    live, again = feed.report(TOPIC, access(currentEvent=True)), feed.report(TOPIC, access(currentEvent=False))
    assert live.dedup_key == again.dedup_key != feed.report(TOPIC, access(serialNo=901)).dedup_key


@pytest.mark.parametrize("written", ["2026-09-21T22:13:2008:00", "gestern", "", 5, None])
def test_a_broken_time_is_no_time(feed: Feed, written: Any) -> None:
    """Defect 5: the sign of the offset goes missing."""
    report = feed.report(TOPIC, access(when=written))
    assert (report.at, report.time_quality) == (feed.now, TimeQuality.RECEIVED_ONLY)


def test_a_time_without_offset_is_local(feed: Feed) -> None:
    report = feed.report(TOPIC, access(when="2026-09-21T22:13:20"))
    assert (report.at, report.time_quality) == (NOON, TimeQuality.SOURCE_LOCAL_ASSUMED)


def test_the_controllers_heartbeat(feed: Feed) -> None:
    report = feed.report(TOPIC, access(5, 131))
    assert (report.availability, report.events) == (True, ())


@pytest.mark.parametrize("namespace", [HIK, PSIA, ""])
def test_camera_xml_with_either_namespace_or_none(feed: Feed, namespace: str) -> None:
    report = feed.report(TOPIC, xml("VMD", namespace=namespace))
    assert (report.kind, report.states, report.at) == (DeviceKind.CAMERA, {"motion": True}, NOON)
    assert feed.report(TOPIC, xml("VMD", "inactive", namespace)).states == {"motion": False}


@pytest.mark.parametrize(
    ("kind", "code", "states"),
    [
        ("linedetection", "line_crossed", {}),
        ("fielddetection", "intrusion", {"occupancy": True}),
        ("loitering", "loitering", {}),
        ("shelteralarm", "camera_tamper", {"tamper": True}),
        ("parking", "stationary_object", {}),
        ("PIR", None, {"motion": True}),
        ("IO", None, {"input_state": True}),
        ("videoloss", None, {"stream_lost": True}),
        ("diskerror", None, {"storage_fault": True}),
        ("fireDetection", None, {"visual_fire": True}),
    ],
)
def test_camera_events(feed: Feed, kind: str, code: str | None, states: dict[str, bool]) -> None:
    report = feed.report(TOPIC, xml(kind))
    assert [event.code for event in report.events] == ([code] if code else [])
    assert report.states == states


def test_an_intrusion_names_target_region_and_box(feed: Feed) -> None:
    region = (
        "<activePostCount>1</activePostCount><DetectionRegionList><DetectionRegionEntry><regionID>4</regionID>"
        "<detectionTarget>vehicle</detectionTarget><TargetRect><X>0.25</X><Y>0.5</Y><width>0.1</width>"
        "<height>0.2</height></TargetRect></DetectionRegionEntry></DetectionRegionList>"
    )
    (event,) = feed.report(TOPIC, xml("fielddetection", extra=region)).events
    wanted = {"object_class": "car", "zones": "4", "box": "0-1 0.25,0.5,0.1,0.2", "phase": "start"}
    assert event.attributes == wanted
    (parked,) = feed.report(TOPIC, xml("parking", extra=region)).events
    assert parked.attributes["zone"] == "4"


def test_repeats_each_second_are_updates(feed: Feed) -> None:
    """Defect 3: an active event is posted again every second, counted."""
    phases = [
        feed.report(TOPIC, xml("linedetection", state, extra=f"<activePostCount>{count}</activePostCount>"))
        .events[0]
        .attributes["phase"]
        for state, count in (("active", 1), ("active", 2), ("active", 174), ("inactive", 0))
    ]
    assert phases == ["start", "update", "update", "end"]


def test_the_stream_heartbeat_says_alive(feed: Feed) -> None:
    report = feed.report(TOPIC, xml("videoloss", "inactive"))
    assert (report.availability, report.states) == (True, {"stream_lost": False})


def test_a_recorder_relays_for_its_channels(feed: Feed) -> None:
    assert feed.report(TOPIC, xml("VMD", channel=34)).device == "K1T-77/34"
    known = Device("cam-gate", DeviceKind.CAMERA, dialect="hikvision", address="K1T-77/1")
    assert Feed("hikvision", known).report(TOPIC, xml("VMD")).device == "cam-gate"


def test_an_unreadable_state_is_unknown(feed: Feed) -> None:
    """Defect 8: neither active nor inactive is neither."""
    report = feed.report(TOPIC, xml("VMD", "perhaps"))
    assert (report.states, report.raw_codes) == ({"motion": None}, {"active": "perhaps"})


def test_retransmitted_events_are_history(feed: Feed) -> None:
    extra = "<isDataRetransmission>true</isDataRetransmission>"
    assert feed.report(TOPIC, xml("VMD", extra=extra)).historical is True


def test_camera_events_come_as_json_too(feed: Feed) -> None:
    said = {"channelID": 1, "dateTime": WRITTEN, "eventType": "linedetection", "eventState": "active"}
    assert feed.report(TOPIC, said).events[0].code == "line_crossed"
    assert feed.report(TOPIC, {"EventNotificationAlert": said}).events[0].code == "line_crossed"


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_multipart_text_is_unwrapped(feed: Feed, newline: bytes) -> None:
    parts = (
        b'--MIME-b\nContent-Disposition: form-data; name="event"\nContent-Type: application/xml\n\n'
        + xml("VMD")
        + b'\n--MIME-b\nContent-Disposition: form-data; name="pic"\n\n\xff\xd8 picture\n--MIME-b--\n'
    )
    assert feed.report(TOPIC, parts.replace(b"\n", newline)).states == {"motion": True}


def plates(*numbers: str) -> bytes:
    each = "".join(
        f"<Plate><captureTime>20260921T2213200000</captureTime><plateNumber>{n}</plateNumber>"
        f"<picName>{i}77</picName><laneNo>2</laneNo><direction>reverse</direction></Plate>"
        for i, n in enumerate(numbers)
    )
    return f"<Plates{HIK}>{each}</Plates>".encode()


def test_plates_are_pseudonyms_unless_the_site_keeps_them(feed: Feed) -> None:
    one, two = feed.reports(TOPIC, plates("沪A12345", "沪B54321"))
    assert one.events[0].code == "plate_recognised"
    wanted = {"credential_ref": pseudonym(b"test", "沪A12345"), "direction": "unknown", "lane": "2"}
    assert one.events[0].attributes == wanted
    assert (one.at, one.time_quality) == (NOON, TimeQuality.SOURCE_LOCAL_ASSUMED)
    assert one.dedup_key != two.dedup_key
    assert "12345" not in repr(one)
    keeping = Feed("hikvision")
    keeping.decoder._dialects["hikvision"]._context.keep_plates = True  # type: ignore[attr-defined]
    assert keeping.report(TOPIC, plates("沪A12345")).events[0].attributes["plate_text"] == "沪A12345"


def test_a_car_without_plate(feed: Feed) -> None:
    assert feed.report(TOPIC, plates("unknown")).events[0].code == "no_plate_read"
    assert feed.why(TOPIC, plates())


def test_anpr_alerts_carry_a_plate(feed: Feed) -> None:
    extra = "<ANPR><licensePlate>沪A12345</licensePlate><line>1</line><confidenceLevel>97</confidenceLevel></ANPR>"
    (event,) = feed.report(TOPIC, xml("ANPR", extra=extra)).events
    assert (event.code, event.attributes["confidence"]) == ("plate_recognised", pytest.approx(0.97))


@pytest.mark.parametrize("trick", ['<!DOCTYPE a [<!ENTITY b "c">]>', "<!DOCTYPE a SYSTEM 'file:///etc/passwd'>"])
def test_document_types_are_refused(feed: Feed, trick: str) -> None:
    found = feed.give(TOPIC, trick.encode() + xml("VMD").partition(b"\n")[2])
    assert isinstance(found, Reject)
    assert found.reason is RejectReason.MALFORMED
    assert "refused" in found.detail


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", RejectReason.EMPTY),
        (b" \r\n\x00", RejectReason.EMPTY),
        (b"<a><b></a>", RejectReason.MALFORMED),
        (b"<a/>", RejectReason.WRONG_SHAPE),
        (b"<a>" * 40 + b"</a>" * 40, RejectReason.MALFORMED),
        (b"<a>" + b" " * 300_000 + b"</a>", RejectReason.MALFORMED),
        (b'{"a"', RejectReason.MALFORMED),
        (b"{}", RejectReason.WRONG_SHAPE),
        (b'{"eventType": "AccessControllerEvent"}', RejectReason.WRONG_SHAPE),
        (b'{"AccessControllerEvent": {"majorEventType": "x"}}', RejectReason.WRONG_SHAPE),
        (b"--b\r\nno part\r\n--b--", RejectReason.MALFORMED),
    ],
)
def test_what_is_not_understood_is_refused(feed: Feed, payload: bytes, reason: RejectReason) -> None:
    """Defect 9."""
    assert feed.reason(TOPIC, payload) is reason


def test_camera_events_beyond_the_table_are_kept_for_people(feed: Feed) -> None:
    report = feed.report(TOPIC, xml("rapidMove"))
    assert (report.states, report.events) == ({}, ())
    assert report.raw_codes == {"topic": "rapidmove", "active": "active"}
    assert "'ptz'" in feed.why(TOPIC, {"eventType": "ptz"})


def test_topics() -> None:
    feed = Feed("hikvision", base="site/hik")
    assert feed.report("site/hik/S1/alarm", xml("VMD")).device == "S1"
    assert feed.reason("hikvision/S1/alarm", xml("VMD")) is RejectReason.UNKNOWN_DIALECT
    assert feed.reason("site/hik//alarm", xml("VMD")) is RejectReason.BAD_TOPIC
    assert set(feed.decoder.filters()) == {"site/hik/#"}


def test_without_a_site_any_topic_will_do() -> None:
    feed = Decoder(Registry(), "", {"hikvision": {}})
    found = feed.decode(Envelope("bridge/S1/alarm", xml("VMD"), NOON))
    assert isinstance(found, list)
    assert found[0].device == "S1"

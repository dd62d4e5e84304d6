"""Zhenshi plate cameras. Numbers are those of the list of known field defects."""

import json
from base64 import b64encode
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from devices.decode import Decoder
from devices.dialects.dialect import Context
from devices.model import DeviceKind, Envelope, RejectReason, Report, TimeQuality
from devices.registry import Device, Registry
from tests.unit.dialects.feed import NOON, Feed

SERIAL = "4f2a0011-77aa"
UP = f"device/{SERIAL}/message/up/"
PLATE = "沪B70421"


def encoded(plate: str) -> str:
    return b64encode(plate.encode()).decode()


def result(licence: str = "", **more: Any) -> dict[str, Any]:
    given = {
        "license": licence or encoded(PLATE),
        "confidence": 97,
        "colorType": 1,
        "carColor": 255,
        "car_brand": {"brand": 255, "year": 65535},
        "direction": 0,
        "triggerType": 1,
        "isoffline": 0,
        "plateid": 501,
        "timeStamp": {"Timeval": {"decyear": 2018, "sec": NOON, "usec": 250_000}},
    }
    return {"AlarmInfoPlate": {"deviceName": "IVS", "serialno": SERIAL, "result": {"PlateResult": {**given, **more}}}}


def message(inner: Any, name: str = "ivs_result", in_body: bool = False, **more: Any) -> dict[str, Any]:
    payload = {"body": inner} if in_body else inner
    return {"id": "1", "sn": SERIAL, "name": name, "timestamp": NOON + 1, "payload": payload, **more}


@pytest.fixture
def feed() -> Feed:
    return Feed("zhenshi", Device("gate-a", DeviceKind.ACCESS_GATE, dialect="zhenshi", address=SERIAL))


def plates(feed: Feed, **more: Any) -> Report:
    return feed.report(UP + "ivs_result", message(result(**more)), at=NOON + 2)


@pytest.mark.parametrize("topic", [UP + "ivs_result", f"{SERIAL}/device/message/up/ivs_result"])
@pytest.mark.parametrize("in_body", [True, False])
def test_both_topic_orders_and_both_depths(feed: Feed, topic: str, in_body: bool) -> None:
    """Defect 14."""
    report = feed.report(topic, message(result(), in_body=in_body), at=NOON + 2)
    assert (report.device, report.registered) == ("gate-a", True)
    (found,) = report.events
    assert found.code == "plate_recognised"
    assert found.attributes["plate_color"] == "blue"
    assert found.attributes["confidence"] == 0.97
    assert "plate_text" not in found.attributes


def test_seconds_count_not_the_calendar(feed: Feed) -> None:
    """Defects 5 and 16: calendar and seconds contradict each other."""
    report = plates(feed)
    assert (report.at, report.time_quality) == (NOON + 0.25, TimeQuality.SOURCE_UTC)
    assert plates(feed, timeStamp={"Timeval": {"sec": 1_430_000_000}}).at == NOON + 1
    assert plates(feed, timeStamp=None).at == NOON + 1


def kept(payload: dict[str, Any], keep_plates: bool) -> dict[str, Any]:
    context = Context(zone=ZoneInfo("Asia/Shanghai"), key=b"k", keep_plates=keep_plates)
    decoder = Decoder(Registry(), "home", {"zhenshi": {}}, context)
    (report,) = decoder.decode(Envelope(UP + "ivs_result", json.dumps(payload).encode(), NOON))  # type: ignore[misc]
    return report.events[0].attributes


def test_plates_are_kept_only_where_the_site_says_so() -> None:
    without, given = kept(message(result()), False), kept(message(result()), True)
    assert given["plate_text"] == PLATE
    assert "plate_text" not in without
    assert without["credential_ref"] == given["credential_ref"]


@pytest.mark.parametrize(
    ("licence", "plate"),
    [
        (encoded("粤Z1234澳"), "粤Z1234澳"),
        (encoded("粤Z1234澳\x00"), "粤Z1234澳"),
        ("粤Z1234澳", "粤Z1234澳"),
        ("AD1234XY", "AD1234XY"),
        (encoded("AD1234XY"), "AD1234XY"),
    ],
)
def test_plates_in_base64_and_in_plain_text(licence: str, plate: str) -> None:
    assert kept(message(result(licence)), True)["plate_text"] == plate


@pytest.mark.parametrize("licence", [encoded("_无_"), "_无_", encoded("无牌车"), encoded(" ")])
def test_no_plate(feed: Feed, licence: str) -> None:
    (found,) = plates(feed, license=licence).events
    assert found.code == "no_plate_read"
    assert "credential_ref" not in found.attributes


def test_no_licence_member(feed: Feed) -> None:
    """Defect 8."""
    assert plates(feed, license=None).events[0].code == "no_plate_read"


@pytest.mark.parametrize(
    ("trigger", "code"), [(64, "vehicle_lingering"), ("66", "vehicle_reversed"), (4, "plate_recognised")]
)
def test_triggers(feed: Feed, trigger: Any, code: str) -> None:
    (found,) = plates(feed, triggerType=trigger).events
    assert found.code == code
    assert len(found.attributes["credential_ref"]) == 16


@pytest.mark.parametrize(("confidence", "colour"), [(255, 255), (65535, 0), (None, None), ("?", "?")])
def test_sentinels_are_unknown(feed: Feed, confidence: Any, colour: Any) -> None:
    attributes = plates(feed, confidence=confidence, colorType=colour).events[0].attributes
    assert "confidence" not in attributes
    assert "plate_color" not in attributes


def test_a_way_across_the_picture_is_neither_in_nor_out(feed: Feed) -> None:
    report = plates(feed, direction=4)
    assert report.events[0].attributes["direction"] == "unknown"
    assert report.raw_codes == {"direction": 4}


def test_one_pass_told_several_times(feed: Feed) -> None:
    """Defect 3."""
    first = plates(feed, confidence=80).dedup_key
    assert plates(feed, confidence=95).dedup_key == first
    assert plates(feed, plateid=502).dedup_key != first
    assert plates(feed, license=encoded("沪B70422")).dedup_key != first
    assert plates(feed, triggerType=64).dedup_key != first


@pytest.mark.parametrize(("given", "late"), [(1, True), ("1", True), (0, False)])
def test_results_stored_while_offline(feed: Feed, given: Any, late: bool) -> None:
    """Defect 12."""
    report = feed.report(UP + "ivs_result", message(result(isoffline=given)), at=NOON + 9 * 86_400)
    assert report.historical is late
    assert (report.at == NOON + 0.25) is late


def test_forged_plate_is_shown(feed: Feed) -> None:
    assert plates(feed, is_fake_plate=1).raw_codes == {"is_fake_plate": True}


def test_no_plate_in_what_is_told(feed: Feed) -> None:
    told = msgspec.json.encode(plates(feed)).decode()
    assert PLATE not in told
    assert encoded(PLATE) not in told


def test_http_push_has_plain_text_and_no_envelope() -> None:
    feed = Feed("zhenshi")
    report = feed.report("http/zhenshi", result("AD1234XY"), at=NOON + 2)
    assert report.device == SERIAL
    assert report.events[0].code == "plate_recognised"
    plain = kept_push(result("AD1234XY"))
    assert plain == "AD1234XY"


def kept_push(payload: dict[str, Any]) -> str:
    context = Context(key=b"k", keep_plates=True)
    decoder = Decoder(Registry(), "home", {"zhenshi": {}}, context)
    (report,) = decoder.decode(Envelope("http/zhenshi", json.dumps(payload).encode(), NOON))  # type: ignore[misc]
    return str(report.events[0].attributes["plate_text"])


def gpio(value: Any) -> dict[str, Any]:
    return {"AlarmGioIn": {"serialno": SERIAL, "result": {"TriggerResult": {"source": 2, "value": value}}}}


@pytest.mark.parametrize(("value", "state"), [(1, True), ("0", False), (2, None)])
def test_inputs(feed: Feed, value: Any, state: bool | None) -> None:
    for report in (
        feed.report(UP + "gpio_in", message(gpio(value), "gpio_in", in_body=True)),
        feed.report("http/zhenshi", gpio(value)),
    ):
        assert report.states == {"input_state": state}
        assert report.raw_codes is not None
        assert report.raw_codes["input"] == 2


@pytest.mark.parametrize(("status", "state"), [(0, "down"), ("1", "up"), (2, None), (None, None)])
def test_barrier(feed: Feed, status: Any, state: str | None) -> None:
    body = {"gate_ctrl_id": 1, "gate_status": status, "connect_status": 0, "enable": 1}
    report = feed.report(UP + "barr_gate_status", message(body, "barr_gate_status", in_body=True))
    assert report.states == {"barrier_state": state, "fault": True}


def test_heartbeat_behind_a_nul(feed: Feed) -> None:
    """Defect 9."""
    body = b"\x00" + json.dumps(message({"timestamp": NOON}, "keep_alive", in_body=True)).encode()
    assert feed.report(UP + "keep_alive", body).availability is True
    assert type(feed.give(UP + "keep_alive", body, retained=True)).__name__ == "Ignored"


def test_kept_plate_is_a_snapshot(feed: Feed) -> None:
    """Defect 1."""
    assert feed.report(UP + "ivs_result", message(result()), retained=True).snapshot


def test_what_is_left_aside(feed: Feed) -> None:
    assert "picture" in feed.why(UP + "snapshot", message({}))
    assert "command" in feed.why(f"device/{SERIAL}/message/down/gate_direct_open", {})


def test_refusals(feed: Feed) -> None:
    assert feed.reason(UP + "ivs_result", message(result(), sn="other")) is RejectReason.IDENTITY_MISMATCH
    assert feed.reason(UP + "gpio_in", message({}, sn="other")) is RejectReason.IDENTITY_MISMATCH
    assert feed.reason(UP + "keep_alive", message({}, sn="other")) is RejectReason.IDENTITY_MISMATCH
    assert feed.reason(UP + "barr_gate_status", message({}, sn="other")) is RejectReason.IDENTITY_MISMATCH
    assert feed.reason(UP + "ivs_result", message({})) is RejectReason.WRONG_SHAPE
    assert feed.reason(UP + "gpio_in", message(None)) is RejectReason.WRONG_SHAPE
    assert feed.reason(UP + "barr_gate_status", message({"body": 1})) is RejectReason.WRONG_SHAPE
    assert feed.reason("http/zhenshi", {"AlarmInfoPlate": {}}) is RejectReason.WRONG_SHAPE
    assert feed.reason("http/zhenshi", {"other": 1}) is RejectReason.WRONG_SHAPE
    assert feed.reason("http/zhenshi", b"[") is RejectReason.MALFORMED
    assert feed.reason(UP + "ivs_result", b"") is RejectReason.EMPTY
    assert feed.reason("a/b/c/message/up/ivs_result", {}) is RejectReason.BAD_TOPIC


def test_lanes(feed: Feed) -> None:
    filters = {topic: str(lane) for topic, lane in feed.decoder.filters().items()}
    assert filters["+/device/message/up/ivs_result"] == "alarm"
    assert filters["device/+/message/up/keep_alive"] == "telemetry"
    assert len(filters) == 8

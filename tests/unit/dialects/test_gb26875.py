"""GB/T 26875.3 frames, built here byte by byte from the layout, not by the code under test."""

import struct
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.gb26875 import ALARMS, COMPONENT_BITS, SYSTEM_BITS
from devices.model import DeviceKind, Ignored, Reject, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

ZONE = ZoneInfo("Asia/Shanghai")
TOPIC = "gb26875/panel-7"
UNIT = "0a0b0c0d0e0f"


def clock(moment: float) -> bytes:
    at = datetime.fromtimestamp(moment, ZONE)
    return bytes((at.second, at.minute, at.hour, at.day, at.month, at.year - 2000))


def frame(body: bytes, command: int = 2, sent: float = NOON, source: str = UNIT, number: int = 9) -> bytes:
    head = struct.pack("<HBB", number, 1, 2) + clock(sent) + bytes.fromhex(source)[::-1] + bytes(6)
    inner = head + struct.pack("<HB", len(body), command) + body
    return b"@@" + inner + bytes((sum(inner) % 256,)) + b"##"


def component(
    bits: int, kind: int = 40, point: int = 0x00020011, text: str = "3号楼B1层电表间", at: float | None = NOON
) -> bytes:
    words = text.encode("gbk")[:31].ljust(31, b"\0")
    return struct.pack("<BBBIH", 1, 4, kind, point, bits) + words + (clock(at) if at is not None else b"")


def components(*objects: bytes) -> bytes:
    return bytes((2, len(objects))) + b"".join(objects)


@pytest.fixture
def feed() -> Feed:
    return Feed("gb26875")


def test_a_fire_names_panel_point_and_place(feed: Feed) -> None:
    report = feed.report(TOPIC, frame(components(component(0b11))))
    assert report.device == f"{UNIT}/1.4/00020011"
    assert report.kind is DeviceKind.SMOKE_DETECTOR
    assert report.states["smoke"] is True
    assert report.states["test_active"] is False
    assert (report.test, report.registered) == (False, False)
    assert report.raw_codes is not None
    assert report.raw_codes["text"] == "3号楼B1层电表间"
    assert (report.at, report.time_quality) == (NOON, TimeQuality.SOURCE_LOCAL_ASSUMED)


def test_a_fire_whose_test_bit_reads_unset_is_a_fire(feed: Feed) -> None:
    """Panels leave bit 0 unset; nobody dies because of that."""
    report = feed.report(TOPIC, frame(components(component(0x0002))))
    assert report.states["smoke"] is True
    assert report.test is False
    assert report.states["test_active"] is False


def test_a_fault_with_the_test_bit_unset_is_a_fault(feed: Feed) -> None:
    report = feed.report(TOPIC, frame(components(component(0x0004))))
    assert (report.states["fault"], report.test) == (True, False)


def test_no_bit_at_all_is_a_test(feed: Feed) -> None:
    report = feed.report(TOPIC, frame(components(component(0))))
    assert (report.test, report.states["test_active"], report.states["smoke"]) == (True, True, False)


@pytest.mark.parametrize(("bit", "name"), COMPONENT_BITS.items())
def test_every_component_bit_sets_its_state_alone(feed: Feed, bit: int, name: str) -> None:
    states = feed.report(TOPIC, frame(components(component(1 | 1 << bit)))).states
    assert [n for n, value in states.items() if value] == [name]


@pytest.mark.parametrize(("bit", "name"), SYSTEM_BITS.items())
def test_every_system_bit_sets_its_state_alone(feed: Feed, bit: int, name: str) -> None:
    report = feed.report(TOPIC, frame(bytes((1, 1, 1, 7)) + struct.pack("<H", 1 | 1 << bit) + clock(NOON)))
    assert report.device == f"{UNIT}/1.7"
    assert [n for n, value in report.states.items() if value] == [name]


def test_a_system_fire_and_a_broken_bus(feed: Feed) -> None:
    report = feed.report(TOPIC, frame(bytes((1, 1, 1, 7)) + struct.pack("<H", 1 << 10 | 0b11)))
    assert (report.states["smoke"], report.states["fault"]) == (True, True)


@pytest.mark.parametrize("kind", [0, 23, 30, 40, 44, 74, 200])
def test_the_component_type_tells_what_burns(feed: Feed, kind: int) -> None:
    report = feed.report(TOPIC, frame(components(component(0b11, kind))))
    assert [n for n, value in report.states.items() if value] == [ALARMS.get(kind, "smoke")]


def test_several_objects_are_several_reports(feed: Feed) -> None:
    objects = [component(0b11, point=n) for n in (1, 2, 3)]
    reports = feed.reports(TOPIC, frame(components(*objects)))
    assert [report.device[-8:] for report in reports] == ["00000001", "00000002", "00000003"]
    assert len({report.dedup_key for report in reports}) == 3


def test_one_time_for_all_objects_and_none_at_all(feed: Feed) -> None:
    bare = [component(1, point=n, at=None) for n in (1, 2)]
    shared = feed.reports(TOPIC, frame(components(*bare) + clock(NOON - 30)))
    assert [report.at for report in shared] == [NOON - 30] * 2
    assert feed.reports(TOPIC, frame(components(*bare), sent=NOON - 5))[0].at == NOON - 5


def test_two_times_event_and_send(feed: Feed) -> None:
    """Two per frame: what happened when counts; the time of sending stays visible."""
    report = feed.report(TOPIC, frame(components(component(0b11, at=NOON - 90)), sent=NOON))
    assert report.at == NOON - 90
    assert report.raw_codes is not None
    assert report.raw_codes["sent_at"] == NOON


def test_an_event_months_older_than_its_frame_is_news_all_the_same(feed: Feed) -> None:
    """Defect 5: the event's clock was 82 days behind."""
    old = NOON - timedelta(days=82).total_seconds()
    report = feed.report(TOPIC, frame(components(component(2, at=old))))
    assert (report.at, report.time_quality) == (feed.now, TimeQuality.DEVICE_UNSYNCED)
    assert (report.states["smoke"], report.historical, report.snapshot) == (True, False, False)


def test_a_clock_never_set_is_no_time(feed: Feed) -> None:
    body = components(component(0b11, at=None) + bytes(6))
    assert feed.report(TOPIC, frame(body)).time_quality is TimeQuality.RECEIVED_ONLY


def test_hex_text_reads_like_bytes(feed: Feed) -> None:
    raw = frame(components(component(0b11)))
    for text in (raw.hex(), raw.hex().upper(), raw.hex(" "), f'"{raw.hex()}"\r\n', f"0x{raw.hex()}"):
        assert feed.report(TOPIC, text.encode()).states["smoke"] is True


def test_frames_in_a_row_are_all_read(feed: Feed) -> None:
    raw = frame(components(component(0b11, point=1))) + frame(components(component(1, point=2)))
    assert [report.states["smoke"] for report in feed.reports(TOPIC, raw)] == [True, False]


def test_a_broken_second_frame_does_not_swallow_the_first(feed: Feed) -> None:
    report = feed.report(TOPIC, frame(components(component(0b11))) + b"@@\x01")
    assert report.states["smoke"] is True
    assert report.raw_codes is not None
    assert "cut" in report.raw_codes["unread"]


def test_the_transmitter_tells_its_own_state_and_lives(feed: Feed) -> None:
    report = feed.report(TOPIC, frame(bytes((21, 1, 0b0001_1001)) + clock(NOON)))
    assert report.device == UNIT
    assert {n for n, value in report.states.items() if value} == {"main_power_fault", "backup_power_fault"}
    assert feed.report(TOPIC, frame(bytes((21, 1, 0b100_0001)))).states["fault"] is True
    alive = feed.report(TOPIC, frame(bytes((28, 1)) + clock(NOON)))
    assert (alive.device, alive.availability) == (UNIT, True)


def test_a_transmitter_without_address_is_named_by_its_topic(feed: Feed) -> None:
    assert feed.report(TOPIC, frame(bytes((28, 1)) + clock(NOON), source="00" * 6)).device == "panel-7"


def test_somebody_raises_the_alarm_by_hand(feed: Feed) -> None:
    assert feed.report(TOPIC, frame(bytes((24, 1, 0b100, 17)) + clock(NOON))).states == {"manual_call_point": True}
    pressed = feed.report(TOPIC, frame(bytes((4, 1, 1, 4, 0b100, 17)) + clock(NOON)))
    assert (pressed.device, pressed.states) == (f"{UNIT}/1.4", {"manual_call_point": True})
    silenced = feed.report(TOPIC, frame(bytes((24, 1, 0b010, 17)) + clock(NOON)))
    assert (silenced.states, silenced.raw_codes) == ({}, {"operation": "02"})


@pytest.mark.parametrize(
    ("kind", "value", "measured"),
    [(3, -125, {"temperature": -12.5}), (6, 250, {"gas_concentration": 25.0}), (8, 2200, {})],
)
def test_analogue_values_are_signed_and_scaled(feed: Feed, kind: int, value: int, measured: dict[str, float]) -> None:
    body = bytes((3, 1)) + struct.pack("<BBBIBh", 1, 4, 31, 5, kind, value) + clock(NOON)
    assert feed.report(TOPIC, frame(body)).measurements == measured


def test_the_inventory_names_points_by_address() -> None:
    here = Device("smoke-b1", DeviceKind.SMOKE_DETECTOR, dialect="gb26875", address=f"{UNIT}/1.4/00020011")
    report = Feed("gb26875", here).report(TOPIC, frame(components(component(0b11))))
    assert (report.device, report.registered) == ("smoke-b1", True)


def test_the_same_bytes_are_the_same_message(feed: Feed) -> None:
    """Defect 3: retransmission after a lost confirmation is part of the protocol."""
    raw = frame(components(component(0b11)))
    keys = {feed.report(TOPIC, raw).dedup_key for _ in range(2)} | {feed.report(TOPIC, frame(raw[27:-3])).dedup_key}
    assert len(keys) == 1
    assert feed.report(TOPIC, frame(components(component(0b11)), number=10)).dedup_key not in keys


@pytest.mark.parametrize("flag", [5, 6, 7, 8, 25, 26])
def test_versions_and_settings_are_ignored(feed: Feed, flag: int) -> None:
    assert f"type flag {flag}" in feed.why(TOPIC, frame(bytes((flag, 1, 1, 2, 3))))


def test_confirmations_and_empty_bodies_are_ignored(feed: Feed) -> None:
    assert "confirmation" in feed.why(TOPIC, frame(b"", command=3))
    assert feed.why(TOPIC, frame(b""))
    assert feed.why(TOPIC, frame(bytes((2, 0))))


def test_another_makers_frame_is_refused_by_name(feed: Feed) -> None:
    found = feed.give(TOPIC, b"\xa5\x5a\x00\x00\x0bABCD01\x55\xaa")
    assert isinstance(found, Reject)
    assert found.reason is RejectReason.MALFORMED
    assert "A5 5A" in found.detail


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda raw: raw[:-4], "cut"),
        (lambda raw: raw[:2], "cut"),
        (lambda raw: raw[:40] + bytes((raw[40] ^ 1,)) + raw[41:], "checksum"),
        (lambda raw: raw[:-1] + b"!", "23 23"),
        (lambda raw: b"\x7e" + raw, "40 40"),
        (lambda raw: b"hello", "40 40"),
    ],
)
def test_damage_is_told_where_it_is(feed: Feed, damage: object, word: str) -> None:
    """Defect 9."""
    found = feed.give(TOPIC, damage(frame(components(component(0b11)))))  # type: ignore[operator]
    assert isinstance(found, Reject)
    assert found.reason is RejectReason.MALFORMED
    assert word in found.detail


def test_unknown_flags_wrong_sizes_and_nothing(feed: Feed) -> None:
    assert feed.reason(TOPIC, frame(bytes((99, 1, 1)))) is RejectReason.MALFORMED
    assert feed.reason(TOPIC, frame(bytes((2, 2)) + component(1))) is RejectReason.MALFORMED
    assert feed.reason(TOPIC, b"") is RejectReason.EMPTY


def test_topics() -> None:
    assert Feed("gb26875").reason("elsewhere/x", b"@@") is RejectReason.UNKNOWN_DIALECT
    moved = Feed("gb26875", base="fire")
    assert moved.report("fire", frame(bytes((28, 1)) + clock(NOON))).availability is True
    assert set(moved.decoder.filters()) == {"fire/#"}


@given(body=st.binary(max_size=120), command=st.integers(0, 255))
def test_no_body_breaks_it(body: bytes, command: int) -> None:
    found = Feed("gb26875").give(TOPIC, frame(body, command))
    assert isinstance(found, list | Reject | Ignored)

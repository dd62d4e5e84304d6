"""What is encoded by the maker's rules comes out again: small encoders of our own, fed with made-up values."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.dialects.gb26875 import ALARMS, ANALOGUE, COMPONENT_BITS, END, START, SYSTEM_BITS
from devices.model import Reject, RejectReason
from tests.unit.dialects.feed import NOON, Feed

ZONE = ZoneInfo("Asia/Shanghai")
UNIT = bytes.fromhex("0a0b0c0d0e0f")
few = settings(max_examples=60, deadline=None)
moments = st.integers(int(NOON) - 80_000, int(NOON))


def clock(at: float) -> bytes:
    """Second, minute, hour, day, month, year of local time."""
    t = datetime.fromtimestamp(at, UTC).astimezone(ZONE)
    return bytes((t.second, t.minute, t.hour, t.day, t.month, t.year - 2000))


def frame(flag: int, objects: list[bytes], sent: float = NOON, command: int = 2) -> bytes:
    body = bytes((flag, len(objects))) + b"".join(objects)
    head = (
        b"\x01\x00\x01\x01" + clock(sent) + UNIT[::-1] + bytes(6) + len(body).to_bytes(2, "little") + bytes((command,))
    )
    return START + head + body + bytes((sum(head + body) & 0xFF,)) + END


def component(kind: int, bits: int, at: float, address: int = 7, text: str = "") -> bytes:
    where = text.encode("gbk")[:31].ljust(31, b"\x00")
    return bytes((1, 2, kind)) + address.to_bytes(4, "little") + bits.to_bytes(2, "little") + where + clock(at)


def forms(payload: bytes) -> list[bytes]:
    """Binary, and the hex texts that bridges make of it."""
    text = payload.hex()
    return [payload, text.encode(), text.upper().encode(), payload.hex(" ").encode(), f'"{text}"\n'.encode()]


@few
@given(bits=st.integers(0, 0x1FF), kind=st.integers(0, 140), at=moments, address=st.integers(0, 2**32 - 1))
def test_fire_components(bits: int, kind: int, at: int, address: int) -> None:
    """A set fire bit is a fire whatever the test bit says; only a word of zeros is a test."""
    for payload in forms(frame(2, [component(kind, bits, at, address)])):
        report = Feed("gb26875").report("gb26875/x", payload, at=NOON)
        assert report.device == f"0a0b0c0d0e0f/1.2/{address:08x}"
        assert report.states[ALARMS.get(kind, "smoke")] is bool(bits & 2)
        assert {n: report.states[n] for n in COMPONENT_BITS.values()} == {
            name: bool(bits >> bit & 1) for bit, name in COMPONENT_BITS.items()
        }
        assert report.test is (bits == 0)
        assert not (report.test and bits & 2)
        assert report.at == at


@few
@given(bits=st.integers(0, 0xFFFF), at=moments)
def test_fire_systems(bits: int, at: int) -> None:
    payload = frame(1, [bytes((1, 9)) + bits.to_bytes(2, "little") + clock(at)])
    report = Feed("gb26875").report("gb26875/x", payload, at=NOON)
    assert (report.device, report.states["smoke"], report.at) == ("0a0b0c0d0e0f/1.9", bool(bits & 2), at)
    for bit, name in SYSTEM_BITS.items():
        assert report.states[name] is bool(bits >> bit & 1) or name == "fault"
    assert report.states["fault"] is bool(bits & 0b100 or bits >> 10 & 1)


@few
@given(count=st.integers(1, 6), bits=st.integers(0, 0x1FF), at=moments)
def test_several_objects_in_one_frame_and_several_frames_in_one_message(count: int, bits: int, at: int) -> None:
    objects = [component(40, bits, at, number, f"{number}号楼") for number in range(count)]
    found = Feed("gb26875").reports("gb26875/x", frame(2, objects) + frame(2, objects), at=NOON)
    assert len(found) == 2 * count
    assert len({report.dedup_key for report in found}) == 2 * count
    assert {report.at for report in found} == {float(at)}


@few
@given(place=st.integers(2, 80), change=st.integers(1, 255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    payload = bytearray(frame(2, [component(40, 3, NOON)]))
    at = place % len(payload)
    payload[at] ^= change
    found = Feed("gb26875").give("gb26875/x", bytes(payload), at=NOON)
    assert isinstance(found, Reject)
    assert found.reason is RejectReason.MALFORMED


@pytest.mark.parametrize(("kind", "meant"), ANALOGUE.items())
@pytest.mark.parametrize("value", [-100, 0, 215, 999])
def test_analogue_values(kind: int, meant: tuple[str, float], value: int) -> None:
    data = bytes((1, 2, 30)) + bytes(4) + bytes((kind,)) + value.to_bytes(2, "little", signed=True) + clock(NOON)
    report = Feed("gb26875").report("gb26875/x", frame(3, [data]), at=NOON)
    assert report.measurements == {meant[0]: pytest.approx(value * meant[1])}


@few
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "smoke": st.booleans() | st.none(),
            "tamper": st.booleans() | st.none(),
            "battery_low": st.booleans(),
            "battery": st.floats(0, 100) | st.none(),
            "voltage": st.integers(1000, 4000),
            "linkquality": st.integers(0, 255),
            "temperature": st.floats(-50, 90),
        },
    )
)
def test_zigbee2mqtt_caches(cache: dict[str, Any]) -> None:
    report = Feed("zigbee2mqtt").report("zigbee2mqtt/a b", {"smoke": False, **cache})
    for name in ("smoke", "tamper", "battery_low"):
        assert report.states.get(name) is {"smoke": False, **cache}.get(name)
        assert (name in report.states) is (name in cache or name == "smoke")
    scales = {
        "battery": ("battery_percent", 1),
        "voltage": ("battery_voltage", 0.001),
        "temperature": ("temperature", 1),
    }
    for vendor, (name, scale) in scales.items():
        value = cache.get(vendor)
        assert report.measurements.get(name) == (None if value is None else pytest.approx(value * scale))


@few
@given(st.lists(st.tuples(st.sampled_from([1, 4, 9, 44]), st.booleans(), moments), min_size=1, max_size=8))
def test_houqi_lists(faults: list[tuple[int, bool, int]]) -> None:
    def written(at: float) -> str:
        return datetime.fromtimestamp(at, ZONE).strftime("%Y-%m-%d %H:%M:%S")

    beans = [
        {
            "keyId": str(n),
            "faultType": code,
            "faultBeginTime": written(at),
            "faultEndTime": "" if is_open else written(at),
        }
        for n, (code, is_open, at) in enumerate(faults)
    ]
    body = {"elevatorNo": "E", "ErrorListBean": beans}
    found = Feed("houqi").reports("/API/V1/Up/LiftFault", body, at=NOON)
    for report, (code, is_open, at) in zip(found, faults, strict=True):
        assert report.at == at
        known = {1: "entrapment", 4: "overrun_top"}.get(code)
        if known:
            assert report.states[known] is is_open
        else:
            assert report.events[0].attributes["active"] is is_open
            assert report.events[0].attributes["raw_code"] == str(code)


@few
@given(text=st.text("京沪粤AB0189", min_size=5, max_size=8), confidence=st.integers(0, 100), at=moments)
def test_zhenshi_plates(text: str, confidence: int, at: int) -> None:
    """The same plate is the same pseudonym, whichever way it came."""

    def body(written: str) -> dict[str, Any]:
        result = {"license": written, "confidence": confidence, "timeStamp": {"Timeval": {"sec": at, "usec": 0}}}
        return {"AlarmInfoPlate": {"serialno": "S", "result": {"PlateResult": result}}}

    feed = Feed("zhenshi")
    pushed = feed.report("http/push", body(text), at=NOON)
    encoded = b64encode(text.encode()).decode()
    sent = feed.report(
        "S/device/message/up/ivs_result", b"\x00" + json.dumps({"payload": body(encoded)}).encode(), at=NOON
    )
    assert pushed.events == sent.events
    assert (sent.at, sent.events[0].attributes["confidence"]) == (at, pytest.approx(confidence / 100))


@few
@given(values=st.dictionaries(st.sampled_from(["speed", "loadPercent", "tripCount"]), st.integers(0, 30)), at=moments)
def test_aliyun_and_huawei_say_the_same_of_the_same(values: dict[str, int], at: int) -> None:
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    services = [{"service_id": "Lift", "properties": {"trapped": 1, **values}, "event_time": stamp}]
    one = Feed("huawei_iotda").report("$oc/devices/lift-1/sys/properties/report", {"services": services}, at=NOON)
    wrapped = {name: {"value": value, "time": at * 1000} for name, value in {"trapped": 1, **values}.items()}
    other = Feed("aliyun").report("/sys/p/lift-1/thing/event/property/post", {"params": wrapped}, at=NOON)
    assert (one.states, one.measurements, one.at, one.kind) == (other.states, other.measurements, other.at, other.kind)
    assert len(one.measurements) == len(values)

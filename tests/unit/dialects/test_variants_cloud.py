"""Platforms that designers name properties on, Home Assistant's announcements, the native form, and site mappings."""

import json
from base64 import b64encode
from typing import Any

import pytest

from devices.dialects.fields import COMMON, DIRECTIONS, DOOR_WORDS, MODES
from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.names import QUANTITIES, STATES
from devices.registry import Device
from tests.unit.dialects.feed import NOON, NOON_MS, Feed

S, W, L, A = DeviceKind.SMOKE_DETECTOR, DeviceKind.WATER_LEAK, DeviceKind.LIFT, DeviceKind.ACCESS_GATE
BOOLS = [(k, f.name) for k, f in COMMON.items() if f.name in STATES and STATES[f.name].type == "bool" and not f.words]
TRUTH = [(True, True), (False, False), (1, True), (0, False), ("1", True), ("off", False), (None, None), ("odd", None)]


def kind_of(name: str) -> DeviceKind:
    return min((QUANTITIES.get(name) or STATES[name]).kinds)


@pytest.mark.parametrize(("key", "name"), BOOLS)
def test_aliyun_every_common_truth_value(key: str, name: str) -> None:
    feed = Feed("aliyun", Device("d", kind_of(name), dialect="aliyun", address="pk/d"))
    for word, value in TRUTH:
        for said in (word, {"value": word}, {"value": word, "time": NOON_MS - 2_000}):
            report = feed.report("/sys/pk/d/thing/event/property/post", {"params": {key.upper(): said}}, at=NOON)
            assert report.states == {name: value}, word
            assert report.at == (NOON - 2 if isinstance(said, dict) and "time" in said else NOON)


@pytest.mark.parametrize(("key", "name"), [(k, f.name) for k, f in COMMON.items() if f.name in QUANTITIES])
def test_huawei_every_common_quantity(key: str, name: str) -> None:
    feed = Feed("huawei_iotda", Device("d", kind_of(name), dialect="huawei_iotda", address="d"))
    for value, read in ((7, 7.0), ("7.5", 7.5), (None, None), ("x", None), (True, None)):
        service = {"service_id": "s", "properties": {key: value}, "event_time": "20260921T141318Z"}
        report = feed.report("$oc/devices/d/sys/properties/report", {"services": [service]}, at=NOON)
        assert report.measurements == ({} if read is None else {name: read}), value
        assert (report.at, report.time_quality) == (NOON - 2, TimeQuality.SOURCE_UTC)


@pytest.mark.parametrize(
    ("key", "words"), [("direction", DIRECTIONS), ("doorState", DOOR_WORDS), ("serviceMode", MODES)]
)
def test_huawei_every_word_of_a_lift(key: str, words: dict[str, Any]) -> None:
    feed = Feed("huawei_iotda", Device("d", L, dialect="huawei_iotda", address="d"))
    for word, meant in words.items():
        for said in (word, word.upper(), int(word) if word.isdecimal() else word):
            services = [{"service_id": "s", "properties": {key: said}}]
            report = feed.report("$oc/devices/d/sys/properties/report", {"services": services})
            assert list(report.states.values()) == [meant], said


@pytest.mark.parametrize(
    ("time", "quality"),
    [
        ("20260921T141318Z", TimeQuality.SOURCE_UTC),
        ("2026-09-21T14:13:18Z", TimeQuality.SOURCE_UTC),
        ("20260921T141318", TimeQuality.RECEIVED_ONLY),
        ("20150101T000000Z", TimeQuality.DEVICE_UNSYNCED),
        ("20270101T000000Z", TimeQuality.FUTURE_REJECTED),
        (None, TimeQuality.RECEIVED_ONLY),
    ],
)
def test_huawei_times(time: Any, quality: TimeQuality) -> None:
    service = {"service_id": "Smoke", "properties": {"smokeAlarm": 1}, "event_time": time}
    report = Feed("huawei_iotda").report("$oc/devices/d/sys/properties/report", {"services": [service]}, at=NOON)
    assert (report.kind, report.states, report.time_quality) == (S, {"smoke": True}, quality)


@pytest.mark.parametrize(
    ("said", "states", "unknown"),
    [
        ({"Alarm_Status": 1}, {"smoke": True}, None),
        ({"Alarm_Status": 0}, {"smoke": False}, None),
        ({"Alarm_Status": "1"}, {"smoke": True}, None),
        ({"Alarm_Status": True}, {"smoke": True}, None),
        ({"Alarm_Status": 2}, {"smoke": None}, "2"),
        ({"Alarm_Status": 17}, {"smoke": None}, "17"),
        ({"alarm": "testing"}, {"smoke": None}, "testing"),
        ({"Alarm_Status": None}, {"smoke": None}, None),
    ],
)
def test_ctwing_alarm_codes(said: dict[str, Any], states: Any, unknown: str | None) -> None:
    payload = {"serviceData": {**said, "Battery_Level": 88, "RSRP": 96, "TData": 31, "SNR": -3}}
    body = {
        "messageType": "dataReport",
        "deviceId": "dd",
        "IMSI": "undefined",
        "timestamp": NOON_MS,
        "payload": payload,
    }
    report = Feed("ctwing").report("v1/up/ad19", body, at=NOON + 1)
    assert (report.states, report.at) == (states, NOON)
    assert [event.attributes["raw_code"] for event in report.events] == ([unknown] if unknown else [])
    assert report.measurements == {"battery_percent": 88, "rssi": -96, "temperature": 31, "snr": -3}


@pytest.mark.parametrize(
    ("rsrp", "rssi"), [(114, -114), (-114, -114), ("99", -99), (900, None), (None, None), ("?", None)]
)
def test_ctwing_signal_without_its_sign(rsrp: Any, rssi: float | None) -> None:
    payload = {"serviceData": {"Alarm_Status": 0, "RSRP": rsrp}}
    report = Feed("ctwing").report("v1/up/x", {"deviceId": "d", "payload": payload})
    assert report.measurements.get("rssi") == rssi


@pytest.mark.parametrize("codes", [{}, {"27/1": {"smoke": True}, "27/0": {"smoke": False}}])
@pytest.mark.parametrize("code", ["0", "1", 1, "5"])
def test_ctwing_components_in_base64(codes: dict[str, Any], code: Any) -> None:
    inner = {"b": [{"id": "222", "v": code}, {"id": 9, "v": code}], "c": 27, "tm": NOON_MS - 1000}
    app = b64encode(json.dumps(inner).encode()).decode()
    body = {"productId": "77", "deviceId": "d", "timestamp": NOON_MS, "payload": {"APPdata": app}}
    found = Feed("ctwing", products={"77": {"codes": codes}}).reports("ad", body, at=NOON)
    assert [report.device for report in found] == ["d/222", "d/9"]
    assert found[0].at == NOON - 1
    known = codes.get(f"27/{code}")
    assert found[0].states == (known or {"smoke": None})
    assert [e.attributes["raw_code"] for e in found[0].events] == ([] if known else [f"27/{code}"])


CONFIG = "homeassistant/{}/{}/config"
CLASSES = [
    ("smoke", S, "smoke"),
    ("gas", S, "gas"),
    ("carbon_monoxide", S, "carbon_monoxide"),
    ("heat", S, "heat"),
    ("moisture", W, "water_leak"),
    ("motion", DeviceKind.CAMERA, "motion"),
]


@pytest.mark.parametrize(("device_class", "kind", "state"), CLASSES)
@pytest.mark.parametrize(
    ("more", "on", "off"),
    [
        ({}, b"ON", b"OFF"),
        ({"payload_on": "alarm", "payload_off": "idle"}, b"alarm", b"idle"),
        ({"pl_on": "1", "pl_off": "0"}, b"1", b"0"),
        ({"value_template": "{{ value_json.a.b }}"}, {"a": {"b": "ON"}}, {"a": {"b": "OFF"}}),
        ({"val_tpl": "{{ value_json['x'] }}", "payload_on": True, "payload_off": False}, {"x": True}, {"x": False}),
    ],
)
def test_homeassistant_classes(device_class: str, kind: DeviceKind, state: str, more: Any, on: Any, off: Any) -> None:
    feed = Feed("homeassistant")
    config = {"name": "n", "unique_id": "u-1", "device_class": device_class, "state_topic": "x/y", **more}
    announced = feed.report(CONFIG.format("binary_sensor", "n"), config, retained=True)
    assert (announced.kind, announced.snapshot, announced.states) == (kind, True, {})
    assert feed.report("x/y", on).states == {state: True}
    assert feed.report("x/y", off).states == {state: False}
    odd = {"a": {"b": "??"}, "x": "??"} if isinstance(on, dict) else b"??"
    assert feed.report("x/y", odd).states == {state: None}
    assert feed.report("x/y", on, retained=True).snapshot is True
    feed.give(CONFIG.format("binary_sensor", "n"), b"")
    assert not isinstance(feed.give("x/y", on), list)


NATIVE = "community/home/{}/d-1/event"
NATIVE_STATES = [(kind, name) for name, state in STATES.items() for kind in sorted(state.kinds)]


@pytest.mark.parametrize("kind", list(DeviceKind))
def test_native_every_state_of_a_kind(kind: DeviceKind) -> None:
    feed = Feed("native")
    for name in (name for k, name in NATIVE_STATES if k is kind):
        state = STATES[name]
        good: Any = True if state.type == "bool" else (state.values or ("free text",))[0]
        assert feed.report(NATIVE.format(kind), {"states": {name: good}}).states == {name: good}
        assert feed.report(NATIVE.format(kind), {"states": {name: None}}).states == {name: None}
        odd = feed.report(NATIVE.format(kind), {"states": {name: True if state.type == "text" else "odd"}, "seq": 4})
        assert odd.states.get(name) is None
        assert odd.raw_codes


@pytest.mark.parametrize("kind", list(DeviceKind))
def test_native_every_quantity_of_a_kind(kind: DeviceKind) -> None:
    feed = Feed("native")
    for name, quantity in QUANTITIES.items():
        low, high = max(quantity.low, -1e6), min(quantity.high, 1e6)
        for value, kept in ((low, True), (high, True), (high + 1, high == 1e6), (None, False)):
            given = {"measurements": {name: value}, "states": {"fault": False}}
            report = feed.report(NATIVE.format(kind), given)
            assert (name in report.measurements) is (kept and kind in quantity.kinds), (name, value)


@pytest.mark.parametrize(
    ("stamp", "at", "quality"),
    [
        (NOON_MS - 500, NOON - 0.5, TimeQuality.SOURCE_UTC),
        (NOON_MS - 500.0, NOON - 0.5, TimeQuality.SOURCE_UTC),
        ("2026-09-21T22:13:19+08:00", NOON - 1, TimeQuality.SOURCE_UTC),
        ("2026-09-21T22:13:19", NOON, TimeQuality.RECEIVED_ONLY),
        ("now", NOON, TimeQuality.RECEIVED_ONLY),
        (NOON, NOON, TimeQuality.DEVICE_UNSYNCED),
        (0, NOON, TimeQuality.DEVICE_UNSYNCED),
        (NOON_MS * 2, NOON, TimeQuality.FUTURE_REJECTED),
        (None, NOON, TimeQuality.RECEIVED_ONLY),
    ],
)
def test_native_times(stamp: Any, at: float, quality: TimeQuality) -> None:
    report = Feed("native").report(NATIVE.format("lift"), {"ts": stamp, "states": {"fault": True}}, at=NOON)
    assert (report.at, report.time_quality) == (at, quality)


TOPIC = {
    "topic": "plant/{device}/say",
    "kind": "lift",
    "lane": "alarm",
    "fields": {
        "speed": {"path": "v.mm", "unit": "mm/s"},
        "entrapment": {"path": "alarm.trapped", "yes": ["ja"], "no": ["nein"]},
        "direction": {"path": "dir", "words": {"U": "up", "D": "down"}},
    },
}


@pytest.mark.parametrize(
    ("body", "states", "measured"),
    [
        ({"v": {"mm": 1750}}, {}, {"speed": 1.75}),
        ({"v": {"mm": "1750"}}, {}, {"speed": 1.75}),
        ({"alarm": {"trapped": "ja"}}, {"entrapment": True}, {}),
        ({"alarm": {"trapped": "nein"}}, {"entrapment": False}, {}),
        ({"alarm": {"trapped": "true"}, "dir": "U"}, {"entrapment": None, "direction": "up"}, {}),
        ({"dir": "D"}, {"direction": "down"}, {}),
        ({"dir": "X"}, {"direction": None}, {}),
    ],
)
def test_mapping(body: dict[str, Any], states: dict[str, Any], measured: dict[str, float]) -> None:
    report = Feed("mapping", topics=[TOPIC]).report("plant/l-3/say", body)
    assert (report.device, report.kind, report.states) == ("l-3", L, states)
    assert report.measurements == pytest.approx(measured)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b"3", b"\xff\xfe"])
@pytest.mark.parametrize(
    "topic", ["/sys/p/d/thing/event/property/post", "$oc/devices/d/sys/properties/report", "v1/up/x"]
)
def test_what_is_no_object_is_refused(topic: str, payload: bytes) -> None:
    dialect = {"/": "aliyun", "$": "huawei_iotda", "v": "ctwing"}[topic[0]]
    reason = Feed(dialect).reason(topic, payload)
    assert reason in (RejectReason.EMPTY, RejectReason.MALFORMED, RejectReason.WRONG_SHAPE)

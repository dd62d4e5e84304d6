"""Smoke, gas and leak detectors of several makers: the documented shapes with other models, words, scales and holes."""

from typing import Any

import pytest

from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, NOON_MS, Feed

S, W, A, C = DeviceKind.SMOKE_DETECTOR, DeviceKind.WATER_LEAK, DeviceKind.ACCESS_GATE, DeviceKind.CAMERA
Z = "zigbee2mqtt/"
IEEE = "0x00158d00aabb0011"


@pytest.mark.parametrize(
    ("body", "kind", "states"),
    [
        ({"smoke": True}, S, {"smoke": True}),
        ({"smoke": "true"}, S, {"smoke": True}),
        ({"smoke": "ON"}, S, {"smoke": True}),
        ({"smoke": 1}, S, {"smoke": True}),
        ({"smoke": "false"}, S, {"smoke": False}),
        ({"smoke": "OFF"}, S, {"smoke": False}),
        ({"smoke": None}, S, {"smoke": None}),
        ({"smoke": "perhaps"}, S, {"smoke": None}),
        ({"smoke": 7}, S, {"smoke": None}),
        ({"smoke": []}, S, {"smoke": None}),
        ({"smoke_state": "alarm"}, S, {"smoke": True}),
        ({"smoke_state": "normal", "smoke": False}, S, {"smoke": False}),
        ({"smoke": True, "smoke_state": "normal"}, S, {"smoke": True}),
        ({"smoke_state": "boil"}, S, {"smoke": None}),
        ({"carbon_monoxide": True, "smoke": False}, S, {"carbon_monoxide": True, "smoke": False}),
        ({"gas": True, "gas_density": 12}, S, {"gas": True}),
        ({"gas_state": "alarm"}, S, {"gas": True}),
        ({"heat_alarm": True}, S, {"heat": True}),
        ({"water_leak": True, "battery_low": True}, W, {"water_leak": True, "battery_low": True}),
        ({"water_leak": False, "tamper": True}, W, {"water_leak": False, "tamper": True}),
        ({"water_leak": None}, W, {"water_leak": None}),
        ({"contact": True}, A, {"door_state": "closed"}),
        ({"contact": False}, A, {"door_state": "open"}),
        ({"contact": "true"}, A, {"door_state": "closed"}),
        ({"contact": None}, A, {"door_state": None}),
        ({"contact": True, "trouble": True}, A, {"door_state": "closed", "fault": True}),
        ({"contact": False, "battery_defect": True, "trouble": False}, A, {"door_state": "open", "fault": True}),
        ({"lock_state": "unlocked"}, A, {"lock_state": "unlocked"}),
        ({"lock_state": "not_fully_locked"}, A, {"lock_state": None}),
        ({"occupancy": True}, C, {"occupancy": True}),
        ({"presence": False}, C, {"occupancy": False}),
        ({"smoke": False, "fault_alarm": True}, S, {"smoke": False, "fault": True}),
        ({"smoke": True, "linkage_alarm_state": True}, S, {"smoke": True, "linked_alarm": True}),
        (
            {"smoke": True, "linkage_alarm": True, "smoke_density": 0},
            S,
            {"smoke": True, "linked_alarm": True},
        ),
        ({"smoke": True, "linkage_alarm": True, "smoke_density": 4}, S, {"smoke": True}),
        ({"smoke": False, "buzzer_manual_mute": True}, S, {"smoke": False, "muted": True}),
        ({"smoke": False, "battery_state": "low"}, S, {"smoke": False, "battery_low": True}),
        ({"gas": False, "valve_state": "CLOSE"}, S, {"gas": False, "valve_state": "closed"}),
    ],
)
def test_zigbee2mqtt_states(body: dict[str, Any], kind: DeviceKind, states: dict[str, Any]) -> None:
    report = Feed("zigbee2mqtt").report(Z + "Hall 3/west", {**body, "linkquality": 90})
    assert (report.device, report.kind) == ("Hall 3/west", kind)
    assert report.states == states
    assert report.measurements["link_quality"] == 90
    assert not report.events


@pytest.mark.parametrize(
    ("body", "measured", "kept_aside"),
    [
        ({"battery": 100}, {"battery_percent": 100.0}, {}),
        ({"battery": "100.00"}, {"battery_percent": 100.0}, {}),
        ({"battery": 41.5}, {"battery_percent": 41.5}, {}),
        ({"battery": 200}, {}, {"battery_percent": 200}),
        ({"battery": -1}, {}, {"battery_percent": -1}),
        ({"battery": True}, {}, {"battery_percent": True}),
        ({"battery": "full"}, {}, {"battery_percent": "full"}),
        ({"battery": None}, {}, {}),
        ({"voltage": 2985}, {"battery_voltage": 2.985}, {}),
        ({"voltage": "3000"}, {"battery_voltage": 3.0}, {}),
        ({"temperature": -12.5}, {"temperature": -12.5}, {}),
        ({"temperature": "21,5"}, {}, {"temperature": "21,5"}),
        ({"humidity": 101}, {}, {"humidity": 101}),
        ({"smoke_density": 3}, {"smoke_density": 3.0}, {}),
        ({"linkquality": 256}, {}, {"link_quality": 256}),
        ({"linkquality": 0}, {"link_quality": 0.0}, {}),
    ],
)
def test_zigbee2mqtt_measurements(body: dict[str, Any], measured: dict[str, float], kept_aside: dict[str, Any]) -> None:
    report = Feed("zigbee2mqtt").report(Z + "Cellar", {**body, "smoke": False})
    assert report.measurements == pytest.approx(measured)
    assert (report.raw_codes or {}) == kept_aside


@pytest.mark.parametrize(
    ("body", "is_test"),
    [
        ({"test": True}, True),
        ({"self_test": True}, True),
        ({"selftest": "testing"}, True),
        ({"self_test": "checking"}, True),
        ({"test": False}, False),
        ({"self_test": ""}, False),
        ({"self_test": None}, False),
        ({"self_test": "check_success"}, False),
    ],
)
def test_zigbee2mqtt_tests_are_tests(body: dict[str, Any], is_test: bool) -> None:
    report = Feed("zigbee2mqtt").report(Z + "Loft", {"smoke": True, **body})
    assert report.test is is_test
    assert report.states["smoke"] is True


@pytest.mark.parametrize(
    ("seen", "at", "historical"),
    [
        (NOON_MS - 5_000, NOON - 5, False),
        ("2026-09-21T22:13:10+08:00", NOON - 10, False),
        ("2026-09-21T14:13:10Z", NOON - 10, False),
        (NOON_MS - 5 * 86_400_000, NOON - 5 * 86_400, True),
        (None, NOON, False),
        ("yesterday", NOON, False),
        (NOON_MS + 600_000, NOON, False),
    ],
)
def test_zigbee2mqtt_times(seen: Any, at: float, historical: bool) -> None:
    report = Feed("zigbee2mqtt").report(Z + "Loft", {"smoke": True, "last_seen": seen}, at=NOON)
    assert (report.at, report.historical, report.received_at) == (at, historical, NOON)


@pytest.mark.parametrize("name", ["Room", "Block 2/Room 7", "烟感-3"])
@pytest.mark.parametrize(("body", "online"), [(b"online", True), ({"state": "offline"}, False), (b"offline", False)])
def test_zigbee2mqtt_availability_changes_no_state(name: str, body: Any, online: bool) -> None:
    """Defect 13: offline is not "alarm cleared"."""
    feed = Feed("zigbee2mqtt")
    feed.report(Z + name, {"smoke": True})
    report = feed.report(f"{Z}{name}/availability", body)
    assert (report.device, report.kind, report.availability, report.states) == (name, S, online, {})


@pytest.mark.parametrize(
    ("said", "states"),
    [
        ({"0500!00": "010000FF0000"}, {"water_leak": True, "tamper": False, "battery_low": False, "fault": False}),
        ({"0500!00": "000000FF0000"}, {"water_leak": False, "tamper": False, "battery_low": False, "fault": False}),
        ({"0500!00": "040000"}, {"water_leak": False, "tamper": True, "battery_low": False, "fault": False}),
        ({"0500!00": "0D0000"}, {"water_leak": True, "tamper": True, "battery_low": True, "fault": False}),
        ({"0500!00": "4000"}, {"water_leak": False, "tamper": False, "battery_low": False, "fault": True}),
        ({"0500!00": "0002"}, {"water_leak": False, "tamper": False, "battery_low": False, "fault": True}),
        ({"Water": 1, "ModelId": "lumi.sensor_wleak"}, {"water_leak": True}),
        ({"Water": 0}, {"water_leak": False}),
        ({"Water": None}, {"water_leak": None}),
        (
            {"ZoneType": 42, "ZoneStatus": 1},
            {"water_leak": True, "tamper": False, "battery_low": False, "fault": False},
        ),
    ],
)
def test_tasmota_leak_zones(said: dict[str, Any], states: dict[str, Any]) -> None:
    report = Feed("tasmota").report("tele/bridge-4/SENSOR", {"ZbReceived": {"0x4A10": {**said, "LinkQuality": 33}}})
    assert (report.device, report.kind) == ("bridge-4/0x4A10", W)
    assert report.states == states
    assert report.measurements == {"link_quality": 33.0}


@pytest.mark.parametrize(
    ("said", "kind", "states"),
    [
        ({"Fire": 1}, S, {"smoke": True}),
        ({"Smoke": 0}, S, {"smoke": False}),
        ({"CO": 1}, S, {"carbon_monoxide": True}),
        ({"Gas": True}, S, {"gas": True}),
        ({"Contact": 1}, A, {"door_state": "open"}),
        ({"Contact": 0}, A, {"door_state": "closed"}),
        ({"Occupancy": 1}, C, {"occupancy": True}),
        ({"Movement": 0}, C, {"motion": False}),
    ],
)
def test_tasmota_named_alarms(said: dict[str, Any], kind: DeviceKind, states: dict[str, Any]) -> None:
    report = Feed("tasmota").report("tele/bridge-4/SENSOR", {"ZbReceived": {"0xBEEF": {"Name": "Attic", **said}}})
    assert (report.kind, report.states) == (kind, states)


@pytest.mark.parametrize(
    ("status", "smoke", "test"),
    [("0100", True, False), ("0000", False, False), ("0101", True, True), ("0001", False, True)],
)
def test_tasmota_smoke_zone_with_its_test_bit(status: str, smoke: bool, test: bool) -> None:
    detector = Device("sd-1", S, dialect="tasmota", address="0x77AA")
    report = Feed("tasmota", detector).report("tele/b/SENSOR", {"ZbReceived": {"0x77AA": {"0500!00": status + "FF"}}})
    assert (report.device, report.states["smoke"], report.test) == ("sd-1", smoke, test)


@pytest.mark.parametrize(("power", "percent"), [(200, None), (100, 100.0), (55.5, 55.5), ("88", 88.0)])
def test_tasmota_battery_beyond_hundred_is_no_reading(power: Any, percent: float | None) -> None:
    """Defect 6."""
    said = {"Water": 0, "BatteryPercentage": power}
    report = Feed("tasmota").report("tele/b/SENSOR", {"ZbReceived": {"0x1111": said}})
    assert report.measurements.get("battery_percent") == percent


def test_tasmota_battery_scale_per_address() -> None:
    feed = Feed("tasmota", battery_scale={"b/0x1111": 0.5})
    report = feed.report("tele/b/SENSOR", {"ZbReceived": {"0x1111": {"Water": 0, "BatteryPercentage": 200}}})
    assert report.measurements["battery_percent"] == 100.0


def test_tasmota_several_devices_in_one_message() -> None:
    said = {"0x0001": {"Water": 1}, "0x0002": {"Smoke": 1}, "0x0003": {"Contact": 0}}
    found = Feed("tasmota").reports("tele/b/SENSOR", {"ZbReceived": said})
    assert [(r.device, r.kind) for r in found] == [("b/0x0001", W), ("b/0x0002", S), ("b/0x0003", A)]


@pytest.mark.parametrize(
    ("time", "at", "quality"),
    [
        ("2026-09-21T22:13:19", NOON - 1, TimeQuality.SOURCE_LOCAL_ASSUMED),
        ("2026-09-21T16:13:19+02:00", NOON - 1, TimeQuality.SOURCE_UTC),
        ("1970-01-01T00:00:08", NOON, TimeQuality.DEVICE_UNSYNCED),
        ("2026-09-22T22:13:19", NOON, TimeQuality.FUTURE_REJECTED),
        ("soon", NOON, TimeQuality.RECEIVED_ONLY),
        (None, NOON, TimeQuality.RECEIVED_ONLY),
    ],
)
def test_tasmota_times(time: Any, at: float, quality: TimeQuality) -> None:
    """Defect 5."""
    report = Feed("tasmota").report("tele/pump/SENSOR", {"Time": time, "Switch1": "ON"}, at=NOON)
    assert (report.at, report.time_quality) == (at, quality)


@pytest.mark.parametrize(
    ("wired", "value", "kind", "states"),
    [
        ("water_leak", "ON", W, {"water_leak": True}),
        ("water_leak", "OFF", W, {"water_leak": False}),
        ("smoke", "ON", S, {"smoke": True}),
        ("door", "ON", A, {"door_state": "open"}),
        ("door", "OFF", A, {"door_state": "closed"}),
        ("smoke", "TOGGLE", S, {"smoke": None}),
        ("smoke", None, S, {"smoke": None}),
    ],
)
def test_tasmota_switches_mean_what_they_are_wired_to(wired: str, value: Any, kind: DeviceKind, states: Any) -> None:
    feed = Feed("tasmota", switches={"pump/Switch1": wired})
    report = feed.report("tele/pump/SENSOR", {"Switch1": value}, retained=True)
    assert (report.kind, report.states, report.snapshot) == (kind, states, True)


SHELLY = "shellyplussmoke-a0b1c2d3e4f5"
PARTS = [
    ({"smoke:0": {"id": 0, "alarm": True, "mute": False}}, {"smoke": True, "muted": False}),
    ({"smoke:0": {"id": 0, "alarm": True}}, {"smoke": True}),
    ({"smoke:0": {"id": 0, "mute": True}}, {"muted": True}),
    ({"smoke:0": {"id": 0, "alarm": None}}, {"smoke": None}),
    ({"smoke:0": None}, {"smoke": None, "muted": None}),
    ({"smoke:0": {"alarm": False, "errors": ["sensor"]}}, {"smoke": False, "fault": True}),
    ({"smoke:0": {"alarm": "false"}}, {"smoke": False}),
    ({"smoke:0": {"alarm": "what"}}, {"smoke": None}),
]


@pytest.mark.parametrize(("params", "states"), PARTS)
@pytest.mark.parametrize("method", ["NotifyStatus", "NotifyFullStatus"])
def test_shelly_deltas(params: dict[str, Any], states: dict[str, Any], method: str) -> None:
    """What is missing is unchanged: only what is there is said; null is unknown."""
    body = {"src": SHELLY, "method": method, "params": {"ts": NOON - 2.5, **params}}
    report = Feed("shelly").report(f"{SHELLY}/events/rpc", body, at=NOON)
    assert (report.kind, report.states, report.at) == (S, states, NOON - 2.5)


@pytest.mark.parametrize("ts", [None, 2.46, 0, "x", NOON + 900])
def test_shelly_before_its_clock_is_set(ts: Any) -> None:
    body = {"method": "NotifyStatus", "params": {"ts": ts, "smoke:0": {"alarm": True}}}
    report = Feed("shelly").report(f"{SHELLY}/events/rpc", body, at=NOON)
    assert report.at == NOON
    assert report.time_quality is not TimeQuality.SOURCE_UTC


@pytest.mark.parametrize(
    ("topic", "status", "kind", "states", "measured"),
    [
        ("shellyflood-1122/status/flood:0", {"alarm": True}, W, {"water_leak": True}, {}),
        (
            "shellyplussmoke-9/status/devicepower:0",
            {"battery": {"V": 3.1, "percent": 97}},
            S,
            {},
            {"battery_percent": 97, "battery_voltage": 3.1},
        ),
        ("shellyplussmoke-9/status/devicepower:0", {"battery": {"V": None, "percent": 131}}, S, {}, {}),
        ("shellyflood-1/status/temperature:0", {"tC": 4.5, "tF": 40.1}, W, {}, {"temperature": 4.5}),
        ("gasbox/status/gas:0", {"alarm": True}, S, {"gas": True}, {}),
    ],
)
def test_shelly_components(topic: str, status: Any, kind: DeviceKind, states: Any, measured: Any) -> None:
    feed = Feed("shelly", Device("d", kind, dialect="shelly", address=topic.split("/")[0]))
    found = feed.give(topic, status)
    if not states and not measured:
        assert not isinstance(found, list) or found[0].raw_codes
        return
    report = found[0] if isinstance(found, list) else None
    assert report is not None
    assert (report.states, report.measurements) == (states, measured)


@pytest.mark.parametrize("word", ["maybe", "1.5", ""])
def test_shelly_online_is_true_or_false(word: str) -> None:
    feed = Feed("shelly", Device("r", A, dialect="shelly", address="shellypro1-77"))
    found = feed.give("shellypro1-77/online", word.encode())
    assert not isinstance(found, list)


UP = "application/77/device/a84041000000ff01/event/up"


def uplink(said: dict[str, Any], profile: str = "", **more: Any) -> dict[str, Any]:
    info = {"devEui": "a84041000000ff01", "deviceName": "n", "deviceProfileName": profile}
    return {"deviceInfo": info, "time": "2026-09-21T14:13:18.123456789+00:00", "data": "AA==", "object": said, **more}


@pytest.mark.parametrize(
    ("said", "kind", "states", "test"),
    [
        ({"leakage_status": "leak"}, W, {"water_leak": True}, False),
        ({"leakage_status": "normal", "temperature": 21.2}, W, {"water_leak": False}, False),
        ({"leakage_status": "wet?"}, W, {"water_leak": None}, False),
        ({"leakage_status": None}, W, {"water_leak": None}, False),
        ({"magnet_status": "open", "tamper_status": "installed"}, A, {"door_state": "open", "tamper": False}, False),
        (
            {"magnet_status": "close", "tamper_status": "uninstalled"},
            A,
            {"door_state": "closed", "tamper": True},
            False,
        ),
        ({"smoke_status": "alarm"}, S, {"smoke": True}, False),
        ({"gas_status": "normal"}, S, {"gas": False}, False),
        ({"event": "alarm", "type": "smoke"}, S, {"smoke": True}, False),
        ({"event": "silent", "type": "smoke"}, S, {"muted": True}, False),
        ({"event": "normal", "type": "smoke"}, S, {"smoke": False, "muted": False, "fault": False}, False),
        ({"event": "removed", "type": "smoke"}, S, {"tamper": True}, False),
        ({"event": "failover", "type": "smoke"}, S, {"fault": True}, False),
        ({"event": "low battery", "type": "smoke"}, S, {"battery_low": True}, False),
        ({"event": "testing alarm", "type": "smoke"}, S, {"smoke": True, "battery_low": False}, True),
        ({"event": "testing alarm with low battery", "type": "smoke"}, S, {"smoke": True, "battery_low": True}, True),
    ],
)
def test_chirpstack_objects(said: dict[str, Any], kind: DeviceKind, states: dict[str, Any], test: bool) -> None:
    report = Feed("chirpstack").report(UP, uplink(said), at=NOON)
    assert (report.kind, report.states, report.test) == (kind, states, test)
    assert report.at == pytest.approx(NOON - 1.876544, abs=1e-3)


def test_chirpstack_strange_event_is_an_unknown_fault() -> None:
    report = Feed("chirpstack").report(UP, uplink({"event": "sensor 77", "type": "smoke"}))
    (event,) = report.events
    assert (event.code, event.attributes["raw_code"]) == ("unknown_fault", "sensor 77")
    assert report.states["smoke"] is None


@pytest.mark.parametrize("gateways", [[], [{"gatewayId": "x"}], [{"rssi": -101, "snr": -4}, {"rssi": -77, "snr": 8.5}]])
def test_chirpstack_signal_of_the_nearest_gateway(gateways: list[dict[str, Any]]) -> None:
    report = Feed("chirpstack").report(UP, uplink({"leakage_status": "leak"}, rxInfo=gateways))
    strongest = {"rssi": -77.0, "snr": 8.5} if len(gateways) > 1 else {}
    assert report.measurements == strongest


@pytest.mark.parametrize(
    ("event", "body", "reason"),
    [
        ("up", {"object": {}}, RejectReason.WRONG_SHAPE),
        ("up", b"", RejectReason.EMPTY),
        ("up", b"{", RejectReason.MALFORMED),
        ("dance", {}, RejectReason.BAD_TOPIC),
    ],
)
def test_chirpstack_refusals(event: str, body: Any, reason: RejectReason) -> None:
    assert Feed("chirpstack").reason(UP.replace("/up", "/" + event), body) is reason

"""Shelly Gen2+: deltas, components, events, sleepers. Defects by their number in our list."""

from typing import Any

import msgspec
import pytest

from devices.decode import options_of
from devices.dialects.dialect import Lane
from devices.model import DeviceKind, Ignored, Reject, RejectReason, Report, TimeQuality
from devices.registry import Device
from devices.twin import Twin
from tests.unit.dialects.feed import NOON, Feed

K = DeviceKind
SMOKE = "shellyplussmoke-a0b1c2d3e4f5"
RPC = f"{SMOKE}/events/rpc"


def notify(method: str = "NotifyStatus", ts: Any = NOON - 2, **components: Any) -> dict[str, Any]:
    named = {key.replace("_", ":"): value for key, value in components.items()}
    return {"src": SMOKE, "dst": f"{SMOKE}/events", "method": method, "params": {"ts": ts, **named}}


def one(topic: str, payload: Any, *devices: Device, retained: bool = False, **options: Any) -> Report:
    return Feed("shelly", *devices, **options).report(topic, payload, NOON, retained)


def registered(kind: DeviceKind, address: str = SMOKE) -> Device:
    return Device("known", kind, dialect="shelly", address=address)


def test_an_alarm_is_news_at_its_own_time() -> None:
    report = one(RPC, notify(smoke_0={"id": 0, "alarm": True}))
    assert (report.device, report.kind, report.states) == (SMOKE, K.SMOKE_DETECTOR, {"smoke": True})
    assert (report.at, report.time_quality, report.snapshot) == (NOON - 2, TimeQuality.SOURCE_UTC, False)


def test_a_full_status_of_every_component() -> None:
    body = notify(
        "NotifyFullStatus",
        ble={},
        smoke_0={"id": 0, "alarm": False, "mute": True},
        devicepower_0={"id": 0, "battery": {"V": 2.81, "percent": 64}},
        temperature_0={"id": 0, "tC": 20.5, "tF": 68.9},
        humidity_0={"id": 0, "rh": 41.0},
        wifi={"sta_ip": "192.0.2.7", "rssi": -70},
        sys={"uptime": 3},
    )
    report = one(RPC, body)
    assert report.states == {"smoke": False, "muted": True}
    assert report.measurements == {
        "battery_percent": 64,
        "battery_voltage": 2.81,
        "temperature": 20.5,
        "humidity": 41,
        "rssi": -70,
    }
    assert b"192.0.2.7" not in msgspec.json.encode(report)


def test_a_missing_member_is_unchanged_and_null_is_unknown() -> None:
    feed, twin = Feed("shelly"), Twin(SMOKE)
    said: list[Any] = [{"alarm": True, "mute": False}, {"mute": True}, None]
    seen = []
    for n, status in enumerate(said):
        twin.fold(feed.report(RPC, notify(ts=NOON + n, smoke_0=status)))
        seen.append(dict(twin.states))
    assert seen == [
        {"smoke": True, "muted": False},
        {"smoke": True, "muted": True},
        {"smoke": None, "muted": None},
    ]


def test_defect_8_null_is_neither_false_nor_a_number() -> None:
    report = one(RPC, notify(smoke_0={"alarm": None}, devicepower_0={"battery": None}, wifi=None))
    assert (report.states, report.measurements) == ({"smoke": None}, {})


def test_a_word_nobody_agreed_on_is_unknown() -> None:
    report = one(RPC, notify(smoke_0={"alarm": "perhaps"}))
    assert (report.states, report.raw_codes) == ({"smoke": None}, {"smoke": "perhaps"})


@pytest.mark.parametrize(("ts", "quality"), [(2.46, TimeQuality.DEVICE_UNSYNCED), (None, TimeQuality.RECEIVED_ONLY)])
def test_defect_5_a_clock_before_its_first_sync(ts: Any, quality: TimeQuality) -> None:
    report = one(RPC, notify(ts=ts, smoke_0={"alarm": True}))
    assert (report.at, report.time_quality) == (NOON, quality)
    assert report.dedup_key is None, "it says the same after every start"


@pytest.mark.parametrize(
    ("device", "component", "status", "kind", "states"),
    [
        (
            "shellyfloodg4-01",
            "flood:0",
            {"alarm": True, "errors": []},
            K.WATER_LEAK,
            {"water_leak": True, "fault": False},
        ),
        ("shellyfloodg4-01", "flood:0", {"errors": ["cable_unplugged"]}, K.WATER_LEAK, {"fault": True}),
        ("x", "gas:0", {"alarm": True}, K.SMOKE_DETECTOR, {"gas": True}),
        (SMOKE, "smoke:0", {"id": 0, "alarm": True, "mute": False}, K.SMOKE_DETECTOR, {"smoke": True, "muted": False}),
    ],
)
def test_status_topics(device: str, component: str, status: Any, kind: DeviceKind, states: dict[str, Any]) -> None:
    report = one(f"{device}/status/{component}", status)
    assert (report.device, report.kind, report.states) == (device, kind, states)
    assert report.time_quality is TimeQuality.RECEIVED_ONLY


def test_defect_1_a_retained_status_is_a_snapshot() -> None:
    assert one(f"{SMOKE}/status/smoke:0", {"alarm": True}, retained=True).snapshot


def test_a_component_that_was_removed_is_unknown() -> None:
    assert one(f"{SMOKE}/status/smoke:0", b"null").states == {"smoke": None, "muted": None}


def test_events() -> None:
    def event(component: str, what: str) -> dict[str, Any]:
        return {"component": component, "id": 0, "event": what, "ts": NOON - 1}

    body = notify(
        "NotifyEvent", events=[event("smoke:0", "alarm"), event("sys", "sleep"), "?", event("smoke:0", "alarm_off")]
    )
    first, second = Feed("shelly").reports(RPC, body)
    assert (first.states, second.states) == ({"smoke": True}, {"smoke": False})
    assert first.at == NOON - 1
    assert first.dedup_key != second.dedup_key, "the second is no redelivery of the first"


def test_a_test_is_no_fire() -> None:
    body = notify("NotifyEvent", events=[{"component": "smoke:0", "event": "alarm_test"}])
    report = one(RPC, body)
    assert (report.test, report.states) == (True, {"test_active": True})


@pytest.mark.parametrize(
    "events", [[], [{"component": "input:0", "event": "single_push"}], [{"component": 7, "event": []}]]
)
def test_events_that_say_nothing_are_ignored(events: list[Any]) -> None:
    assert isinstance(Feed("shelly").give(RPC, notify("NotifyEvent", events=events)), Ignored)


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        (K.ACCESS_GATE, {"input_state": True, "relay_state": False}),
        (K.WATER_LEAK, {"water_leak": True}),
        (K.SMOKE_DETECTOR, {"smoke": True}),
    ],
)
def test_an_input_means_what_the_inventory_says(kind: DeviceKind, states: dict[str, Any]) -> None:
    body = notify(input_0={"id": 0, "state": True}, switch_0={"output": False, "source": "init"})
    assert one("gate-1/events/rpc", body, registered(kind, "gate-1")).states == states


def test_what_an_input_is_wired_to_can_be_told() -> None:
    wiring = {"i4/input:0": "water_leak", "i4/input:1": "door"}
    report = one("i4/events/rpc", notify(input_0={"state": True}), inputs=wiring)
    assert (report.kind, report.states) == (K.WATER_LEAK, {"water_leak": True})
    door = one("i4/status/input:1", {"state": False}, inputs=wiring)
    assert (door.kind, door.states) == (K.ACCESS_GATE, {"door_state": "closed"})


def test_an_inputs_delta_without_state_changes_nothing() -> None:
    found = Feed("shelly", registered(K.WATER_LEAK, "i4")).give("i4/events/rpc", notify(input_0={"id": 0}))
    assert isinstance(found, Ignored)


@pytest.mark.parametrize("options", [{"inputs": {"a/input:0": "floor"}}, {"input": {}}])
def test_senseless_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        options_of("shelly", options)


def test_a_sleeper_that_sleeps_is_not_offline() -> None:
    assert isinstance(Feed("shelly").give(f"{SMOKE}/online", b"false"), Ignored)
    assert one(f"{SMOKE}/online", b"true").availability is True


@pytest.mark.parametrize(("word", "there"), [(b"true", True), (b"false", False)])
def test_availability_of_a_mains_device(word: bytes, there: bool) -> None:
    report = one("shellypro2-77/online", word, registered(K.ACCESS_GATE, "shellypro2-77"), retained=True)
    assert (report.availability, report.states, report.snapshot) == (there, {}, True)
    assert isinstance(Feed("shelly").give("shellypro2-77/online", word), Ignored)


def test_wills_that_say_nothing() -> None:
    assert isinstance(Feed("shelly").give(f"{SMOKE}/online", b""), Ignored)
    assert Feed("shelly").reason(f"{SMOKE}/online", b"asleep") is RejectReason.WRONG_SHAPE


def test_a_prefix_of_ones_own_with_levels() -> None:
    assert one("north/b2/stairs/events/rpc", notify(smoke_0={"alarm": True})).device == "north/b2/stairs"


@pytest.mark.parametrize("topic", ["events/rpc", "cam/online", "nvr/status/disk", f"{SMOKE}/rpc", f"{SMOKE}/status"])
def test_other_topics_are_not_ours(topic: str) -> None:
    assert isinstance(Feed("shelly").give(topic, {}), Reject)


def test_what_holds_nothing_is_ignored() -> None:
    feed = Feed("shelly")
    assert isinstance(feed.give("shellyplug-1/events/rpc", notify(switch_0={"output": True})), Ignored)
    assert isinstance(feed.give(RPC, {"id": 1, "result": {}}), Ignored)
    assert isinstance(feed.give(f"{SMOKE}/status/sys", {"uptime": 4}), Ignored)
    assert isinstance(feed.give(f"{SMOKE}/status/smoke:0", b""), Ignored)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", RejectReason.MALFORMED),
        (b"", RejectReason.EMPTY),
        ([1], RejectReason.WRONG_SHAPE),
        ({"method": "NotifyStatus", "params": []}, RejectReason.WRONG_SHAPE),
        ({"method": "NotifyEvent", "params": {"ts": 1}}, RejectReason.WRONG_SHAPE),
    ],
)
def test_defect_9_broken_text_is_refused(payload: Any, reason: RejectReason) -> None:
    assert Feed("shelly").reason(RPC, payload) is reason


def test_a_status_that_is_no_object_is_refused() -> None:
    assert Feed("shelly").reason(f"{SMOKE}/status/smoke:0", b"7") is RejectReason.WRONG_SHAPE


def test_all_of_it_may_be_an_alarm() -> None:
    assert set(Feed("shelly").decoder.filters().values()) == {Lane.ALARM}

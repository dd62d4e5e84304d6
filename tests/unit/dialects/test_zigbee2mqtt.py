"""zigbee2mqtt: states, availability, the bridge's announcements. Defects by their number in our list."""

from typing import Any

import msgspec
import pytest

from devices.decode import options_of
from devices.dialects.dialect import Lane
from devices.model import DeviceKind, Ignored, Reject, RejectReason, Report, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, NOON_MS, Feed

K = DeviceKind
HALL = "zigbee2mqtt/Block 3/hall smoke"
NAME = "Block 3/hall smoke"
ALARM = {"smoke": True, "battery": 91, "linkquality": 40}


def one(topic: str, payload: Any, *devices: Device, retained: bool = False, **options: Any) -> Report:
    (report,) = Feed("zigbee2mqtt", *devices, **options).reports(topic, payload, NOON, retained)
    return report


def refused(topic: str, payload: Any) -> RejectReason:
    found = Feed("zigbee2mqtt").give(topic, payload)
    assert isinstance(found, Reject), found
    return found.reason


def test_a_stranger_with_spaces_and_slashes_in_its_name_sounds() -> None:
    report = one(HALL, ALARM)
    assert (report.device, report.kind, report.registered) == (NAME, K.SMOKE_DETECTOR, False)
    assert report.states == {"smoke": True}
    assert report.measurements == {"battery_percent": 91, "link_quality": 40}
    assert (report.at, report.time_quality) == (NOON, TimeQuality.RECEIVED_ONLY)
    assert not report.snapshot
    assert not report.test


@pytest.mark.parametrize(
    ("body", "kind", "states"),
    [
        ({"carbon_monoxide": True}, K.SMOKE_DETECTOR, {"carbon_monoxide": True}),
        ({"gas": False, "tamper": True}, K.SMOKE_DETECTOR, {"gas": False, "tamper": True}),
        ({"smoke_state": "alarm"}, K.SMOKE_DETECTOR, {"smoke": True}),
        ({"smoke_state": "calm"}, K.SMOKE_DETECTOR, {"smoke": None}),
        ({"smoke": False, "linkage_alarm_state": True}, K.SMOKE_DETECTOR, {"smoke": False, "linked_alarm": True}),
        ({"smoke": True, "buzzer_manual_mute": True}, K.SMOKE_DETECTOR, {"smoke": True, "muted": True}),
        ({"water_leak": True, "battery_low": False}, K.WATER_LEAK, {"water_leak": True, "battery_low": False}),
        ({"water_leak": False, "battery_state": "low"}, K.WATER_LEAK, {"water_leak": False, "battery_low": True}),
        (
            {"contact": True, "trouble": True, "battery_defect": False},
            K.ACCESS_GATE,
            {"door_state": "closed", "fault": True},
        ),
        (
            {"contact": False, "battery_defect": True, "trouble": False},
            K.ACCESS_GATE,
            {"door_state": "open", "fault": True},
        ),
        ({"lock_state": "unlocked"}, K.ACCESS_GATE, {"lock_state": "unlocked"}),
        ({"lock_state": "not_fully_locked"}, K.ACCESS_GATE, {"lock_state": None}),
        ({"occupancy": True}, K.CAMERA, {"occupancy": True}),
        ({"smoke": False, "occupancy": True}, K.SMOKE_DETECTOR, {"smoke": False}),
    ],
)
def test_every_state_and_the_kind_it_shows(body: dict[str, Any], kind: DeviceKind, states: dict[str, Any]) -> None:
    report = one("zigbee2mqtt/x", body)
    assert (report.kind, report.states) == (kind, states)


def test_every_quantity_in_its_unit() -> None:
    body = {"gas": False, "voltage": 2975, "temperature": 21.5, "humidity": 40, "smoke_density": 0.4, "gas_density": 3}
    assert one("zigbee2mqtt/x", body).measurements == {
        "battery_voltage": pytest.approx(2.975),
        "temperature": 21.5,
        "humidity": 40,
        "smoke_density": 0.4,
        "gas_concentration": 3,
    }


def test_defect_1_a_retained_alarm_is_a_snapshot() -> None:
    assert one(HALL, ALARM, retained=True).snapshot


def test_defect_1_a_state_from_the_bridges_cache_keeps_its_age() -> None:
    report = one(HALL, {**ALARM, "last_seen": NOON_MS - 3 * 86_400_000})
    assert (report.historical, report.at) == (True, NOON - 3 * 86_400)


@pytest.mark.parametrize("seen", [NOON_MS - 5000, "2026-09-21T22:13:15+08:00"])
def test_last_seen_in_either_form_is_the_time(seen: Any) -> None:
    report = one(HALL, {**ALARM, "last_seen": seen})
    assert (report.at, report.time_quality, report.historical) == (NOON - 5, TimeQuality.SOURCE_UTC, False)


def test_defect_6_a_battery_beyond_100_is_refused_unless_its_scale_is_told() -> None:
    body = {"smoke": False, "battery": 160}
    told = one("zigbee2mqtt/x", body, battery_scale={"x": 0.5})
    refused_one = one("zigbee2mqtt/x", body)
    assert told.measurements == {"battery_percent": 80}
    assert refused_one.measurements == {}
    assert refused_one.raw_codes == {"battery_percent": 160}


def test_defect_7_numbers_and_truth_as_text() -> None:
    report = one("zigbee2mqtt/x", {"smoke": "false", "battery": "87.00", "tamper": "ON", "battery_low": "perhaps"})
    assert report.measurements == {"battery_percent": 87}
    assert report.states == {"smoke": False, "tamper": True, "battery_low": None}


def test_defect_8_null_is_unknown() -> None:
    report = one("zigbee2mqtt/x", {"smoke": None, "battery": None, "temperature": None})
    assert (report.states, report.measurements, report.raw_codes) == ({"smoke": None}, {}, None)


@pytest.mark.parametrize("payload", [b"{", b"\xff\xfe", b"[1]", b"7", b'"x"'])
def test_defect_9_broken_text_is_refused(payload: bytes) -> None:
    assert refused("zigbee2mqtt/x", payload) in (RejectReason.MALFORMED, RejectReason.WRONG_SHAPE)


def test_a_byte_order_mark_and_a_nul_are_forgiven() -> None:
    assert one("zigbee2mqtt/x", b'\xef\xbb\xbf{"smoke": true}\x00').states == {"smoke": True}


def test_a_linked_alarm_is_still_an_alarm() -> None:
    report = one("zigbee2mqtt/x", {"smoke": True, "smoke_density": 0, "linkage_alarm": True})
    assert report.states == {"smoke": True, "linked_alarm": True}


@pytest.mark.parametrize("key", ["test", "self_test"])
def test_a_running_test_is_one(key: str) -> None:
    report = one("zigbee2mqtt/x", {"smoke": True, key: True})
    assert (report.test, report.states) == (True, {"smoke": True, "test_active": True})
    assert not one("zigbee2mqtt/x", {"smoke": True, key: False}).test
    assert not one("zigbee2mqtt/x", {"smoke": True, key: None}).test


def test_a_past_tests_result_is_no_test() -> None:
    report = one("zigbee2mqtt/x", {"smoke": True, "self_test": "check_success"})
    assert not report.test
    assert report.raw_codes == {"self_test": "check_success"}


def test_what_is_no_device_of_ours_is_ignored() -> None:
    assert isinstance(Feed("zigbee2mqtt").give("zigbee2mqtt/lamp", {"state": "ON", "brightness": 200}), Ignored)
    assert isinstance(Feed("zigbee2mqtt").give("zigbee2mqtt/x", b""), Ignored)
    assert isinstance(Feed("zigbee2mqtt").give("zigbee2mqtt/x/set", {"state": "ON"}), Ignored)


def test_a_kind_once_shown_is_remembered() -> None:
    feed = Feed("zigbee2mqtt")
    feed.reports("zigbee2mqtt/x", {"water_leak": False})
    (report,) = feed.reports("zigbee2mqtt/x", {"battery": 20})
    assert (report.kind, report.states) == (K.WATER_LEAK, {})


def test_the_inventory_knows_better_than_the_content() -> None:
    device = Device("cellar", K.WATER_LEAK, dialect="zigbee2mqtt", address="x")
    report = one("zigbee2mqtt/x", {"smoke": False, "water_leak": True}, device)
    assert (report.device, report.kind, report.registered) == ("cellar", K.WATER_LEAK, True)
    assert report.states == {"water_leak": True}


@pytest.mark.parametrize("payload", [{"state": "offline"}, b"offline", b'{"state":"Offline"}'])
def test_availability_in_json_and_text(payload: Any) -> None:
    feed = Feed("zigbee2mqtt")
    assert isinstance(feed.give(f"{HALL}/availability", payload), Ignored), "nobody knows what it is"
    feed.reports(HALL, ALARM)
    (report,) = feed.reports(f"{HALL}/availability", payload)
    assert (report.device, report.availability, report.states) == (NAME, False, {})


def test_availability_of_another_word_is_refused() -> None:
    assert refused(f"{HALL}/availability", b"sleepy") is RejectReason.WRONG_SHAPE
    assert isinstance(Feed("zigbee2mqtt").give(f"{HALL}/availability", b""), Ignored)


def test_one_topic_for_each_property() -> None:
    report = one(f"{HALL}/smoke", b"true")
    assert (report.device, report.states) == (NAME, {"smoke": True})
    assert isinstance(Feed("zigbee2mqtt").give(f"{HALL}/battery", b"55"), Ignored), "a battery alone shows no kind"


def test_several_bases() -> None:
    feed = Feed("zigbee2mqtt", base=["north/z2m", "south"])
    assert feed.reports("north/z2m/x", ALARM)[0].device == "x"
    assert feed.reports("south/y", ALARM)[0].device == "y"
    assert isinstance(feed.give("zigbee2mqtt/x", ALARM), Reject)
    assert feed.decoder.filters() == {"north/z2m/#": Lane.ALARM, "south/#": Lane.ALARM}


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        options_of("zigbee2mqtt", {"bse": "x"})


LISTED = [
    {"type": "Coordinator", "friendly_name": "Coordinator", "ieee_address": "0x01"},
    {
        "type": "EndDevice",
        "friendly_name": "attic",
        "ieee_address": "0x02",
        "definition": {"vendor": "Acme", "model": "SM-1", "exposes": [{"type": "binary", "property": "smoke"}]},
    },
    {
        "type": "EndDevice",
        "friendly_name": "porch",
        "manufacturer": "Locks & Co",
        "model_id": "L2",
        "definition": {"exposes": [{"type": "lock", "features": [{"name": "lock_state"}]}]},
    },
    {"type": "Router", "friendly_name": "lamp", "definition": {"exposes": [{"type": "light"}]}},
    {"type": "EndDevice", "friendly_name": "unsupported", "definition": None},
    "nonsense",
]


def test_listed_devices_are_strangers_of_known_kind_and_maker() -> None:
    attic, porch = Feed("zigbee2mqtt").reports("zigbee2mqtt/bridge/devices", LISTED)
    assert (attic.device, attic.kind, attic.snapshot) == ("attic", K.SMOKE_DETECTOR, True)
    assert attic.raw_codes == {"vendor": "Acme", "model": "SM-1", "ieee_address": "0x02"}
    assert (porch.device, porch.kind) == ("porch", K.ACCESS_GATE)
    assert porch.raw_codes is not None
    assert (porch.raw_codes["vendor"], porch.raw_codes["model"]) == ("Locks & Co", "L2")


def test_registered_devices_need_no_announcement() -> None:
    feed = Feed("zigbee2mqtt", Device("a", K.SMOKE_DETECTOR, dialect="zigbee2mqtt", address="attic"))
    (porch,) = feed.reports("zigbee2mqtt/bridge/devices", LISTED)
    assert porch.device == "porch"


def test_an_interview_introduces_a_device() -> None:
    data = {"friendly_name": "attic", "status": "successful", "definition": LISTED[1]["definition"]}  # type: ignore[index]
    (report,) = Feed("zigbee2mqtt").reports("zigbee2mqtt/bridge/event", {"type": "device_interview", "data": data})
    assert (report.device, report.kind) == ("attic", K.SMOKE_DETECTOR)


@pytest.mark.parametrize(
    ("what", "there"), [("device_announce", True), ("device_joined", True), ("device_leave", False)]
)
def test_joining_and_leaving_is_availability(what: str, there: bool) -> None:
    feed = Feed("zigbee2mqtt")
    event = {"type": what, "data": {"friendly_name": "x", "ieee_address": "0x03"}}
    assert isinstance(feed.give("zigbee2mqtt/bridge/event", event), Ignored)
    feed.reports("zigbee2mqtt/x", ALARM)
    (report,) = feed.reports("zigbee2mqtt/bridge/event", event)
    assert (report.availability, report.states) == (there, {}), "defect 13: who is away has not stopped burning"


def test_a_bridge_that_is_away_takes_its_registered_devices_along() -> None:
    devices = [Device(name, K.SMOKE_DETECTOR, dialect="zigbee2mqtt", address=name) for name in ("a", "b", "c")]
    feed = Feed("zigbee2mqtt", *devices)
    assert isinstance(feed.give("zigbee2mqtt/bridge/state", b"offline"), Ignored)
    for name in ("a", "b", "stranger"):
        feed.reports(f"zigbee2mqtt/{name}", ALARM)
    feed.reports("zigbee2mqtt/b/availability", b"offline")
    gone = feed.reports("zigbee2mqtt/bridge/state", {"state": "offline"})
    back = feed.reports("zigbee2mqtt/bridge/state", {"state": "online"})
    assert [(r.device, r.availability) for r in gone + back] == [("a", False), ("a", True)]


@pytest.mark.parametrize(
    ("channel", "payload"),
    [("state", b"maybe"), ("devices", {"a": 1}), ("devices", b"{"), ("event", {"type": "x"}), ("event", b"")],
)
def test_a_bridge_that_makes_no_sense_is_refused(channel: str, payload: Any) -> None:
    refused(f"zigbee2mqtt/bridge/{channel}", payload)


def test_the_bridges_own_affairs_are_ignored() -> None:
    for channel in ("info", "logging", "groups", "response/device/rename"):
        assert isinstance(Feed("zigbee2mqtt").give(f"zigbee2mqtt/bridge/{channel}", {"a": 1}), Ignored)
    data = {"friendly_name": "x"}
    found = Feed("zigbee2mqtt").give("zigbee2mqtt/bridge/event", {"type": "something_new", "data": data})
    assert isinstance(found, Ignored)

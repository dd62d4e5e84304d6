"""Neuron: both formats, errors in place of values, the register map, links of drivers."""

from typing import Any

import msgspec
import pytest

from devices.dialects.dialect import Lane
from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, NOON_MS, Feed

TOPIC = "/neuron/north/plc-a/status"
REGISTERS: dict[str, Any] = {
    "plc-a/status/w0": {"name": "speed", "scale": 0.01, "device": "lift-a"},
    "plc-a/w1": {"name": "door_closed", "device": "lift-a", "words": {"3": True, "4": False}},
    "plc-a/w2": {"name": "water_leak", "device": "pit-a"},
    "w3": {"name": "load_percent"},
}
DEVICES = [
    Device("l1", DeviceKind.LIFT, dialect="neuron", address="lift-a"),
    Device("w1", DeviceKind.WATER_LEAK, dialect="neuron", address="pit-a"),
]


def tags(*given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"timestamp": NOON_MS, "node": "plc-a", "group": "status", "tags": list(given), **more}


def feed(**options: Any) -> Feed:
    return Feed("neuron", *DEVICES, registers=REGISTERS, **options)


def test_tags_format_goes_to_the_devices_of_the_register_map() -> None:
    body = tags({"name": "w0", "value": 175}, {"name": "w1", "value": 3}, {"name": "w2", "value": 0})
    lift, pit = feed().reports(TOPIC, body)
    assert (lift.device, lift.registered, lift.measurements) == ("l1", True, {"speed": 1.75})
    assert lift.states == {"door_closed": True}
    assert (pit.device, pit.states) == ("w1", {"water_leak": False})
    assert (lift.at, lift.time_quality) == (NOON, TimeQuality.SOURCE_UTC)
    assert lift.dedup_key != pit.dedup_key


def test_values_format() -> None:
    body = {"timestamp": NOON_MS, "node": "plc-a", "group": "status", "values": {"w0": 90, "w1": 4}, "errors": {}}
    found = feed().report(TOPIC, body)
    assert found.measurements == {"speed": pytest.approx(0.9)}
    assert found.states == {"door_closed": False}


def test_an_error_is_unknown_in_either_format() -> None:
    both = [
        tags({"name": "w0", "error": 3002}, {"name": "w1", "error": 3002}, {"name": "w1x", "error": 5}),
        {"values": {}, "errors": {"w0": 3002, "w1": 3002, "w1x": 5}},
    ]
    for body in both:
        found = feed().reports(TOPIC, body)[0]
        assert found.states == {"door_closed": None}
        assert found.measurements == {}
        assert found.raw_codes is not None
        assert found.raw_codes["w0 error"] == 3002


def test_error_zero_is_no_error() -> None:
    found = feed().report(TOPIC, {"values": {"w1": 3}, "errors": {"w1": 0}})
    assert found.states == {"door_closed": True}


def test_a_tag_of_any_driver() -> None:
    found = feed().report("/neuron/north/plc-b/g", {"timestamp": NOON_MS, "values": {"w3": 60}})
    assert (found.device, found.kind, found.measurements) == ("plc-b", DeviceKind.LIFT, {"load_percent": 60})


def test_tags_named_as_we_name_things_need_no_map() -> None:
    found = Feed("neuron").report("/neuron/n/d/g", {"values": {"smoke": 1, "battery_percent": 80, "odd": 4}})
    assert (found.kind, found.device, found.registered) == (DeviceKind.SMOKE_DETECTOR, "d", False)
    assert (found.states, found.measurements) == ({"smoke": True}, {"battery_percent": 80})
    assert (found.raw_codes, found.time_quality) == ({"odd": 4}, TimeQuality.RECEIVED_ONLY)


def test_numbers_without_a_map_are_ignored_with_the_remedy() -> None:
    assert "registers" in Feed("neuron").why(TOPIC, tags({"name": "tag7", "value": 9}, {"name": "tag8", "error": 11}))


@pytest.mark.parametrize(
    ("version", "link", "online"),
    [("2.1.3", 2, True), ("2.1.3", 0, False), ("2.6.0", 1, True), ("2.6.0", 0, False), ("", 1, True)],
)
def test_a_heartbeat_tells_which_drivers_have_their_link(version: str, link: int, online: bool) -> None:
    body = {"version": version, "timestamp": NOON_MS, "states": [{"node": "plc-a", "link": link, "running": 3}]}
    found = feed().reports("/neuron/north/heartbeat", body)
    assert {(r.device, r.availability) for r in found} == {("l1", online), ("w1", online)}
    assert all(r.states == {} for r in found)


@pytest.mark.parametrize(
    "states", [[], [{"node": "mqtt", "link": 2}], [{"node": "plc-a", "link": 1}], [{"node": "plc-a"}]]
)
def test_heartbeats_that_say_nothing(states: list[dict[str, Any]]) -> None:
    assert feed().why("/neuron/north/heartbeat", {"version": "2.1.0", "states": states})


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", RejectReason.EMPTY),
        (b'{"tags": [{"name": "a", "value": 1},]}', RejectReason.MALFORMED),
        ({"tags": {}}, RejectReason.WRONG_SHAPE),
        ({"timestamp": NOON_MS}, RejectReason.WRONG_SHAPE),
        (tags(node="plc-z"), RejectReason.IDENTITY_MISMATCH),
    ],
)
def test_refusals(payload: Any, why: RejectReason) -> None:
    assert feed().reason(TOPIC, payload) is why


def test_a_heartbeat_without_states_is_refused() -> None:
    assert feed().reason("/neuron/north/heartbeat", {"version": "2.1.0"}) is RejectReason.WRONG_SHAPE


def test_base_topic_and_lanes() -> None:
    stream = feed(base="plant/neuron")
    assert stream.decoder.filters() == {
        "plant/neuron/+/+/+": Lane.ALARM,
        "plant/neuron/+/heartbeat": Lane.ALARM,
    }
    assert stream.reports("plant/neuron/n/plc-a/status", tags({"name": "w0", "value": 1}))
    assert stream.reason("plant/neuron/n/a/b/c", tags()) is RejectReason.BAD_TOPIC
    assert stream.reason("/neuron/n/plc-a/status", tags()) is RejectReason.UNKNOWN_DIALECT


def test_a_driver_named_in_the_payload_alone() -> None:
    assert feed().report("/neuron/north", tags({"name": "w0", "value": 100})).device == "l1"


def test_a_wrong_register_map_is_told() -> None:
    with pytest.raises(msgspec.ValidationError, match="no canonical name"):
        Feed("neuron", registers={"a": {"name": "pressure"}})

"""Home Assistant discovery: configurations make devices, their state topics are read as announced."""

import json
from typing import Any

import msgspec
import pytest

from devices.decode import Decoder, options_of
from devices.dialects.dialect import Context, Lane
from devices.dialects.ha_config import BINARY, NUMERIC
from devices.dialects.values import pseudonym
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report, TimeQuality
from devices.names import QUANTITIES, STATES
from devices.registry import Device, Registry
from tests.unit.dialects.feed import NOON, Feed

K = DeviceKind
CONFIG = "homeassistant/binary_sensor/b7/smoke/config"
STATE = "acme/b7/state"
DEVICE = {"identifiers": ["acme-b7"], "manufacturer": "Acme", "model": "S-7", "name": "Stairs B7"}
SMOKE = {"device_class": "smoke", "state_topic": STATE, "unique_id": "b7s", "device": DEVICE}


def announce(feed: Feed, config: dict[str, Any], component: str = "binary_sensor", object_id: str = "x") -> Any:
    return feed.give(f"homeassistant/{component}/{object_id}/config", config, retained=True)


def said(payload: Any, component: str = "binary_sensor", kind: DeviceKind = K.SMOKE_DETECTOR, **config: Any) -> Report:
    """Announce one entity of a registered device of ``kind``; return what its state says."""
    device = Device("known", kind, dialect="homeassistant", address="acme-b7")
    feed = Feed("homeassistant", device, state_filters=["acme/#"])
    announce(feed, {"state_topic": STATE, "device": DEVICE, **config}, component)
    return feed.report(STATE, payload)


def test_an_announced_device_is_a_stranger_of_known_kind_and_maker() -> None:
    report = Feed("homeassistant").report(CONFIG, SMOKE, retained=True)
    assert (report.device, report.kind, report.registered) == ("acme-b7", K.SMOKE_DETECTOR, False)
    assert (report.states, report.snapshot) == ({}, True)
    assert report.raw_codes == {"vendor": "Acme", "model": "S-7"}


def test_a_topic_is_read_from_the_moment_it_is_announced() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    assert isinstance(feed.give(STATE, b"ON"), Ignored), "nobody knows yet what it means"
    feed.give(CONFIG, SMOKE)
    report = feed.report(STATE, b"ON")
    assert (report.device, report.states, report.snapshot) == ("acme-b7", {"smoke": True}, False)


def test_a_topic_no_filter_names_is_routed_anew_too() -> None:
    feed = Feed("homeassistant")
    assert feed.reason(STATE, b"ON") is RejectReason.UNKNOWN_DIALECT
    feed.give(CONFIG, SMOKE)
    assert feed.report(STATE, b"ON").states == {"smoke": True}


def test_within_one_batch_too() -> None:
    decoder = Decoder(Registry(), "", {"homeassistant": {}}, Context())
    batch = [
        Envelope(STATE, b"ON", NOON),
        Envelope(CONFIG, json.dumps(SMOKE).encode(), NOON),
        Envelope(STATE, b"ON", NOON),
        Envelope(CONFIG, b"", NOON),
        Envelope(STATE, b"ON", NOON),
    ]
    reports, rejects = decoder.decode_all(batch)
    assert [report.states for report in reports] == [{}, {"smoke": True}]
    assert [index for index, _ in rejects] == [0, 4]


def test_the_sender_of_an_announced_topic_is_its_device() -> None:
    feed = Feed("homeassistant", state_filters=["acme/+/state"])
    feed.give(STATE, b"ON")
    feed.give(CONFIG, SMOKE)
    route = feed.decoder.route(STATE)
    assert not isinstance(route, Reject)
    assert (route.sender, route.kind) == ("acme-b7", K.SMOKE_DETECTOR)


def test_an_empty_payload_deletes() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    feed.give(CONFIG, SMOKE)
    assert isinstance(feed.give(CONFIG, b""), Ignored)
    assert isinstance(feed.give(STATE, b"ON"), Ignored)
    assert isinstance(feed.give(CONFIG, b""), Ignored), "twice is harmless"


def test_a_repeated_configuration_moves_nothing() -> None:
    feed = Feed("homeassistant")
    feed.give(CONFIG, SMOKE)
    feed.report(STATE, b"OFF")
    route = feed.decoder.route(STATE)
    assert feed.report(CONFIG, SMOKE).device == "acme-b7"
    assert feed.decoder.route(STATE) is route


def test_a_new_configuration_replaces_the_old_one() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    feed.give(CONFIG, SMOKE)
    feed.give(CONFIG, {**SMOKE, "state_topic": "acme/b7/new", "payload_on": "1", "payload_off": "0"})
    assert isinstance(feed.give(STATE, b"ON"), Ignored)
    assert feed.report("acme/b7/new", b"1").states == {"smoke": True}
    assert feed.report("acme/b7/new", b"ON").states == {"smoke": None}


def test_entities_of_one_device_on_one_topic_are_one_report() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    classes = {"smoke": "smoke", "tamper": "tamper", "battery": "low"}
    for device_class, member in classes.items():
        config = {**SMOKE, "device_class": device_class, "value_template": f"{{{{ value_json.{member} }}}}"}
        announce(feed, {**config, "payload_on": True, "payload_off": False}, object_id=device_class)
    level = {**SMOKE, "device_class": "battery", "value_template": "{{ value_json['level'] | int }}"}
    announce(feed, level, "sensor")
    report = feed.report(STATE, {"smoke": True, "tamper": False, "low": None, "level": 62})
    assert report.states == {"smoke": True, "tamper": False, "battery_low": None}
    assert report.measurements == {"battery_percent": 62}
    assert feed.report(STATE, {"level": 61}).states == {}, "what is missing is unchanged"


def test_deleting_one_entity_leaves_the_others() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    announce(feed, {**SMOKE, "value_template": "{{ value_json.s }}"}, object_id="one")
    announce(feed, {**SMOKE, "device_class": "tamper", "value_template": "{{ value_json.t }}"}, object_id="two")
    announce(feed, {**SMOKE, "device_class": "tamper", "value_template": "{{ value_json.t }}"}, object_id="three")
    feed.give("homeassistant/binary_sensor/two/config", b"")
    assert feed.report(STATE, {"s": "ON", "t": "ON"}).states == {"smoke": True, "tamper": True}, "three says so too"
    feed.give("homeassistant/binary_sensor/three/config", b"")
    assert feed.report(STATE, {"s": "ON", "t": "ON"}).states == {"smoke": True}


def test_one_topic_of_two_devices_is_two_reports() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    for name in ("a", "b"):
        config = {**SMOKE, "device": {"identifiers": name}, "value_template": f"{{{{ value_json.{name} }}}}"}
        announce(feed, config, object_id=name)
    first, second = feed.reports(STATE, {"a": "ON", "b": "OFF"})
    assert (first.device, first.states) == ("a", {"smoke": True})
    assert (second.device, second.states) == ("b", {"smoke": False})


@pytest.mark.parametrize("device_class", [name for name, meaning in BINARY.items() if meaning[0]])
def test_every_binary_device_class(device_class: str) -> None:
    name, on, off, shown = BINARY[device_class]
    kind = shown or K.SMOKE_DETECTOR
    assert STATES[name].type == ("bool" if isinstance(on, bool) else "text")
    assert said(b"ON", kind=kind, device_class=device_class).states == {name: on}
    assert said(b"OFF", kind=kind, device_class=device_class).states == {name: off}
    other = said(b"unavailable", kind=kind, device_class=device_class)
    assert (other.states, other.raw_codes) == ({name: None}, {name: "unavailable"})


@pytest.mark.parametrize("device_class", NUMERIC)
def test_every_numeric_device_class(device_class: str) -> None:
    report = said(b"12.5", "sensor", device_class=device_class)
    assert report.measurements == {NUMERIC[device_class]: 12.5}
    assert NUMERIC[device_class] in QUANTITIES


@pytest.mark.parametrize(
    ("device_class", "unit", "payload", "value"),
    [
        ("temperature", "°F", b"50", 10.0),
        ("temperature", "K", b"273.15", 0.0),
        ("temperature", "°C", b"-4", -4.0),
        ("voltage", "mV", b"2900", 2.9),
    ],
)
def test_units_are_converted(device_class: str, unit: str, payload: bytes, value: float) -> None:
    report = said(payload, "sensor", device_class=device_class, unit_of_measurement=unit)
    assert list(report.measurements.values()) == [pytest.approx(value)]


def test_a_number_that_is_none_is_kept_for_people() -> None:
    report = said(b"n/a", "sensor", device_class="temperature")
    assert (report.measurements, report.raw_codes) == ({}, {"temperature": "n/a"})


@pytest.mark.parametrize(
    ("component", "config", "payload", "states"),
    [
        ("lock", {}, b"LOCKED", {"lock_state": "locked"}),
        ("lock", {"state_unlocked": "free"}, b"free", {"lock_state": "unlocked"}),
        ("lock", {}, b"JAMMED", {"lock_state": None}),
        ("cover", {"device_class": "gate"}, b"opening", {"door_state": "opening"}),
        ("cover", {"device_class": "gate", "state_closed": "shut"}, b"shut", {"door_state": "closed"}),
    ],
)
def test_locks_and_gates(component: str, config: dict[str, Any], payload: bytes, states: dict[str, Any]) -> None:
    assert said(payload, component, K.ACCESS_GATE, **config).states == states


def test_a_doorbell_rings() -> None:
    report = said({"event_type": "press"}, "event", K.ACCESS_GATE, device_class="doorbell")
    assert [event.code for event in report.events] == ["doorbell"]


def test_a_tag_is_a_pseudonym() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    config = {"topic": "acme/tags", "value_template": "{{ value_json.PN532.UID }}", "device": DEVICE}
    announce(feed, config, "tag")
    report = feed.report(
        "acme/tags", {"Time": "2026-09-21T22:13:20", "PN532": {"UID": "77AA11", "DATA": "Li Wei"}}, NOON
    )
    assert (report.device, report.kind) == ("acme-b7", K.ACCESS_GATE)
    assert report.raw_codes == {"credential_type": "card", "credential_ref": pseudonym(b"test", "77AA11")}
    assert (report.at, report.time_quality) == (NOON, TimeQuality.SOURCE_LOCAL_ASSUMED)
    written = msgspec.json.encode(report)
    assert b"77AA11" not in written
    assert b"Li Wei" not in written


def test_a_tag_topic_by_its_conventional_name_needs_no_announcement() -> None:
    report = Feed("homeassistant").report("7F00A1/tag_scanned", {"RC522": {"UID": "77AA11"}})
    assert (report.device, report.raw_codes) == (
        "7F00A1",
        {"credential_type": "card", "credential_ref": pseudonym(b"test", "77AA11")},
    )
    assert isinstance(Feed("homeassistant").give("7F00A1/tag_scanned", {"PN532": {}}), Ignored)
    assert Feed("homeassistant").reason("7F00A1/tag_scanned", b"{") is RejectReason.MALFORMED


@pytest.mark.parametrize(
    ("config", "payload", "there"),
    [
        ({"availability_topic": "acme/will"}, b"online", True),
        ({"availability_topic": "acme/will"}, b"offline", False),
        ({"availability_topic": "acme/will", "payload_not_available": "gone"}, b"gone", False),
        (
            {"availability": {"topic": "acme/will", "value_template": "{{ value_json.state }}"}},
            b'{"state":"offline"}',
            False,
        ),
    ],
)
def test_availability(config: dict[str, Any], payload: bytes, there: bool) -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    feed.give(CONFIG, {**SMOKE, **config})
    report = feed.report("acme/will", payload)
    assert (report.availability, report.states) == (there, {})
    assert isinstance(feed.give("acme/will", b"perhaps"), Ignored | Reject)


def test_connectivity_is_availability() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    feed.give(CONFIG, SMOKE)
    announce(feed, {**SMOKE, "device_class": "connectivity", "state_topic": "acme/link"})
    assert feed.report("acme/link", b"OFF").availability is False


def test_registered_devices_need_no_announcement() -> None:
    feed = Feed("homeassistant", Device("s", K.SMOKE_DETECTOR, dialect="homeassistant", address="acme-b7"))
    assert isinstance(feed.give(CONFIG, SMOKE), Ignored)
    assert feed.report(STATE, b"ON").device == "s"


def test_a_device_of_no_known_kind_says_nothing_until_it_shows_one() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    announce(feed, {**SMOKE, "device_class": "tamper"})
    assert isinstance(feed.give(STATE, b"ON"), Ignored)


def test_our_own_announcements_are_not_listened_to() -> None:
    found = Feed("homeassistant").give(CONFIG, {**SMOKE, "origin": {"name": "Community Gateway"}})
    assert isinstance(found, Ignored)
    bridge = Feed("homeassistant", ignore_origins=["Zigbee2MQTT"])
    assert isinstance(bridge.give(CONFIG, {**SMOKE, "o": {"name": "zigbee2mqtt"}}), Ignored)
    assert bridge.reason(STATE, b"ON") is RejectReason.UNKNOWN_DIALECT


def test_another_prefix_and_its_filters() -> None:
    feed = Feed("homeassistant", prefix="discover/me", state_filters=["acme/+/state"])
    assert feed.decoder.filters() == {"discover/me/#": Lane.ALARM, "acme/+/state": Lane.ALARM}
    assert feed.report("discover/me/binary_sensor/x/config", SMOKE).device == "acme-b7"


@pytest.mark.parametrize(
    ("pattern", "topic", "ours"),
    [
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/b", "a", False),
        ("a/+/c", "a/b/d", False),
    ],
)
def test_filters_match_as_the_broker_does(pattern: str, topic: str, ours: bool) -> None:
    found = Feed("homeassistant", state_filters=[pattern]).give(topic, b"1")
    assert isinstance(found, Ignored if ours else Reject)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        options_of("homeassistant", {"prefx": "x"})


@pytest.mark.parametrize("payload", [b"{", b"[]", b"\xff"])
def test_a_broken_configuration_is_refused_and_the_old_one_kept(payload: bytes) -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    feed.give(CONFIG, SMOKE)
    assert isinstance(feed.give(CONFIG, payload), Reject)
    assert feed.report(STATE, b"ON").states == {"smoke": True}


def test_a_state_announced_as_json_must_be_json() -> None:
    feed = Feed("homeassistant", state_filters=["acme/#"])
    feed.give(CONFIG, {**SMOKE, "value_template": "{{ value_json.s }}"})
    assert feed.reason(STATE, b"ON") is RejectReason.MALFORMED
    assert isinstance(feed.give(STATE, b""), Ignored)
    assert isinstance(feed.give(STATE, {"other": 1}), Ignored)


def test_a_retained_state_is_a_snapshot() -> None:
    feed = Feed("homeassistant")
    feed.give(CONFIG, SMOKE, retained=True)
    assert feed.report(STATE, b"ON", retained=True).snapshot


def test_other_topics_below_the_prefix_are_ignored() -> None:
    assert isinstance(Feed("homeassistant").give("homeassistant/status", b"online"), Ignored)


def test_the_number_of_entities_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.dialects.homeassistant.MAX_CONFIGS", 1)
    feed = Feed("homeassistant")
    feed.give(CONFIG, SMOKE)
    assert announce(feed, SMOKE).reason is RejectReason.RATE_LIMITED
    assert feed.report(CONFIG, SMOKE).device == "acme-b7", "what is known may change"

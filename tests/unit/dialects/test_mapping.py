"""The dialect without code: what the site file describes is decoded, what it describes wrongly is refused."""

from typing import Any

import msgspec
import pytest

from devices.decode import Decoder, options_of
from devices.dialects.dialect import Context, Lane
from devices.dialects.mapping_options import overlap
from devices.dialects.values import pseudonym
from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.registry import Device, Registry
from tests.unit.dialects.feed import NOON, NOON_MS, Feed

LEAK: dict[str, Any] = {
    "topic": "plant/{device}/state",
    "kind": "water_leak",
    "lane": "alarm",
    "fields": {"water_leak": "wet"},
}


def fed(*devices: Device, **changes: Any) -> Feed:
    return Feed("mapping", *devices, topics=[{**LEAK, **changes}])


def refused(**changes: Any) -> str:
    """What is wrong with the entry, and where."""
    with pytest.raises(msgspec.ValidationError) as caught:
        options_of("mapping", {"topics": [{**LEAK, **changes}]})
    return str(caught.value)


def test_a_field_is_found_and_the_topic_names_the_device() -> None:
    report = fed().report("plant/w-1/state", {"wet": True})
    assert (report.device, report.kind, report.states) == ("w-1", DeviceKind.WATER_LEAK, {"water_leak": True})
    assert not report.registered
    assert report.time_quality is TimeQuality.RECEIVED_ONLY


def test_a_registered_device_is_known_by_its_address() -> None:
    known = Device("cellar", DeviceKind.WATER_LEAK, dialect="mapping", address="w-1")
    report = fed(known).report("plant/w-1/state", {"wet": False})
    assert (report.device, report.registered) == ("cellar", True)


@pytest.mark.parametrize(
    ("pattern", "topic", "device"),
    [
        ("plant/{device}", "plant/a b", "a b"),
        ("+/{device}/+", "x/d/y", "d"),
        ("plant/{device}/#", "plant/d/any/thing", "d"),
        ("plant/{device}/#", "plant/d", "d"),
    ],
)
def test_a_pattern_matches_as_the_broker_does(pattern: str, topic: str, device: str) -> None:
    assert fed(topic=pattern).report(topic, {"wet": True}).device == device


@pytest.mark.parametrize("topic", ["plant/a", "plant/a/other", "plant/a/state/x", "plant//state", "other/a/state"])
def test_other_topics_are_nobodys(topic: str) -> None:
    assert fed().reason(topic, {"wet": True}) is RejectReason.UNKNOWN_DIALECT


def test_each_pattern_is_a_filter_in_its_lane() -> None:
    other = {**LEAK, "topic": "hall/{device}/#", "lane": "telemetry"}
    assert Feed("mapping", topics=[LEAK, other]).decoder.filters() == {
        "plant/+/state": Lane.ALARM,
        "hall/+/#": Lane.TELEMETRY,
    }


@pytest.mark.parametrize(("value", "device"), [("w9", "w9"), (17, "17"), (" w9 ", "w9")])
def test_the_payload_may_name_the_device(value: Any, device: str) -> None:
    feed = fed(topic="plant/all", device="meta.id")
    assert feed.report("plant/all", {"meta": {"id": value}, "wet": True}).device == device


@pytest.mark.parametrize("meta", [{}, {"id": None}, {"id": True}, {"id": ""}, {"id": ["w9"]}, {"id": 1.5}])
def test_a_payload_that_names_no_device_is_refused(meta: dict[str, Any]) -> None:
    assert fed(topic="plant/all", device="meta.id").reason("plant/all", {"meta": meta, "wet": True}) == "wrong_shape"


def test_a_fixed_topic_may_belong_to_one_device() -> None:
    assert fed(topic="plant/pump", device="'pump-1'").report("plant/pump", {"wet": True}).device == "pump-1"


@pytest.mark.parametrize(
    ("field", "value", "measured"),
    [
        ({"path": "t"}, 21.5, 21.5),
        ({"path": "t"}, "21.5", 21.5),
        ({"path": "t", "unit": "degC"}, 21.5, 21.5),
        ({"path": "t", "unit": "degF"}, 212, 100),
        ({"path": "t", "unit": "K"}, 273.15, 0),
        ({"path": "t", "scale": 0.1, "unit": "degF"}, 320, 0),
        ({"path": "t", "scale": 0.5, "offset": -40}, 100, 10),
    ],
)
def test_a_number_is_scaled_then_shifted_then_converted(field: Any, value: Any, measured: float) -> None:
    report = fed(fields={"temperature": field}).report("plant/w/state", {"t": value})
    assert report.measurements == {"temperature": pytest.approx(measured, abs=1e-9)}


@pytest.mark.parametrize("value", [120, -1, "full", True])
def test_a_number_out_of_its_limits_is_shown_and_not_believed_defect_6(value: Any) -> None:
    feed = fed(fields={"battery_percent": "b", "water_leak": "wet"})
    report = feed.report("plant/w/state", {"b": value, "wet": False})
    assert report.measurements == {}
    assert report.raw_codes == {"battery_percent": value}


@pytest.mark.parametrize(
    ("field", "value", "state"),
    [
        ({"path": "wet"}, "false", False),
        ({"path": "wet"}, "ON", True),
        ({"path": "wet"}, 1, True),
        ({"path": "wet"}, 1.0, True),
        ({"path": "wet"}, "soaked", None),
        ({"path": "wet"}, None, None),
        ({"path": "wet", "yes": ["Soaked"], "no": ["dry"]}, " soaked ", True),
        ({"path": "wet", "yes": ["Soaked"], "no": ["dry"]}, "DRY", False),
        ({"path": "wet", "yes": ["Soaked"], "no": ["dry"]}, True, None),
        ({"path": "wet", "yes": ["soaked"]}, "off", False),
        ({"path": "wet", "yes": [0], "no": [1]}, 0, True),
        ({"path": "wet", "yes": [0], "no": [1]}, "1", False),
        ({"path": "wet", "yes": [False], "no": [True]}, False, True),
        ({"path": "wet", "yes": [False]}, True, None),
    ],
)
def test_words_for_truth_are_per_field_and_others_are_unknown_defects_7_8_10(
    field: Any, value: Any, state: Any
) -> None:
    assert fed(fields={"water_leak": field}).report("plant/w/state", {"wet": value}).states == {"water_leak": state}


def test_a_missing_member_says_nothing_while_null_is_unknown_defect_8() -> None:
    feed = fed(fields={"water_leak": "wet", "tamper": "lid"})
    assert feed.report("plant/w/state", {"wet": None}).states == {"water_leak": None}
    assert feed.report("plant/w/state", {"lid": False}).states == {"tamper": False}


@pytest.mark.parametrize(
    ("written", "state"), [("AUF", "open"), ("zu", "closed"), ("open", "open"), ("?", None), (3, None)]
)
def test_the_words_of_a_text_state_are_translated(written: Any, state: Any) -> None:
    valve = {"path": "v", "words": {"auf": "open", "Zu": "closed"}}
    assert fed(fields={"valve_state": valve}).report("plant/w/state", {"v": written}).states == {"valve_state": state}


@pytest.mark.parametrize(("written", "floor"), [("B1", "B1"), (-2, "-2"), ("7F", "7F")])
def test_a_free_text_keeps_its_case(written: Any, floor: str) -> None:
    feed = fed(kind="lift", fields={"floor": "f"})
    assert feed.report("plant/l/state", {"f": written}).states == {"floor": floor}


def test_a_list_of_tags_is_read_by_name() -> None:
    feed = fed(fields={"water_leak": "tags[?name=='leak'] | [0].value"})
    tags = [{"name": "t", "value": 4}, {"name": "leak", "value": 1}]
    assert feed.report("plant/w/state", {"tags": tags}).states == {"water_leak": True}


def gate(**changes: Any) -> dict[str, Any]:
    attributes = {
        "credential_ref": "card",
        "door_id": "door",
        "reason": {"path": "result", "words": {"2": "expired"}},
        "confidence": {"path": "score", "scale": 0.01},
    }
    event = {"code": "access_denied", "when": "result != `0`", "attributes": attributes, **changes}
    return {"kind": "access_gate", "fields": {}, "events": [event]}


def test_an_event_happens_when_its_condition_is_true() -> None:
    feed = fed(**gate())
    (event,) = feed.report("plant/g/state", {"result": 2, "card": "7788", "door": "d1", "score": 93}).events
    assert event.code == "access_denied"
    card = pseudonym(b"test", "7788")
    assert event.attributes == {"credential_ref": card, "door_id": "d1", "reason": "expired", "confidence": 0.93}
    assert "none of the fields" in feed.why("plant/g/state", {"result": 0, "card": "7788"})


def test_an_event_without_condition_is_every_message() -> None:
    feed = fed(**gate(code="doorbell", when="", attributes={}))
    assert [e.code for e in feed.report("plant/g/state", {}).events] == ["doorbell"]


@pytest.mark.parametrize(("ring", "rings"), [("pressed", True), ("released", False), ("else", False)])
def test_the_words_of_a_condition_are_its_own(ring: str, rings: bool) -> None:
    when = {"path": "bell", "yes": ["pressed"], "no": ["released"]}
    feed = fed(**gate(code="doorbell", when=when, attributes={}))
    found = feed.give("plant/g/state", {"bell": ring})
    assert isinstance(found, list) is rings


@pytest.mark.parametrize("keep", [False, True])
def test_a_plate_is_kept_only_where_the_site_says_so(keep: bool) -> None:
    entry = gate(code="plate_recognised", when="", attributes={"plate_text": "p", "credential_ref": "p"})
    feed = fed(**entry)
    context = Context(key=b"test", keep_plates=keep)
    feed.decoder = Decoder(Registry(), "home", {"mapping": {"topics": [{**LEAK, **entry}]}}, context)
    (event,) = feed.report("plant/g/state", {"p": "浙A12345"}).events
    assert event.attributes.get("plate_text") == ("浙A12345" if keep else None)
    assert event.attributes["credential_ref"] == pseudonym(b"test", "浙A12345")


@pytest.mark.parametrize(
    ("time", "written", "at", "quality"),
    [
        ({"path": "at", "format": "ms"}, NOON_MS - 5000, NOON - 5, "source_utc"),
        ({"path": "at", "format": "s"}, "1789999995", NOON - 5, "source_utc"),
        ({"path": "at"}, "2026-09-21T14:13:15+00:00", NOON - 5, "source_utc"),
        ({"path": "at", "format": "local"}, "2026-09-21 22:13:15", NOON - 5, "source_local_assumed"),
        ({"path": "at", "format": "local", "zone": "UTC"}, "2026-09-21 14:13:15", NOON - 5, "source_local_assumed"),
        ({"path": "at", "format": "%d.%m.%Y %H:%M:%S"}, "21.09.2026 22:13:15", NOON - 5, "source_local_assumed"),
        ({"path": "at", "format": "%d.%m.%Y %H:%M:%S %z"}, "21.09.2026 14:13:15 +0000", NOON - 5, "source_utc"),
        ({"path": "at", "format": "%d.%m.%Y %H:%M:%S"}, "21.9.2026 22:13:15", NOON - 5, "source_local_assumed"),
        ({"path": "at", "format": "%d.%m.%Y %H:%M:%S"}, "31.02.2026 22:13:15", NOON, "received_only"),
        ({"path": "at", "format": "%d.%m.%Y %H:%M:%S"}, "2026-09-21 22:13:15", NOON, "received_only"),
        ({"path": "at", "format": "%y%m%d%H%M%S"}, "260921221315", NOON - 5, "source_local_assumed"),
        ({"path": "at", "format": "%Y%m%d%H%M%S"}, "20260921221315", NOON - 5, "source_local_assumed"),
        ({"path": "at", "format": "ms"}, 2460, NOON, "device_unsynced"),
        ({"path": "at", "format": "ms"}, NOON_MS + 90_000, NOON, "future_rejected"),
        ({"path": "at"}, "2026-09-21T14:13:15", NOON, "received_only"),
        ({"path": "at"}, None, NOON, "received_only"),
        ({"path": "at", "format": "ms"}, "noon", NOON, "received_only"),
    ],
)
def test_times_of_every_clock_defect_5(time: dict[str, str], written: Any, at: float, quality: str) -> None:
    report = fed(time=time).report("plant/w/state", {"wet": False, "at": written}, at=NOON)
    assert (report.at, report.time_quality.value) == (at, quality)


def test_stored_data_keep_their_old_time() -> None:
    feed = fed(time={"path": "at", "format": "s"}, historical="replayed")
    report = feed.report("plant/w/state", {"wet": True, "at": NOON - 200_000, "replayed": True}, at=NOON)
    assert (report.at, report.historical) == (NOON - 200_000, True)
    assert not feed.report("plant/w/state", {"wet": True, "at": NOON, "replayed": "no"}).historical


def test_a_test_is_a_test_and_unknown_words_are_none() -> None:
    feed = fed(test={"path": "mode", "yes": ["drill"], "no": ["live"]})
    assert feed.report("plant/w/state", {"wet": True, "mode": "Drill"}).test
    assert not feed.report("plant/w/state", {"wet": True, "mode": "live"}).test
    assert not feed.report("plant/w/state", {"wet": True, "mode": "?"}).test
    assert not feed.report("plant/w/state", {"wet": True}).test


def test_availability_is_read_from_plain_text() -> None:
    online = {"path": "@", "yes": ["up"], "no": ["down"]}
    feed = fed(payload="text", fields={}, online=online)
    assert feed.report("plant/w/state", b"up\n").availability is True
    assert feed.report("plant/w/state", b"down").availability is False
    assert "none of the fields" in feed.why("plant/w/state", b"perhaps")
    assert feed.reason("plant/w/state", b"\xff\xfe") is RejectReason.MALFORMED


def test_a_retained_message_is_a_snapshot_defect_1() -> None:
    assert fed().report("plant/w/state", {"wet": True}, retained=True).snapshot


def test_what_is_no_json_is_refused_defect_9() -> None:
    assert fed().reason("plant/w/state", b"{") is RejectReason.MALFORMED
    assert fed().reason("plant/w/state", b"") is RejectReason.EMPTY
    assert fed().report("plant/w/state", b'\x00{"wet": true}').states == {"water_leak": True}


def test_the_same_message_twice_is_known_by_its_content_defect_3() -> None:
    feed = fed(time={"path": "at", "format": "s"})
    first, second = (feed.report("plant/w/state", {"wet": True, "at": NOON}) for _ in range(2))
    assert first.dedup_key == second.dedup_key is not None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fields": {"water_leak": "a..b"}}, "water_leak: 'a..b' is no JMESPath"),
        ({"fields": {"water_leak": {"path": "]"}}}, "is no JMESPath"),
        ({"fields": {"waterleak": "a"}}, "did you mean 'water_leak'?"),
        ({"fields": {"smoke": "a"}}, "'smoke' is no canonical name of water_leak"),
        ({"fields": {"temperature": {"path": "t", "unit": "mV"}}}, "temperature: unit 'mV' does not turn into 'degC'"),
        ({"fields": {"temperature": {"path": "t", "yes": ["1"]}}}, "yes, no and words are for states"),
        ({"fields": {"water_leak": {"path": "t", "scale": 2}}}, "scale and offset are for numbers"),
        ({"fields": {"water_leak": {"path": "t", "words": {"a": "b"}}}}, "list its words under yes and no"),
        ({"fields": {"valve_state": {"path": "t", "yes": ["a"]}}}, "translate them under words"),
        ({"fields": {"valve_state": {"path": "t", "words": {"a": "opened"}}}}, "did you mean 'open'?"),
        ({"fields": {"water_leak": {"path": "t", "yes": [1], "no": ["1"]}}}, "under both yes and no"),
        ({"fields": {"water_leak": {"path": "t", "unti": "V"}}}, "unti"),
        ({"fields": {}}, "the entry maps nothing"),
        ({"topic": "plant/x"}, "name the device exactly once"),
        ({"device": "id"}, "name the device exactly once"),
        ({"topic": "a/{device}/{device}"}, "is no topic pattern"),
        ({"topic": "a/#/{device}"}, "is no topic pattern"),
        ({"topic": "a/b+/{device}"}, "is no topic pattern"),
        ({"topic": "community/home/{device}"}, "belong to the native dialect"),
        ({"kind": "toaster"}, "kind"),
        ({"lane": "slow"}, "lane"),
        ({"device": "[", "topic": "plant/x"}, "device: '[' is no JMESPath"),
        ({"test": "a..b"}, "test: 'a..b' is no JMESPath"),
        ({"time": {"path": "at", "format": "unix"}}, "none of ms, s, iso, local"),
        ({"time": {"path": "at", "zone": "Mars/Base"}}, "is no time zone"),
        ({"events": [{"code": "doorbel"}]}, "did you mean 'doorbell'?"),
        ({"events": [{"code": "doorbell"}]}, "belongs to access_gate, not to water_leak"),
        ({"events": [{"code": "doorbell", "when": "a.."}]}, "is no JMESPath"),
        ({"events": [{"code": "doorbell", "attributes": {"floor": "a"}}]}, "has no attribute 'floor'"),
        ({"events": [{"code": "doorbell", "attributes": {"door_id": "a.."}}]}, "door_id: 'a..' is no JMESPath"),
    ],
)
def test_a_wrong_entry_is_refused_with_place_and_remedy(changes: dict[str, Any], says: str) -> None:
    message = refused(**changes)
    assert says in message
    assert "$.topics[0]" in message


def test_patterns_that_match_the_same_topics_are_refused() -> None:
    for other in ("plant/{device}/state", "plant/+/{device}", "{device}/#"):
        with pytest.raises(msgspec.ValidationError, match="match the same topics"):
            options_of("mapping", {"topics": [LEAK, {**LEAK, "topic": other}]})
    options_of("mapping", {"topics": [LEAK, {**LEAK, "topic": "plant/{device}/other"}]})


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [("a/+", "a/b", True), ("a/#", "a", True), ("a/b", "a/b/c", False), ("+/c", "a/b", False), ("a/+/#", "a", False)],
)
def test_overlap_is_the_brokers(one: str, other: str, both: bool) -> None:
    assert overlap(one, other) is both
    assert overlap(other, one) is both

"""The native dialect: what it understands, what it keeps aside, what it refuses."""

import json
from typing import Any

import pytest

from devices.dialects.dialect import Lane
from devices.model import DeviceKind, Envelope, Event, Reject, RejectReason, TimeQuality
from devices.names import EVENTS, QUANTITIES, STATES
from tests.unit.devices.making import LIFT, NOON, REGISTERED, SMOKE, decode, decoder, reason, report, topic

R = RejectReason


def test_a_whole_message() -> None:
    body = {
        "device": "smoke_detector-1",
        "ts": 1_789_999_999_250,
        "seq": 17,
        "measurements": {"smoke_density": 0.02, "temperature": 21},
        "states": {"smoke": True, "tamper": None},
        "events": [{"code": "self_test", "passed": True}],
    }
    found = report(body)
    assert (found.device, found.kind, found.registered) == ("smoke_detector-1", SMOKE, True)
    assert (found.at, found.received_at, found.time_quality) == (NOON - 0.75, NOON, TimeQuality.SOURCE_UTC)
    assert found.measurements == {"smoke_density": 0.02, "temperature": 21.0}
    assert found.states == {"smoke": True, "tamper": None}
    assert found.events == (Event("self_test", {"passed": True}),)
    assert (found.sequence, found.raw_codes, found.availability, found.dedup_key) == (17, None, None, None)


def test_all_members_are_optional_and_unknown_ones_ignored() -> None:
    found = report({"colour": "red", "nested": {"a": [1]}})
    assert (found.at, found.time_quality) == (NOON, TimeQuality.RECEIVED_ONLY)
    assert (found.measurements, found.states, found.events, found.test, found.historical) == ({}, {}, (), False, False)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", R.EMPTY),
        (b"  ", R.EMPTY),
        (b"{", R.MALFORMED),
        (b"{}{}", R.MALFORMED),
        (b"smoke!", R.MALFORMED),
        (b'{"states":{"floor":"\xff"}}', R.MALFORMED),
        (b'{"device":"\xc3("}', R.MALFORMED),
        (b'{"device":"\\ud800"}', R.MALFORMED),
        ('{"seq":1}'.encode("utf-16"), R.MALFORMED),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", R.MALFORMED),
        (b"[]", R.WRONG_SHAPE),
        (b"null", R.WRONG_SHAPE),
        (b"17", R.WRONG_SHAPE),
        (b'{"states":[]}', R.WRONG_SHAPE),
        (b'{"states":{"smoke":1}}', R.WRONG_SHAPE),
        (b'{"states":null}', R.WRONG_SHAPE),
        (b'{"measurements":{"temperature":"21"}}', R.WRONG_SHAPE),
        (b'{"measurements":{"temperature":true}}', R.WRONG_SHAPE),
        (b'{"measurements":{"rssi":1e400}}', R.WRONG_SHAPE),
        (b'{"measurements":{"rssi":' + b"9" * 400 + b"}}", R.WRONG_SHAPE),
        (b'{"events":[17]}', R.WRONG_SHAPE),
        (b'{"events":{}}', R.WRONG_SHAPE),
        (b'{"seq":-1}', R.WRONG_SHAPE),
        (b'{"seq":1.5}', R.WRONG_SHAPE),
        (b'{"seq":9223372036854775808}', R.WRONG_SHAPE),
        (b'{"ts":true}', R.WRONG_SHAPE),
        (b'{"ts":1e400}', R.WRONG_SHAPE),
        (b'{"test":"yes"}', R.WRONG_SHAPE),
        (b'{"device":7}', R.WRONG_SHAPE),
        (b'{"device":"smoke-other"}', R.IDENTITY_MISMATCH),
        (b'{"device":"SMOKE_DETECTOR-1"}', R.IDENTITY_MISMATCH),
        (b'{"device":""}', R.IDENTITY_MISMATCH),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else str(value),
)
def test_each_fault_has_its_reason(payload: bytes, why: RejectReason) -> None:
    assert reason(payload) is why


@pytest.mark.parametrize(
    "where",
    [
        "community/",
        "community/home/smoke_detector/s1",
        "community/home/smoke_detector/s1/alarm",
        "community/home/smoke_detector/s1/event/more",
        "community/home/smoke_detector//event",
        "community/home/smoke_detector/-s1/event",
        "community/home/smoke_detector/s 1/event",
        "community/home/smoke_detector/s1\n/event",
        "community/home/smoke_detector/" + "s" * 65 + "/event",
        "community/home/toaster/s1/event",
        "community/home/Smoke_Detector/s1/event",
        "community/away/smoke_detector/s1/event",
        "community//smoke_detector/s1/event",
    ],
)
def test_a_topic_off_the_scheme_is_refused(where: str) -> None:
    assert reason({}, where) is R.BAD_TOPIC


@pytest.mark.parametrize("where", [" ", "community", "other/home/x", "Community/home/lift/l1/event", "$SYS/broker"])
def test_a_topic_of_no_dialect_is_refused(where: str) -> None:
    assert reason({}, where) is R.UNKNOWN_DIALECT


def test_a_reject_says_where_and_what_to_do() -> None:
    found = decode({"device": "x" * 5_000})
    assert isinstance(found, Reject)
    assert "the topic decides" in found.detail
    assert len(found.detail) < 300


@pytest.mark.parametrize("device", ["s", "S-1_2.3:4", "9", "s" * 64])
def test_ids_may_look_like_this(device: str) -> None:
    assert report({}, topic(device=device)).device == device


@pytest.mark.parametrize("kind", DeviceKind)
def test_every_kind_may_say_all_its_names_and_no_other(kind: DeviceKind) -> None:
    body = {
        "measurements": {name: max(q.low, 1) for name, q in QUANTITIES.items()},
        "states": {
            name: s.values[0] if s.values else ("x" if s.type == "text" else True) for name, s in STATES.items()
        },
        "events": [{"code": code} for code in EVENTS],
    }
    found = report(body, topic(kind))
    mine = {n for n, q in QUANTITIES.items() if kind in q.kinds}, {n for n, s in STATES.items() if kind in s.kinds}
    codes = [code for code, e in EVENTS.items() if kind in e.kinds]
    assert (set(found.measurements), set(found.states)) == mine
    assert [event.code for event in found.events] == codes
    assert None not in found.states.values()
    assert found.raw_codes is not None
    assert set(found.raw_codes) == (QUANTITIES.keys() | STATES.keys() | {"events"}) - mine[0] - mine[1]
    assert found.raw_codes["events"] == [code for code in EVENTS if code not in codes]


@pytest.mark.parametrize("code", EVENTS)
def test_events_carry_their_attributes_and_no_other(code: str) -> None:
    """Number plates come along only where the site file allows them."""
    event = EVENTS[code]
    found = report(
        {"events": [{"code": code, "made_up": 1, **dict.fromkeys(event.attributes, "v")}]}, topic(min(event.kinds))
    )
    kept = dict.fromkeys((name for name in event.attributes if name != "plate_text"), "v")
    assert found.events == (Event(code, kept),)


@pytest.mark.parametrize("dirt", [b'{"seq":1}\x00', b'\xef\xbb\xbf{"seq":1}', b'{"s\x00eq":1}\x00\x00'])
def test_what_firmware_leaves_in_a_buffer_costs_no_message(dirt: bytes) -> None:
    assert report(dirt).sequence == 1


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("battery_percent", 100, True),
        ("battery_percent", 100.1, False),
        ("battery_percent", 255, False),
        ("battery_percent", -1, False),
        ("temperature", -60, True),
        ("temperature", -127, False),
        ("rssi", -1e300, True),
    ],
)
def test_values_outside_their_limits_are_the_senders_fault(name: str, value: float, kept: bool) -> None:
    found = report({"measurements": {name: value, "humidity": 50}, "states": {"smoke": True}})
    assert found.measurements == ({name: value, "humidity": 50} if kept else {"humidity": 50})
    assert found.raw_codes == (None if kept else {name: value})
    assert found.states == {"smoke": True}


def test_a_measurement_of_null_is_not_measured() -> None:
    found = report({"measurements": {"temperature": None, "humidity": 40}})
    assert (found.measurements, found.raw_codes) == ({"humidity": 40.0}, None)


@pytest.mark.parametrize(
    ("given", "meant", "raw"),
    [
        (True, True, False),
        (False, False, False),
        (None, None, False),
        ("true", True, False),
        ("false", False, False),
        ("True", None, True),
        ("on", None, True),
        ("", None, True),
        ("1", None, True),
    ],
)
def test_truth_is_a_boolean_or_its_json_word_else_unknown(given: Any, meant: bool | None, raw: bool) -> None:
    found = report({"states": {"smoke": given}})
    assert found.states == {"smoke": meant}
    assert found.raw_codes == ({"smoke": given} if raw else None)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("car_state", "stopped", "stopped"),
        ("car_state", "Stopped", None),
        ("car_state", "true", None),
        ("car_state", True, None),
        ("floor", "B2", "B2"),
        ("floor", "true", "true"),
        ("floor", "", ""),
        ("floor", None, None),
    ],
)
def test_words_are_those_of_the_table(name: str, value: Any, kept: Any) -> None:
    found = report({"states": {name: value}}, topic(LIFT))
    assert found.states == {name: kept}


def test_a_good_message_after_a_bad_one_is_not_taken_for_it() -> None:
    """The dialect remembers the last good states of a topic."""
    one = decoder()
    bodies = [{"smoke": "on"}, {"smoke": True}, {"smoke": "on"}, {"smoke": True, "x": True}, {"smoke": False}]
    for states, expected in zip(bodies, [None, True, None, True, False], strict=True):
        found = one.decode(Envelope(topic(), json.dumps({"states": states}).encode(), NOON))
        assert isinstance(found, list)
        assert found[0].states == {"smoke": expected}


def test_devices_in_the_same_state_share_one_copy_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    one = decoder()

    def states(device: int, **given: object) -> object:
        body = json.dumps({"states": given}).encode()
        (found,) = one.decode_all([Envelope(topic(device=f"s{device}"), body, NOON)])[0]
        assert found.states == given
        return found.states

    first = states(1, smoke=False, tamper=False)
    assert states(2, smoke=False, tamper=False) is first
    assert states(2, smoke=True, tamper=False) is not first
    assert states(1, smoke=False, tamper=False) is first
    monkeypatch.setattr("devices.dialects.native.MAX_SHARED", 0)
    assert states(3, smoke=False, tamper=False) is not first


def test_the_last_of_two_equal_members_counts() -> None:
    assert report(b'{"states":{"smoke":false,"smoke":true}}').states == {"smoke": True}
    assert report(b'{"seq":1,"seq":2}').sequence == 2


def test_names_of_quantities_do_not_trip_over_the_list_of_strange_events() -> None:
    found = report({"measurements": {"events": 5}, "events": [{"code": "zzz"}, {}], "states": {"smoke": True}})
    assert found.states == {"smoke": True}
    assert found.raw_codes == {"events": ["zzz", None]}


@pytest.mark.parametrize("code", [None, 7, ["door_forced"], {"a": 1}, "", "DOOR_FORCED"])
def test_a_code_that_is_none_is_kept_aside(code: Any) -> None:
    found = report({"events": [{"code": code}]})
    kept = str(code) if isinstance(code, list | dict) else code
    assert (found.events, found.raw_codes) == ((), {"events": [kept]})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (2**63 - 1, 2**63 - 1),
        (2**63, str(2**63)),
        (-(2**63), -(2**63)),
        (-(2**64), str(-(2**64))),
        ("x" * 600, "x" * 500),
        ([1, {"a": 2}], '[1,{"a":2}]'),
        ([2**70], f"[{2**70}]"),
        ({"a": "x" * 600}, '{"a":"' + "x" * 494),
        (0.5, 0.5),
        (True, True),
        (None, None),
    ],
    ids=str,
)
def test_attributes_fit_every_store(given: Any, kept: Any) -> None:
    found = report({"events": [{"code": "stationary_object", "object_id": given}]}, topic(DeviceKind.CAMERA))
    assert found.events[0].attributes == {"object_id": kept}


def test_retained_is_a_snapshot() -> None:
    assert report({}, retained=True).snapshot
    assert report(b"online", topic(channel="status"), retained=True).snapshot
    assert not report({}).snapshot


def test_flags_are_passed_on() -> None:
    found = report({"test": True, "historical": True})
    assert (found.test, found.historical) == (True, True)


@pytest.mark.parametrize(
    ("payload", "online"),
    [
        (b"online", True),
        (b"offline", False),
        (b" offline\r\n", False),
        (b'{"status":"online"}', True),
        (b'{"status":"offline","ts":1789999990000,"device":"smoke_detector-1"}', False),
    ],
)
def test_status_is_a_word_or_an_object(payload: bytes, online: bool) -> None:
    found = report(payload, topic(channel="status"))
    assert (found.availability, found.sequence, found.dedup_key, found.states) == (online, None, None, {})
    assert found.at == (NOON - 10 if b"ts" in payload else NOON)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", R.EMPTY),
        (b"ONLINE", R.MALFORMED),
        (b"\xffonline", R.MALFORMED),
        (b'"online"', R.WRONG_SHAPE),
        (b"{}", R.WRONG_SHAPE),
        (b'{"status":"asleep"}', R.WRONG_SHAPE),
        (b'{"status":true}', R.WRONG_SHAPE),
        (b'{"status":"online","device":"other"}', R.IDENTITY_MISMATCH),
    ],
)
def test_a_status_that_is_none_is_refused(payload: bytes, why: RejectReason) -> None:
    assert reason(payload, topic(channel="status")) is why


def test_a_stranger_is_heard_and_marked() -> None:
    for channel, body in (("event", b'{"states":{"smoke":true}}'), ("status", b"online")):
        found = report(body, topic(device="new-1", channel=channel))
        assert (found.device, found.kind, found.registered) == ("new-1", SMOKE, False)


def test_the_topic_tells_the_kind() -> None:
    """A slip in the inventory must not turn a fire into something no rule listens to."""
    found = report({"states": {"smoke": True}}, topic(SMOKE, device=REGISTERED[1].id))
    assert (found.kind, found.registered, found.states) == (SMOKE, True, {"smoke": True})


def test_redelivery_is_known_by_sequence_or_by_a_stamped_payload() -> None:
    assert report({"seq": 4, "ts": NOON * 1000}).dedup_key is None
    first, again, other = (report({"ts": NOON * 1000 - n}).dedup_key for n in (0, 0, 1))
    assert first == again != other


def test_equal_payloads_without_a_stamp_are_not_one_message() -> None:
    """A bare ``smoke: true`` said twice a year is two fires."""
    assert report({"states": {"smoke": True}}).dedup_key is None


def test_each_channel_has_its_lane() -> None:
    filters = decoder().filters()
    assert {where.rsplit("/", 1)[1]: lane for where, lane in filters.items()} == {
        "event": Lane.ALARM,
        "status": Lane.ALARM,
        "telemetry": Lane.TELEMETRY,
    }
    assert all(where.startswith("community/home/+/+/") for where in filters)


@pytest.mark.parametrize(
    ("body", "dropped"),
    [
        ({"measurements": {"temperature": "n/a", "humidity": 40}}, {"temperature": "(str)"}),
        ({"seq": -1}, {"seq": -1}),
        ({"test": "yes"}, {"test": "(str)"}),
        ({"measurements": []}, {"measurements": "(list)"}),
        ({"events": 7}, {"events": 7}),
    ],
)
def test_a_fire_does_not_fall_with_a_broken_sibling(body: dict[str, object], dropped: dict[str, object]) -> None:
    found = report({"states": {"smoke": True, "heat": 1}, **body})
    assert found.states == {"smoke": True}
    assert found.raw_codes == {"heat": 1, **dropped}

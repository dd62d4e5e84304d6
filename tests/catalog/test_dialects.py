"""One sweep over every dialect: canonical names only, no filter claimed twice, a sample for every shape, no raising."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.decode import Decoder, options_of
from devices.dialects import DIALECTS
from devices.dialects.dialect import Lane
from devices.model import DeviceKind, Envelope, Ignored, Reject, Report
from devices.names import EVENTS, QUANTITIES, STATES
from devices.registry import Registry
from tests.catalog.sample import RECEIVED_AT, SITE, Found, Sample, compare, read, samples

SAMPLES = samples()
NAMES = sorted(DIALECTS)
NEEDS_OPTIONS = {"mapping"}
"""Understand nothing until the site file says what."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def matches(pattern: str, topic: str) -> bool:
    """Tell whether an MQTT filter matches, as the broker does."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted, levels = wanted[:-1], levels[: len(wanted) - 1]
    return len(wanted) == len(levels) and all(w in ("+", level) for w, level in zip(wanted, levels, strict=True))


def overlapping(one: str, other: str) -> bool:
    """Tell whether some topic matches both filters."""
    for mine, theirs in zip(one.split("/"), other.split("/"), strict=False):
        if "#" in (mine, theirs):
            return True
        if mine != theirs and "+" not in (mine, theirs):
            return False
    return one.count("/") == other.count("/") or one.endswith("/#") or other.endswith("/#")


def canonical(report: Report) -> None:
    """Fail where a report says what the table does not know of this kind, or outside its limits."""
    kind = report.kind
    for name, value in report.measurements.items():
        quantity = QUANTITIES[name]
        assert kind in quantity.kinds, name
        assert quantity.low <= value <= quantity.high, name
    for name, said in report.states.items():
        state = STATES[name]
        assert kind in state.kinds, name
        assert said is None or isinstance(said, bool if state.type == "bool" else str), name
        assert not (isinstance(said, str) and state.values and said not in state.values), name
    for event in report.events:
        assert kind in EVENTS[event.code].kinds, event.code
        assert set(event.attributes) <= set(EVENTS[event.code].attributes), event


def sound(found: Found) -> None:
    """Fail where an answer is none of what a decoder may say, or stems from an exception."""
    if isinstance(found, Reject):
        assert "the dialect failed" not in found.detail
        assert 0 < len(found.detail) < 1000
    elif isinstance(found, Ignored):
        assert found.why
    else:
        for report in found:
            canonical(report)


def options_used(dialect: str) -> dict[str, Any]:
    """Return the options of its first sample where a dialect understands nothing without."""
    return samples(dialect)[0].options if dialect in NEEDS_OPTIONS else {}


@pytest.mark.parametrize("sample", SAMPLES, ids=[f"{s.dialect}-{s.name}" for s in SAMPLES])
def test_a_sample_says_what_it_should(sample: Sample) -> None:
    found = sample.decode()
    sound(found)
    compare(sample, found)


@pytest.mark.parametrize("dialect", NAMES)
def test_every_filter_of_a_dialect_has_a_sample(dialect: str) -> None:
    heard = [e.topic for s in samples(dialect) for e in (*s.before, s.envelope)]
    assert heard, f"tests/catalog/samples/{dialect} holds no sample"
    filters = Decoder(Registry(), SITE, {dialect: options_used(dialect)}).filters()
    missing = {f for f in filters if not any(matches(f, topic) for topic in heard)}
    assert missing == set(), "filters without a sample"


@pytest.mark.parametrize("dialect", NAMES)
def test_every_dialect_has_a_sample_that_decodes(dialect: str) -> None:
    assert any(isinstance(s.expect, list) and s.expect for s in samples(dialect))


def test_no_folder_of_samples_is_left_over() -> None:
    assert {s.dialect for s in SAMPLES} <= set(DIALECTS)


@pytest.mark.parametrize("dialect", NAMES)
def test_a_dialect_is_registered_under_its_name_with_options_that_have_defaults(dialect: str) -> None:
    assert DIALECTS[dialect].name == dialect
    options_of(dialect, {})
    with pytest.raises(ValueError, match="no_such_option"):
        options_of(dialect, {"no_such_option": 1})


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - NEEDS_OPTIONS))
def test_a_dialect_owns_what_it_subscribes_to(dialect: str) -> None:
    decoder = Decoder(Registry(), SITE, {dialect: {}})
    assert decoder.filters()
    for pattern, lane in decoder.filters().items():
        assert isinstance(lane, Lane)
        levels = pattern.split("/")
        assert "#" not in levels[:-1]
        assert all(level in ("+", "#") or not {"+", "#"} & set(level) for level in levels), pattern


def test_no_two_dialects_claim_the_same_filter() -> None:
    claims = [(f, name) for name in NAMES for f in Decoder(Registry(), SITE, {name: {}}).filters()]
    filters = [f for f, _ in claims]
    assert [claim for claim in claims if filters.count(claim[0]) > 1] == []


@pytest.mark.parametrize("dialect", NAMES)
def test_the_lanes_of_one_dialect_do_not_overlap(dialect: str) -> None:
    """A message in both lanes would be journalled and judged twice."""
    lanes = Decoder(Registry(), SITE, {dialect: options_used(dialect)}).filters()
    alarm = [f for f, lane in lanes.items() if lane is Lane.ALARM]
    other = [f for f, lane in lanes.items() if lane is Lane.TELEMETRY]
    assert [(a, b) for a in alarm for b in other if overlapping(a, b)] == []


@pytest.mark.parametrize("dialect", NAMES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_message_makes_a_dialect_raise(dialect: str, data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from([s for s in SAMPLES if s.dialect == dialect]))
    origin = data.draw(st.sampled_from((*sample.before, sample.envelope)))
    topic = data.draw(st.just(origin.topic) | st.text(max_size=30))
    payload = data.draw(st.binary(max_size=40) | JSON.map(_json) | cut(origin.payload) | changed(origin.payload))
    decoder = sample.decoder()
    for retained in (False, True):
        sound(decoder.decode(Envelope(topic, payload, RECEIVED_AT, retained=retained)))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def cut(payload: bytes) -> st.SearchStrategy[bytes]:
    """The same payload, cut off or with a byte changed."""
    if not payload:
        return st.just(b"")
    places = st.integers(0, len(payload) - 1)
    flipped = st.tuples(places, st.integers(0, 255)).map(
        lambda p: payload[: p[0]] + bytes([p[1]]) + payload[p[0] + 1 :]
    )
    return places.map(lambda at: payload[:at]) | flipped


def changed(payload: bytes) -> st.SearchStrategy[bytes]:
    """The same JSON with one member, at any depth, replaced by anything."""
    try:
        places = list(paths(json.loads(payload)))
    except ValueError:
        return st.just(payload)
    chosen = st.tuples(st.sampled_from(places), JSON)
    return chosen.map(lambda pair: _json(replaced(json.loads(payload), *pair)))


def paths(value: Any) -> Any:
    """Every place in a JSON value."""
    yield ()
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from ((key, *path) for path in paths(part))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with what stands at ``path`` replaced."""
    if not path:
        return new
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value


def write(folder: Path, **members: Any) -> Sample:
    path = folder / "native" / "x.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(members))
    return read(path)


TOPIC = "community/riverside/water_leak/w1/event"
LEAK = {"device": "w1", "kind": "water_leak", "states": {"water_leak": True}}


@pytest.mark.parametrize(
    "expect",
    [
        [],
        {"reject": "empty"},
        [LEAK, LEAK],
        [{**LEAK, "states": {}}],
        [{**LEAK, "device": "w2"}],
        [{**LEAK, "measurements": {"temperature": 20}}],
        [{**LEAK, "events": [{"code": "duress"}]}],
        [{**LEAK, "availability": True}],
        [{**LEAK, "snapshot": True}],
        [{**LEAK, "at": 5}],
    ],
)
def test_a_sample_that_expects_otherwise_fails(tmp_path: Path, expect: Any) -> None:
    sample = write(tmp_path, topic=TOPIC, payload={"states": {"water_leak": True}}, expect=expect)
    with pytest.raises(AssertionError):
        compare(sample, sample.decode())


def test_a_sample_may_be_text_json_or_bytes(tmp_path: Path) -> None:
    body = {"states": {"water_leak": True}}
    for given_as in ({"payload": body}, {"payload": json.dumps(body)}, {"base64": b64encode(_json(body)).decode()}):
        sample = write(tmp_path, topic=TOPIC, expect=[LEAK], **given_as)
        compare(sample, sample.decode())


def test_a_misspelt_member_of_a_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="retain"):
        write(tmp_path, topic=TOPIC, payload={}, retain=True, expect=[])


@pytest.mark.parametrize(
    "report",
    [
        Report("a", DeviceKind.LIFT, 0, 0, measurements={"humidity": 4}),
        Report("a", DeviceKind.LIFT, 0, 0, measurements={"speed": -4}),
        Report("a", DeviceKind.LIFT, 0, 0, states={"car_state": "flying"}),
        Report("a", DeviceKind.LIFT, 0, 0, states={"entrapment": "yes"}),
        Report("a", DeviceKind.LIFT, 0, 0, states={"smoke": True}),
    ],
)
def test_what_the_table_does_not_know_is_found(report: Report) -> None:
    with pytest.raises(AssertionError):
        canonical(report)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("a/+", "a/b", True),
        ("a/#", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("a/b", "a/b/c", False),
        ("+/b", "a/+", True),
        ("a", "a/#", True),
    ],
)
def test_overlapping_filters_are_found(one: str, other: str, both: bool) -> None:
    assert overlapping(one, other) is both
    assert overlapping(other, one) is both


def test_matching_is_the_brokers() -> None:
    assert matches("a/+/c", "a/b/c")
    assert matches("a/#", "a/b/c")
    assert matches("a/#", "a")
    assert not matches("a/+", "a/b/c")

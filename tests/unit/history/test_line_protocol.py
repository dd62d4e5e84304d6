"""Reports become lines a server reads back as what the device said."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.model import DeviceKind, Event, Report
from devices.names import QUANTITIES, STATES
from devices.registry import Device, Registry
from gateway.history.line_protocol import LineEncoder, escape_key, fields, prefix
from gateway.history.store import LATEST_S, Refused
from tests.unit.history.lines import Line, parse
from tests.unit.history.samples import GATE, LIFT, SITE, SMOKE, T0, registry, said


def encode(*reports: Report) -> list[Line]:
    return parse(LineEncoder(registry(), SITE).encode(reports).data)


def test_a_report_is_one_line_with_place_as_tags_and_values_as_fields() -> None:
    report = said(LIFT, measurements={"speed": 1.75}, states={"car_state": "running", "door_closed": True})
    data = LineEncoder(registry(), SITE).encode([report]).data
    assert data == (
        b"lift,building=b1,device=lift-b1-01,site=riverside "
        b'speed=1.75,car_state="running",door_closed=true 1750000000000000000'
    )


def test_unknown_is_not_written_and_false_is() -> None:
    (line,) = encode(said(SMOKE, states={"smoke": None, "tamper": False}))
    assert line.fields == {"tamper": False}


def test_a_report_that_says_nothing_has_no_line() -> None:
    lines = LineEncoder(registry(), SITE).encode([said(SMOKE, states={"smoke": None}), said(SMOKE, test=True)])
    assert (lines.data, lines.points) == (b"", 0)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_unknown(number: float) -> None:
    (line,) = encode(said(LIFT, measurements={"speed": number, "load_percent": 3.0}))
    assert line.fields == {"load_percent": 3.0}


def test_in_a_batch_only_the_numbers_that_are_none_are_missing() -> None:
    lines = encode(
        said(LIFT, T0, measurements={"speed": 1.0}, states={"door_closed": True}),
        said(LIFT, T0 + 1, measurements={"speed": math.nan, "load_percent": 3.0}, states={"door_closed": True}),
        said(LIFT, T0 + 2, measurements={"speed": math.inf}, states={"door_closed": False}),
        said(LIFT, T0 + 3, measurements={"speed": math.nan}),
        said(SMOKE, T0 + 4, measurements={"temperature": 20.5}),
    )
    assert [line.fields for line in lines] == [
        {"speed": 1.0, "door_closed": True},
        {"load_percent": 3.0, "door_closed": True},
        {"door_closed": False},
        {"temperature": 20.5},
    ]
    assert [line.at_ns for line in lines] == [int((T0 + n) * 1e9) for n in (0, 1, 2, 4)]


def test_a_batch_of_nothing_but_none_has_no_line() -> None:
    lines = LineEncoder(registry(), SITE).encode([said(LIFT, measurements={"speed": math.nan})])
    assert (lines.data, lines.points) == (b"", 0)


def test_states_are_those_of_the_report_whatever_lay_between() -> None:
    closed, opened = {"door_closed": True}, {"door_closed": False}
    encoder = LineEncoder(registry(), SITE)
    reports = [
        said(LIFT, T0, measurements={"speed": 1.0}, states=closed),
        said(LIFT, T0 + 1, states=opened, availability=True),
        said(LIFT, T0 + 2, measurements={"speed": 2.0}, states=closed),
        said(LIFT, T0 + 2, measurements={"speed": 2.0}, states=opened),
        said(LIFT, T0 + 3, measurements={"speed": 3.0}, states=opened),
    ]
    found = {
        line.at_ns: line.fields["door_closed"] for report in reports for line in parse(encoder.encode([report]).data)
    }
    assert [found[at] for at in sorted(found)] == [True, False, True, False, False]


def test_events_availability_and_tests_show_in_charts() -> None:
    (line,) = encode(said(GATE, events=[Event("door_forced"), Event("duress")], availability=False, test=True))
    assert line.fields == {"event": "door_forced,duress", "online": False, "test": True}


def test_a_device_without_a_building_has_no_empty_tag() -> None:
    (line,) = encode(said(GATE, states={"door_state": "open"}))
    assert line.tags == {"device": "gate-01", "site": SITE}


def test_devices_outside_the_inventory_are_left_out_until_adopted() -> None:
    known = Registry()
    encoder = LineEncoder(known, SITE)
    report = said(LIFT, measurements={"speed": 1.0})
    assert encoder.encode([report]).points == 0
    known.add(LIFT)
    assert encoder.encode([report]).points == 1
    assert encoder.encode([said(LIFT, T0 + 1, measurements={"speed": 1.0}, registered=False)]).points == 0


def test_time_is_rounded_to_milliseconds() -> None:
    (line,) = encode(said(LIFT, T0 + 0.0126, measurements={"speed": 1.0}))
    assert line.at_ns == 1_750_000_000_013_000_000


@pytest.mark.parametrize("at", [-1.0, LATEST_S + 1, math.nan, math.inf])
def test_a_time_no_server_can_hold_is_refused_with_the_device_named(at: float) -> None:
    with pytest.raises(Refused, match=r"lift-b1-01.*clock"):
        encode(said(LIFT, at, measurements={"speed": 1.0}))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('say "hi"', 'say "hi"'),
        ("back\\slash", "back\\slash"),
        ("ends with \\", "ends with \\"),
        ("a,b=c d", "a,b=c d"),
        ("楼层 三", "楼层 三"),
        ('x"\nlift,device=other speed=99 1', 'x" lift,device=other speed=99 1'),
        ("cr\rtab\tnul\0", "cr tab nul "),
        ("", ""),
    ],
)
def test_a_text_state_arrives_as_it_was_and_starts_no_other_line(text: str, read: str) -> None:
    lines = encode(said(LIFT, states={"floor": text}))
    assert [line.fields for line in lines] == [{"floor": read}]


def test_a_lone_surrogate_costs_a_character_not_the_batch() -> None:
    first, second = encode(said(LIFT, states={"floor": "\ud800"}), said(SMOKE, states={"smoke": True}))
    assert (first.fields, second.fields) == ({"floor": "?"}, {"smoke": True})


@pytest.mark.parametrize(
    ("name", "written"), [("a b", r"a\ b"), ("a,b=c", r"a\,b\=c"), ("x\n", "x\\ "), ("x\\", "x/"), ("\\ ", r"/\ ")]
)
def test_keys_and_tags_are_escaped(name: str, written: str) -> None:
    assert escape_key(name) == written
    assert fields(said(LIFT, measurements={name: 1.0})) == f"{written}=1.0".encode()
    assert f"building={written}," in prefix(Device(id="d", kind=DeviceKind.LIFT, building=name), SITE)


numbers = st.dictionaries(st.sampled_from(sorted(QUANTITIES)), st.floats(allow_nan=False, allow_infinity=False))
texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]))
states = st.dictionaries(st.sampled_from(sorted(STATES)), st.none() | st.booleans() | texts)
moments = st.integers(0, int(LATEST_S) * 1000).map(lambda ms: ms / 1000)


@given(numbers, states, moments)
def test_whatever_is_said_is_read_back(
    measurements: dict[str, float], said_states: dict[str, bool | str | None], at: float
) -> None:
    lines = encode(said(LIFT, at, measurements=measurements, states=said_states))
    known = measurements | {name: state for name, state in said_states.items() if state is not None}
    assert [line.fields for line in lines] == ([known] if known else [])
    for line in lines:
        assert line.at_ns == round(at * 1000) * 1_000_000


@given(st.text(), st.text(), st.text())
def test_no_text_anywhere_makes_a_second_line(name: str, text: str, building: str) -> None:
    device = Device(id="d-1", kind=DeviceKind.LIFT, building=building)
    encoder = LineEncoder(Registry([device]), SITE)
    data = encoder.encode([said(device, measurements={name: 1.0}, states={"floor": text})]).data
    (line,) = parse(data)
    assert line.tags["device"] == "d-1"
    assert line.fields["floor"] == "".join(c if ord(c) >= 32 else " " for c in text).encode("utf-8", "replace").decode()

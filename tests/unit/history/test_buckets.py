"""Stored points become averages and last values, whatever their order of names and gaps."""

import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.history.buckets import Body, Buckets

encode = msgspec.msgpack.Encoder().encode


def add(buckets: Buckets, at_ms: int, **body: object) -> None:
    buckets.add(at_ms, 0, encode(Body(**{"measurements": {}, "states": {}, **body})))  # type: ignore[arg-type]


def test_numbers_average_and_states_keep_their_last() -> None:
    buckets = Buckets(1_000)
    add(buckets, 1_100, measurements={"speed": 1.0}, states={"floor": "1"})
    add(buckets, 1_900, measurements={"speed": 2.0}, states={"floor": "2", "smoke": None})
    add(buckets, 2_000, measurements={"speed": math.nan}, states={"floor": "3"})
    assert buckets.series() == {"speed": [(1.0, 1.5)], "floor": [(1.0, "2"), (2.0, "3")]}


def test_what_is_not_a_state_is_a_field_too() -> None:
    buckets = Buckets(1_000)
    add(buckets, 0, online=True, event="duress", test=True)
    add(buckets, 1_000, online=False)
    assert buckets.series() == {
        "online": [(0.0, True), (1.0, False)],
        "event": [(0.0, "duress")],
        "test": [(0.0, True)],
    }


def test_a_point_that_is_there_twice_counts_once() -> None:
    buckets = Buckets(1_000)
    add(buckets, 1, measurements={"speed": 3.0})
    add(buckets, 1, measurements={"speed": 3.0})
    add(buckets, 2, measurements={"speed": 0.0})
    assert buckets.series() == {"speed": [(0.0, 1.5)]}


def test_bodies_of_an_older_version_are_still_read() -> None:
    buckets = Buckets(1_000)
    buckets.add(0, 0, msgspec.msgpack.encode([{"speed": 1.0}, {}]))
    buckets.add(1, 0, msgspec.msgpack.encode([{"speed": 2.0}, {}, None, None, False, "a later version's field"]))
    assert buckets.series() == {"speed": [(0.0, 1.5)]}


@given(
    st.integers(1, 10_000),
    st.dictionaries(st.integers(0, 50_000), st.floats(-1e6, 1e6), min_size=1),
)
def test_buckets_agree_with_the_plain_definition(width: int, points: dict[int, float]) -> None:
    buckets = Buckets(width)
    for at_ms, value in sorted(points.items()):
        add(buckets, at_ms, measurements={"speed": value})
    starts = sorted({at - at % width for at in points})
    members = {start: [v for at, v in points.items() if start <= at < start + width] for start in starts}
    (series,) = buckets.series().values()
    assert [at for at, _ in series] == [start / 1000 for start in starts]
    for (_, mean), values in zip(series, members.values(), strict=True):
        assert math.isclose(float(mean), math.fsum(values) / len(values), rel_tol=1e-9, abs_tol=1e-6)

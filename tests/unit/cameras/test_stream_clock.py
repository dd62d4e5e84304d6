"""Time never goes back, whatever a camera stamps on its pictures."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cameras.stream_clock import StreamClock


def times(clock: StreamClock, stamps: list[float | None], every: float = 0.04) -> list[float | None]:
    return [clock.at(stamp, 1000.0 + index * every) for index, stamp in enumerate(stamps)]


def test_the_first_picture_is_at_nought_whatever_the_epoch() -> None:
    assert times(StreamClock(live=False), [90_000.5, 90_000.75]) == [0.0, 0.25]


def test_a_repeated_stamp_is_a_repeated_picture() -> None:
    assert times(StreamClock(live=False), [0.0, 0.04, 0.04, 0.08]) == [0.0, 0.04, None, 0.08]


def test_a_slightly_older_picture_is_left_out() -> None:
    assert times(StreamClock(live=False), [0.0, 0.08, 0.04, 0.12]) == [0.0, 0.08, None, 0.12]


@pytest.mark.parametrize("live", [True, False])
def test_a_clock_set_back_to_1970_is_anchored_anew(live: bool) -> None:
    clock = StreamClock(live)
    found = times(clock, [1.7e9, 1.7e9 + 0.04, 0.0, 0.04, 0.08])
    assert clock.anchored == 1
    assert None not in found
    assert all(0 < b - a < 0.2 for a, b in itertools.pairwise(found))  # type: ignore[operator]


def test_without_stamps_the_usual_interval_counts() -> None:
    found = times(StreamClock(live=False), [None, None, None])
    assert found == pytest.approx([0.0, 0.04, 0.08])


def test_a_live_stream_without_stamps_goes_by_arrival() -> None:
    assert times(StreamClock(live=True), [None, None, None], every=0.5) == pytest.approx([0.0, 0.5, 1.0])


def test_a_live_clock_that_runs_off_is_anchored_to_arrival() -> None:
    clock = StreamClock(live=True)
    clock.at(0.0, 100.0)
    assert clock.at(50.0, 101.0) == pytest.approx(1.0)
    assert clock.anchored == 1


def test_a_pause_of_a_recording_is_kept() -> None:
    assert times(StreamClock(live=False), [0.0, 0.04, 600.0])[-1] == 600.0


@given(
    st.booleans(),
    st.lists(st.one_of(st.none(), st.floats(-1e10, 1e10, allow_nan=False)), min_size=1, max_size=60),
)
def test_it_never_goes_back(live: bool, stamps: list[float | None]) -> None:
    found = [at for at in times(StreamClock(live), stamps) if at is not None]
    assert found[0] == 0.0
    assert all(later > earlier for earlier, later in itertools.pairwise(found))

"""Percentiles and medians."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figures import medians, percentile, spread


@pytest.mark.parametrize(
    ("share", "expected"), [(1, 1.0), (50, 50.0), (50.5, 51.0), (99, 99.0), (99.1, 100.0), (100, 100.0)]
)
def test_nearest_rank_over_a_hundred(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == expected


def test_one_value_is_every_percentile() -> None:
    assert percentile([3.0], 1) == percentile([3.0], 99) == 3.0


@pytest.mark.parametrize(("values", "share"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_no_percentile_of_nothing_or_beyond_all(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile(values, share)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.1, 100))
def test_at_least_the_share_is_not_above_it(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share / 100 * len(values) - 1e-9
    assert sum(value < found for value in values) < share / 100 * len(values) + 1e-9


def test_spread_is_in_milliseconds() -> None:
    assert spread([0.001] * 98 + [0.5, 2.0]) == {"p50_ms": 1.0, "p99_ms": 500.0, "max_ms": 2000.0}


def test_medians_go_through_every_level() -> None:
    done = [{"a": n, "deep": {"b": n * 1.5}, "name": f"n{n}", "good": True} for n in (1, 9, 2)]
    assert medians(done) == {"a": 2, "deep": {"b": 3.0}, "name": "n2", "good": True}


def test_a_median_between_whole_numbers_stays_one() -> None:
    assert medians([{"rate": 10}, {"rate": 20}]) == {"rate": 15}


def test_a_missing_figure_is_an_error_not_a_smaller_sample() -> None:
    with pytest.raises(KeyError):
        medians([{}, {"a": 1}])

"""What a round of each bench says about itself, without servers."""

from typing import Any

import pytest

from tests.bench.latency import is_valid, summary
from tests.bench.recovery import counted, heads, lag
from tests.bench.traffic import messages


def phase(asked: int, reached: int, p99: float = 10.0) -> dict[str, Any]:
    return {"asked_per_s": asked, "reached_per_s": reached, "p99_ms": p99}


def round_(calm: int, storm: int, p99: float = 10.0) -> dict[str, Any]:
    return {"calm": phase(2_000, calm, p99), "storm": phase(20_000, storm, p99)}


@pytest.mark.parametrize(
    ("calm", "storm", "expected"),
    [(2_000, 20_000, True), (1_900, 19_000, True), (1_899, 20_000, False), (2_000, 18_999, False)],
)
def test_a_publisher_short_of_its_rate_voids_the_round(calm: int, storm: int, expected: bool) -> None:
    assert is_valid(round_(calm, storm)) is expected


def test_void_rounds_are_counted_and_left_out() -> None:
    found = summary([round_(2_000, 20_000, 10.0), round_(2_000, 10_000, 900.0), round_(2_000, 20_000, 20.0)])
    assert (found["void"], found["valid"], found["calm"]["p99_ms"]) == (1, True, 15.0)


def test_where_all_are_void_the_figures_are_shown_and_marked() -> None:
    found = summary([round_(2_000, 10_000, 900.0)])
    assert (found["void"], found["valid"], found["storm"]["p99_ms"]) == (1, False, 900.0)


def test_heads_and_lag_add_up_the_lanes() -> None:
    state = {"lanes": {"alarm": {"head": 3, "history_lag": 1}, "telemetry": {"head": 40, "history_lag": 5}}}
    assert (heads(state), lag(state)) == (43, 6)


def test_an_answer_that_says_nothing_is_no_end() -> None:
    assert heads({}) == 0
    assert lag({}) > 0


def test_points_are_counted_from_the_servers_answer() -> None:
    assert counted({"results": [{"series": [{"columns": ["time", "count"], "values": [[0, 250]]}]}]}) == 250


def test_no_series_is_no_points() -> None:
    assert counted({"results": [{"statement_id": 0}]}) == 0


@pytest.mark.parametrize("answer", [{"error": "no"}, {"results": [{"error": "no"}]}])
def test_a_failed_count_is_not_zero_points(answer: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match="counting the points failed: no"):
        counted(answer)


def test_a_second_series_goes_on_where_the_first_stopped() -> None:
    whole, rest = messages(10, 3), messages(6, 3, first=4)
    assert [topic for topic, _ in rest] == [topic for topic, _ in whole[4:]]
    assert [_sequence(body) for _, body in rest] == [_sequence(body) for _, body in whole[4:]]


def _sequence(body: bytes) -> bytes:
    return body.partition(b'"seq": ')[2].partition(b",")[0]

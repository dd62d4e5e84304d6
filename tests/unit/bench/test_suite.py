"""Goals, rows and tables."""

from typing import Any

import pytest
from rich.console import Console

from tests.bench.__main__ import table
from tests.bench.suite import BENCHES, Goal, Row, figure, leaves, rows

RESULTS: dict[str, dict[str, Any]] = {
    "vision-lanes": {
        "in_time": 0.98,
        "early_or_repeated": 0,
        "cleared": 1.0,
        "lapse": {"false_alarms": 0},
        "streams": {"540p_2fps": 60.0},
    },
    "ingest": {"ratio": 13.5, "ratios": [13.0, 14.0]},
    "decode": {"slowest": "shelly", "slowest_us": 4.1, "json_us": {"shelly": 4.1}, "other_us": {}},
    "latency": {"valid": True, "calm": {"p99_ms": 20.0}, "storm": {"p99_ms": 1_200.0}},
    "memory": {"devices": {"10000": {"rss_mb": 140.0}}},
    "growth": {"ratio": 1.3},
    "rules": {"per_cpu_s": 210_000, "ratio": 1.2},
    "vision-falling": {
        "recall": {">=6 px": 0.99, "3-5 px": 0.9},
        "precision": 0.98,
        "floor_within_1": 0.9,
        "speed_1080p25_one_core": {"ours_real_time_factor": 2.4},
    },
    "backtest": {"times_real_time": 300.0},
    "search": {"worst_p95_ms": {"sqlite": 62.0, "postgresql": 90.0}},
    "recovery": {"lost": 0, "ratio": 2.5, "memory_growth_mb": 12.0},
}


def test_every_bench_has_goals() -> None:
    assert BENCHES.keys() == RESULTS.keys()
    assert all(bench.goals for bench in BENCHES.values())


@pytest.mark.parametrize("name", BENCHES)
def test_every_goal_finds_its_figure(name: str) -> None:
    judged = [row for row in rows(name, RESULTS[name]) if row.goal]
    assert [row.title for row in judged] == [goal.title for goal in BENCHES[name].goals]


def test_a_goal_is_met_at_its_limit_and_missed_beyond() -> None:
    low, high = Goal("x", "x", 100), Goal("x", "x", 12, at_least=True)
    assert (low.met(100), low.met(100.1), high.met(12), high.met(11.9)) == (True, False, True, False)


def test_goals_read_as_people_write_them() -> None:
    assert str(Goal("x", "x", 1000, " ms")) == "<= 1000 ms"
    assert str(Goal("x", "x", 12, " x", at_least=True)) == ">= 12 x"


def test_a_missed_goal_is_shown_as_missed() -> None:
    calm, storm = rows("latency", RESULTS["latency"])[:2]
    assert calm == Row("PUBLISH to console, p99 at 2,000 messages/s", "20 ms", "<= 100 ms", True)
    assert storm.met is False


def test_a_run_that_does_not_count_meets_nothing() -> None:
    judged = rows("latency", RESULTS["latency"] | {"valid": False})[:2]
    assert [row.met for row in judged] == [None, None]


def test_figures_without_goal_follow() -> None:
    assert rows("ingest", RESULTS["ingest"])[1:] == [Row("ratios", "13.0, 14.0", "", None)]


def test_leaves_name_the_whole_way() -> None:
    found = dict(leaves({"devices": {"100000": {"rss_mb": 1234.5}}, "points": 1_000_000, "valid": True}))
    assert found == {"devices/100000/rss_mb": "1,234.5", "points": "1,000,000", "valid": "True"}


def test_a_wrong_path_is_an_error() -> None:
    assert figure({"a": {"b": 3}}, "a/b") == 3.0
    with pytest.raises(KeyError):
        figure({"a": {}}, "a/b")


@pytest.mark.parametrize(("met", "mark"), [(True, "met"), (False, "missed"), (None, "void")])
def test_the_table_says_whether_a_goal_was_met(met: bool | None, mark: str) -> None:
    lines = [line for line in _rendered(table("growth", [Row("cost", "1.3 x", "<= 1.25 x", met)])) if "cost" in line]
    assert len(lines) == 1
    assert mark in lines[0]


def _rendered(shown: object) -> list[str]:
    console = Console(width=120, no_color=True)
    with console.capture() as captured:
        console.print(shown)
    return captured.get().splitlines()

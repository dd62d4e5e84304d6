"""The benches by name, with the goal of each figure."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.bench import backtest, decode, growth, ingest, latency, memory, recovery, rules

Say = Callable[[str], None]


class Goal(NamedTuple):
    """What one figure should be. ``path``: where it stands in the bench's result, keys joined by a slash."""

    path: str
    title: str
    limit: float
    unit: str = ""
    at_least: bool = False

    def met(self, value: float) -> bool:
        """Whether ``value`` is as it should be."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}{self.unit}"


class Bench(NamedTuple):
    """``quick`` is the same on a small scale: to try the bench, not to quote its figures."""

    run: Callable[[Say], dict[str, Any]]
    quick: Callable[[Say], dict[str, Any]]
    goals: tuple[Goal, ...]


class Row(NamedTuple):
    """One line of the report; ``met`` is ``None`` where the run does not count."""

    title: str
    value: str
    goal: str
    met: bool | None


def _vision_falling(**options: Any) -> dict[str, Any]:
    """Imported when it runs: the others need neither cv2 nor av."""
    from tests.bench import vision_falling

    return vision_falling.run(**options)


def _vision_lanes(**options: Any) -> dict[str, Any]:
    """Imported when it runs, as above."""
    from tests.bench import vision_lanes

    return vision_lanes.run(**options)


def _search(**options: Any) -> dict[str, Any]:
    """Imported when it runs: the others need no PostgreSQL."""
    from tests.bench import search

    return search.run(**options)


BENCHES = {
    "vision-lanes": Bench(
        lambda say: _vision_lanes(say=say),
        lambda say: _vision_lanes(seeds=1, hours=1, say=say),
        (
            Goal("in_time", "parked vehicles told within 10 s of their dwell", 0.95, at_least=True),
            Goal("early_or_repeated", "told early or again", 0),
            Goal("cleared", "of those, cleared within 10 s of leaving", 0.95, at_least=True),
            Goal("lapse/false_alarms", "false alarms in a day's time-lapse", 0),
            Goal("streams/540p_2fps", "streams of 2 pictures/s per core, decoding included", 20, at_least=True),
        ),
    ),
    "ingest": Bench(
        lambda say: ingest.run(),
        lambda say: ingest.run(20_000, 1),
        (Goal("ratio", "messages per CPU-second over ordinary use", 12, " x", at_least=True),),
    ),
    "decode": Bench(
        lambda say: decode.run(say=say),
        lambda say: decode.run(200, 1, say=say),
        (Goal("slowest_us", "decoding one message, dearest JSON dialect", 5, " us"),),
    ),
    "backtest": Bench(
        lambda say: backtest.run(say=say),
        lambda say: backtest.run(200, 0.5, say=say),
        (Goal("times_real_time", "back-test of 2,000 devices over real time", 100, " x", at_least=True),),
    ),
    "latency": Bench(
        lambda say: latency.run(say=say),
        lambda say: latency.run(40, 1, say=say),
        (
            Goal("calm/p99_ms", "PUBLISH to console, p99 at 2,000 messages/s", 100, " ms"),
            Goal("storm/p99_ms", "PUBLISH to console, p99 at 20,000 messages/s", 1_000, " ms"),
        ),
    ),
    "memory": Bench(
        lambda say: memory.run(say=say),
        lambda say: memory.run((1_000, 10_000), 1, say=say),
        (Goal("devices/10000/rss_mb", "resident size at 10,000 devices", 150, " MB"),),
    ),
    "growth": Bench(
        lambda say: growth.run(say=say),
        lambda say: growth.run((100, 10_000), 20_000, 1, say=say),
        (Goal("ratio", "CPU per message, dearest over cheapest size", 1.25, " x"),),
    ),
    "rules": Bench(
        lambda say: rules.run(say=say),
        lambda say: rules.run((100, 1_000), 10_000, 1, say=say),
        (
            Goal("per_cpu_s", "reports judged per CPU-second, all rules, slowest size", 200_000, at_least=True),
            Goal("ratio", "the same, fastest over slowest size", 1.25, " x"),
        ),
    ),
    "search": Bench(
        lambda say: _search(say=say),
        lambda say: _search(alerts=20_000, tries=20, say=say),
        (
            Goal("worst_p95_ms/sqlite", "a page of 1,000,000 alerts, p95 of the slowest kind, SQLite", 200, " ms"),
            Goal("worst_p95_ms/postgresql", "the same, PostgreSQL", 200, " ms"),
        ),
    ),
    "recovery": Bench(
        lambda say: recovery.run(say=say),
        lambda say: recovery.run(50_000, 1, 20_000, say=say),
        (
            Goal("lost", "points lost in the outage", 0),
            Goal("ratio", "catch-up rate over arrival rate", 1, " x", at_least=True),
            Goal("memory_growth_mb", "growth in memory during the outage", 50, " MB"),
        ),
    ),
    "vision-falling": Bench(
        lambda say: _vision_falling(say=say),
        lambda say: _vision_falling(throws=2, negative_s=4.0, speed_s=4.0, kinds=("calm", "birds", "rain"), say=say),
        (
            Goal("recall/>=6 px", "throws found, 6 px and more", 0.95, at_least=True),
            Goal("recall/3-5 px", "throws found, 3 to 5 px", 0.85, at_least=True),
            Goal("precision", "precision of events", 0.95, at_least=True),
            Goal("floor_within_1", "floor of release within one", 0.8, at_least=True),
            Goal("speed_1080p25_one_core/ours_real_time_factor", "1080p at 25/s, decoding included", 2, " x", True),
        ),
    ),
}


def figure(result: dict[str, Any], path: str) -> float:
    """The figure of ``result`` at ``path``."""
    found: Any = result
    for key in path.split("/"):
        found = found[key]
    return float(found)


def rows(name: str, result: dict[str, Any]) -> list[Row]:
    """The goals of a bench with what was measured; then every other figure."""
    goals = BENCHES[name].goals
    counts = bool(result.get("valid", True))
    judged = [_judged(goal, figure(result, goal.path), counts) for goal in goals]
    known = {goal.path for goal in goals}
    return judged + [Row(path, text, "", None) for path, text in leaves(result) if path not in known]


def _judged(goal: Goal, value: float, counts: bool) -> Row:
    return Row(goal.title, f"{value:,g}{goal.unit}", str(goal), goal.met(value) if counts else None)


def leaves(result: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every figure with its path."""
    for key, value in result.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}"

"""Escalation through kills and wrong clocks: no step missed, none doubled, each at its second.

``python -m tests.unit.core.test_escalation_life 100`` walks a hundred schedules.
"""

import sys
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from gateway.alerts.store import AlertStore
from tests.contract.test_alert_store import Postgres, postgres
from tests.unit.core.escalation_life import (
    SECONDS,
    Called,
    Life,
    announced,
    expected,
    live,
    messages,
    schedule,
    taken,
)

__all__ = ["postgres"]

SEEDS = range(2)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes an empty database; returns its URL."""
    if request.param == "sqlite":
        numbers = count()
        return lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh


def check(url: str, seed: int) -> tuple[int, int]:
    """Live one schedule; return how many steps and processes it took."""
    store = AlertStore(url)
    store.migrate()
    processes = live(url, seed)
    plan = schedule(seed)
    assert taken(store, plan) == expected(plan), f"seed {seed}"
    assert messages(store) == announced(store), f"seed {seed}"
    assert store.verify_audit() is None
    store.close()
    return len(expected(plan)), processes


def test_through_kills_and_clock_steps_each_step_is_taken_once_at_its_second(fresh: Callable[[], str]) -> None:
    found = [check(fresh(), seed) for seed in SEEDS]
    assert sum(steps for steps, _ in found) > 10
    assert sum(processes - 1 for _, processes in found) >= 3 * len(SEEDS)


def test_the_schedules_try_everything() -> None:
    """Lapses, reminders, every level; some alert that goes on to the end, some that is resolved."""
    steps = [step for seed in range(100) for step in expected(schedule(seed))]
    assert {(step.level, step.reminder) for step in steps} >= {
        (0, False), (1, False), (1, True), (2, False), (2, True), (3, False), (3, True)
    }  # fmt: skip
    assert len(steps) > 1_000


def test_a_silent_alert_is_called_at_one_three_and_ten_minutes(tmp_path: Path) -> None:
    """The oracle itself, by hand: nobody acts."""
    plan = schedule(0)._replace(events=[schedule(0).events[0]], jumps=[(30, -3_600.0)])
    plan.severities[plan.events[0].number] = plan.severities[plan.events[0].number].__class__.CRITICAL
    start, number = plan.events[0].at, plan.events[0].number
    store_url = f"sqlite:///{tmp_path}/alerts.db"
    AlertStore(store_url).migrate()
    life = Life(store_url, plan, 0)
    life.walk(SECONDS, lambda _: None)
    first = [step for step in taken(life.store, plan) if not step.reminder]
    assert first == [Called(start + after, number, level, False) for level, after in ((1, 60), (2, 180), (3, 600))]


def test_an_alert_without_a_timer_is_found_repaired_and_called(tmp_path: Path) -> None:
    plan = schedule(0)._replace(jumps=[])
    store_url = f"sqlite:///{tmp_path}/alerts.db"
    AlertStore(store_url).migrate()
    life = Life(store_url, plan, 0)
    life.walk(plan.events[0].at, lambda _: None)
    (alert,) = life.book.open_alerts()
    assert life.book.audit_escalations(life.clock.now()) == []
    life.book._escalations._timers.clear()
    life.clock.second += 30
    assert life.book.audit_escalations(life.clock.now()) == [alert]
    life.save()
    assert [row.action for row in life.store.timeline(alert.id)] == ["raise", "repair"]
    assert life.book.next_escalation() < float("inf")


if __name__ == "__main__":
    total, started = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(int(sys.argv[1])):
            steps, processes = check(f"sqlite:///{folder}/{seed}.db", seed)
            total, started = total + steps, started + processes
    print(f"{sys.argv[1]} schedules, {total} steps, {started - int(sys.argv[1])} kills: none missed, none doubled")

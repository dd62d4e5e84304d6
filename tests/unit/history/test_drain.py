"""The drain delivers everything once the store takes it, in order, and waits for nobody's sake but the store's."""

import asyncio
import math
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.model import Report
from gateway.history.drain import LONGEST_RETRY_AFTER_S, LONGEST_WAIT_S, Drain, patience
from gateway.history.store import HistoryStore, Unavailable
from tests.unit.history.ports import Ledger, Script
from tests.unit.history.samples import speeds

BATCH = 1_000


class Bench:
    """A drain with a sleepless clock: pauses are noted, not slept."""

    def __init__(self, source: Script, store: HistoryStore, batch: int = BATCH) -> None:
        self.source = source
        self.pauses: list[float] = []
        self.bad: list[tuple[float, str]] = []
        self.drain = Drain(source, store, self.on_bad, batch=batch, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def on_bad(self, report: Report, detail: str) -> None:
        self.bad.append((report.measurements["speed"], detail))

    async def run(self) -> None:
        task = asyncio.create_task(self.drain.run())
        await first_of(task, self.source.done.wait())
        await cancelled(task)


async def first_of(task: asyncio.Task[None], event: Awaitable[object]) -> None:
    """Wait for ``event``; if ``task`` fails first, fail with it."""
    waiting = asyncio.ensure_future(event)
    await asyncio.wait([task, waiting], timeout=30, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        await task


async def cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def hates(*speeds_hated: float) -> Callable[[Report], bool]:
    return lambda report: report.measurements["speed"] in speeds_hated


async def test_batches_arrive_in_order_and_are_committed_one_by_one() -> None:
    first, second, ledger = speeds(3), speeds(2), Ledger()
    bench = Bench(Script(first, second), ledger)
    await bench.run()
    assert ledger.taken == [*first, *second]
    assert bench.source.committed == [1, 2]
    assert (bench.drain.written, bench.drain.bad, bench.drain.retries) == (5, 0, 0)


async def test_a_store_that_is_away_gets_the_same_batch_again_and_nothing_is_committed_before() -> None:
    away = Unavailable("server is away", retry_after=7)
    ledger = Ledger(troubles=[away, away])
    bench = Bench(Script(speeds(3)), ledger, batch=3)
    await bench.run()
    assert ledger.attempts == [speeds(3)] * 3
    assert bench.pauses == [7, 7]
    assert (bench.drain.written, bench.drain.retries, bench.source.committed) == (3, 2, [1])


async def test_without_a_wish_of_the_server_the_wait_doubles_up_to_its_bound() -> None:
    bench = Bench(Script(speeds(3)), Ledger(troubles=[Unavailable("away")] * 12), batch=3)
    await bench.run()
    ceilings = [min(0.5 * 2**n, LONGEST_WAIT_S) for n in range(12)]
    assert all(ceiling / 2 <= pause <= ceiling for pause, ceiling in zip(bench.pauses, ceilings, strict=True))
    assert len({pause / ceiling for pause, ceiling in zip(bench.pauses, ceilings, strict=True)}) > 1


async def test_the_operator_is_told_why_it_waits_and_that_it_goes_on() -> None:
    bench = Bench(Script(speeds(1)), Ledger(troubles=[Unavailable("check history.token")]), batch=1)
    seen: list[str | None] = []

    async def sleep(_: float) -> None:
        seen.append(bench.drain.problem)

    bench.drain._sleep = sleep
    await bench.run()
    assert seen == ["check history.token"]
    assert bench.drain.problem is None


def test_patience_has_an_end_even_if_the_server_asks_for_a_day() -> None:
    assert patience(86_400, 1) == LONGEST_RETRY_AFTER_S
    assert patience(0, 1) == 0


async def test_one_bad_point_is_found_with_few_writes_and_its_neighbours_arrive() -> None:
    ledger = Ledger(hates=hates(700.0))
    bench = Bench(Script(speeds(BATCH)), ledger)
    await bench.run()
    assert bench.bad == [(700.0, "hated")]
    assert [report.measurements["speed"] for report in ledger.taken] == [float(n) for n in range(BATCH) if n != 700]
    assert (bench.drain.written, bench.drain.bad) == (BATCH - 1, 1)
    assert len(ledger.attempts) <= 2 * math.ceil(math.log2(BATCH)) + 1


@given(st.integers(1, 64), st.sets(st.integers(0, 63)), st.sets(st.integers(0, 20), max_size=5))
async def test_any_mix_of_bad_points_and_outages_loses_nothing(count: int, bad: set[int], outages: set[int]) -> None:
    ledger = Ledger(hates=hates(*map(float, bad)))
    wanted = ledger.write

    def write(reports: Sequence[Report]) -> None:
        if len(ledger.attempts) in outages:
            ledger.troubles = [Unavailable("away")]
        wanted(reports)

    ledger.write = write  # type: ignore[method-assign]
    bench = Bench(Script(speeds(count)), ledger)
    await bench.run()
    assert [report.measurements["speed"] for report in ledger.taken] == [float(n) for n in range(count) if n not in bad]
    assert bench.bad == [(float(n), "hated") for n in range(count) if n in bad]
    assert bench.source.committed == [1]


async def test_a_bad_point_that_cannot_be_kept_is_not_committed() -> None:
    bench = Bench(Script(speeds(1)), Ledger(hates=hates(0.0)))

    async def on_bad(report: Report, detail: str) -> None:
        raise OSError("dead letters cannot be written")

    bench.drain._on_bad = on_bad
    with pytest.raises(OSError, match="dead letters"):
        await bench.run()
    assert bench.source.committed == []


async def test_a_batch_without_reports_moves_the_position_only() -> None:
    ledger = Ledger()
    bench = Bench(Script([]), ledger)
    await bench.run()
    assert (ledger.attempts, bench.source.committed) == ([], [1])


class Slow(Ledger):
    """A store whose write takes until ``release``."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.release = threading.Event()

    def write(self, reports: Sequence[Report]) -> None:
        self.entered.set()
        assert self.release.wait(30)
        super().write(reports)


async def test_the_loop_goes_on_while_the_store_is_slow() -> None:
    store = Slow()
    bench = Bench(Script(speeds(1)), store)
    task = asyncio.create_task(bench.drain.run())
    assert await asyncio.to_thread(store.entered.wait, 30)
    assert not task.done()
    store.release.set()
    await first_of(task, bench.source.done.wait())
    await cancelled(task)
    assert len(store.taken) == 1


async def test_cancelled_in_mid_write_it_lets_the_write_end_and_commits_nothing() -> None:
    store = Slow()
    bench = Bench(Script(speeds(1)), store)
    task = asyncio.create_task(bench.drain.run())
    assert await asyncio.to_thread(store.entered.wait, 30)
    task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    store.release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(store.taken) == 1
    assert bench.source.committed == []

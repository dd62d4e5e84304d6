"""Journal -> history store, at the store's pace: nothing is dropped, nobody waits, one bad point stops no other."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

from devices.model import Report
from gateway.history.store import HistoryStore, Refused, Unavailable

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_RETRY_AFTER_S = 300.0
"""A server may ask for more patience than our own, but not park the history for a day."""

Position = TypeVar("Position")


class Source(Protocol[Position]):
    """Where reports come from, in order."""

    async def next(self, limit: int) -> tuple[list[Report], Position]:
        """Wait for news, then return at most ``limit`` reports and the position after them.

        Without a ``commit`` of that position they come again after a restart. No reports: only the position moved.
        """

    async def commit(self, position: Position) -> None:
        """All reports up to ``position`` are dealt with."""


class Drain(Generic[Position]):
    """Run ``run()`` as one task; cancel it to stop. It closes neither source nor store.

    Attributes:
        written: reports the store took.
        bad: reports it will never take; each went to ``on_bad``.
        retries: waits for a store that could not.
        problem: why it waits now, for the operator; ``None`` while it does not.
    """

    def __init__(
        self,
        source: Source[Position],
        store: HistoryStore,
        on_bad: Callable[[Report, str], Awaitable[None]],
        *,
        batch: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.written = 0
        self.bad = 0
        self.retries = 0
        self.problem: str | None = None
        self._source = source
        self._store = store
        self._on_bad = on_bad
        self._batch = batch
        self._sleep = sleep
        self._worker = ThreadPoolExecutor(1, "history")

    async def run(self) -> None:
        """Until cancelled. A write under way is waited for, so that the store can be closed right after."""
        try:
            while True:
                reports, position = await self._source.next(self._batch)
                await self._deliver(reports)
                await self._source.commit(position)
        finally:
            self._worker.shutdown(wait=False)

    async def _deliver(self, reports: Sequence[Report]) -> None:
        """Halve what is refused until the bad point is alone; in order, since stores remember each device's last."""
        if not reports:
            return
        try:
            await self._insist(reports)
        except Refused as refused:
            if len(reports) == 1:
                self.bad += 1
                await self._on_bad(reports[0], refused.detail)
                return
            middle = len(reports) // 2
            await self._deliver(reports[:middle])
            await self._deliver(reports[middle:])

    async def _insist(self, reports: Sequence[Report]) -> None:
        wait = FIRST_WAIT_S
        while True:
            try:
                await self._in_worker(reports)
            except Unavailable as away:
                self.retries += 1
                self.problem = away.detail
                await self._sleep(patience(away.retry_after, wait))
                wait = min(2 * wait, LONGEST_WAIT_S)
            else:
                self.written += len(reports)
                self.problem = None
                return

    async def _in_worker(self, reports: Sequence[Report]) -> None:
        """A thread cannot be cancelled: on cancellation let it end first, bounded by the store's own timeout."""
        writing = asyncio.get_running_loop().run_in_executor(self._worker, self._store.write, reports)
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise


def patience(retry_after: float | None, wait: float) -> float:
    """Seconds until the next try: what the server asked for, else ``wait`` with jitter, so that sites do not align."""
    if retry_after is not None:
        return min(retry_after, LONGEST_RETRY_AFTER_S)
    return wait * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret

"""Feeds the history store's drain from the lanes' journals."""

import asyncio
import contextlib
import sqlite3

import structlog

from devices.dialects.dialect import Lane
from devices.model import Report
from gateway.clock import Clock
from gateway.lanes import HISTORY, LanePipe

log = structlog.get_logger(__name__)

CURSOR_S = 1.0
LINGER_S = 1.0
"""After a batch that was not full, wait this long for more: a quiet site syncs its disk once a second, not always."""

Positions = dict[Lane, int]


class HistoryFeed:
    """The drain's source. Cursors are written at most once a second: points written again change nothing."""

    def __init__(self, lanes: dict[Lane, LanePipe], clock: Clock) -> None:
        self._lanes = lanes
        self._clock = clock
        self._news = asyncio.Event()
        self._written = 0.0
        self._full = True
        self.committed: Positions = {lane: pipe.tails[HISTORY].position for lane, pipe in lanes.items()}
        self._saved = dict(self.committed)
        for pipe in lanes.values():
            pipe.listeners.append(self._news)

    @property
    def lag(self) -> int:
        """Messages committed to the journals and not yet in the store."""
        return sum(max(pipe.journal.head - self.committed[lane], 0) for lane, pipe in self._lanes.items())

    async def next(self, limit: int) -> tuple[list[Report], Positions]:
        """Return about ``limit`` reports and the positions after them; waits until there are any."""
        if not self._full:
            await self._linger(limit)
        while True:
            reports: list[Report] = []
            for lane in self._lanes:
                await self._collect(lane, limit, reports)
            positions = {lane: pipe.tails[HISTORY].position for lane, pipe in self._lanes.items()}
            if reports or positions != self.committed:
                self._full = len(reports) >= limit
                return reports, positions
            await self._wait()

    async def commit(self, position: Positions) -> None:
        """Everything below ``position`` is in the store."""
        self.committed = position
        if self._clock.monotonic() - self._written >= CURSOR_S:
            await self.save()

    async def save(self) -> None:
        """Write the cursors now. A disk that refuses costs only time: after a restart points are written again."""
        self._written = self._clock.monotonic()
        for lane, position in self.committed.items():
            if position == self._saved[lane]:
                continue
            pipe = self._lanes[lane]
            try:
                await pipe.write(pipe.journal.move_cursor, HISTORY, position)
            except sqlite3.OperationalError as error:
                log.warning("history_cursor_not_saved", lane=lane, error=str(error))
                continue
            self._saved[lane] = position

    async def _collect(self, lane: Lane, limit: int, reports: list[Report]) -> None:
        pipe = self._lanes[lane]
        tail = pipe.tails[HISTORY]
        while len(reports) < limit and (decoded := tail.pop()) is not None:
            reports += decoded.reports
        if len(reports) < limit and tail.lag > 0 and not tail.in_memory:
            for decoded in await pipe.load(HISTORY, limit - len(reports)):
                reports += decoded.reports

    async def _linger(self, limit: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while self.lag < limit:
                    self._news.clear()
                    await self._news.wait()

    async def _wait(self) -> None:
        await self.save()
        self._news.clear()
        if all(pipe.tails[HISTORY].lag <= 0 for pipe in self._lanes.values()):
            await self._news.wait()

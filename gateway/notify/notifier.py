"""Sends what waits in the outbox until each channel confirms: the most urgent first, for as long as it takes."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog

from gateway.clock import Clock
from gateway.notify.ports import Endpoint, Outbox, Row, Undelivered
from gateway.notify.routing import severity_rank

log = structlog.get_logger(__name__)

BACKOFF_S = (5.0, 15.0, 60.0, 300.0, 600.0)
CRITICAL_BACKOFF_S = 60.0
LIMIT = 500
DOWN_AFTER = 2


def backoff(attempts: int, critical: bool, steps: Sequence[float] = BACKOFF_S) -> float:
    """Seconds until the next attempt after ``attempts`` failures (at least 1). A fire never waits over a minute."""
    delay = steps[min(attempts, len(steps)) - 1]
    return min(delay, CRITICAL_BACKOFF_S) if critical else delay


def urgency(row: Row) -> tuple[int, int, float]:
    """Sorts the most urgent first; among equals the least tried, so that one bad message does not hold up the rest."""
    return severity_rank(row.payload), row.attempts, row.created_at


class _Lane:
    """One channel's state: at most one message on its way, and a rest after failures in a row."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.task: asyncio.Task[None] | None = None
        self.failures = 0
        self.rests_until = 0.0

    def may_send(self, row: Row, now: float) -> bool:
        untried_critical = severity_rank(row.payload) == 0 and row.attempts == 0
        return now >= self.rests_until or untried_critical


class Notifier:
    """The outbox's only consumer. A message is delivered at least once: a crash between the service's confirmation and
    its record repeats it. ``sent`` and ``failed`` count attempts since the start.
    """

    def __init__(
        self, outbox: Outbox, channels: Mapping[str, Endpoint], clock: Clock, steps: Sequence[float] = BACKOFF_S
    ) -> None:
        self.sent = 0
        self.failed = 0
        self._outbox = outbox
        self._clock = clock
        self._steps = steps
        self._lanes = {name: _Lane(endpoint) for name, endpoint in channels.items()}
        self._news = asyncio.Event()
        self._waiting: dict[str, float] = {}
        self._offered: dict[str, Row] = {}
        self._unrecorded: set[str] = set()
        self._recorded: set[str] = set()
        # Threads of its own: a service that hangs must not use up those the rest of the gateway shares.
        self._threads = ThreadPoolExecutor(max(1, len(self._lanes)), thread_name_prefix="notify")

    def wake(self) -> None:
        """Say that new messages are in the outbox."""
        self._news.set()

    def offer(self, row: Row) -> None:
        """Send ``row`` although the outbox could not store it (a fire while the disk is full).

        Once the outbox has a row of this id, the outbox counts; what was sent before is then recorded, not repeated.
        """
        if row.id not in self._unrecorded:
            self._offered[row.id] = row
            self._news.set()

    async def run(self) -> None:
        """Send until cancelled; what is on its way then is still finished and recorded."""
        try:
            while True:
                self._news.clear()
                await self._round()
                await self._pause()
        finally:
            await asyncio.gather(*(lane.task for lane in self._lanes.values() if lane.task))
            self._threads.shutdown(wait=False)

    async def _round(self) -> None:
        try:
            rows = await self._sendable()
        except Exception as error:
            # The database may be away or the disk full; the outbox is asked again after a while.
            log.warning("outbox_unreadable", error=str(error))
            now = self._clock.now()
            self._waiting["outbox"] = now + self._steps[0]
            rows = [row for row in self._offered.values() if self._ready(row, now)]
        for row in rows:
            lane = self._lanes[row.channel]
            if lane.task is None:
                lane.task = asyncio.create_task(self._deliver(lane, row))

    async def _sendable(self) -> list[Row]:
        """Rows that may go now, most urgent first. Looks further while rows of resting channels fill the view."""
        limit = LIMIT
        while True:
            now = self._clock.now()
            self._recorded.clear()
            due = await self._outbox.due_messages(now, limit)
            for row in due:
                self._offered.pop(row.id, None)
            rows = [row for row in (*due, *self._offered.values()) if await self._may_send(row, now)]
            if rows or len(due) < limit:
                self._waiting = {key: at for key, at in self._waiting.items() if at > now}
                return sorted(rows, key=urgency)
            limit *= 4

    async def _may_send(self, row: Row, now: float) -> bool:
        if row.id in self._recorded:  # noted while the outbox was being read: what was read is older
            return False
        if row.id in self._unrecorded:
            if self._waiting.get(row.id, 0.0) <= now:
                await self._record_sent(row)
            return False
        if row.channel not in self._lanes:
            why = f"the site file has no channel {row.channel}; add it again to send what waits for it"
            await self._record_failed(row, why, now + self._steps[-1])
            return False
        return self._ready(row, now)

    def _ready(self, row: Row, now: float) -> bool:
        lane = self._lanes.get(row.channel)
        resting = lane is None or lane.task is not None or not lane.may_send(row, now)
        return not resting and self._waiting.get(row.id, 0.0) <= now

    async def _deliver(self, lane: _Lane, row: Row) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, lane.endpoint.deliver, row.stage, row.payload)
        except Undelivered as error:
            await self._failed(lane, row, str(error))
        except Exception as error:
            # Only the type: the text of an unforeseen error may hold the channel's address.
            await self._failed(lane, row, f"channel {row.channel}: {type(error).__name__}")
        else:
            await self._delivered(lane, row)
        finally:
            lane.task = None
            self._news.set()

    async def _delivered(self, lane: _Lane, row: Row) -> None:
        self.sent += 1
        lane.failures, lane.rests_until = 0, 0.0
        self._unrecorded.add(row.id)
        log.info("notification_sent", channel=row.channel, alert=row.alert, stage=row.stage)
        if self._offered.pop(row.id, None):
            return
        await self._record_sent(row)

    async def _record_sent(self, row: Row) -> None:
        """Tell the outbox; if it cannot note it now, the row stays in ``_unrecorded`` and is not sent again."""
        try:
            await self._outbox.message_sent(row.id, self._clock.now())
            self._unrecorded.discard(row.id)
            self._recorded.add(row.id)
        except Exception as error:
            log.warning("notification_unrecorded", message=row.id, error=str(error))
            self._waiting[row.id] = self._clock.now() + self._steps[0]

    async def _record_failed(self, row: Row, why: str, next_at: float) -> None:
        try:
            await self._outbox.message_failed(row.id, why, next_at)
        except Exception as error:
            log.warning("notification_unrecorded", message=row.id, error=str(error))

    async def _failed(self, lane: _Lane, row: Row, why: str) -> None:
        self.failed += 1
        lane.failures += 1
        now, critical = self._clock.now(), severity_rank(row.payload) == 0
        next_at = now + backoff(row.attempts + 1, critical, self._steps)
        self._waiting[row.id] = next_at
        if lane.failures >= DOWN_AFTER:
            lane.rests_until = now + backoff(lane.failures - 1, critical, self._steps)
            self._waiting[f"channel {row.channel}"] = lane.rests_until
        log.warning("notification_failed", channel=row.channel, alert=row.alert, why=why, attempts=row.attempts + 1)
        await self._record_failed(row, why, next_at)

    async def _pause(self) -> None:
        """Wait for news, the next retry, or the shortest step: an earlier process's retries are not known here."""
        now = self._clock.now()
        delay = min([self._steps[0], *(at - now for at in self._waiting.values() if at > now)])
        # Not wait_for: before Python 3.12 it may swallow a cancellation that coincides with the news.
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._news.wait()

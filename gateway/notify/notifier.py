"""Sends what waits in the outbox until each channel confirms: the most urgent first, for as long as it takes."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog

from gateway.clock import Clock
from gateway.notify.joining import Pace, batch, held, joined
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
    """One channel's state: at most one message on its way, a pace, and a rest after failures in a row."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.pace = Pace(endpoint.per_minute)
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
        for name, lane in self._lanes.items():
            mine = [row for row in rows if row.channel == name] if lane.task is None else []
            if mine:
                steady = self._clock.monotonic()
                together = batch(mine, lane.pace, steady, alone=lane.failures > 0)
                lane.pace.note(steady)
                lane.task = asyncio.create_task(self._deliver(lane, together))

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
                await self._record_sent([row])
            return False
        if row.channel not in self._lanes:
            why = f"the site file has no channel {row.channel}; add it again to send what waits for it"
            await self._record_failed(row, why, now + self._steps[-1])
            return False
        return self._ready(row, now)

    def _ready(self, row: Row, now: float) -> bool:
        lane = self._lanes.get(row.channel)
        resting = lane is None or lane.task is not None or not lane.may_send(row, now)
        if resting or self._waiting.get(row.id, 0.0) > now:
            return False
        assert lane is not None  # noqa: S101 - said above
        steady = self._clock.monotonic()
        if held(row, lane.pace, steady):
            self._waiting[f"pace {row.channel}"] = now + lane.pace.wait(steady)
            return False
        return True

    async def _deliver(self, lane: _Lane, rows: Sequence[Row]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, lane.endpoint.deliver, *joined(rows))
        except Undelivered as error:
            await self._failed(lane, rows, str(error))
        except Exception as error:
            # Only the type: the text of an unforeseen error may hold the channel's address.
            await self._failed(lane, rows, f"channel {rows[0].channel}: {type(error).__name__}")
        else:
            await self._delivered(lane, rows)
        finally:
            lane.task = None
            self._news.set()

    async def _delivered(self, lane: _Lane, rows: Sequence[Row]) -> None:
        self.sent += 1
        lane.failures, lane.rests_until = 0, 0.0
        self._unrecorded.update(row.id for row in rows)
        for row in rows:
            log.info("notification_sent", channel=row.channel, alert=row.alert, stage=row.stage, joined=len(rows))
        await self._record_sent([row for row in rows if not self._offered.pop(row.id, None)])

    async def _record_sent(self, rows: Sequence[Row]) -> None:
        """Tell the outbox; what it cannot note now stays in ``_unrecorded`` and is not sent again."""
        ids = [row.id for row in rows]
        try:
            if ids:
                await self._outbox.messages_sent(ids, self._clock.now())
            self._unrecorded.difference_update(ids)
            self._recorded.update(ids)
        except Exception as error:
            log.warning("notification_unrecorded", messages=ids, error=str(error))
            self._waiting.update(dict.fromkeys(ids, self._clock.now() + self._steps[0]))

    async def _record_failed(self, row: Row, why: str, next_at: float) -> None:
        try:
            await self._outbox.message_failed(row.id, why, next_at)
        except Exception as error:
            log.warning("notification_unrecorded", message=row.id, error=str(error))

    async def _failed(self, lane: _Lane, rows: Sequence[Row], why: str) -> None:
        self.failed += 1
        lane.failures += 1
        now, critical = self._clock.now(), severity_rank(rows[0].payload) == 0
        if lane.failures >= DOWN_AFTER:
            lane.rests_until = now + backoff(lane.failures - 1, critical, self._steps)
            self._waiting[f"channel {rows[0].channel}"] = lane.rests_until
        for row in rows:
            tries = row.attempts + 1
            self._waiting[row.id] = now + backoff(tries, critical, self._steps)
            log.warning("notification_failed", channel=row.channel, alert=row.alert, why=why, attempts=tries)
            await self._record_failed(row, why, self._waiting[row.id])

    async def _pause(self) -> None:
        """Wait for news, the next retry, or the shortest step: an earlier process's retries are not known here."""
        now = self._clock.now()
        delay = min([self._steps[0], *(at - now for at in self._waiting.values() if at > now)])
        # Not wait_for: before Python 3.12 it may swallow a cancellation that coincides with the news.
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._news.wait()

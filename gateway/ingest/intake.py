"""One lane's way in: messages -> admission -> journal commit -> acknowledgement, in that order and no other.

While a commit runs in its thread, what arrives becomes the next batch: slow flash costs batch size, not throughput. The
broker's receive maximum bounds what can be waiting; a broker that ignores it is not read from until there is room.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import mqtt5
import structlog

from devices.dialects.dialect import Lane
from devices.model import Envelope, Reject
from gateway.ingest.admit import Admission

log = structlog.get_logger(__name__)

RETRY_S = 1.0


class Acknowledger(Protocol):
    """The connection a message came by."""

    def acknowledge(self, packet_ids: list[int]) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


Refusal = tuple[Envelope, Reject]
Commit = Callable[[list[Envelope], list[Refusal]], Awaitable[Any]]


class _Pending:
    """What waits for one commit: ``messages`` in all."""

    def __init__(self) -> None:
        self.messages = 0
        self.envelopes: list[Envelope] = []
        self.refused: list[Refusal] = []
        self.acks: list[tuple[Acknowledger, list[int]]] = []

    def add(self, later: "_Pending") -> None:
        """Take in what came later."""
        self.messages += later.messages
        self.envelopes += later.envelopes
        self.refused += later.refused
        self.acks += later.acks


class Intake:
    """Collects, commits and acknowledges.

    ``commit`` makes a batch durable or raises one of ``failures``; ``committed`` receives its result. ``unsaved``
    receives what the disk refused, each message once, before it is tried again; ``saved`` says that the disk is well.
    At ``enough`` waiting messages a connection is paused.
    """

    def __init__(
        self,
        lane: Lane,
        admission: Admission,
        commit: Commit,
        *,
        committed: Callable[[Any], None],
        unsaved: Callable[[list[Envelope], str], None],
        saved: Callable[[], None],
        now: Callable[[], float],
        enough: int = 2_000,
        failures: tuple[type[Exception], ...] = (sqlite3.OperationalError,),
    ) -> None:
        self.lane = lane
        self.received = 0
        self.rejected: dict[str, int] = {}
        self._admission = admission
        self._commit = commit
        self._committed = committed
        self._unsaved = unsaved
        self._saved = saved
        self._now = now
        self._failures = failures
        self._taken = _Pending()
        self._waiting = 0
        self._work = asyncio.Event()
        self._paused: list[Acknowledger] = []
        self._enough = enough
        self._closing = False

    def take(self, connection: Acknowledger, packets: list[mqtt5.PublishPacket]) -> None:
        """Accept messages as they came from ``connection``; returns at once."""
        now = self._now()
        # Sifted at once, while they are in the processor's cache.
        admitted, refused = self._admission.sift(
            [Envelope(p.topic, p.payload or b"", now, 1 if p.packet_id else 0, p.retain) for p in packets]
        )
        for _, reject in refused:
            reason = str(reject.reason)
            self.rejected[reason] = self.rejected.get(reason, 0) + 1
        taken = self._taken
        taken.envelopes += admitted
        taken.refused += refused
        taken.acks.append((connection, [p.packet_id for p in packets if p.packet_id is not None]))
        taken.messages += len(packets)
        self.received += len(packets)
        self._waiting += len(packets)
        # Messages of QoS 0 know no receive maximum: what a refusing disk keeps waiting must be bounded here.
        full = taken.messages >= self._enough or self._waiting >= 2 * self._enough
        if full and connection not in self._paused:
            connection.pause()
            self._paused.append(connection)
        self._work.set()

    async def run(self) -> None:
        """Commit batch after batch until ``close``; returns when everything taken is committed and acknowledged.

        Where the disk refuses, ``close`` ends it all the same: the broker keeps what was not acknowledged.
        """
        while True:
            await self._work.wait()
            self._work.clear()
            if self._taken.acks:
                if not await self._commit_batch():
                    return
            elif self._closing:
                return

    def close(self) -> None:
        """Finish what was taken, then stop."""
        self._closing = True
        self._work.set()

    async def _commit_batch(self) -> bool:
        """Return ``False`` when told to close while the disk refuses."""
        batch, self._taken = self._taken, _Pending()
        result = await self._insist(batch)
        if result is None:
            return False
        self._waiting = self._taken.messages
        for connection, packet_ids in batch.acks:
            connection.acknowledge(packet_ids)
        self._committed(result)
        for connection in self._paused:
            connection.resume()
        self._paused.clear()
        if self._taken.acks or self._closing:
            self._work.set()
        return True

    async def _insist(self, batch: "_Pending") -> Any:
        """Commit, however often the disk refuses; nothing is acknowledged before.

        Returns ``None`` only when told to close meanwhile: the broker keeps what was not acknowledged.
        """
        told = 0
        while True:
            try:
                result = await self._commit(batch.envelopes, batch.refused)
            except self._failures as error:
                if not told:
                    log.error("journal_refused", lane=self.lane, messages=len(batch.envelopes), error=str(error))
                self._unsaved(batch.envelopes[told:], str(error))
                told = len(batch.envelopes)
                if self._closing:
                    return None
                await self._pause()
                batch.add(self._taken)
                self._taken = _Pending()
            else:
                if told:
                    log.info("journal_recovered", lane=self.lane, messages=told)
                self._saved()
                return result

    async def _pause(self) -> None:
        """Wait before trying again; news cuts the wait short, since a fire among it must be shown."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_S):
                await self._work.wait()
        self._work.clear()

"""One lane from broker to consumers: session, intake, journal and the consumers' tails, wired."""

import asyncio
import functools
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from devices.decode import Decoder
from devices.dialects.dialect import Lane
from devices.model import Envelope
from gateway.clock import Clock
from gateway.ingest.admit import Admission
from gateway.ingest.intake import Intake, Refusal
from gateway.journal.journal import Batch, DeadLetter, Journal, JournalFull
from gateway.journal.tail import Decoded, Tail
from gateway.metrics import Metrics
from gateway.site import Site

T = TypeVar("T")
EVALUATE = "evaluate"
HISTORY = "history"
SLICE = 250
"""Messages decoded and judged at a time: few enough to stay in the processor's cache, and to keep no fire waiting."""


class LanePipe:
    """A lane's journal with the threads that own its two connections, and what reads from it."""

    def __init__(self, lane: Lane, site: Site, decoder: Decoder, clock: Clock, metrics: Metrics) -> None:
        self.lane = lane
        self.connected = False
        self.problem = ""
        self.listeners: list[asyncio.Event] = []
        self.decoder = decoder
        self._clock = clock
        self._metrics = metrics
        self._writer = ThreadPoolExecutor(1, f"journal-{lane}")
        self._reader = ThreadPoolExecutor(1, f"reader-{lane}")
        path = Path(site.data_dir) / "journal" / f"{lane}.db"
        self.journal = Journal(path, max_bytes=site.journal.max_bytes, dead_letters=site.journal.dead_letters)
        self._reading = self.journal.reader()
        self._damaged_before = self._reading.damaged
        self._enough = site.mqtt.receive_maximum
        self.admission = Admission(
            decoder,
            max_payload_bytes=site.ingest.max_payload_bytes,
            rate_per_s=site.ingest.rate_per_s,
            burst=site.ingest.burst,
        )
        self.tails = {HISTORY: self._tail(self.journal.cursor(HISTORY))}

    @property
    def damaged(self) -> int:
        """Messages set aside as damaged, by either connection."""
        return self.journal.damaged + self._reading.damaged - self._damaged_before

    def start_evaluation(self, position: int | None) -> None:
        """Place the evaluation's tail where its checkpoint says (the oldest message where there is none)."""
        self.journal.expect(position or 0)
        self.tails[EVALUATE] = self._tail(self.journal.oldest() if position is None else position)

    def intake(self, unsaved: Callable[[list[Envelope], str], None]) -> Intake:
        """Build the lane's way in; ``unsaved`` gets what the disk refuses."""

        def refused(envelopes: list[Envelope], why: str) -> None:
            self.problem = why
            unsaved(envelopes, why)

        def well() -> None:
            self.problem = ""

        return Intake(
            self.lane,
            self.admission,
            self._commit,
            committed=self._committed,
            unsaved=refused,
            saved=well,
            now=self._clock.now,
            enough=self._enough,
            failures=(sqlite3.OperationalError, JournalFull),
        )

    @property
    def hears(self) -> bool:
        """Whether what devices say now gets as far as the rules: connected, and the disk takes it."""
        return self.connected and not self.problem

    async def write(self, call: Callable[..., T], *args: Any) -> T:
        """Run ``call`` in the thread that owns the writing connection."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, functools.partial(call, *args))

    async def load(self, consumer: str, messages: int) -> list[Decoded]:
        """Read the next messages of a consumer that fell behind."""
        tail = self.tails[consumer]
        batches = await asyncio.get_running_loop().run_in_executor(self._reader, tail.load, messages)
        return tail.passed(batches)

    async def tidy(self, below: int, older_than: float) -> None:
        """Purge what nobody needs and compress what everybody has read, in slices that let commits through."""
        while await self.write(self.journal.purge, below, older_than):
            pass
        while await self.write(self.journal.compress, below):
            pass

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._reading.dead_letters, limit)

    def close(self) -> None:
        """Close both connections after what is queued for them."""
        self._writer.submit(self.journal.close).result()
        self._reader.submit(self._reading.close).result()
        self._writer.shutdown()
        self._reader.shutdown()

    async def _commit(self, envelopes: list[Envelope], refused: list[Refusal]) -> Batch:
        dead = [DeadLetter(e.received_at, e.topic, e.payload, str(r.reason), r.detail) for e, r in refused]
        began = self._clock.monotonic()
        batch = await self.write(self.journal.append, envelopes, dead)
        self._metrics.commit_seconds.observe(self._clock.monotonic() - began)
        return batch

    def _committed(self, batch: Batch) -> None:
        if not batch.envelopes:
            return
        for start in range(0, len(batch.envelopes), SLICE):
            decoded = Decoded(Batch(batch.seq + start, batch.envelopes[start : start + SLICE]), self.decoder)
            for tail in self.tails.values():
                tail.offer(decoded)
        for news in self.listeners:
            news.set()

    def _tail(self, position: int) -> Tail:
        return Tail(min(position, self.journal.head), self.journal.head, self._reading.read, self.decoder)

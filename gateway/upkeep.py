"""What must be done now and then, whether or not anything happens."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable

import structlog

from devices.dialects.dialect import Lane
from gateway.alerts.store import AlertStore, StoreUnavailable
from gateway.clock import Clock
from gateway.evaluate import Evaluator
from gateway.health import HealthDesk
from gateway.history_feed import HistoryFeed
from gateway.lanes import LanePipe
from gateway.likelihood import LikelihoodDesk
from gateway.metrics import Metrics

log = structlog.get_logger(__name__)

MAINTENANCE_S = 60.0
AUDIT_S = 30.0
COUNTED_MESSAGES = 1_000


class Upkeep:
    """Two endless loops: journals and reviews each minute, and the audit of escalations twice a minute."""

    def __init__(
        self,
        lanes: dict[Lane, LanePipe],
        feed: HistoryFeed,
        evaluator: Evaluator,
        store: AlertStore,
        likelihood: LikelihoodDesk,
        health: HealthDesk,
        metrics: Metrics,
        clock: Clock,
        keep_days: float,
        also: Callable[[], Awaitable[None]],
    ) -> None:
        """``also`` is whatever else is due each minute."""
        self._lanes = lanes
        self._feed = feed
        self._evaluator = evaluator
        self._store = store
        self._likelihood = likelihood
        self._health = health
        self._metrics = metrics
        self._clock = clock
        self._keep_days = keep_days
        self._also = also

    async def maintain(self) -> None:
        """Purge and compress the journals below the slowest consumer; note the audit chain's head."""
        while True:
            try:
                await self._maintain_once()
            except (StoreUnavailable, sqlite3.OperationalError) as error:
                log.warning("maintenance_postponed", error=str(error))
            await asyncio.sleep(MAINTENANCE_S)

    async def audit_escalations(self) -> None:
        """See that no open alert was forgotten."""
        while True:
            await asyncio.sleep(AUDIT_S)
            self._evaluator.audit()

    async def _maintain_once(self) -> None:
        await self._likelihood.review(self._clock.now())
        await self._also()
        self._health.audit_head = await asyncio.to_thread(self._store.audit_head)
        waiting = await asyncio.to_thread(self._store.due_messages, float("inf"), COUNTED_MESSAGES)
        self._metrics.outbox.set(len(waiting))
        for lane, pipe in self._lanes.items():
            below = min(self._feed.committed[lane], self._evaluator.saved_cursors[lane])
            await pipe.tidy(below, self._clock.now() - self._keep_days * 86_400)

"""Emergency plans, cases, anchors and retention of one gateway, and the loop that keeps them up to date."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from alert_rules.alert import Alert
from alert_rules.plan import view
from devices.registry import Registry
from gateway.alerts.book import AlertBook
from gateway.alerts.store import AlertStore, StoreUnavailable
from gateway.anchors import Anchors, Publish
from gateway.api.views import alert_view
from gateway.cases.blurring import blur
from gateway.cases.collect import Collector
from gateway.cases.desk import CaseDesk
from gateway.cases.export import Exporter
from gateway.clock import Clock, SteadyTime
from gateway.evaluate import Evaluator
from gateway.history.store import HistoryStore
from gateway.metrics import Metrics
from gateway.plans.desk import PlanDesk
from gateway.plans.reader import known_plans
from gateway.plans.shelf import PlanShelf
from gateway.retention import sweep_once
from gateway.site import Site

log = structlog.get_logger(__name__)

UPKEEP_S = 60.0
SWEEP_S = 3_600.0
EVIDENCE = "evidence"


class Casework:
    """Build it after the evaluation has been restored: steady time must be the one deadlines were kept in."""

    def __init__(
        self,
        site: Site,
        book: AlertBook,
        evaluator: Evaluator,
        store: AlertStore,
        history: HistoryStore,
        registry: Registry,
        clock: Clock,
        steady: SteadyTime,
        metrics: Metrics,
        channels: Callable[[Alert, int], Iterable[str]],
        woken: Callable[[], None],
        publish: Publish,
    ) -> None:
        shown = partial(alert_view, saved=True)
        self.plans = PlanDesk(known_plans(site), book, evaluator, store, clock, steady, channels, shown, woken)
        collector = Collector(store, history.query, registry, Path(site.data_dir) / EVIDENCE, shown)
        exporter = Exporter(store, collector, blur, partial(_checklists, PlanShelf(store.engine), clock, steady))
        self.cases = CaseDesk(book, evaluator, store, collector, exporter, clock)
        self.anchors = Anchors(site.anchors, site.site.id, store, evaluator, clock, publish)
        self._site = site
        self._evaluator = evaluator
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._swept = -SWEEP_S

    async def run(self) -> None:
        """Count reviews, note anchors and delete what is past its time, until cancelled."""
        while True:
            try:
                await self.upkeep()
            except StoreUnavailable as error:
                log.warning("casework_postponed", error=str(error))
            await asyncio.sleep(UPKEEP_S)

    async def upkeep(self) -> None:
        """Do what is due now."""
        for state, number in (await self.cases.counts()).items():
            self._metrics.reviews.labels(state).set(number)
        await self.anchors.turn()
        self._metrics.anchors_failed.set(self.anchors.failed)
        if self._clock.monotonic() - self._swept >= SWEEP_S:
            await self._sweep()
            self._swept = self._clock.monotonic()

    async def _sweep(self) -> None:
        """Slice by slice, so that alerts are committed in between."""
        engine, retention = self._store.engine, self._site.retention
        while await self._evaluator.in_thread(sweep_once, engine, retention, self._clock.now()):
            pass


def _checklists(shelf: PlanShelf, clock: Clock, steady: SteadyTime, alert: str) -> list[dict[str, Any]]:
    return [view(each, steady.now(), clock.now()) for each in shelf.of(alert)]

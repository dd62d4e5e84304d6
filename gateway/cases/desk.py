"""What the console asks about a case: its evidence, its archive, and which reviews are owed."""

import asyncio
from typing import Any

from alert_rules.alert import Alert, Entry
from gateway.alerts import appending
from gateway.alerts.book import AlertBook
from gateway.alerts.database import writing
from gateway.alerts.store import AlertStore, StoreUnavailable
from gateway.api.ports import Unavailable
from gateway.cases import reviews
from gateway.cases.collect import Collector
from gateway.cases.export import Case, Exporter
from gateway.cases.files import Kept
from gateway.clock import Clock
from gateway.evaluate import Evaluator


class CaseDesk:
    """Collects beside the evaluation; what goes into the audit chain is written in its thread."""

    def __init__(
        self,
        book: AlertBook,
        evaluator: Evaluator,
        store: AlertStore,
        collector: Collector,
        exporter: Exporter,
        clock: Clock,
    ) -> None:
        self._book = book
        self._evaluator = evaluator
        self._store = store
        self._collector = collector
        self._exporter = exporter
        self._clock = clock
        self._making = asyncio.Lock()

    async def evidence(self, alert_id: str) -> dict[str, Any]:
        """What belongs to an alert. Raises KeyError."""
        alert = await self._alert(alert_id)
        files = await asyncio.to_thread(self._collector.files, alert)
        facts = await asyncio.to_thread(self._collector.facts, alert)
        return {"files": [kept.view() for kept in files], **facts}

    async def file(self, alert_id: str, file_id: str, actor: str, note: bool) -> Kept:
        """One file of an alert; with ``note`` the audit says who looked at it. Raises KeyError or Unavailable."""
        alert = await self._alert(alert_id)
        files = await asyncio.to_thread(self._collector.files, alert)
        kept = next((kept for kept in files if kept.id == file_id), None)
        if kept is None:
            raise KeyError(file_id)
        if note:
            await self._note(Entry(self._clock.now(), actor, "view", alert.id, {"file": kept.name}))
        return kept

    async def export(self, alert_id: str, actor: str, with_faces: bool) -> Case:
        """The archive of an alert, noted in the audit chain. One is made at a time. Raises KeyError or Unavailable."""
        alert = await self._alert(alert_id)
        async with self._making:
            now = self._clock.now()
            case = await asyncio.to_thread(self._exporter.make, alert, actor, now, with_faces)
            try:
                await self._evaluator.in_thread(self._exporter.note, case, alert, actor, now)
            except StoreUnavailable as error:
                raise Unavailable(f"not handed out, since it cannot be noted: {error}") from error
        return case

    async def reviews(self, buildings: tuple[str, ...]) -> dict[str, list[Alert]]:
        """Alerts whose review is ``due`` or ``overdue``, and those ``long_open``; of ``buildings``, or of all."""
        waiting = await asyncio.to_thread(reviews.owed, self._store.engine, buildings)
        mine = [a for a in self._book.open_alerts() if not buildings or a.place.building in (*buildings, "")]
        return reviews.summary(waiting, mine, self._clock.now())

    async def counts(self) -> dict[str, int]:
        """How many of each there are on the whole site."""
        alerts, now = self._book.open_alerts(), self._clock.now()
        return await asyncio.to_thread(reviews.counts, self._store.engine, alerts, now)

    async def _note(self, entry: Entry) -> None:
        def write() -> None:
            with writing(self._store.engine) as connection:
                appending.append(connection, [entry])

        try:
            await self._evaluator.in_thread(write)
        except StoreUnavailable as error:
            raise Unavailable(f"not shown, since it cannot be noted: {error}") from error

    async def _alert(self, alert_id: str) -> Alert:
        alert = self._book.latest(alert_id) or await asyncio.to_thread(self._store.get, alert_id)
        if alert is None:
            raise KeyError(alert_id)
        return alert

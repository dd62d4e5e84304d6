"""What people mute, and for how long: the moves are stored first, then take effect. Implements the API's port."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from alert_rules import suppressing
from alert_rules.alert import Alert, Entry
from alert_rules.suppression import Draft, Suppression, Suppressions
from gateway.alerts.book import AlertBook
from gateway.alerts.queries import MOST_ALERTS
from gateway.alerts.records import AlertFilter
from gateway.alerts.store import AlertStore, StoreUnavailable
from gateway.api.ports import Preview, Unsaved
from gateway.clock import Clock
from gateway.evaluate import Evaluator

KEPT_S = 7 * 86_400.0
PREVIEW_S = 86_400.0
Publish = Callable[[str, Any], None]
Move = tuple[Suppression, Entry]


class SuppressionDesk:
    """Maintenance windows, silences and shelved alerts."""

    def __init__(
        self,
        suppressions: Suppressions,
        book: AlertBook,
        evaluator: Evaluator,
        store: AlertStore,
        clock: Clock,
        publish: Publish,
    ) -> None:
        self._suppressions = suppressions
        self._book = book
        self._evaluator = evaluator
        self._store = store
        self._clock = clock
        self._publish = publish
        for each in store.suppressions(clock.now() - KEPT_S):
            suppressions.put(each)
        book.reviewed = self._show

    def items(self) -> list[dict[str, Any]]:
        """All that hold, will hold, or held lately: the one that ends last first."""
        now = self._clock.now()
        self._suppressions.forget(now - KEPT_S)
        muted = Counter(alert.suppressed_by for alert in self._book.open_alerts())
        found = sorted(self._suppressions, key=lambda each: (each.ends_at, each.id), reverse=True)
        return [self._view(each, muted[each.label], now) for each in found]

    async def preview(self, draft: Draft) -> Preview:
        """Which open alerts, and which of the last 24 hours, ``draft`` would have kept from calling people."""
        now = self._clock.now()
        f = AlertFilter(state="all", limit=MOST_ALERTS)
        stored = await asyncio.to_thread(self._store.search, f)
        covers = self._suppressions.covers
        fresh = {alert.id: alert for alert in self._book.open_alerts()}
        latest = {alert.id: alert for alert in stored} | fresh
        recent = [alert for alert in latest.values() if alert.raised_at >= now - PREVIEW_S]
        whole = len(stored) < MOST_ALERTS or min(alert.raised_at for alert in stored) < now - PREVIEW_S
        return Preview(
            open=[alert for alert in fresh.values() if covers(draft, alert)],
            recent=sorted((a for a in recent if covers(draft, a)), key=lambda a: a.raised_at, reverse=True),
            whole=whole,
        )

    async def create(self, draft: Draft, actor: str) -> dict[str, Any]:
        return await self._move(lambda now: suppressing.create(self._suppressions, draft, actor, now))

    async def shelve(self, alert_id: str, until: float, reason: str, actor: str) -> dict[str, Any]:
        alert = self._book.get(alert_id)
        if alert is None:
            raise KeyError(alert_id)
        found: Alert = alert
        return await self._move(lambda now: suppressing.shelve(self._suppressions, found, until, reason, actor, now))

    async def extend(self, id_: str, until: float, actor: str) -> dict[str, Any]:
        return await self._move(lambda now: suppressing.extend(self._suppressions, id_, until, actor, now))

    async def end(self, id_: str, actor: str) -> dict[str, Any]:
        return await self._move(lambda now: suppressing.end(self._suppressions, id_, actor, now))

    async def _move(self, move: Callable[[float], Move]) -> dict[str, Any]:
        """Store the move, then let it take effect: what the disk refuses mutes nobody."""
        now = self._clock.now()
        made, entry = move(now)
        try:
            await self._evaluator.in_thread(self._store.suppress, made, entry)
        except StoreUnavailable as error:
            raise Unsaved(f"nothing was changed: {error}") from error
        self._suppressions.put(made)
        await self._evaluator.review()
        muted = sum(alert.suppressed_by == made.label for alert in self._book.open_alerts())
        return self._view(made, muted, now)

    def _show(self) -> None:
        self._publish("suppressions", {"items": self.items()})

    def _view(self, each: Suppression, muted: int, now: float) -> dict[str, Any]:
        return each.model_dump(mode="json") | {
            "state": "ended" if each.ends_at <= now else "upcoming" if each.starts_at > now else "running",
            "on": self._suppressions.on(each, now),
            "muted": muted,
        }

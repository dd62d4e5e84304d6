"""Emergency plans at work: started by people or by an alert, ticked off step by step; who is late is called."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

import structlog

from alert_rules import plan as plans
from alert_rules.alert import MACHINE, Alert, Entry
from alert_rules.plan import LEVELS, Checklist, Item, Plan
from gateway.alerts.book import AlertBook
from gateway.alerts.records import Message
from gateway.alerts.store import AlertStore, StoreUnavailable
from gateway.api.ports import Conflict, Unsaved
from gateway.clock import Clock, SteadyTime
from gateway.evaluate import Evaluator
from gateway.plans.shelf import PlanShelf

log = structlog.get_logger(__name__)

TURN_S = 0.5
"""How often deadlines are looked at: nobody is called later than that."""
Channels = Callable[[Alert, int], Iterable[str]]
View = Callable[[Alert], dict[str, Any]]


class PlanDesk:
    """Checklists of alerts. A move is stored first, then takes effect: what the disk refuses did not happen."""

    def __init__(
        self,
        known: Mapping[str, Plan],
        book: AlertBook,
        evaluator: Evaluator,
        store: AlertStore,
        clock: Clock,
        steady: SteadyTime,
        channels: Channels,
        view: View,
        woken: Callable[[], None],
    ) -> None:
        self._known = known
        self._book = book
        self._evaluator = evaluator
        self._store = store
        self._shelf = PlanShelf(store.engine)
        self._clock = clock
        self._steady = steady
        self._channels = channels
        self._view = view
        self._woken = woken
        self._running = {(each.alert, each.plan): each for each in self._shelf.running()}
        self._considered: set[str] = set()
        self._moving = asyncio.Lock()

    def known(self) -> list[dict[str, Any]]:
        """Every plan there is."""
        return [plan.model_dump(mode="json") for plan in self._known.values()]

    async def of(self, alert_id: str) -> dict[str, Any]:
        """Checklists of an alert, and the plans that fit it but were not started. Raises KeyError."""
        alert = await self._alert(alert_id)
        found = await asyncio.to_thread(self._shelf.of, alert_id)
        started = {each.plan for each in found}
        offered = [plan for plan in plans.fitting(self._known.values(), alert) if plan.id not in started]
        now, steady = self._clock.now(), self._steady.now()
        return {
            "items": [plans.view(each, steady, now) for each in found],
            "offered": [plan.model_dump(mode="json") for plan in offered],
        }

    async def start(self, alert_id: str, plan: str, actor: str) -> dict[str, Any]:
        """Start a plan for an open alert. Raises KeyError, Conflict or Unsaved."""
        alert = self._book.get(alert_id)
        if alert is None or plan not in self._known:
            raise KeyError(plan)
        async with self._moving:
            if any(each.plan == plan for each in await asyncio.to_thread(self._shelf.of, alert_id)):
                raise Conflict("this plan was started for the alert already; look again")
            made = await self._start(self._known[plan], alert, actor)
        await self._used(alert_id, actor)
        return plans.view(made, self._steady.now(), self._clock.now())

    async def done(self, alert_id: str, plan: str, step: str, note: str, actor: str) -> dict[str, Any]:
        """Note a step as done. Raises KeyError, IllegalMove or Unsaved."""
        async with self._moving:
            found = await asyncio.to_thread(self._shelf.of, alert_id)
            checklist = next((each for each in found if each.plan == plan), None)
            if checklist is None:
                raise KeyError(plan)
            entry = plans.tick(checklist, step, actor, note, self._clock.now())
            await self._keep(checklist, entry)
        await self._used(alert_id, actor)
        return plans.view(checklist, self._steady.now(), self._clock.now())

    async def run(self) -> None:
        """Start plans that start by themselves and call people for late steps, until cancelled."""
        while True:
            try:
                await self.turn()
            except (StoreUnavailable, Unsaved) as error:
                log.warning("plans_postponed", error=str(error))
            await asyncio.sleep(TURN_S)

    async def turn(self) -> None:
        """Do what is due now; what the disk refuses is due again at the next turn."""
        async with self._moving:
            await self._start_automatic()
            for checklist in list(self._running.values()):
                alert = self._book.get(checklist.alert)
                if alert is None:
                    copied = deepcopy(checklist)
                    await self._keep(copied, plans.end(copied, self._clock.now()))
                elif alert.suppressed_by is None:
                    await self._call(alert, checklist)

    async def _start_automatic(self) -> None:
        alerts = self._book.open_alerts()
        fresh = [each for each in alerts if each.id not in self._considered and self._is_saved(each)]
        for alert in fresh:
            wanted = [plan for plan in plans.fitting(self._known.values(), alert) if plan.start.automatic]
            if wanted and alert.suppressed_by is not None:
                continue
            started = {each.plan for each in await self._of(alert.id)} if wanted else set()
            for plan in wanted:
                if plan.id not in started:
                    await self._start(plan, alert, MACHINE)
            self._considered.add(alert.id)
        self._considered &= {alert.id for alert in alerts}

    def _is_saved(self, alert: Alert) -> bool:
        return alert.id not in self._book.unsaved

    async def _of(self, alert_id: str) -> list[Checklist]:
        return await asyncio.to_thread(self._shelf.of, alert_id)

    async def _start(self, plan: Plan, alert: Alert, actor: str) -> Checklist:
        made, entry = plans.start(plan, alert, actor, self._clock.now(), self._steady.now())
        await self._keep(made, entry)
        return made

    async def _call(self, alert: Alert, checklist: Checklist) -> None:
        """Call whoever is responsible for each late step, in one transaction with the note that they were called."""
        for late in plans.overdue(checklist, self._steady.now()):
            copied = deepcopy(checklist)
            item = copied.item(late.id)
            entry = plans.call(copied, item, self._steady.now() - item.due, self._clock.now())
            await self._keep(copied, entry, self._messages(alert, copied, item))
            checklist = copied
            self._woken()

    def _messages(self, alert: Alert, checklist: Checklist, item: Item) -> list[Message]:
        now = self._clock.now()
        due_at = now - (self._steady.now() - item.due)
        payload = self._view(alert) | {"plan": {"id": checklist.plan, "step": item.text, "due_at": due_at}}
        stage = f"plan-{checklist.plan}-{item.id}"
        return [
            Message(
                id=f"{alert.id}:{channel}:{stage}",
                alert=alert.id,
                channel=channel,
                stage=stage,
                created_at=now,
                payload=payload,
            )
            for channel in self._channels(alert, LEVELS[item.role])
        ]

    async def _keep(self, checklist: Checklist, entry: Entry, messages: Iterable[Message] = ()) -> None:
        try:
            await self._evaluator.in_thread(self._shelf.keep, checklist, entry, list(messages))
        except StoreUnavailable as error:
            raise Unsaved(f"nothing was changed: {error}") from error
        key = (checklist.alert, checklist.plan)
        if checklist.ended_at is None:
            self._running[key] = checklist
        else:
            self._running.pop(key, None)

    async def _used(self, alert_id: str, actor: str) -> None:
        """Whoever works on the plan uses their claim; it is stored with whatever else is pending."""
        if self._book.use_claim(alert_id, actor):
            try:
                await self._evaluator.flush()
            except StoreUnavailable as error:
                log.warning("claim_use_postponed", error=str(error))

    async def _alert(self, alert_id: str) -> Alert:
        alert = self._book.latest(alert_id) or await asyncio.to_thread(self._store.get, alert_id)
        if alert is None:
            raise KeyError(alert_id)
        return alert

"""What the console asks of the core: alerts to judge, devices to look at. Implements the API's ports."""

import asyncio
import re
from collections.abc import Callable, Iterable
from zlib import crc32

from alert_rules.alert import Alert, Verdict
from alert_rules.engine import Engine
from devices.decode import Decoder
from devices.registry import Device
from devices.twin import Twin
from gateway.alerts import book as alert_book
from gateway.alerts.incidents import Incident
from gateway.alerts.records import AlertFilter, AuditRow, OutboxRow, Stranger
from gateway.alerts.store import AlertStore, StoreUnavailable
from gateway.api.ports import Conflict, Points, Unsaved
from gateway.clock import Clock
from gateway.evaluate import Evaluator
from gateway.history.store import HistoryStore
from gateway.quarantine import Quarantine

MAX_ID = 64


class ReviewDesk:
    """Alerts wait here for people. A move is made in memory and committed with whatever else is pending."""

    def __init__(self, book: alert_book.AlertBook, evaluator: Evaluator, store: AlertStore, clock: Clock) -> None:
        self._book = book
        self._evaluator = evaluator
        self._store = store
        self._clock = clock
        self._moving = asyncio.Lock()

    def open_alerts(self) -> list[Alert]:
        return self._book.open_alerts()

    def is_saved(self, alert_id: str) -> bool:
        return alert_id not in self._book.unsaved

    async def search(self, f: AlertFilter) -> list[Alert]:
        return await asyncio.to_thread(self._store.search, f)

    async def incidents(self, before: float | None, limit: int) -> list[Incident]:
        return await asyncio.to_thread(self._store.incidents, before, limit)

    async def incident(self, incident: str) -> Incident | None:
        return await asyncio.to_thread(self._store.incident, incident)

    async def detail(self, alert_id: str) -> tuple[Alert, list[AuditRow]] | None:
        alert = self._book.latest(alert_id) or await asyncio.to_thread(self._store.get, alert_id)
        if alert is None:
            return None
        return alert, await asyncio.to_thread(self._store.timeline, alert_id)

    async def messages(self, alert_id: str) -> list[OutboxRow]:
        return await asyncio.to_thread(self._store.messages, alert_id)

    async def acknowledge(self, alert_id: str, version: int, actor: str) -> Alert:
        return await self._move(lambda now: self._book.acknowledge(alert_id, version, actor, now))

    async def judge(self, alert_id: str, version: int, verdict: Verdict, reason: str, actor: str) -> Alert:
        return await self._move(lambda now: self._book.judge(alert_id, version, verdict, reason, actor, now))

    async def comment(self, alert_id: str, text: str, actor: str) -> Alert:
        found = await self.detail(alert_id)
        if found is None:
            raise KeyError(alert_id)
        return await self._move(lambda now: self._book.comment(found[0], text, actor, now))

    async def resolve(self, alert_id: str, version: int, note: str, actor: str) -> Alert:
        alert = await self._move(lambda now: self._book.resolve(alert_id, version, note, actor, now), reset=True)
        return alert

    async def move(self, alert_id: str, version: int, move: alert_book.Move) -> Alert:
        """Move an alert, open or resolved; see the port."""
        async with self._moving:
            alert = self._book.latest(alert_id) or await asyncio.to_thread(self._store.get, alert_id)
            if alert is None:
                raise KeyError(alert_id)
            return await self._move(lambda now: self._book.move(alert, version, move, now))

    async def _move(self, move: Callable[[float], Alert], reset: bool = False) -> Alert:
        try:
            alert = move(self._clock.now())
        except alert_book.Conflict as conflict:
            raise Conflict(str(conflict)) from conflict
        if reset:
            self._evaluator.reset(alert)
        try:
            await self._evaluator.flush()
        except StoreUnavailable as error:
            raise Unsaved(f"noted, but not yet on disk ({error}); it is written as soon as the disk allows") from error
        return alert


class Inventory:
    """The devices with their twins, and the strangers waiting for adoption."""

    def __init__(
        self,
        decoder: Decoder,
        engine: Engine,
        quarantine: Quarantine,
        store: AlertStore,
        evaluator: Evaluator,
        clock: Clock,
    ) -> None:
        self._decoder = decoder
        self._registry = decoder.registry
        self._engine = engine
        self._quarantine = quarantine
        self._store = store
        self._evaluator = evaluator
        self._clock = clock

    def items(self) -> Iterable[tuple[Device, Twin | None]]:
        return ((subject.device, subject.twin) for subject in self._engine.subjects.values())

    def get(self, device_id: str) -> tuple[Device, Twin | None] | None:
        subject = self._engine.subjects.get(device_id)
        return (subject.device, subject.twin) if subject else None

    def by_building(self, ids: Iterable[str], apart: bool) -> dict[str, list[tuple[Device, Twin | None]]]:
        """Those of ``ids`` that are known, with their twins, by building where they are kept ``apart``."""
        found: dict[str, list[tuple[Device, Twin | None]]] = {}
        for device, twin in filter(None, map(self.get, ids)):
            found.setdefault(device.building if apart else "", []).append((device, twin))
        return found

    def strangers(self) -> list[Stranger]:
        return list(self._quarantine.known.values())

    async def adopt(
        self, device_id: str, name: str, building: str, floor: str, zone: str, expect_every_s: float, actor: str
    ) -> Device:
        stranger = self._quarantine.known.get(device_id)
        if stranger is None:
            raise KeyError(device_id)
        id_ = identifier(device_id)
        if self._registry.get(id_) is not None:
            raise Conflict(f"{id_} is in the inventory already")
        device = Device(
            id=id_,
            address="" if id_ == device_id else device_id,
            kind=stranger.kind,
            name=name,
            dialect=stranger.dialect,
            building=building,
            floor=floor,
            zone=zone,
            expect_every_s=expect_every_s,
        )
        try:
            await self._evaluator.in_thread(self._store.adopt, device, actor, self._clock.now())
        except StoreUnavailable as error:
            raise Unsaved(f"not adopted: {error}") from error
        self._registry.add(device)
        self._decoder.forget_routes()
        self._engine.enrol(device)
        self._quarantine.forget(device_id)
        return device


def identifier(address: str) -> str:
    """Make an id of a maker's address, which may hold slashes, spaces or Chinese: what an id forbids becomes ``-``."""
    plain = re.sub(r"[^A-Za-z0-9_.:-]+", "-", address).strip("-_.:")
    if plain == address and len(address) <= MAX_ID:
        return address
    return f"{plain[: MAX_ID - 9] or 'device'}-{crc32(address.encode()):08x}"


class HistoryDesk:
    """Reads the time-series store off the event loop."""

    def __init__(self, store: HistoryStore) -> None:
        self._store = store

    async def query(self, device: Device, start: float, end: float, every_s: float) -> Points:
        return await asyncio.to_thread(self._store.query, device, start, end, every_s)

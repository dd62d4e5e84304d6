"""The whole core on real files, without a broker: messages go in at the intake, time is the test's."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import mqtt5
import sqlalchemy.event

from alert_rules.alert import Alert
from devices.dialects.dialect import Lane
from devices.registry import Device
from gateway.app import Gateway
from gateway.desk import Inventory, ReviewDesk
from gateway.site import Site
from tests.unit.ingest.making import Wire

NOON = 1_790_000_000.0
WAIT_S = 10.0
DEVICES: list[dict[str, Any]] = [
    {"id": "s1", "kind": "smoke_detector", "name": "Hall", "building": "b1", "floor": "1", "zone": "z1"},
    {"id": "s2", "kind": "smoke_detector"},
    {"id": "w1", "kind": "water_leak"},
    {"id": "g1", "kind": "access_gate"},
]
KINDS = {"s": "smoke_detector", "w": "water_leak", "g": "access_gate", "l": "lift", "c": "camera"}


class ManualClock:
    """Stands still until told."""

    def __init__(self, now: float = NOON) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def epoch(self) -> str:
        return "one"


class Crash(Exception):
    """The process ends here."""


def site_in(folder: Path, **sections: Any) -> Site:
    return Site.model_validate(
        {
            "site": {"id": "home", "name": "Home"},
            "data_dir": folder / "var",
            "buildings": [{"id": "b1"}],
            "devices": DEVICES,
            **sections,
        }
    )


class World:
    """A gateway with its intakes and its evaluation running. ``shown`` is what the console was sent."""

    def __init__(self, site: Site, clock: ManualClock) -> None:
        self.site = site
        self.clock = clock
        self.gateway = gateway = Gateway(site, clock)
        self.wire = Wire()
        self.shown: list[dict[str, Any]] = []
        self.evaluator, self.book, self.store = gateway._evaluator, gateway._book, gateway._store
        self.desk = ReviewDesk(self.book, self.evaluator, self.store, clock)
        self.inventory: Inventory = gateway._inventory
        self.crashed = False
        self.tasks: list[asyncio.Task[None]] = []
        self._ids = count(1)
        self._store_refuses = False
        if self.store.engine.dialect.name == "sqlite":
            sqlalchemy.event.listen(self.store.engine, "checkout", self._set_writable)
        gateway.hub.publish = self._publish  # type: ignore[method-assign]

    def _publish(self, event: str, data: Any, building: str = "") -> None:
        if event == "alert":
            self.shown.append(data)

    def start(self, evaluating: bool = True) -> None:
        works = [intake.run() for intake in self.gateway._intakes.values()]
        if evaluating:
            works.append(self.evaluator.run())
        self.tasks = [asyncio.create_task(work) for work in works]

    async def stop(self) -> None:
        """In good order: everything taken in is judged and saved."""
        for intake in self.gateway._intakes.values():
            intake.close()
        await self._ended(self.tasks[:-1])
        self.evaluator.stop()
        await self._ended(self.tasks[-1:])
        self.gateway._close()

    async def crash(self) -> None:
        """Nothing more is written."""
        if self.crashed:
            return
        self.crashed = True
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)
        for task in self.tasks:
            with suppress(Crash, asyncio.CancelledError):
                task.result()
        self.gateway._close()

    async def _ended(self, tasks: list[asyncio.Task[None]]) -> None:
        async with asyncio.timeout(WAIT_S):
            await asyncio.gather(*tasks)

    def send(self, device: str, channel: str = "event", raw: bytes | None = None, **body: Any) -> None:
        """Let ``device`` say ``body``; its kind follows from the first letter of its id."""
        lane = Lane.TELEMETRY if channel == "telemetry" else Lane.ALARM
        topic = f"community/home/{KINDS.get(device[0], 'lift')}/{device}/{channel}"
        payload = json.dumps({"ts": int(self.clock.now() * 1000), **body}).encode() if raw is None else raw
        packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=next(self._ids))
        self.gateway._intakes[lane].take(self.wire, [packet])

    async def say(self, device: str, channel: str = "event", raw: bytes | None = None, **body: Any) -> None:
        """Send, and wait until it was judged and saved."""
        self.send(device, channel, raw, **body)
        await self.settled()

    async def settled(self) -> None:
        lanes = self.gateway.lanes.values()
        received = sum(intake.received for intake in self.gateway._intakes.values())
        await self.until(
            lambda: (
                len(self.wire.acked) >= received
                and all(pipe.tails["evaluate"].lag == 0 for pipe in lanes)
                and not self.book.changed
                and not self.evaluator._lock.locked()
            )
        )

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while True:
                for task in self.tasks:
                    if task.done():
                        task.result()
                if true():
                    return
                await asyncio.sleep(0.002)

    def alerts(self) -> list[Alert]:
        return self.book.open_alerts()

    def the_alert(self) -> Alert:
        """The only one, beside the note that an unknown device spoke."""
        (alert,) = (alert for alert in self.alerts() if alert.rule != "unknown_device")
        return alert

    def device(self, device: str) -> Device | None:
        found = self.inventory.get(device)
        return found[0] if found else None

    def letters(self, lane: Lane = Lane.ALARM) -> list[tuple[int | None, str]]:
        found = self.gateway.lanes[lane].journal.dead_letters()
        return [(letter.seq, letter.reason) for letter in reversed(found)]

    @contextmanager
    def refusing_store(self) -> Iterator[None]:
        """SQLite itself refuses every write to the alerts' database."""
        self._store_refuses = True
        try:
            yield
        finally:
            self._store_refuses = False

    def _set_writable(self, connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA query_only = {int(self._store_refuses)}")

    async def journal_sql(self, lane: Lane, statement: str) -> None:
        """Run a statement in the journal's writing connection."""
        pipe = self.gateway.lanes[lane]
        await pipe.write(lambda: pipe.journal._db.execute(statement).fetchall())


@asynccontextmanager
async def running(site: Site, clock: ManualClock | None = None) -> AsyncIterator[World]:
    """Run a world and stop it in good order; after an error, in any order."""
    world = World(site, clock or ManualClock())
    world.start()
    try:
        yield world
    except BaseException:
        await world.crash()
        raise
    await world.stop()


@asynccontextmanager
async def crashing(site: Site, clock: ManualClock | None = None, evaluating: bool = True) -> AsyncIterator[World]:
    """Run a world that ends without being told."""
    world = World(site, clock or ManualClock())
    world.start(evaluating)
    try:
        yield world
    finally:
        await world.crash()

"""Reports reach the history once the journal has them, and again after a crash; the disk may refuse the cursor."""

import asyncio
from collections.abc import Sequence

import pytest

from devices.dialects.dialect import Lane
from devices.model import Report
from gateway import history_feed
from gateway.history.drain import Drain
from gateway.history.store import Unavailable
from gateway.site import Site
from tests.unit.core.world import ManualClock, World, crashing, running


class Shelf:
    """A store that keeps what it gets, unless it is away."""

    def __init__(self) -> None:
        self.taken: list[Report] = []
        self.away = False

    def write(self, reports: Sequence[Report]) -> None:
        if self.away:
            raise Unavailable("away", retry_after=0.01)
        self.taken += reports

    @property
    def counts(self) -> list[float]:
        return [report.measurements["passage_count"] for report in self.taken if report.measurements]


@pytest.fixture(autouse=True)
def no_lingering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_feed, "LINGER_S", 0.01)


def draining(world: World, shelf: Shelf, batch: int = 10) -> Drain[dict[Lane, int]]:
    drain = Drain(world.gateway._feed, shelf, world.gateway._bad_point, batch=batch)  # type: ignore[arg-type]
    world.tasks.insert(0, asyncio.create_task(ended_by_cancel(drain)))
    return drain


async def ended_by_cancel(drain: Drain[dict[Lane, int]]) -> None:
    try:
        await drain.run()
    except asyncio.CancelledError:
        return


async def finish(world: World) -> None:
    world.tasks.pop(0).cancel()
    await world.gateway._feed.save()


def passages(world: World, first: int, count: int) -> None:
    for number in range(first, first + count):
        world.send("g1", "telemetry", seq=number, measurements={"passage_count": number})


async def test_both_lanes_reach_the_store(site: Site) -> None:
    async with running(site) as world:
        shelf = Shelf()
        draining(world, shelf)
        passages(world, 0, 5)
        world.send("s1", seq=1, states={"smoke": True})
        await world.until(lambda: len(shelf.taken) == 6)
        assert shelf.counts == [0, 1, 2, 3, 4]
        assert [report.device for report in shelf.taken].count("s1") == 1
        await finish(world)


async def test_after_a_stop_in_good_order_nothing_is_written_twice(site: Site) -> None:
    clock, shelf = ManualClock(), Shelf()
    async with running(site, clock) as world:
        draining(world, shelf)
        passages(world, 0, 25)
        await world.until(lambda: world.gateway._feed.lag == 0 and len(shelf.taken) == 25)
        await finish(world)
    async with running(site, clock) as world:
        draining(world, shelf)
        passages(world, 25, 5)
        await world.until(lambda: len(shelf.taken) >= 30)
        assert shelf.counts == list(range(30))
        await finish(world)


async def test_after_a_crash_nothing_is_missing(site: Site) -> None:
    clock, shelf = ManualClock(), Shelf()
    async with crashing(site, clock) as world:
        draining(world, shelf)
        passages(world, 0, 25)
        await world.until(lambda: len(shelf.taken) >= 25)
    async with running(site, clock) as world:
        draining(world, shelf)
        await world.until(lambda: world.gateway._feed.lag == 0 and len(shelf.taken) >= 25)
        assert sorted(set(shelf.counts)) == list(range(25))
        await finish(world)


async def test_a_store_that_is_away_loses_nothing_and_holds_up_no_alert(site: Site) -> None:
    async with running(site) as world:
        shelf = Shelf()
        shelf.away = True
        drain = draining(world, shelf)
        passages(world, 0, 25)
        await world.until(lambda: drain.problem is not None)
        await world.say("s1", seq=1, states={"smoke": True})
        assert world.the_alert().device == "s1"
        shelf.away = False
        await world.until(lambda: world.gateway._feed.lag == 0)
        assert shelf.counts == list(range(25))
        await finish(world)


async def test_a_disk_that_refuses_the_cursor_stops_nothing(site: Site) -> None:
    clock, shelf = ManualClock(), Shelf()
    async with running(site, clock) as world:
        draining(world, shelf)
        passages(world, 0, 5)
        await world.until(lambda: len(shelf.taken) == 5)
        await world.journal_sql(Lane.TELEMETRY, "PRAGMA query_only = ON")
        world.gateway._feed.committed[Lane.TELEMETRY] = 4
        await world.gateway._feed.save()
        clock.time += 5
        await world.say("s1", seq=1, states={"smoke": True})
        await world.journal_sql(Lane.TELEMETRY, "PRAGMA query_only = OFF")
        passages(world, 5, 5)
        await world.until(lambda: len(shelf.taken) >= 10 and world.gateway._feed.lag == 0)
        await finish(world)
        assert world.gateway.lanes[Lane.TELEMETRY].journal.cursor("history") == 10


async def test_maintenance_survives_a_refusing_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.upkeep.MAINTENANCE_S", 0.01)
    async with running(site) as world:
        await world.journal_sql(Lane.ALARM, "PRAGMA query_only = ON")
        maintaining = asyncio.create_task(world.gateway._upkeep.maintain())
        world.tasks.insert(0, maintaining)
        await asyncio.sleep(0.1)
        assert not maintaining.done()
        await world.journal_sql(Lane.ALARM, "PRAGMA query_only = OFF")
        world.tasks.remove(maintaining)
        maintaining.cancel()

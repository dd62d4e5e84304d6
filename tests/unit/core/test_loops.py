"""The endless loops: what they push to consoles, what they do each minute. One turn at a time, by the test's word."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway import showing, upkeep
from gateway.alerts.store import StoreUnavailable
from gateway.evaluate import STEADY
from gateway.site import Site
from tests.unit.core.world import NOON, ManualClock, World, running


class Turns:
    """Stands in for ``asyncio.sleep``: a loop goes on when the test says so."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._waiting: asyncio.Queue[None] = asyncio.Queue()
        self._go: asyncio.Queue[None] = asyncio.Queue()

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        self._waiting.put_nowait(None)
        await self._go.get()

    async def asleep(self) -> None:
        async with asyncio.timeout(20):
            await self._waiting.get()

    async def turn(self) -> None:
        """Let the loop run until it sleeps again."""
        self._go.put_nowait(None)
        await self.asleep()


@asynccontextmanager
async def looping(monkeypatch: pytest.MonkeyPatch, module: Any, loop: Awaitable[None]) -> AsyncIterator[Turns]:
    turns = Turns()

    class Asyncio:
        sleep = staticmethod(turns.sleep)
        to_thread = staticmethod(asyncio.to_thread)

    monkeypatch.setattr(module, "asyncio", Asyncio)
    task = asyncio.ensure_future(loop)
    try:
        await turns.asleep()
        yield turns
    finally:
        task.cancel()
        await asyncio.wait([task])


def heard(world: World) -> list[tuple[str, Any, str]]:
    found: list[tuple[str, Any, str]] = []
    world.gateway.hub.publish = lambda event, data, building="": found.append((event, data, building))  # type: ignore[method-assign]
    return found


class TestDevices:
    async def test_what_changed_is_pushed_once(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        async with running(site) as world:
            pushed = heard(world)
            world.gateway.hub.subscribe()
            await world.say("w1", seq=1, states={"water_leak": False})
            async with looping(monkeypatch, showing, world.gateway._showing.devices()) as turns:
                await turns.turn()
                await turns.turn()
            (told,) = (data["items"] for event, data, _ in pushed if event == "devices")
            assert [item["id"] for item in told] == ["w1"]
            assert world.evaluator.changed_devices == set()
            assert set(turns.asked) == {1}

    async def test_while_nobody_looks_nothing_is_pushed_nor_kept(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with running(site) as world:
            pushed = heard(world)
            await world.say("w1", seq=1, states={"water_leak": False})
            async with looping(monkeypatch, showing, world.gateway._showing.devices()) as turns:
                await turns.turn()
                world.gateway.hub.subscribe()
                await turns.turn()
            assert [event for event, _, _ in pushed if event == "devices"] == []

    async def test_who_sees_one_building_hears_of_it_alone(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        async with running(site) as world:
            pushed = heard(world)
            world.gateway.hub.subscribe(buildings=("b1",))
            for device in ("s1", "s2"):
                await world.say(device, seq=1, states={"smoke": False})
            async with looping(monkeypatch, showing, world.gateway._showing.devices()) as turns:
                await turns.turn()
            told = {building: [item["id"] for item in data["items"]] for event, data, building in pushed}
            assert told == {"b1": ["s1"], "": ["s2"]}

    async def test_a_storm_shows_no_more_than_the_limit(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(showing, "SHOWN_DEVICES", 2)
        async with running(site) as world:
            pushed = heard(world)
            world.gateway.hub.subscribe()
            world.evaluator.changed_devices = {"s1", "s2", "w1", "g1"}
            async with looping(monkeypatch, showing, world.gateway._showing.devices()) as turns:
                await turns.turn()
            assert [len(data["items"]) for event, data, _ in pushed if event == "devices"] == [2]


class TestHealth:
    async def test_health_is_pushed_at_once_then_on_change_and_every_ten_seconds(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = ManualClock()
        async with running(site, clock) as world:
            pushed = heard(world)
            async with looping(monkeypatch, showing, world.gateway._showing.health()) as turns:
                counts = [len(pushed)]
                for step, problem in ((0, ""), (0, "full"), (0, "full"), (0, ""), (9, ""), (1, ""), (0, "")):
                    clock.time += step
                    world.evaluator.problem = problem
                    await turns.turn()
                    counts.append(len(pushed))
            world.evaluator.problem = ""
        assert counts == [1, 1, 2, 2, 3, 3, 4, 4]
        codes = [[problem["code"] for problem in data["problems"]] for _, data, _ in pushed]
        assert ["store" in found for found in codes] == [False, True, False, False]


async def nothing() -> None:
    pass


class TestMinutes:
    async def test_each_minute_the_head_is_noted_and_waiting_messages_are_counted(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with running(site) as world:
            health = world.gateway._upkeep._health
            async with looping(monkeypatch, upkeep, world.gateway._upkeep.maintain()) as turns:
                before = health.audit_head
                await world.say("s1", seq=1, states={"smoke": True})
                await turns.turn()
                assert health.audit_head == world.store.audit_head() != before
            assert turns.asked == [upkeep.MAINTENANCE_S] * 2

    @pytest.mark.parametrize("error", [StoreUnavailable("full"), sqlite3.OperationalError("disk I/O error")])
    async def test_a_full_disk_postpones_and_the_next_minute_catches_up(
        self, site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        async with running(site) as world:
            care = world.gateway._upkeep
            done: list[int] = []

            async def also() -> None:
                done.append(len(done))
                if len(done) < 3:
                    raise error

            monkeypatch.setattr(care, "_also", also)
            with capture_logs() as logs:
                async with looping(monkeypatch, upkeep, care.maintain()) as turns:
                    assert care._health.audit_head == (0, "")
                    await turns.turn()
                    await turns.turn()
                    assert care._health.audit_head == world.store.audit_head()
            assert [log["event"] for log in logs].count("maintenance_postponed") == 2

    async def test_journals_are_purged_below_the_slowest_reader_only(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with running(site) as world:
            care, told = world.gateway._upkeep, dict[str, int]()
            for lane, pipe in world.gateway.lanes.items():

                async def tidy(below: int, before: float, name: str = str(lane)) -> None:
                    told[name] = below

                monkeypatch.setattr(pipe, "tidy", tidy)
                care._feed.committed[lane] = 3
                world.evaluator.saved_cursors[lane] = 9 if lane == "alarm" else 2
            await care._maintain_once()
            assert told == {"alarm": 3, "telemetry": 2}

    async def test_a_forgotten_alert_is_found_twice_a_minute(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        async with running(site) as world:
            await world.say("s1", seq=1, states={"smoke": True})
            alert = world.the_alert()
            async with looping(monkeypatch, upkeep, world.gateway._upkeep.audit_escalations()) as turns:
                world.book._escalations._timers.clear()
                assert world.book.next_escalation() == float("inf")
                await turns.turn()
                assert world.book.next_escalation() < float("inf")
            await world.settled()
            assert [row.action for row in world.store.timeline(alert.id)] == ["raise", "repair"]
            assert set(turns.asked) == {upkeep.AUDIT_S}
            assert upkeep.AUDIT_S < 60


class Machine(ManualClock):
    """A machine that may be set to another time of day, and booted anew."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.boot = 50.0, "one"

    def monotonic(self) -> float:
        return self.up

    def epoch(self) -> str:
        return self.boot

    def passes(self, seconds: float) -> None:
        self.time += seconds
        self.up += seconds


def set_back(machine: Machine) -> None:
    machine.time -= 3_600


def set_ahead(machine: Machine) -> None:
    machine.time += 3_600


def reboot(machine: Machine) -> None:
    machine.up, machine.boot = 1.0, machine.boot + "+"


def reboot_set_back(machine: Machine) -> None:
    reboot(machine)
    set_back(machine)


@pytest.mark.parametrize("happens", [set_back, set_ahead, reboot, reboot_set_back])
async def test_steady_time_goes_on_over_a_restart(site: Site, happens: Callable[[Machine], None]) -> None:
    machine = Machine()
    async with running(site, machine) as world:
        machine.passes(40)
        await world.say("s1", seq=1, states={"smoke": True})
        before, due = world.evaluator._steady.now(), world.book.next_escalation()
        assert before == NOON + 40
    happens(machine)
    async with running(site, machine) as world:
        assert world.evaluator._steady.now() == pytest.approx(before, abs=0.01)
        assert world.book.next_escalation() == pytest.approx(due, abs=0.01)
        assert {name for name in world.store.load().cursors if name.startswith(STEADY)} == {
            STEADY + name for name in ("now", "uptime", "of_day", "epoch")
        }


async def test_a_nap_counts_and_a_level_due_meanwhile_is_called_at_once(site: Site) -> None:
    machine = Machine()
    async with running(site, machine) as world:
        await world.say("s1", seq=1, states={"smoke": True})
        alert = world.the_alert()
    machine.passes(70)
    async with running(site, machine) as world:
        await world.until(lambda: "escalate" in [row.action for row in world.store.timeline(alert.id)])
        await world.settled()
        (row,) = (row for row in world.store.timeline(alert.id) if row.action == "escalate")
        assert (row.detail["level"], row.detail["reminder"]) == (1, False)
        assert row.detail["late_s"] == pytest.approx(10, abs=0.01)

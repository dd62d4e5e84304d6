"""Muting in the running core: nobody is called, everything is kept, and what outlasts its silence calls people."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from alert_rules.alert import IllegalMove
from alert_rules.suppression import Draft
from gateway.api.ports import Unsaved
from gateway.site import Site
from gateway.suppressions import SuppressionDesk
from tests.unit.core.world import NOON, ManualClock, World, running, site_in

HOUR = 3_600.0
LEAK, DRY, SMOKE = {"water_leak": True}, {"water_leak": False}, {"smoke": True}


@pytest.fixture
def site(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("WECOM", "json://127.0.0.1:9/")
    channels = [{"name": "guards", "url": {"env": "WECOM"}, "min_severity": "notice"}]
    return site_in(tmp_path, channels=channels)


def desk(world: World) -> SuppressionDesk:
    return world.gateway._suppressions


def draft(**changes: Any) -> Draft:
    fields = {"means": "silence", "matcher": {"rule": ["water_leak", "smoke_alarm"]}, "reason": "cleaning"}
    return Draft.model_validate({**fields, "starts_at": NOON, "ends_at": NOON + HOUR, **changes})


def called(world: World) -> list[tuple[str, str]]:
    """Whom the outbox will call: device and stage."""
    rows = world.store.due_messages(float("inf"), 100)
    return [(row.payload["device"], row.stage.partition("-")[0]) for row in rows]


async def leak(world: World, seq: int = 1, device: str = "w1", **states: bool) -> None:
    await world.say(device, seq=seq, states=states or LEAK)


async def passes(world: World, clock: ManualClock, seconds: float, done: Callable[[], bool]) -> None:
    """Let time pass, and wait until the evaluation noticed."""
    clock.time += seconds
    world.evaluator._wake.set()
    await world.until(done)
    await world.settled()


async def test_a_muted_alert_is_kept_and_shown_but_calls_nobody(site: Site) -> None:
    async with running(site) as world:
        made = await desk(world).create(draft(), "wang")
        await leak(world)
        alert = world.the_alert()
        assert alert.suppressed_by == f"silence:{made['id']}"
        assert world.store.get(alert.id) == alert
        assert world.shown[-1]["suppressed_by"] == alert.suppressed_by
        assert called(world) == []
        assert [row.action for row in world.store.timeline(alert.id)] == ["raise", "suppress"]
        assert [(each["muted"], each["state"], each["on"]) for each in desk(world).items()] == [(1, "running", True)]
        assert world.store.verify_audit() is None


async def test_what_outlasts_its_silence_calls_people(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        await desk(world).create(draft(), "wang")
        await leak(world)
        await passes(world, clock, HOUR, lambda: world.the_alert().suppressed_by is None)
        assert called(world) == [("w1", "unsuppressed")]
        assert desk(world).items()[0]["state"] == "ended"


@pytest.mark.parametrize("settle", ["clears", "acknowledged"])
async def test_what_needs_nobody_then_calls_nobody(site: Site, settle: str) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        await desk(world).create(draft(), "wang")
        await leak(world)
        if settle == "clears":
            await leak(world, 2, water_leak=False)
        else:
            await world.desk.acknowledge(world.the_alert().id, world.the_alert().version, "li")
        await passes(world, clock, HOUR, lambda: world.the_alert().suppressed_by is None)
        assert called(world) == []


async def test_an_open_alert_is_muted_and_unmuted_at_once(site: Site) -> None:
    async with running(site) as world:
        await leak(world)
        assert called(world) == [("w1", "raised")]
        made = await desk(world).create(draft(), "wang")
        assert world.the_alert().suppressed_by
        await desk(world).end(made["id"], "li")
        assert world.the_alert().suppressed_by is None
        assert called(world) == [("w1", "raised"), ("w1", "unsuppressed")]


async def test_a_fire_breaks_through_what_does_not_name_it(site: Site) -> None:
    async with running(site) as world:
        await desk(world).create(draft(), "wang")
        await world.say("s1", seq=1, states=SMOKE)
        assert called(world) == [("s1", "raised")]


async def test_a_shelved_alert_comes_back(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        await leak(world)
        await desk(world).shelve(world.the_alert().id, NOON + HOUR, "plumber comes", "li")
        assert (world.the_alert().suppressed_by or "").startswith("shelve:")
        await passes(world, clock, HOUR, lambda: world.the_alert().suppressed_by is None)
        assert ("w1", "unsuppressed") in called(world)


async def test_it_survives_a_restart_and_ends_while_nobody_runs(site: Site) -> None:
    async with running(site) as world:
        made = await desk(world).create(draft(), "wang")
        await leak(world)
    async with running(site) as world:
        assert [each["id"] for each in desk(world).items()] == [made["id"]]
        await leak(world, device="w1", seq=2)
        assert world.the_alert().suppressed_by == f"silence:{made['id']}"
        assert called(world) == []
    clock = ManualClock(NOON + 2 * HOUR)
    async with running(site, clock) as world:
        await passes(world, clock, 60, lambda: world.the_alert().suppressed_by is None)
        assert called(world) == [("w1", "unsuppressed")]


async def test_flapping_stops_calling_and_says_so(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        for turn in range(6):
            await leak(world, turn + 1)
            await world.desk.resolve(world.the_alert().id, world.the_alert().version, "", "li")
            clock.time += 10
        await leak(world, 7)
        assert world.the_alert().suppressed_by == "flapping"
        assert called(world) == [("w1", "raised")] * 4
    clock.time += 30
    async with running(site, clock) as world:
        assert world.the_alert().suppressed_by == "flapping"
        await passes(world, clock, 700, lambda: world.the_alert().suppressed_by is None)
        assert called(world)[-1] == ("w1", "unsuppressed")


async def test_a_preview_looks_at_open_alerts_and_the_last_day(site: Site) -> None:
    clock = ManualClock(NOON - 25 * HOUR)
    async with running(site, clock) as world:
        await leak(world)
        await world.desk.resolve(world.the_alert().id, 1, "", "li")
        clock.time = NOON - HOUR
        await leak(world, 2)
        await world.desk.resolve(world.the_alert().id, 1, "", "li")
        clock.time = NOON
        await leak(world, 3)
        await world.say("s1", seq=1, states=SMOKE)
        found = await desk(world).preview(draft())
        assert [alert.device for alert in found.open] == ["w1"]
        assert [alert.raised_at for alert in found.recent] == [NOON, NOON - HOUR]
        assert found.whole
        assert len((await desk(world).preview(draft(fire=True))).open) == 2
        assert desk(world).items() == []


Move = Callable[[SuppressionDesk], Awaitable[dict[str, Any]]]
MOVES: list[Move] = [
    lambda d: d.create(draft(), "wang"),
    lambda d: d.extend(d.items()[0]["id"], NOON + 2 * HOUR, "wang"),
    lambda d: d.end(d.items()[0]["id"], "wang"),
]


@pytest.mark.parametrize("move", MOVES, ids=["create", "extend", "end"])
async def test_what_the_disk_refuses_changes_nothing(site: Site, move: Move) -> None:
    async with running(site) as world:
        await desk(world).create(draft(matcher={"device": "w1"}), "li")
        before = desk(world).items()
        with world.refusing_store():
            with pytest.raises(Unsaved, match="nothing was changed"):
                await move(desk(world))
            assert desk(world).items() == before


async def test_every_move_is_in_the_audit_chain(site: Site) -> None:
    async with running(site) as world:
        made = await desk(world).create(draft(fire=True), "wang")
        with pytest.raises(IllegalMove):
            await desk(world).extend(made["id"], NOON + 2 * HOUR, "wang")
        await desk(world).extend(made["id"], NOON + 2 * HOUR, "li")
        await desk(world).end(made["id"], "wang")
        rows = [(row.actor, row.action) for row in world.store.audit_rows()]
        assert rows == [("wang", "suppression_create"), ("li", "suppression_extend"), ("wang", "suppression_end")]
        assert world.store.verify_audit() is None


async def test_consoles_hear_of_every_change(site: Site) -> None:
    heard: list[tuple[str, int]] = []
    clock = ManualClock()
    async with running(site, clock) as world:
        desk(world)._publish = lambda event, data: heard.append((event, len(data["items"])))  # type: ignore[assignment]
        await desk(world).create(draft(), "wang")
        assert heard[-1] == ("suppressions", 1)
        before = len(heard)
        await passes(world, clock, HOUR, lambda: len(heard) > before)


async def test_moves_on_nothing(site: Site) -> None:
    async with running(site) as world:
        for move in (desk(world).extend("none", NOON, "li"), desk(world).end("none", "li")):
            with pytest.raises(KeyError):
                await move
        with pytest.raises(KeyError):
            await desk(world).shelve("none", NOON + 5, "x", "li")

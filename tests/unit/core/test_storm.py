"""A storm of alarms through the whole core: none lost, few cards, and fire before all the rest. Order, not time."""

import asyncio
from pathlib import Path

import pytest

from gateway.alerts.incidents import summarise
from gateway.alerts.records import AlertFilter
from gateway.site import Site
from tests.unit.core.world import ManualClock, World, running, site_in

LEAKS = 600
MOST_CARDS = 50


@pytest.fixture
def site(tmp_path: Path) -> Site:
    leaks = [{"id": f"w{n}", "kind": "water_leak", "building": "b1", "zone": f"z{n}"} for n in range(LEAKS)]
    fire = {"id": "s1", "kind": "smoke_detector", "building": "b1"}
    return site_in(tmp_path, devices=[*leaks, fire], ingest={"rate_per_s": 100_000, "burst": 100_000})


def flood(world: World) -> None:
    for n in range(LEAKS):
        world.send(f"w{n}", seq=1, states={"water_leak": True})


async def test_none_is_lost_and_there_are_few_cards(site: Site) -> None:
    async with running(site) as world:
        flood(world)
        await world.settled()
        stored = world.store.search(AlertFilter(state="open", rule="water_leak", limit=1000))
        assert {alert.device for alert in stored} == {f"w{n}" for n in range(LEAKS)}
        assert len(summarise(world.alerts())) <= MOST_CARDS
        found = world.store.incidents(None, 100)
        assert sum(incident.alerts for incident in found) == len(world.alerts())


async def test_a_fire_behind_them_in_the_same_lane_is_shown_before_them(site: Site) -> None:
    """All of them are on the disk already when the evaluation gets its turn."""
    world = World(site, ManualClock())
    world.start(evaluating=False)
    flood(world)
    world.send("s1", seq=1, states={"smoke": True})
    await world.until(lambda: len(world.wire.acked) == LEAKS + 1)
    world.tasks.append(asyncio.create_task(world.evaluator.run()))
    await world.settled()
    raised = [row.detail["fingerprint"] for row in world.store.audit_rows() if row.action == "raise"]
    await world.stop()
    assert world.shown[0]["device"] == "s1"
    assert raised[0] == "smoke_alarm/s1"
    assert len(raised) > LEAKS

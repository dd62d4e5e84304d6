"""Nobody acts: what the gateway does then, on the real store, through restarts and jumps of the clock."""

from pathlib import Path
from typing import Any

from alert_rules.alert import Verdict
from tests.unit.core.world import NOON, ManualClock, World, running, site_in

CHANNELS = [
    {"name": "guard", "url": {"env": "X"}, "levels": [0, 1]},
    {"name": "manager", "url": {"env": "X"}, "levels": [2]},
]


def site(folder: Path, **sections: Any) -> Any:
    return site_in(folder, channels=CHANNELS, **sections)


def stages(world: World) -> list[str]:
    rows = world.store.due_messages(float("inf"), 100)
    return sorted(f"{row.channel} {row.stage}" for row in rows)


def actions(world: World) -> list[str]:
    return [row.action for row in world.store.timeline(world.the_alert().id)]


async def fire(world: World) -> None:
    await world.say("s1", states={"smoke": True})


async def passes(world: World, seconds: float) -> None:
    """Time passes, and the gateway has acted on it."""
    world.clock.time += seconds
    world.evaluator._wake.set()
    await world.until(lambda: world.book.next_escalation() > world.clock.time)
    await world.settled()


async def test_the_levels_are_called_one_after_the_other(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(site(tmp_path), clock) as world:
        await fire(world)
        assert stages(world) == ["guard raised"]
        await passes(world, 61)
        assert stages(world) == ["guard level1-1", "guard raised"]
        await passes(world, 120)
        assert "manager level2-2" in stages(world)
        assert world.the_alert().level == 2
        assert actions(world)[-2:] == ["escalate", "escalate"]


async def test_a_level_nobody_is_named_for_calls_everybody(tmp_path: Path) -> None:
    async with running(site(tmp_path), ManualClock()) as world:
        await fire(world)
        await passes(world, 601)
        assert [stage for stage in stages(world) if "level3" in stage] == ["guard level3-3", "manager level3-3"]


async def test_who_acts_is_left_in_peace(tmp_path: Path) -> None:
    async with running(site(tmp_path), ManualClock()) as world:
        await fire(world)
        alert = world.the_alert()
        await world.desk.judge(alert.id, alert.version, Verdict.FALSE_ALARM, "steam", "li")
        await passes(world, 100_000)
        assert stages(world) == ["guard raised"]


async def test_an_unused_claim_lapses(tmp_path: Path) -> None:
    async with running(site(tmp_path), ManualClock()) as world:
        await fire(world)
        alert = world.the_alert()
        await world.desk.acknowledge(alert.id, alert.version, "li")
        await passes(world, 121)
        assert world.the_alert().acknowledged_by is None
        assert actions(world) == ["raise", "acknowledge", "lapse", "escalate"]


async def test_a_restart_in_between_changes_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(site(tmp_path), clock) as world:
        await fire(world)
        await passes(world, 61)
    clock.time += 60
    async with running(site(tmp_path), clock) as world:
        assert world.the_alert().level == 1
        await passes(world, 61)
        assert stages(world) == ["guard level1-1", "guard raised", "manager level2-2"]


async def test_what_was_due_while_away_is_called_at_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(site(tmp_path), clock) as world:
        await fire(world)
    clock.time += 200
    async with running(site(tmp_path), clock) as world:
        await passes(world, 0)
        assert [stage.split()[1] for stage in stages(world)] == ["level1-1", "raised", "level2-2"]


async def test_setting_the_time_of_day_calls_nobody_early_or_late(tmp_path: Path) -> None:
    clock = Jumping()
    async with running(site(tmp_path), clock) as world:
        await fire(world)
        clock.jump = 3_600
        await passes(world, 30)
        assert stages(world) == ["guard raised"]
        clock.jump = -3_600
        await passes(world, 31)
        assert "guard level1-1" in stages(world)


async def test_a_forgotten_alert_is_found_and_called_for(tmp_path: Path) -> None:
    async with running(site(tmp_path), ManualClock()) as world:
        await fire(world)
        world.book._escalations.of.clear()
        world.evaluator.audit()
        await world.settled()
        assert actions(world)[-1] == "repair"
        await passes(world, 61)
        assert "guard level1-1" in stages(world)


async def test_a_review_after_the_fact_closes_what_is_resolved(tmp_path: Path) -> None:
    from functools import partial

    from alert_rules import moves

    async with running(site(tmp_path), ManualClock()) as world:
        await fire(world)
        alert = world.the_alert()
        await world.desk.judge(alert.id, alert.version, Verdict.TRUE_ALARM, "", "li")
        await world.desk.resolve(alert.id, alert.version, "out", "li")
        close = partial(moves.close, actor="chief", review="pan left alone")
        closed = await world.desk.move(alert.id, alert.version, lambda a, now: close(a, now=now))
        assert closed.closed_by == "chief"
        assert world.store.get(alert.id) == closed


class Jumping(ManualClock):
    """Its time of day is set wrong by ``jump`` seconds."""

    jump = 0.0

    def now(self) -> float:
        return self.time + self.jump

    def monotonic(self) -> float:
        return self.time - NOON

"""Plans in the running core: started, ticked off, people called for what is late, once, through restarts."""

from typing import Any

import pytest

from alert_rules.alert import MACHINE, Alert, IllegalMove, Verdict
from gateway.api.ports import Conflict, Unsaved
from gateway.plans.desk import PlanDesk
from gateway.site import Site
from tests.unit.core.world import NOON, ManualClock, World, running, site_in

SMOKE, LEAK = {"smoke": True}, {"water_leak": True}
STEPS = """
  - {id: look, text: {zh: 看, en: Look}, role: guard, deadline_s: 60}
  - {id: tell, text: {zh: 说, en: Tell}, role: manager, deadline_s: 120}
"""
LEAKING = f"id: leak\ntitle: {{zh: 漏, en: Leak}}\nstart: {{rules: [water_leak]}}\nsteps:{STEPS}"


@pytest.fixture
def site(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("WECOM", "json://127.0.0.1:9/")
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans/leak.yaml").write_text(LEAKING)
    channels = [
        {"name": "guards", "url": {"env": "WECOM"}, "min_severity": "notice", "levels": [1]},
        {"name": "managers", "url": {"env": "WECOM"}, "min_severity": "notice", "levels": [2]},
    ]
    quiet: dict[str, Any] = {"critical": [], "major": [], "minor": []}
    return site_in(tmp_path, channels=channels, plans=tmp_path / "plans", escalation=quiet)


def desk(world: World) -> PlanDesk:
    return world.gateway._casework.plans


def called(world: World) -> list[tuple[str, str]]:
    return [(row.channel, row.stage) for row in world.store.due_messages(float("inf"), 100) if "plan" in row.stage]


def actions(world: World, alert: Alert) -> list[str]:
    return [row.action for row in world.store.timeline(alert.id) if row.action.startswith("plan")]


async def leak(world: World) -> Alert:
    await world.say("w1", seq=1, states=LEAK)
    return world.the_alert()


async def test_a_fitting_plan_is_offered_and_started_once(site: Site) -> None:
    async with running(site) as world:
        alert = await leak(world)
        assert [plan["id"] for plan in (await desk(world).of(alert.id))["offered"]] == ["flood", "leak"]
        made = await desk(world).start(alert.id, "leak", "li")
        assert [item["due"] for item in made["items"]] == [NOON + 60, NOON + 120]
        with pytest.raises(Conflict):
            await desk(world).start(alert.id, "leak", "wang")
        assert [plan["id"] for plan in (await desk(world).of(alert.id))["offered"]] == ["flood"]
        assert actions(world, alert) == ["plan_start"]


async def test_a_late_step_calls_the_responsible_role_once(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        alert = await leak(world)
        await desk(world).start(alert.id, "leak", "li")
        for after in (59, 61, 62, 121, 500):
            clock.time = NOON + after
            await desk(world).turn()
        assert called(world) == [("guards", "plan-leak-look"), ("managers", "plan-leak-tell")]
        assert actions(world, alert) == ["plan_start", "plan_call", "plan_call"]
        (first, _) = (row for row in world.store.due_messages(float("inf"), 100) if "plan" in row.stage)
        assert first.payload["plan"] == {"id": "leak", "step": {"zh": "看", "en": "Look"}, "due_at": NOON + 60}


async def test_a_step_done_in_time_calls_nobody_and_says_by_whom(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        alert = await leak(world)
        await desk(world).start(alert.id, "leak", "li")
        clock.time = NOON + 30
        shown = await desk(world).done(alert.id, "leak", "look", "pipe", "wang")
        assert (shown["items"][0]["done_by"], shown["items"][0]["done_at"]) == ("wang", NOON + 30)
        clock.time = NOON + 90
        await desk(world).turn()
        assert called(world) == []
        with pytest.raises(IllegalMove, match="wang has done"):
            await desk(world).done(alert.id, "leak", "look", "", "li")


async def test_deadlines_go_on_through_a_restart(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        alert = await leak(world)
        await desk(world).start(alert.id, "leak", "li")
        clock.time = NOON + 61
        await desk(world).turn()
    clock.time = NOON + 130
    async with running(site, clock) as world:
        await desk(world).turn()
        await desk(world).turn()
        assert called(world) == [("guards", "plan-leak-look"), ("managers", "plan-leak-tell")]


async def test_setting_the_time_of_day_makes_no_step_late(site: Site) -> None:
    class Set(ManualClock):
        ahead = 0.0

        def now(self) -> float:
            return self.time + self.ahead

    clock = Set()
    async with running(site, clock) as world:
        alert = await leak(world)
        await desk(world).start(alert.id, "leak", "li")
        clock.ahead = 86_400.0
        await desk(world).turn()
        assert called(world) == []
        shown = (await desk(world).of(alert.id))["items"][0]
        assert shown["items"][0]["due"] == clock.now() + 60


async def test_a_resolved_alert_ends_its_plan(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        alert = await leak(world)
        await desk(world).start(alert.id, "leak", "li")
        await world.desk.judge(alert.id, alert.version, Verdict.TRUE_ALARM, "", "li")
        await world.desk.resolve(alert.id, alert.version, "dry", "li")
        clock.time = NOON + 1_000
        await desk(world).turn()
        await desk(world).turn()
        assert called(world) == []
        assert actions(world, alert) == ["plan_start", "plan_end"]
        assert world.store.verify_audit() is None


async def test_a_critical_fire_starts_its_plan_by_itself_and_once(site: Site) -> None:
    async with running(site) as world:
        await world.say("s1", seq=1, states=SMOKE)
        alert = world.the_alert()
        await desk(world).turn()
        await desk(world).turn()
        (shown,) = (await desk(world).of(alert.id))["items"]
        assert (shown["plan"], shown["started_by"]) == ("fire", MACHINE)
    async with running(site) as world:
        await desk(world).turn()
        assert actions(world, alert) == ["plan_start"]


async def test_working_on_the_plan_uses_the_claim(site: Site) -> None:
    async with running(site) as world:
        alert = await leak(world)
        await world.desk.acknowledge(alert.id, alert.version, "li")
        assert not alert.claim_used
        await desk(world).start(alert.id, "leak", "wang")
        assert not alert.claim_used
        await desk(world).done(alert.id, "leak", "look", "", "li")
        assert alert.claim_used
        assert world.store.get(alert.id) == alert


async def test_what_the_disk_refuses_did_not_happen(site: Site) -> None:
    async with running(site) as world:
        alert = await leak(world)
        await desk(world).start(alert.id, "leak", "li")
        with world.refusing_store(), pytest.raises(Unsaved, match="nothing was changed"):
            await desk(world).done(alert.id, "leak", "look", "", "li")
        shown = await desk(world).done(alert.id, "leak", "look", "", "wang")
        assert shown["items"][0]["done_by"] == "wang"


async def test_what_is_not_there_is_missed(site: Site) -> None:
    async with running(site) as world:
        alert = await leak(world)
        for missing in (("none", "leak"), (alert.id, "none")):
            with pytest.raises(KeyError):
                await desk(world).start(*missing, "li")
        with pytest.raises(KeyError):
            await desk(world).done(alert.id, "leak", "look", "", "li")
        with pytest.raises(KeyError):
            await desk(world).of("none")

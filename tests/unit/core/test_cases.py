"""Cases in the running core: who looked at evidence is noted, archives are noted, reviews are counted."""

from pathlib import Path

import pytest

from alert_rules.alert import Alert, Verdict
from alert_rules.moves import close
from gateway.api.ports import Unavailable
from gateway.cases.desk import CaseDesk
from gateway.cases.verify import verify
from gateway.site import Site
from tests.unit.cases.making import STILL, keep
from tests.unit.core.world import NOON, ManualClock, World, running, site_in

HOUR = 3_600.0


def desk(world: World) -> CaseDesk:
    return world.gateway._casework.cases


@pytest.fixture
def watched(tmp_path: Path) -> Site:
    return site_in(tmp_path, devices=[{"id": "c1", "kind": "camera", "building": "b1"}])


async def fell(world: World) -> Alert:
    keep(Path(world.site.data_dir) / "evidence", camera="c1", still_jpg=STILL)
    await world.say(
        "c1", seq=1, events=[{"code": "falling_object", "object_id": "obj-1", "phase": "pulse", "score": 0.9}]
    )
    return next(alert for alert in world.alerts() if alert.rule == "falling_object")


async def test_who_looked_is_noted_before_anything_is_shown(watched: Site) -> None:
    async with running(watched) as world:
        alert = await fell(world)
        (file,) = (await desk(world).evidence(alert.id))["files"]
        kept = await desk(world).file(alert.id, file["id"], "li", note=True)
        assert kept.path.read_bytes() == STILL
        row = world.store.timeline(alert.id)[-1]
        assert (row.actor, row.action, row.detail) == ("li", "view", {"file": kept.name})
        with world.refusing_store(), pytest.raises(Unavailable, match="cannot be noted"):
            await desk(world).file(alert.id, file["id"], "li", note=True)


async def test_a_file_of_another_alert_is_not_this_ones(watched: Site) -> None:
    async with running(watched) as world:
        alert = await fell(world)
        for missing in ((alert.id, "none"), ("none", "none")):
            with pytest.raises(KeyError):
                await desk(world).file(*missing, "li", note=False)


async def test_an_archive_is_noted_or_not_handed_out(watched: Site) -> None:
    async with running(watched) as world:
        alert = await fell(world)
        case = await desk(world).export(alert.id, "wang", with_faces=True)
        assert verify(case.data).faults == []
        assert world.store.timeline(alert.id)[-1].detail["digest"] == case.digest
        with world.refusing_store(), pytest.raises(Unavailable, match="not handed out"):
            await desk(world).export(alert.id, "wang", with_faces=True)
        assert world.store.verify_audit() is None


async def test_a_review_falls_due_is_overdue_and_done(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        await world.say("s1", seq=1, states={"smoke": True})
        alert = world.the_alert()
        await world.desk.judge(alert.id, alert.version, Verdict.TRUE_ALARM, "", "li")
        await world.desk.resolve(alert.id, alert.version, "out", "li")
        assert await desk(world).counts() == {"due": 1, "overdue": 0, "long_open": 0}
        clock.time = NOON + 49 * HOUR
        found = await desk(world).reviews(())
        assert [each.id for each in found["overdue"]] == [alert.id]
        assert (await desk(world).reviews(("b9",)))["overdue"] == []
        await world.desk.move(alert.id, alert.version, lambda a, now: close(a, "wang", "a pan", now))
        assert await desk(world).counts() == {"due": 0, "overdue": 0, "long_open": 0}


async def test_what_is_open_beyond_72_hours_is_counted(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        await world.say("s1", seq=1, states={"smoke": True})
        clock.time = NOON + 73 * HOUR
        assert (await desk(world).counts())["long_open"] == 1
        await world.gateway._casework.upkeep()
        value = world.gateway.metrics.registry.get_sample_value("gateway_reviews", {"state": "long_open"})
        assert value == 1

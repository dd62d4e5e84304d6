"""What people do to alerts and strangers: saved before it is answered, refused where somebody was faster."""

import asyncio
import re

import pytest

from alert_rules.alert import Alert, IllegalMove, Stage, Verdict
from devices.dialects.dialect import Lane
from devices.model import Envelope
from gateway.alerts.records import AlertFilter
from gateway.api.ports import Conflict, Unsaved
from gateway.desk import identifier
from gateway.journal.journal import Batch
from gateway.journal.tail import Decoded
from gateway.site import Site
from tests.unit.core.world import NOON, ManualClock, World, running

SMOKE = {"smoke": True}


async def fire(world: World, device: str = "s1") -> Alert:
    await world.say(device, seq=1, states=SMOKE)
    return next(alert for alert in world.alerts() if alert.device == device)


async def test_each_move_is_on_the_disk_when_it_is_answered(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        desk = world.desk
        assert await desk.acknowledge(alert.id, 1, "li") == world.store.get(alert.id)
        assert await desk.judge(alert.id, 2, Verdict.FALSE_ALARM, "steam", "li") == world.store.get(alert.id)
        assert await desk.resolve(alert.id, 3, "aired", "li") == world.store.get(alert.id)
        assert alert.stage is Stage.RESOLVED
        rows = world.store.timeline(alert.id)
        assert [(row.actor, row.action) for row in rows] == [
            ("system", "raise"),
            ("li", "acknowledge"),
            ("li", "verdict"),
            ("li", "resolve"),
        ]
        assert world.store.verify_audit() is None


async def test_the_slower_of_two_people_is_told_who_was_faster(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        seen = alert.version
        await world.desk.judge(alert.id, seen, Verdict.TRUE_ALARM, "", "li")
        with pytest.raises(Conflict, match="judged by li"):
            await world.desk.judge(alert.id, seen, Verdict.FALSE_ALARM, "steam", "wang")
        stored = world.store.get(alert.id)
        assert stored is not None
        assert (stored.verdict, stored.verdict_by) == (Verdict.TRUE_ALARM, "li")


async def test_of_two_people_at_the_same_moment_one_is_refused(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        answers = await asyncio.gather(
            *(world.desk.judge(alert.id, 1, Verdict.DRILL, "", name) for name in ("li", "wang")), return_exceptions=True
        )
        assert sorted(type(answer).__name__ for answer in answers) == ["Alert", "Conflict"]


async def test_a_repeat_meanwhile_is_a_conflict_too(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        seen = alert.version
        await world.say("s1", seq=2, states={"heat": True})
        with pytest.raises(Conflict, match="repeats"):
            await world.desk.acknowledge(alert.id, seen, "li")


async def test_a_resolved_alert_takes_comments_only(site: Site) -> None:
    async with running(site) as world:
        await world.say("w1", seq=1, states={"water_leak": True})
        alert = world.the_alert()
        await world.desk.resolve(alert.id, alert.version, "", "li")
        with pytest.raises(Conflict, match="comment"):
            await world.desk.acknowledge(alert.id, alert.version, "li")
        await world.desk.comment(alert.id, "pipe replaced", "li")
        assert world.store.timeline(alert.id)[-1].detail == {"text": "pipe replaced"}


async def test_nobody_s_alert(site: Site) -> None:
    async with running(site) as world:
        assert await world.desk.detail("nothing") is None
        with pytest.raises(KeyError):
            await world.desk.acknowledge("nothing", 1, "li")
        with pytest.raises(KeyError):
            await world.desk.comment("nothing", "hello", "li")


async def test_an_illegal_move_changes_nothing(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        with pytest.raises(IllegalMove, match="verdict"):
            await world.desk.resolve(alert.id, alert.version, "", "li")
        assert world.the_alert().version == 1
        assert len(world.store.timeline(alert.id)) == 1


async def test_resolving_lets_go_of_the_latch_so_that_the_next_fire_is_a_new_alert(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        first = await fire(world)
        await world.desk.judge(first.id, first.version, Verdict.TRUE_ALARM, "", "li")
        await world.desk.resolve(first.id, first.version, "out", "li")
        assert world.alerts() == []
    async with running(site, clock) as world:
        assert world.alerts() == []
        clock.time += 60
        await world.say("s1", seq=2, states=SMOKE)
        second = world.the_alert()
        assert second.id != first.id
        assert len(world.store.search(AlertFilter())) == 2


async def test_without_resolving_the_latch_holds(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        await world.desk.judge(alert.id, alert.version, Verdict.TRUE_ALARM, "", "li")
        await world.say("s1", seq=2, states={"smoke": False})
        await world.say("s1", seq=3, states=SMOKE)
        assert world.the_alert().id == alert.id


async def test_a_redelivery_of_a_resolved_alert_does_not_open_it_again(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        await world.say("w1", seq=1, states={"water_leak": True})
        alert = world.the_alert()
        await world.desk.resolve(alert.id, alert.version, "", "li")
    async with running(site, clock) as world:
        await world.say("w1", raw=b'{"ts": %d, "states": {"water_leak": true}}' % (NOON * 1000))
        assert world.alerts() == []


async def test_a_move_the_disk_refuses_is_told_shown_and_saved_later(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        with world.refusing_store():
            with pytest.raises(Unsaved, match="readonly"):
                await world.desk.acknowledge(alert.id, alert.version, "li")
            assert not world.desk.is_saved(alert.id)
        await world.settled()
        stored = world.store.get(alert.id)
        assert stored is not None
        assert stored.acknowledged_by == "li"
        assert [row.action for row in world.store.timeline(alert.id)] == ["raise", "acknowledge"]


class TestStrangers:
    """Devices in no inventory: a fire counts all the same, everything else waits for a person."""

    async def test_an_unregistered_fire_is_raised_and_marked(self, site: Site) -> None:
        async with running(site) as world:
            await world.say("smoke-new", seq=1, states=SMOKE)
            alert = world.the_alert()
            assert (alert.device, alert.registered, alert.place.building) == ("smoke-new", False, "")
            stored = world.store.get(alert.id)
            assert stored is not None
            assert not stored.registered

    async def test_an_unregistered_leak_is_not(self, site: Site) -> None:
        async with running(site) as world:
            await world.say("water-new", seq=1, states={"water_leak": True})
            assert [alert.rule for alert in world.alerts()] == ["unknown_device"]
            (stranger,) = world.inventory.strangers()
            assert (stranger.device, stranger.kind, stranger.last) == ("water-new", "water_leak", {"water_leak": True})

    async def test_what_they_said_outlives_a_restart(self, site: Site) -> None:
        clock = ManualClock()
        async with running(site, clock) as world:
            await world.say("water-new", seq=1, states={"water_leak": True})
            clock.time += 60
            await world.say("water-new", "telemetry", seq=2, measurements={"battery_percent": 50})
        async with running(site, clock) as world:
            (stranger,) = world.inventory.strangers()
            assert (stranger.count, stranger.first_seen, stranger.last_seen) == (2, NOON, NOON + 60)
            assert stranger.last == {"water_leak": True, "battery_percent": 50.0}

    async def test_adopted_it_is_ours_at_once_and_after_a_restart(self, site: Site) -> None:
        clock = ManualClock()
        async with running(site, clock) as world:
            await world.say("water-new", seq=1, states={"water_leak": False})
            await world.inventory.adopt("water-new", "Cellar", "b1", "B1", "z2", 0, "wang")
            assert world.inventory.strangers() == []
            await world.say("water-new", seq=2, states={"water_leak": True})
            alert = world.the_alert()
            assert (alert.registered, alert.place.name, alert.place.floor) == (True, "Cellar", "B1")
        async with running(site, clock) as world:
            device = world.device("water-new")
            assert device is not None
            assert device.name == "Cellar"
            assert world.inventory.strangers() == []
            assert any(row.action == "adopt" and row.actor == "wang" for row in world.store.audit_rows())

    async def test_adopting_twice_or_nobody(self, site: Site) -> None:
        async with running(site) as world:
            with pytest.raises(KeyError):
                await world.inventory.adopt("nobody", "", "", "", "", 0, "wang")
            await world.say("water-new", seq=1, states={"water_leak": False})
            await world.inventory.adopt("water-new", "", "b1", "", "", 0, "wang")
            with pytest.raises(KeyError):
                await world.inventory.adopt("water-new", "", "b1", "", "", 0, "wang")

    async def test_an_adoption_the_disk_refuses_did_not_happen(self, site: Site) -> None:
        async with running(site) as world:
            await world.say("water-new", seq=1, states={"water_leak": False})
            with world.refusing_store(), pytest.raises(Unsaved):
                await world.inventory.adopt("water-new", "", "b1", "", "", 0, "wang")
            assert world.device("water-new") is None
            assert len(world.inventory.strangers()) == 1

    async def test_a_message_decoded_before_the_adoption_makes_no_new_stranger(self, site: Site) -> None:
        async with running(site) as world:
            await world.say("water-new", seq=1, states={"water_leak": False})
            pipe = world.gateway.lanes[Lane.ALARM]
            late = Envelope("community/home/water_leak/water-new/event", b'{"seq": 2}', NOON)
            decoded = Decoded(Batch(0, [late]), pipe.decoder)
            await world.inventory.adopt("water-new", "", "b1", "", "", 0, "wang")
            world.evaluator._evaluate(pipe, [decoded])
            assert world.inventory.strangers() == []

    async def test_the_fire_of_a_stranger_stays_one_alert_when_it_is_adopted(self, site: Site) -> None:
        async with running(site) as world:
            await world.say("smoke-new", seq=1, states=SMOKE)
            await world.inventory.adopt("smoke-new", "Kitchen", "b1", "1", "", 0, "wang")
            await world.say("smoke-new", seq=2, states=SMOKE)
            assert world.the_alert().device == "smoke-new"


@pytest.mark.parametrize(
    ("address", "id_"),
    [
        ("smoke-b1-03", "smoke-b1-03"),
        ("Plant/Node 7/Lift-1", "Plant-Node-7-Lift-1-5d5f6cd5"),
        ("厨房烟感", "device-"),
        ("x" * 80, "x" * 55 + "-"),
    ],
)
def test_an_id_is_made_of_any_address(address: str, id_: str) -> None:
    made = identifier(address)
    assert made.startswith(id_[:20])
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", made)
    assert (made == address) == (id_ == address)


def test_ids_of_different_addresses_differ() -> None:
    assert identifier("a/b") != identifier("a b")

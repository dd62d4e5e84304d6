"""A visitor's pass in a whole gateway: what the gate reports counts, and a refusal is an alert like any other."""

from gateway.people.passes import Booking, Refusal, Visit
from gateway.people.visitors import VisitorDesk
from gateway.site import Site
from tests.unit.core.world import NOON, ManualClock, World, running

HOUR = 3_600.0


def desk(world: World) -> VisitorDesk:
    return world.gateway._people.visitors


async def booked(world: World) -> Visit:
    return await desk(world).book(Booking(name="王小明", starts_at=NOON - HOUR, ends_at=NOON + HOUR), "li")


async def test_a_pass_let_in_twice_is_an_alert(site: Site) -> None:
    async with running(site, clock := ManualClock()) as world:
        visit = await booked(world)
        passage = {"credential_type": "qr", "credential_ref": desk(world).pass_of(visit)}
        for _ in range(2):
            await world.say("g1", events=[{"code": "access_granted", **passage}])
            await desk(world).settle()
            clock.time += 60
        assert [use.result for use in visit.trail] == ["passed", "used"]
        alert = world.the_alert()
        assert (alert.rule, alert.device, alert.subject) == ("gate_pass_refused", "g1", visit.id)
        assert alert.reason.values["reason"] == "used"
        assert world.store.get(alert.id) is not None


async def test_a_forged_pass_is_an_alert_before_the_gate_has_its_answer(site: Site) -> None:
    async with running(site) as world:
        assert await desk(world).verify("CGP1.FORGED", "g1") is Refusal.FORGED
        assert world.store.get(world.the_alert().id) is not None


async def test_a_booking_survives_a_restart_and_the_audit_chain_knows_no_name(site: Site) -> None:
    async with running(site) as world:
        visit = await booked(world)
        text = desk(world).pass_of(visit)
        assert "王" not in repr(list(world.store.audit_rows()))
    async with running(site) as world:
        assert desk(world).get(visit.id).name == "王小明"
        assert desk(world).pass_of(visit) == text
        assert "book_visitor" in [row.action for row in world.store.audit_rows()]
        assert world.store.verify_audit() is None


async def test_upkeep_notices_an_account_made_elsewhere(site: Site) -> None:
    async with running(site) as world:
        accounts = world.gateway._people.accounts
        accounts._people.add("li", "李雷", "guard", "correct horse battery")
        assert accounts.known == []
        await world.gateway._people.upkeep()
        assert [person.username for person in accounts.known] == ["li"]

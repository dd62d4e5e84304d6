"""The rota and the visitors in use: on disk before they count, without names where nothing is deleted."""

from typing import Any

import pytest

from alert_rules.alert import Place
from alert_rules.schedule import Schedule
from devices.dialects.values import pseudonym
from devices.model import DeviceKind, Event, Report
from gateway.alerts.database import StoreUnavailable
from gateway.alerts.people import Person, Role
from gateway.people.duty import Override, Turn
from gateway.people.passes import Booking, Refusal, Visit
from gateway.people.rota import Handover, OnCall
from tests.unit.api.world import make_alert
from tests.unit.people.making import PSEUDONYMS, MemoryShelf, Room

DAY_S = 86_400.0
LI = Person("li", "李雷", Role.GUARD, contacts=("li-sms",))
WU = Person("wu", "吴", Role.GUARD, contacts=("wu-sms",))
MA = Person("ma", "马", Role.MANAGER)
FAR = Person("far", "远", Role.GUARD, buildings=("b2",))
ALWAYS = Schedule.model_validate({"name": "always", "periods": [{}]})
CHANNELS = ["group", "li-sms", "wu-sms"]


async def rota(*turns: tuple[str, str], people: tuple[Person, ...] = (LI, WU, MA, FAR)) -> Room:
    room = Room(people)
    await room.desks.duty.put("shift", ALWAYS, "ma")
    for username, building in turns:
        made = Turn(shift="always", username=username, role=Role.GUARD, building=building)
        await room.desks.duty.put("turn", made, "ma")
    return room


async def booked(room: Room, **changes: Any) -> Visit:
    fields = {"name": "王小明", "host": "3-501", "phone": "13900000000", "building": "b1"}
    fields |= {"starts_at": 1_000.0, "ends_at": 5_000.0}
    return await room.desks.visitors.book(Booking.model_validate({**fields, **changes}), "li")


def passage(text: str, at: float = 1_100.0, code: str = "access_granted", gate: str = "gate-1") -> Report:
    event = Event(code, {"credential_type": "qr", "credential_ref": text})
    return Report(gate, DeviceKind.ACCESS_GATE, at, at, events=(event,))


def reasons(room: Room) -> list[Any]:
    return [event.attributes["reason"] for report in room.told for event in report.events]


async def test_the_rota_survives_a_restart() -> None:
    room = await rota(("li", "b1"))
    ill = Override(username="wu", instead_of="li", starts_at=0, ends_at=2_000, role=Role.GUARD)
    await room.desks.duty.put("override", ill, "ma")
    again = Room((LI, WU, MA), room.shelf)
    assert [duty.username for duty in again.desks.duty.on_duty()] == ["wu"]
    (id_,) = again.desks.duty.rows("override")
    await again.desks.duty.drop("override", id_, "ma")
    assert [duty.username for duty in again.desks.duty.on_duty()] == ["li"]
    assert [entry.action for entry in room.shelf.entries][-2:] == ["set_override", "remove_override"]


async def test_what_the_disk_refuses_is_not_in_effect() -> None:
    room = await rota()
    room.shelf.full = True
    with pytest.raises(StoreUnavailable):
        await room.desks.duty.put("turn", Turn(shift="always", username="li", role=Role.GUARD), "ma")
    assert room.desks.duty.on_duty() == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"shift": "late"}, "no shift 'late'"), ({"username": "xu"}, "nobody called"), ({"building": "b9"}, "building")],
)
async def test_a_turn_must_name_what_there_is(wrong: dict[str, str], said: str) -> None:
    room = await rota()
    made = Turn.model_validate({"shift": "always", "username": "li", "role": "guard", **wrong})
    with pytest.raises(ValueError, match=said):
        await room.desks.duty.put("turn", made, "ma")


async def test_a_shift_in_use_stays() -> None:
    room = await rota(("li", ""))
    with pytest.raises(ValueError, match="out of the rota first"):
        await room.desks.duty.drop("shift", "always", "ma")
    with pytest.raises(KeyError):
        await room.desks.duty.drop("turn", "none", "ma")


async def test_a_note_is_kept_once_where_it_can_be_deleted() -> None:
    room = await rota()
    await room.desks.duty.put("handover", Handover(text="王小明 called about the lift"), "li")
    (note,) = room.desks.duty.rows("handover").values()
    assert (note.by, note.at) == ("li", 1_000.0)
    assert "王小明" not in repr(room.shelf.entries)


async def test_people_off_duty_are_not_called_and_groups_always_are() -> None:
    room = await rota(("li", "b1"), ("wu", "b2"))
    narrow = room.desks.duty.narrow
    assert narrow(CHANNELS, 1, "b1") == ["group", "li-sms"]
    assert narrow(CHANNELS, 1, "b2") == ["group", "wu-sms"]
    assert narrow(["wu-sms"], 1, "b1") == ["wu-sms"]


async def test_with_nobody_on_duty_the_on_call_contact_is_called_and_else_everybody() -> None:
    room = await rota()
    assert room.desks.duty.narrow(CHANNELS, 1, "b1") == CHANNELS
    await room.desks.duty.put("on_call", OnCall(role=Role.GUARD, level=1, channels=("wu-sms",)), "ma")
    assert room.desks.duty.narrow(CHANNELS, 1, "b1") == ["wu-sms"]
    assert room.desks.duty.narrow(CHANNELS, 2, "b1") == CHANNELS
    assert room.desks.duty.narrow(["group"], 1, "b1") == ["group"]


async def test_who_should_go_is_on_duty_right_near_and_free_in_this_order() -> None:
    room = await rota(("li", "b1"), ("wu", ""), ("far", "b2"))
    here = make_alert(place=Place("Hall", "b1"))
    found = room.desks.duty.propose(here, [here])
    assert [candidate.username for candidate in found] == ["li", "wu", "ma"]
    assert found[0].reasons == ["on_duty", "right_role", "same_building", "free"]
    assert found[2].reasons == ["off_duty", "other_role", "free"]
    busy = make_alert("water_leak", device="w", assigned_to="li")
    assert [c.load for c in room.desks.duty.propose(here, [here, busy])] == [1, 0, 0]


async def test_of_two_equals_the_less_busy_goes() -> None:
    room = await rota(("li", "b1"), ("wu", "b1"))
    here, busy = make_alert(), make_alert("water_leak", device="w", acknowledged_by="li")
    assert room.desks.duty.propose(here, [here, busy])[0].username == "wu"


async def test_a_pass_for_one_use_lets_in_once() -> None:
    room = Room()
    text = room.desks.visitors.pass_of(visit := await booked(room))
    assert await room.desks.visitors.verify(text, "gate-1") is None
    room.clock.at += 10
    assert await room.desks.visitors.verify(text, "gate-1") is None  # the reader reads twice
    room.clock.at += 10
    assert await room.desks.visitors.verify(text, "gate-1") is Refusal.USED
    assert [use.result for use in room.desks.visitors.get(visit.id).trail] == ["passed", "used"]
    assert reasons(room) == ["used"]


async def test_a_use_survives_a_restart() -> None:
    room = Room()
    text = room.desks.visitors.pass_of(await booked(room))
    await room.desks.visitors.verify(text, "gate-1")
    again = Room(shelf=room.shelf, now=2_000.0)
    assert await again.desks.visitors.verify(text, "gate-1") is Refusal.USED


async def test_a_use_that_cannot_be_written_opens_nothing_and_costs_nothing() -> None:
    room = Room()
    text = room.desks.visitors.pass_of(await booked(room))
    room.shelf.full = True
    with pytest.raises(StoreUnavailable):
        await room.desks.visitors.verify(text, "gate-1")
    room.shelf.full = False
    assert await room.desks.visitors.verify(text, "gate-1") is None


@pytest.mark.parametrize(
    ("text", "gate", "now", "refusal"),
    [
        (None, "gate-1", 999.0, Refusal.EARLY),
        (None, "gate-1", 5_000.0, Refusal.EXPIRED),
        (None, "gate-2", 1_000.0, Refusal.ELSEWHERE),
        ("CGP1.AAAA", "gate-1", 1_000.0, Refusal.FORGED),
    ],
)
async def test_a_refusal_becomes_a_report_of_the_gate(text: str | None, gate: str, now: float, refusal: Any) -> None:
    room = Room()
    visit = await booked(room)
    room.clock.at = now
    assert await room.desks.visitors.verify(text or room.desks.visitors.pass_of(visit), gate) is refusal
    (report,) = room.told
    assert (report.device, report.at, report.events[0].code) == (gate, now, "pass_refused")
    ref = {} if text else {"credential_ref": visit.id}
    assert report.events[0].attributes == {"reason": refusal, "credential_type": "qr", **ref}


async def test_a_revoked_pass_lets_nobody_in() -> None:
    room = Room()
    visit = await booked(room)
    await room.desks.visitors.revoke(visit.id, "li")
    await room.desks.visitors.revoke(visit.id, "ma")
    assert await room.desks.visitors.verify(room.desks.visitors.pass_of(visit), "gate-1") is Refusal.REVOKED
    assert [entry.action for entry in room.shelf.entries] == ["book_visitor", "revoke_visitor"]


@pytest.mark.parametrize("gate", ["smoke-1", "nowhere"])
async def test_only_a_gate_may_ask(gate: str) -> None:
    room = Room()
    with pytest.raises(KeyError):
        await room.desks.visitors.verify("CGP1.AAAA", gate)


@pytest.mark.parametrize("hidden", [False, True])
async def test_what_a_gate_let_in_by_itself_counts_too(hidden: bool) -> None:
    """Vendor dialects turn the text into a pseudonym before anybody sees it."""
    room = Room()
    visit = await booked(room)
    text = room.desks.visitors.pass_of(visit)
    ref = pseudonym(PSEUDONYMS, text) if hidden else text
    for at in (1_100.0, 1_100.0, 1_200.0, 6_000.0):
        room.desks.visitors.heard(passage(ref or "", at))
        await room.desks.visitors.settle()
    assert [use.result for use in visit.trail] == ["passed", "used", "expired"]
    assert reasons(room) == ["used", "expired"]


async def test_what_a_gate_refused_by_itself_is_noted_and_costs_no_use() -> None:
    room = Room()
    visit = await booked(room)
    room.desks.visitors.heard(passage(room.desks.visitors.pass_of(visit), code="access_denied"))
    await room.desks.visitors.settle()
    assert [use.result for use in visit.trail] == ["denied"]
    assert room.told == []


async def test_forged_passes_are_told_and_other_credentials_are_nobodys_business() -> None:
    room = Room()
    await booked(room)
    for text in ("CGP1.AAAA", "0123456789abcdef", ""):
        room.desks.visitors.heard(passage(text))
    await room.desks.visitors.settle()
    assert reasons(room) == ["forged"]


async def test_visits_are_forgotten_in_time_and_their_passes_stay_expired() -> None:
    room = Room()
    text = room.desks.visitors.pass_of(await booked(room))
    for room.clock.at, left in ((5_000.0 + 30 * DAY_S, 1), (5_001.0 + 30 * DAY_S, 0)):
        await room.desks.upkeep()
        assert len(room.desks.visitors.items()) == len(room.shelf.bodies) == left
    assert await room.desks.visitors.verify(text, "gate-1") is Refusal.EXPIRED
    assert room.shelf.entries[-1].detail == {"count": 1}


async def test_nobodys_name_is_where_nothing_is_deleted(caplog: pytest.LogCaptureFixture) -> None:
    room = Room()
    visit = await booked(room)
    await room.desks.visitors.verify(room.desks.visitors.pass_of(visit), "gate-2")
    for text in (repr(room.shelf.entries), repr(room.told), caplog.text):
        assert not [word for word in ("王小明", "3-501", "13900000000") if word in text]
    assert "王小明" in repr(room.shelf.bodies)


async def test_a_shelf_that_is_full_stops_no_gate(caplog: pytest.LogCaptureFixture) -> None:
    room = Room(shelf=MemoryShelf())
    visit = await booked(room)
    room.shelf.full = True
    room.desks.visitors.heard(passage(room.desks.visitors.pass_of(visit)))
    await room.desks.visitors.settle()
    assert visit.trail == []

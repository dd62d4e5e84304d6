"""Shifts, the rota with its overrides and gaps, hand-over notes, and who should go to an alert."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from alert_rules.schedule import Schedule
from gateway.api import people_schema as schema
from gateway.api.context import Actor, InPorts
from gateway.api.people import usable
from gateway.api.problems import missing
from gateway.api.scope import AlertId, require_own, require_scope, within
from gateway.api.security import GuardedRoute
from gateway.api.views import Json
from gateway.people.duty import Override, Turn
from gateway.people.rota import Handover, OnCall

router = APIRouter(route_class=GuardedRoute, tags=["duty"])

Id = Annotated[str, Path(max_length=64)]
_GONE: dict[int | str, dict[str, Any]] = {404: {}}
SHOWN = 100


@router.get("/api/shifts", response_model=schema.ShiftList)
async def list_shifts(ports: InPorts) -> Response:
    """List the shifts."""
    return Json({"items": [shift.model_dump(mode="json") for shift in ports.people.duty.rows("shift").values()]})


@router.post("/api/shifts", response_model=schema.Made)
async def put_shift(body: Schedule, ports: InPorts, person: Actor) -> Response:
    """Name a shift and its hours, or change the hours of one."""
    require_own(person, "")
    return Json({"id": await ports.people.duty.put("shift", body, person.username)})


@router.post("/api/shifts/{record_id}/remove", status_code=204, response_class=Response, responses=_GONE)
async def remove_shift(record_id: Id, ports: InPorts, person: Actor) -> Response:
    """Delete a shift that nobody works."""
    require_own(person, "")
    with usable("shift", record_id):
        await ports.people.duty.drop("shift", record_id, person.username)
    return Response(status_code=204)


@router.get("/api/duty", response_model=schema.DutyList)
async def list_duty(query: Annotated[schema.DutyQuery, Query()], ports: InPorts, person: Actor) -> Response:
    """List who is on duty."""
    found = ports.people.duty.on_duty(query.at, query.role, query.building)
    return Json({"items": [duty for duty in found if within(person, duty.building)]})


@router.get("/api/duty/gaps", response_model=schema.GapList)
async def list_gaps(query: Annotated[schema.GapQuery, Query()], ports: InPorts, person: Actor) -> Response:
    """List when a role that the rota knows is not filled for its building."""
    with usable("role", ""):
        found = await asyncio.to_thread(ports.people.duty.gaps, query.start, query.end, query.role, query.building)
    return Json({"items": [gap for gap in found if within(person, gap.building)]})


@router.get("/api/duty/rota", response_model=schema.RotaView)
async def get_rota(ports: InPorts, person: Actor) -> Response:
    """The rota with its overrides and on-call contacts."""
    kinds = {"turns": "turn", "overrides": "override", "on_call": "on_call"}
    return Json({name: _seen(ports.people.duty.rows(kind), person) for name, kind in kinds.items()})


@router.post("/api/duty/turns", response_model=schema.Made)
async def add_turn(body: Turn, ports: InPorts, person: Actor) -> Response:
    """Give somebody a place in the rota."""
    require_own(person, body.building)
    with usable("turn", ""):
        return Json({"id": await ports.people.duty.put("turn", body, person.username)})


@router.post("/api/duty/overrides", response_model=schema.Made)
async def add_override(body: Override, ports: InPorts, person: Actor) -> Response:
    """Say what differs from the rota for once."""
    require_own(person, body.building)
    with usable("override", ""):
        return Json({"id": await ports.people.duty.put("override", body, person.username)})


@router.post("/api/duty/turns/{record_id}/remove", status_code=204, response_class=Response, responses=_GONE)
async def remove_turn(record_id: Id, ports: InPorts, person: Actor) -> Response:
    """Take somebody out of the rota."""
    return await _remove("turn", record_id, ports, person)


@router.post("/api/duty/overrides/{record_id}/remove", status_code=204, response_class=Response, responses=_GONE)
async def remove_override(record_id: Id, ports: InPorts, person: Actor) -> Response:
    """Let the rota count again."""
    return await _remove("override", record_id, ports, person)


@router.post("/api/duty/on-call", response_model=schema.Made)
async def put_on_call(body: OnCall, ports: InPorts, person: Actor) -> Response:
    """Name the channels that are called while nobody of a role is on duty."""
    require_own(person, body.building)
    unknown = set(body.channels) - {channel.name for channel in ports.site.channels}
    with usable("channel", ""):
        if unknown:
            raise ValueError(f"body.channels: the site file has no channel {min(unknown)!r}")
        return Json({"id": await ports.people.duty.put("on_call", body, person.username)})


@router.get("/api/handover", response_model=schema.HandoverList)
async def list_handovers(ports: InPorts, person: Actor) -> Response:
    """List the hand-over notes, the newest first."""
    notes = [note for note in ports.people.duty.rows("handover").values() if within(person, note.building)]
    return Json({"items": [note.model_dump(mode="json") for note in notes[: -SHOWN - 1 : -1]]})


@router.post("/api/handover", response_model=schema.Made)
async def add_handover(body: schema.NewHandover, ports: InPorts, person: Actor) -> Response:
    """Leave a note for the next shift."""
    require_scope(person, body.building)
    with usable("building", body.building):
        made = Handover(text=body.text, building=body.building)
        return Json({"id": await ports.people.duty.put("handover", made, person.username)})


@router.get("/api/alerts/{alert_id}/dispatch", response_model=schema.Proposal, responses=_GONE)
async def propose_dispatch(alert_id: AlertId, ports: InPorts) -> Response:
    """Who could go, the best first, with the reasons: on duty, right role, nearest, least loaded. A person decides."""
    found = await ports.desk.detail(alert_id)
    if found is None:
        missing("alert", alert_id)
    return Json({"items": ports.people.duty.propose(found[0], ports.desk.open_alerts())})


async def _remove(kind: str, id_: str, ports: InPorts, person: Actor) -> Response:
    found = ports.people.duty.rows(kind).get(id_)
    if found is not None:
        require_own(person, found.building)
    with usable(kind, id_):
        await ports.people.duty.drop(kind, id_, person.username)
    return Response(status_code=204)


def _seen(rows: Any, person: Actor) -> dict[str, Any]:
    return {id_: row.model_dump(mode="json") for id_, row in rows.items() if within(person, row.building)}

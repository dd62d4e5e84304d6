"""Devices that speak but are in no inventory, and messages that nobody understood."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from starlette.exceptions import HTTPException

from gateway.api import devices_schema as schema
from gateway.api.context import Actor, InPorts
from gateway.api.health_schema import DeadLetters
from gateway.api.problems import known
from gateway.api.scope import require_own
from gateway.api.security import GuardedRoute
from gateway.api.views import Json, device_view
from gateway.site import Site

router = APIRouter(route_class=GuardedRoute, tags=["quarantine"])


@router.get("/api/quarantine", response_model=schema.Quarantine)
async def list_strangers(ports: InPorts) -> Response:
    """List devices that wait for a person's decision, the latest heard first."""
    strangers = sorted(ports.devices.strangers(), key=lambda stranger: stranger.last_seen, reverse=True)
    return Json({"items": strangers})


@router.post("/api/quarantine/{device_id:path}/adopt", response_model=schema.DeviceView, responses={404: {}, 409: {}})
async def adopt_stranger(
    device_id: Annotated[str, Path(max_length=500)], body: schema.Adoption, ports: InPorts, person: Actor
) -> Response:
    """Take a device into the inventory: name it and say where it is."""
    require_own(person, body.building)
    _check_place(ports.site, body.building, body.floor)
    with known("device in quarantine", device_id):
        device = await ports.devices.adopt(device_id, **body.model_dump(), actor=person.username)
    known_as = ports.devices.get(device.id)
    return Json(device_view(device, known_as[1] if known_as else None))


@router.get("/api/dead-letters", response_model=DeadLetters)
async def list_dead_letters(
    ports: InPorts, person: Actor, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """List messages that could not be understood, newest first, with the reason."""
    require_own(person, "")
    return Json({"items": await ports.health.dead_letters(limit)})


def _check_place(site: Site, building_id: str, floor: str) -> None:
    if not building_id:
        return
    building = next((b for b in site.buildings if b.id == building_id), None)
    if building is None:
        raise HTTPException(422, f"body.building: the site file has no building {building_id!r}")
    if floor and building.floors and floor not in building.floors:
        raise HTTPException(422, f"body.floor: building {building_id!r} has no floor {floor!r}")

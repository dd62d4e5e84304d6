"""The site, its devices, what they last said and what they said over time."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.exceptions import HTTPException

from devices.registry import Device
from devices.twin import Twin
from gateway.api import devices_schema as schema
from gateway.api.context import Actor, InPorts, Ports
from gateway.api.problems import missing
from gateway.api.scope import DeviceId, within
from gateway.api.security import GuardedRoute
from gateway.api.views import Json, contains, device_view, site_view

router = APIRouter(route_class=GuardedRoute, tags=["devices"])

MAX_BUCKETS = 10_000
DEFAULT_BUCKETS = 300


@router.get("/api/site", response_model=schema.SiteView)
async def get_site(ports: InPorts) -> Response:
    """Which community this is, and its buildings."""
    return Json(site_view(ports.site))


@router.get("/api/devices", response_model=schema.DeviceList)
async def list_devices(query: Annotated[schema.DeviceQuery, Query()], ports: InPorts, person: Actor) -> Response:
    """List devices with their last known state."""
    seen = ((device, twin) for device, twin in ports.devices.items() if within(person, device.building))
    items = [device_view(device, twin) for device, twin in seen if _wanted(device, query)]
    return Json({"items": items})


@router.get("/api/devices/{device_id}", response_model=schema.DeviceView, responses={404: {}})
async def get_device(device_id: DeviceId, ports: InPorts) -> Response:
    """One device with its last known state."""
    return Json(device_view(*_device(ports, device_id)))


@router.get("/api/devices/{device_id}/history", response_model=schema.HistoryView, responses={404: {}})
async def get_history(device_id: DeviceId, query: Annotated[schema.HistoryQuery, Query()], ports: InPorts) -> Response:
    """What the device said over time: numbers averaged per bucket, states the last."""
    device, _twin = _device(ports, device_id)
    every_s = _bucket(query)
    return Json({"fields": await ports.history.query(device, query.start, query.end, every_s)})


def _bucket(query: schema.HistoryQuery) -> float:
    span = query.end - query.start
    if span <= 0:
        raise HTTPException(422, "query.end: must be later than start")
    every_s = query.every_s or span / DEFAULT_BUCKETS
    if span / every_s > MAX_BUCKETS:
        raise HTTPException(
            422, f"query.every_s: more than {MAX_BUCKETS} buckets; at least {span / MAX_BUCKETS} s fits"
        )
    return every_s


def _device(ports: Ports, device_id: str) -> tuple[Device, Twin | None]:
    found = ports.devices.get(device_id)
    if found is None:
        missing("device", device_id)
    return found


def _wanted(device: Device, query: schema.DeviceQuery) -> bool:
    if (query.kind and device.kind is not query.kind) or (query.building and device.building != query.building):
        return False
    return not query.q or contains(query.q, (device.id, device.name, device.zone, device.asset))

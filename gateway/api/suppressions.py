"""What people mute: maintenance windows, silences, shelved alerts."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from alert_rules.suppression import Draft
from gateway.alerts.people import Person
from gateway.api import muting_schema as schema
from gateway.api.context import Actor, InPorts, Ports
from gateway.api.ports import Preview
from gateway.api.problems import known
from gateway.api.scope import AlertId, require_own, within
from gateway.api.security import GuardedRoute
from gateway.api.views import Json, alert_view

router = APIRouter(route_class=GuardedRoute, tags=["suppressions"])


async def _in_scope(suppression_id: Annotated[str, Path(max_length=64)], ports: InPorts, person: Actor) -> str:
    """One that reaches beyond the person's buildings is somebody else's to change."""
    found = next((each for each in ports.suppressions.items() if each["id"] == suppression_id), None)
    if person.buildings and found is not None:
        await _own(ports, person, found["alert"], found["matcher"]["building"])
    return suppression_id


async def _own(ports: Ports, person: Person, alert_id: str, buildings: Iterable[str]) -> None:
    found = await ports.desk.detail(alert_id) if alert_id else None
    for building in [found[0].place.building] if found else list(buildings) or [""]:
        require_own(person, building)


Id = Annotated[str, Depends(_in_scope)]
_MOVED: dict[int | str, dict[str, Any]] = {404: {}, 409: {}}
SHOWN = 100


@router.get("/api/suppressions", response_model=schema.SuppressionList)
async def list_suppressions(ports: InPorts) -> Response:
    """List what holds, will hold, or held within the last week; the one that ends last first."""
    return Json({"items": ports.suppressions.items()})


@router.post("/api/suppressions", response_model=schema.SuppressionView, responses={409: {}})
async def create_suppression(body: Draft, ports: InPorts, person: Actor) -> Response:
    """Mute alerts: nobody is called for them, but they are raised, stored, shown and counted."""
    if person.buildings:
        await _own(ports, person, body.alert, body.matcher.building)
    return Json(await ports.suppressions.create(body, person.username))


@router.post("/api/suppressions/preview", response_model=schema.SuppressionPreview)
async def preview_suppression(body: Draft, ports: InPorts, person: Actor) -> Response:
    """Show which open alerts, and which of the last 24 hours, it would have muted. Changes nothing."""
    found = _seen(person, await ports.suppressions.preview(body))
    views = {name: [alert_view(a, saved=True) for a in getattr(found, name)[:SHOWN]] for name in ("open", "recent")}
    sums = {"open_total": len(found.open), "recent_total": len(found.recent), "whole": found.whole}
    return Json(views | sums)


@router.post("/api/suppressions/{suppression_id}/extend", response_model=schema.SuppressionView, responses=_MOVED)
async def extend_suppression(suppression_id: Id, body: schema.Until, ports: InPorts, person: Actor) -> Response:
    """Let it last longer; one that mutes fire needs another person than the last."""
    with known("suppression", suppression_id):
        return Json(await ports.suppressions.extend(suppression_id, body.until, person.username))


@router.post("/api/suppressions/{suppression_id}/end", response_model=schema.SuppressionView, responses=_MOVED)
async def end_suppression(suppression_id: Id, ports: InPorts, person: Actor) -> Response:
    """End it now; people are called for what it muted and is still going on."""
    with known("suppression", suppression_id):
        return Json(await ports.suppressions.end(suppression_id, person.username))


@router.post("/api/alerts/{alert_id}/shelve", response_model=schema.SuppressionView, responses=_MOVED)
async def shelve_alert(alert_id: AlertId, body: schema.Shelving, ports: InPorts, person: Actor) -> Response:
    """Put one open alert aside for a while."""
    with known("open alert", alert_id):
        return Json(await ports.suppressions.shelve(alert_id, body.until, body.reason, person.username))


def _seen(person: Person, preview: Preview) -> Preview:
    now, recent = ([a for a in found if within(person, a.place.building)] for found in (preview.open, preview.recent))
    return Preview(now, recent, preview.whole)

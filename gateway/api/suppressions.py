"""What people mute: maintenance windows, silences, shelved alerts."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from alert_rules.suppression import Draft
from gateway.api import muting_schema as schema
from gateway.api.context import Actor, InPorts
from gateway.api.problems import known
from gateway.api.security import GuardedRoute
from gateway.api.views import Json, alert_view

router = APIRouter(route_class=GuardedRoute, tags=["suppressions"])

Id = Annotated[str, Path(max_length=64)]
_MOVED: dict[int | str, dict[str, Any]] = {404: {}, 409: {}}
SHOWN = 100


@router.get("/api/suppressions", response_model=schema.SuppressionList)
async def list_suppressions(ports: InPorts) -> Response:
    """List what holds, will hold, or held within the last week; the one that ends last first."""
    return Json({"items": ports.suppressions.items()})


@router.post("/api/suppressions", response_model=schema.SuppressionView, responses={409: {}})
async def create_suppression(body: Draft, ports: InPorts, person: Actor) -> Response:
    """Mute alerts: nobody is called for them, but they are raised, stored, shown and counted."""
    return Json(await ports.suppressions.create(body, person.username))


@router.post("/api/suppressions/preview", response_model=schema.SuppressionPreview)
async def preview_suppression(body: Draft, ports: InPorts) -> Response:
    """Show which open alerts, and which of the last 24 hours, it would have muted. Changes nothing."""
    found = await ports.suppressions.preview(body)
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
async def shelve_alert(alert_id: Id, body: schema.Shelving, ports: InPorts, person: Actor) -> Response:
    """Put one open alert aside for a while."""
    with known("open alert", alert_id):
        return Json(await ports.suppressions.shelve(alert_id, body.until, body.reason, person.username))

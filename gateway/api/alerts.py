"""The review queue: what is open, and what people do about it."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from alert_rules.alert import Alert
from gateway.alerts.records import AlertFilter
from gateway.api import schema
from gateway.api.context import Actor, InPorts, Ports
from gateway.api.problems import known, missing
from gateway.api.security import GuardedRoute
from gateway.api.views import Json, alert_detail, alert_view, counts, page

router = APIRouter(route_class=GuardedRoute, tags=["alerts"])

AlertId = Annotated[str, Path(max_length=64)]
_MOVED: dict[int | str, dict[str, Any]] = {404: {}, 409: {}}


@router.get("/api/alerts", response_model=schema.AlertList)
async def list_alerts(query: Annotated[schema.AlertQuery, Query()], ports: InPorts) -> Response:
    """List alerts, newest first. Open ones come from memory, so that a refusing disk hides none."""
    f = AlertFilter(**query.model_dump(exclude={"group"}))
    stored = [] if f.state == "open" else await ports.desk.search(f)
    fresh = ports.desk.open_alerts()
    shown = page(fresh, stored, f, by_incident=query.group == "incident" and f.state == "open")
    sizes = Counter(alert.incident for alert in fresh)
    incidents = {alert.incident: sizes[alert.incident] for alert in shown}
    return Json({"items": [_view(ports, alert) for alert in shown], "counts": counts(fresh), "incidents": incidents})


@router.get("/api/alerts/{alert_id}", response_model=schema.AlertDetail, responses={404: {}})
async def get_alert(alert_id: AlertId, ports: InPorts) -> Response:
    """One alert with everything that happened to it."""
    found = await ports.desk.detail(alert_id)
    if found is None:
        missing("alert", alert_id)
    alert, timeline = found
    return Json(alert_detail(alert, timeline, saved=ports.desk.is_saved(alert.id)))


@router.post("/api/alerts/{alert_id}/acknowledge", response_model=schema.AlertView, responses=_MOVED)
async def acknowledge_alert(alert_id: AlertId, body: schema.Move, ports: InPorts, person: Actor) -> Response:
    """Say: I have seen it and own it."""
    with known("alert", alert_id):
        return Json(_view(ports, await ports.desk.acknowledge(alert_id, body.version, person.username)))


@router.post("/api/alerts/{alert_id}/verdict", response_model=schema.AlertView, responses=_MOVED)
async def judge_alert(alert_id: AlertId, body: schema.Judgement, ports: InPorts, person: Actor) -> Response:
    """Record the finding; judging implies acknowledging."""
    with known("alert", alert_id):
        alert = await ports.desk.judge(alert_id, body.version, body.verdict, body.reason, person.username)
        return Json(_view(ports, alert))


@router.post("/api/alerts/{alert_id}/comment", response_model=schema.AlertView, responses=_MOVED)
async def comment_alert(alert_id: AlertId, body: schema.Comment, ports: InPorts, person: Actor) -> Response:
    """Add a note; allowed at any stage."""
    with known("alert", alert_id):
        return Json(_view(ports, await ports.desk.comment(alert_id, body.text, person.username)))


@router.post("/api/alerts/{alert_id}/resolve", response_model=schema.AlertView, responses=_MOVED)
async def resolve_alert(alert_id: AlertId, body: schema.Resolution, ports: InPorts, person: Actor) -> Response:
    """Close the work on it; a critical alert needs a verdict first."""
    with known("alert", alert_id):
        return Json(_view(ports, await ports.desk.resolve(alert_id, body.version, body.note, person.username)))


def _view(ports: Ports, alert: Alert) -> dict[str, object]:
    return alert_view(alert, saved=ports.desk.is_saved(alert.id))

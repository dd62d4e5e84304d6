"""The review queue: what is open, and what people do about it."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from alert_rules import moves
from alert_rules.alert import Alert, Entry
from alert_rules.alert import Response as Help
from gateway.alerts.records import AlertFilter
from gateway.api import schema
from gateway.api.context import Actor, InPorts, Ports
from gateway.api.message_schema import MessageList, message_view
from gateway.api.problems import known, missing
from gateway.api.scope import AlertId, within
from gateway.api.security import GuardedRoute
from gateway.api.views import Json, alert_detail, alert_view, counts, page

router = APIRouter(route_class=GuardedRoute, tags=["alerts"])

_MOVED: dict[int | str, dict[str, Any]] = {404: {}, 409: {}}


@router.get("/api/alerts", response_model=schema.AlertList)
async def list_alerts(query: Annotated[schema.AlertQuery, Query()], ports: InPorts, person: Actor) -> Response:
    """List alerts, newest first. Open ones come from memory, so that a refusing disk hides none."""
    f = AlertFilter(**query.model_dump(exclude={"group"}), buildings=person.buildings)
    stored = [] if f.state == "open" else await ports.desk.search(f)
    fresh = [alert for alert in ports.desk.open_alerts() if within(person, alert.place.building)]
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


@router.get("/api/alerts/{alert_id}/messages", response_model=MessageList, responses={404: {}})
async def list_messages(alert_id: AlertId, ports: InPorts) -> Response:
    """Who was told of it, through which channel, and what still waits."""
    if await ports.desk.detail(alert_id) is None:
        missing("alert", alert_id)
    return Json({"items": [message_view(row) for row in await ports.desk.messages(alert_id)]})


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


@router.post("/api/alerts/{alert_id}/take-over", response_model=schema.AlertView, responses=_MOVED)
async def take_over_alert(alert_id: AlertId, body: schema.Move, ports: InPorts, person: Actor) -> Response:
    """Own it in place of whoever does."""
    return await _move(ports, alert_id, body, partial(moves.acknowledge, actor=person.username, over=True))


@router.post("/api/alerts/{alert_id}/assign", response_model=schema.AlertView, responses=_MOVED)
async def assign_alert(alert_id: AlertId, body: schema.Assignment, ports: InPorts, person: Actor) -> Response:
    """Hand the work to somebody."""
    return await _move(ports, alert_id, body, partial(moves.assign, actor=person.username, to=body.to))


@router.post("/api/alerts/{alert_id}/dispatch", response_model=schema.AlertView, responses=_MOVED)
async def dispatch_alert(alert_id: AlertId, body: schema.Move, ports: InPorts, person: Actor) -> Response:
    """Somebody is on the way."""
    sent = partial(moves.respond, actor=person.username, response=Help.DISPATCHED)
    return await _move(ports, alert_id, body, sent)


@router.post("/api/alerts/{alert_id}/arrive", response_model=schema.AlertView, responses=_MOVED)
async def arrive_alert(alert_id: AlertId, body: schema.Move, ports: InPorts, person: Actor) -> Response:
    """Somebody is there."""
    there = partial(moves.respond, actor=person.username, response=Help.ARRIVED)
    return await _move(ports, alert_id, body, there)


@router.post("/api/alerts/{alert_id}/correct", response_model=schema.AlertView, responses=_MOVED)
async def correct_alert(alert_id: AlertId, body: schema.Judgement, ports: InPorts, person: Actor) -> Response:
    """Record another finding on an alert that was resolved; the earlier one stays in its timeline."""
    judged = partial(moves.judge, actor=person.username, verdict=body.verdict, reason=body.reason)
    return await _move(ports, alert_id, body, judged)


@router.post("/api/alerts/{alert_id}/close", response_model=schema.AlertView, responses=_MOVED)
async def close_alert(alert_id: AlertId, body: schema.Closure, ports: InPorts, person: Actor) -> Response:
    """Close a resolved alert after its review."""
    return await _move(ports, alert_id, body, partial(moves.close, actor=person.username, review=body.review))


async def _move(ports: Ports, alert_id: str, body: schema.Move, move: Callable[..., Entry]) -> Response:
    with known("alert", alert_id):
        return Json(_view(ports, await ports.desk.move(alert_id, body.version, lambda a, now: move(a, now=now))))


def _view(ports: Ports, alert: Alert) -> dict[str, object]:
    return alert_view(alert, saved=ports.desk.is_saved(alert.id))

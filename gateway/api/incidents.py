"""Alerts that people work as one: one card each, every member within reach."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from msgspec.structs import replace

from alert_rules.alert import Alert
from gateway.alerts.incidents import Incident, summarise
from gateway.alerts.people import Person
from gateway.alerts.queries import MOST_ALERTS
from gateway.alerts.records import AlertFilter
from gateway.api import schema
from gateway.api.context import Actor, InPorts, Ports
from gateway.api.problems import missing
from gateway.api.scope import require_scope, within
from gateway.api.security import GuardedRoute
from gateway.api.views import Json, alert_view, incident_view, page

router = APIRouter(route_class=GuardedRoute, tags=["incidents"])

IncidentId = Annotated[str, Path(max_length=64)]


@router.get("/api/incidents", response_model=schema.IncidentList)
async def list_incidents(query: Annotated[schema.IncidentQuery, Query()], ports: InPorts, person: Actor) -> Response:
    """List incidents. Open ones come from memory, so that a refusing disk hides none."""
    fresh = summarise(_open(ports, person))
    if query.state == "all":
        shown = await _stored(ports, person, query)
    else:
        shown = [incident for incident in fresh if query.building in (None, *incident.buildings)]
    return Json({"items": _views(ports, person, shown[: query.limit]), "total": len(fresh)})


@router.get("/api/incidents/{incident_id}", response_model=schema.IncidentDetail, responses={404: {}})
async def get_incident(
    incident_id: IncidentId, query: Annotated[schema.MemberQuery, Query()], ports: InPorts, person: Actor
) -> Response:
    """One incident with its members, newest first, page by page."""
    f = AlertFilter(incident=incident_id, buildings=person.buildings, **query.model_dump())
    everywhere = [alert for alert in ports.desk.open_alerts() if alert.incident == incident_id]
    found = await ports.desk.incident(incident_id) or next(iter(summarise(everywhere)), None)
    if found is None:
        missing("incident", incident_id)
    mine = await _narrowed(ports, person, found)
    if mine is None:
        require_scope(person, found.buildings[0])
        missing("incident", incident_id)
    fresh = [alert for alert in everywhere if within(person, alert.place.building)]
    members = page(fresh, await ports.desk.search(f), f)
    views = [alert_view(alert, saved=ports.desk.is_saved(alert.id)) for alert in members]
    return Json({**_views(ports, person, [mine])[0], "members": views})


async def _stored(ports: Ports, person: Person, query: schema.IncidentQuery) -> list[Incident]:
    """One page of what ``person`` may see, however much of the site's lies between."""
    shown: list[Incident] = []
    before = query.before
    while len(shown) < query.limit:
        batch = await ports.desk.incidents(before, query.limit)
        shown += [mine for each in batch if (mine := await _narrowed(ports, person, each)) is not None]
        if len(batch) < query.limit:
            break
        before = batch[-1].last_at
    return shown


async def _narrowed(ports: Ports, person: Person, incident: Incident) -> Incident | None:
    """The incident without members in other people's buildings; its time stays, since pages are cut by it."""
    if not person.buildings or set(incident.buildings) <= set(person.buildings):
        return incident
    f = AlertFilter(incident=incident.id, buildings=person.buildings, limit=MOST_ALERTS)
    members = page(_open(ports, person), await ports.desk.search(f), f)
    found = next(iter(summarise(members)), None)
    return found and replace(found, last_at=incident.last_at)


def _open(ports: Ports, person: Person) -> list[Alert]:
    return [alert for alert in ports.desk.open_alerts() if within(person, alert.place.building)]


def _views(ports: Ports, person: Person, incidents: list[Incident]) -> list[dict[str, object]]:
    members: dict[str, list[Alert]] = {incident.id: [] for incident in incidents}
    for alert in _open(ports, person):
        if alert.incident in members:
            members[alert.incident].append(alert)
    return [
        incident_view(incident, members[incident.id], saved=ports.desk.is_saved(incident.lead.id))
        for incident in incidents
    ]

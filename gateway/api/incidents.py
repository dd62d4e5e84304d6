"""Alerts that people work as one: one card each, every member within reach."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from alert_rules.alert import Alert
from gateway.alerts.incidents import Incident, summarise
from gateway.alerts.records import AlertFilter
from gateway.api import schema
from gateway.api.context import InPorts, Ports
from gateway.api.problems import missing
from gateway.api.security import GuardedRoute
from gateway.api.views import Json, alert_view, incident_view, page

router = APIRouter(route_class=GuardedRoute, tags=["incidents"])

IncidentId = Annotated[str, Path(max_length=64)]


@router.get("/api/incidents", response_model=schema.IncidentList)
async def list_incidents(query: Annotated[schema.IncidentQuery, Query()], ports: InPorts) -> Response:
    """List incidents. Open ones come from memory, so that a refusing disk hides none."""
    fresh = summarise(ports.desk.open_alerts())
    if query.state == "all":
        shown = await ports.desk.incidents(query.before, query.limit)
    else:
        shown = [incident for incident in fresh if query.building in (None, *incident.buildings)]
    return Json({"items": _views(ports, shown[: query.limit]), "total": len(fresh)})


@router.get("/api/incidents/{incident_id}", response_model=schema.IncidentDetail, responses={404: {}})
async def get_incident(
    incident_id: IncidentId, query: Annotated[schema.MemberQuery, Query()], ports: InPorts
) -> Response:
    """One incident with its members, newest first, page by page."""
    f = AlertFilter(incident=incident_id, **query.model_dump())
    fresh = [alert for alert in ports.desk.open_alerts() if alert.incident == incident_id]
    found = await ports.desk.incident(incident_id) or next(iter(summarise(fresh)), None)
    if found is None:
        missing("incident", incident_id)
    members = page(fresh, await ports.desk.search(f), f)
    views = [alert_view(alert, saved=ports.desk.is_saved(alert.id)) for alert in members]
    return Json({**_views(ports, [found])[0], "members": views})


def _views(ports: Ports, incidents: list[Incident]) -> list[dict[str, object]]:
    members: dict[str, list[Alert]] = {incident.id: [] for incident in incidents}
    for alert in ports.desk.open_alerts():
        if alert.incident in members:
            members[alert.incident].append(alert)
    return [
        incident_view(incident, members[incident.id], saved=ports.desk.is_saved(incident.lead.id))
        for incident in incidents
    ]

"""Cases: the evidence of an alert, its archive, and the reviews that are owed."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from gateway.api import case_schema as schema
from gateway.api.context import Actor, InPorts
from gateway.api.problems import known
from gateway.api.scope import AlertId
from gateway.api.security import GuardedRoute
from gateway.api.views import Json, alert_view

router = APIRouter(route_class=GuardedRoute, tags=["cases"])

FileId = Annotated[str, Path(max_length=64)]
_BINARY: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}, 404: {}}


@router.get("/api/reviews", response_model=schema.ReviewList)
async def list_reviews(ports: InPorts, person: Actor) -> Response:
    """List critical and major alerts whose written review is owed, and alerts open beyond 72 hours."""
    found = await ports.cases.reviews(tuple(person.buildings))
    return Json({name: [alert_view(each, saved=True) for each in alerts] for name, alerts in found.items()})


@router.get("/api/alerts/{alert_id}/evidence", response_model=schema.EvidenceView, responses={404: {}})
async def get_evidence(alert_id: AlertId, ports: InPorts) -> Response:
    """What belongs to an alert: pictures and clips, readings around the time, passages, related alerts."""
    with known("alert", alert_id):
        return Json(await ports.cases.evidence(alert_id))


@router.get("/api/alerts/{alert_id}/evidence/{file_id}", response_class=FileResponse, responses=_BINARY)
async def get_evidence_file(
    alert_id: AlertId, file_id: FileId, request: Request, ports: InPorts, person: Actor
) -> Response:
    """One picture or clip, in ranges where asked for. The audit notes who looked, once per viewing."""
    begins = request.headers.get("Range", "bytes=0-").startswith("bytes=0-")
    with known("file of this alert", file_id):
        kept = await ports.cases.file(alert_id, file_id, person.username, begins)
    return FileResponse(kept.path, media_type=kept.media_type, filename=kept.name, content_disposition_type="inline")


@router.get("/api/alerts/{alert_id}/case", response_class=Response, responses=_BINARY)
async def export_case(
    alert_id: AlertId,
    ports: InPorts,
    person: Actor,
    faces: Annotated[bool, Query(description="show faces; otherwise pictures are blurred")] = False,
) -> Response:
    """The archive of an alert, as `gateway case verify` checks it. Its digest goes into the audit chain."""
    with known("alert", alert_id):
        made = await ports.cases.export(alert_id, person.username, faces)
    headers = {"Content-Disposition": f'attachment; filename="case-{alert_id}.zip"', "X-Case-Digest": made.digest}
    return Response(made.data, media_type="application/zip", headers=headers)

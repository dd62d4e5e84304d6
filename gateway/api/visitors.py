"""Visitors: booking, the pass as a QR code, and what a gate asks about one."""

import hmac
from io import BytesIO
from typing import Annotated, Any, Literal

import segno
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from gateway.api import people_schema as schema
from gateway.api.context import Actor, InPorts, Ports
from gateway.api.problems import known
from gateway.api.push import token_of
from gateway.api.scope import require_own, require_scope, within
from gateway.api.security import GuardedRoute
from gateway.api.views import Json
from gateway.config import reveal
from gateway.people.passes import Booking

router = APIRouter(route_class=GuardedRoute, tags=["visitors"])

_GONE: dict[int | str, dict[str, Any]] = {404: {}}
_IMAGES = {"svg": "image/svg+xml", "png": "image/png"}
_IMAGE_DOC: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _IMAGES.values()}},
    404: {},
}


@router.get("/api/visitors", response_model=schema.VisitList)
async def list_visitors(ports: InPorts, person: Actor) -> Response:
    """List the visits that are not forgotten yet. That you looked is written down."""
    found = [visit for visit in ports.people.visitors.items() if within(person, visit.building)]
    await ports.people.accounts.note("view_visitors", {"count": len(found)}, person.username)
    return Json({"items": found})


@router.post("/api/visitors", response_model=schema.VisitView)
async def book_visitor(body: Booking, ports: InPorts, person: Actor) -> Response:
    """Book a visit; its pass is below the id."""
    require_own(person, body.building)
    if body.building and body.building not in {building.id for building in ports.site.buildings}:
        raise HTTPException(422, f"body.building: the site file has no building {body.building!r}")
    return Json(await ports.people.visitors.book(body, person.username))


@router.get("/api/visitors/{visitor_id}", response_model=schema.VisitView, responses=_GONE)
async def get_visitor(visitor_id: Annotated[str, Path(max_length=64)], ports: InPorts, person: Actor) -> Response:
    """One visit with its trail. That you looked is written down."""
    visit = _visit(ports, person, visitor_id)
    await ports.people.accounts.note("view_visitor", {"visitor": visitor_id}, person.username)
    return Json(visit)


@router.get("/api/visitors/{visitor_id}/pass", response_class=Response, responses=_IMAGE_DOC)
async def get_pass(
    visitor_id: Annotated[str, Path(max_length=64)],
    ports: InPorts,
    person: Actor,
    kind: Annotated[Literal["svg", "png"], Query(alias="format")] = "svg",
) -> Response:
    """The pass as a QR code. It names nobody; whoever has it gets in."""
    text = ports.people.visitors.pass_of(_visit(ports, person, visitor_id))
    await ports.people.accounts.note("view_pass", {"visitor": visitor_id}, person.username)
    image = BytesIO()
    segno.make(text, error="m", micro=False).save(image, kind=kind, scale=8)
    return Response(image.getvalue(), media_type=_IMAGES[kind])


@router.post("/api/visitors/{visitor_id}/revoke", response_model=schema.VisitView, responses=_GONE)
async def revoke_visitor(visitor_id: Annotated[str, Path(max_length=64)], ports: InPorts, person: Actor) -> Response:
    """Let the pass in no more."""
    require_own(person, _visit(ports, person, visitor_id).building)
    return Json(await ports.people.visitors.revoke(visitor_id, person.username))


async def _gate(request: Request, ports: InPorts) -> None:
    """Ask for the token before anything of the body is looked at."""
    secret = ports.site.visitors.token
    expected = reveal(secret) if secret is not None else ""
    if not expected or not hmac.compare_digest(expected.encode(), token_of(request).encode()):
        raise HTTPException(401, "give the token of visitors.token in the site file, as bearer")


@router.post(
    "/api/passes/verify",
    response_model=schema.VerificationView,
    responses={401: {}, 404: {}, 503: {}},
    dependencies=[Depends(_gate)],
)
async def verify_pass(body: schema.Verification, ports: InPorts) -> Response:
    """What a gate asks before it opens. A valid answer uses the pass; a refusal raises an alert."""
    with known("access gate", body.gate):
        refusal = await ports.people.visitors.verify(body.text, body.gate)
    return Json({"valid": refusal is None, "reason": refusal})


def _visit(ports: Ports, person: Actor, visitor_id: str) -> Any:
    with known("visitor", visitor_id):
        visit = ports.people.visitors.get(visitor_id)
    require_scope(person, visit.building)
    return visit

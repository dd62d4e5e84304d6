"""Tokens for programs: an administrator makes and ends them; the secret is shown once."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from msgspec.structs import asdict
from pydantic import Field
from starlette.exceptions import HTTPException

from gateway.alerts.tokens import Scope
from gateway.api.context import Actor, InPorts
from gateway.api.problems import known
from gateway.api.schema import Answer, Request, Short, Time
from gateway.api.security import GuardedRoute
from gateway.api.views import Json

router = APIRouter(route_class=GuardedRoute, tags=["tokens"])

DAY_S = 86_400


class NewToken(Request):
    """What the token may do, and for how long."""

    name: Annotated[Short, Field(min_length=1, description="which program it is for")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    buildings: Annotated[tuple[Short, ...], Field(max_length=1000, description="ids; none: the whole site")] = ()
    days: Annotated[int, Field(ge=1, le=3650, description="how long it is good for")] = 365


class TokenView(Answer):
    """A token, without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    buildings: list[str]
    created_by: str
    created_at: Time
    expires_at: Time
    revoked_at: Time | None
    last_used_at: Annotated[Time | None, Field(description="to the minute")]


class FreshToken(TokenView):
    """A new token. ``secret`` is shown this once and kept nowhere."""

    secret: str


class TokenList(Answer):
    """Every token there ever was, the newest first."""

    items: list[TokenView]


@router.get("/api/tokens", response_model=TokenList)
async def list_tokens(ports: InPorts) -> Response:
    """List tokens, ended ones too."""
    return Json({"items": [asdict(token) for token in await ports.tokens.everything()]})


@router.post("/api/tokens", response_model=FreshToken)
async def create_token(body: NewToken, ports: InPorts, person: Actor) -> Response:
    """Make a token for a program, which sends it as ``Authorization: Bearer``."""
    unknown = set(body.buildings) - {building.id for building in ports.site.buildings}
    if unknown:
        raise HTTPException(422, f"body.buildings: the site has no building {min(unknown)!r}")
    valid_s = float(body.days * DAY_S)
    made, secret = await ports.tokens.create(body.name, body.scopes, body.buildings, valid_s, person.username)
    return Json({**asdict(made), "secret": secret})


@router.post("/api/tokens/{token_id}/revoke", response_model=TokenView, responses={404: {}})
async def revoke_token(token_id: Annotated[str, Path(max_length=64)], ports: InPorts, person: Actor) -> Response:
    """End a token at once; it stays in the list."""
    with known("token", token_id):
        return Json(asdict(await ports.tokens.revoke(token_id, person.username)))

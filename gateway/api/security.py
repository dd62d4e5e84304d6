"""The gate in front of every route: who asks, whether the role may, where the browser comes from, how much it sends.

Only the peer's own address counts; ``X-Forwarded-*`` is not read, and no address is ever built from ``Host``.
"""

from collections.abc import Callable, Coroutine
from hashlib import sha256
from ipaddress import ip_address
from typing import Any, NamedTuple

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from gateway.alerts.people import Person
from gateway.alerts.tokens import Scope
from gateway.api.context import ports_of
from gateway.api.limits import EXPORT_COST, LOGIN_COST, Limits
from gateway.api.policy import SAFE_METHODS, Access, access_to, allows, scope_for

COOKIE = "cg_session"
CSRF_HEADER = "X-Requested-With"
CSRF_VALUE = "community-gateway"
MAX_BODY_BYTES = 1_000_000
EXPORTS = "/api/exports/"
LOGIN = "/api/login"
STREAM = "/api/stream"


class Caller(NamedTuple):
    """Who asks. ``key`` is whose requests are counted together; ``scopes`` are a token's, ``None`` for a session."""

    person: Person
    key: str
    scopes: tuple[Scope, ...] | None


class GuardedRoute(APIRoute):
    """A route that checks before it reads a byte of the body. Without a policy it cannot even be made."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        access = {method: access_to(method, self.path) for method in self.methods or ()}

        async def guarded(request: Request) -> Response:
            if access[request.method] is not Access.DEVICE:
                refuse_foreign(request)
            request.state.person = await admit(request, access[request.method])
            return await handler(Request(request.scope, _limited(request.receive)))

        return guarded


def refuse_foreign(request: Request) -> None:
    """Refuse a change that another site's page could have sent.

    A page elsewhere can set neither our header nor a token without a CORS preflight, which we never grant.

    Raises:
        HTTPException: 403.
    """
    if request.method in SAFE_METHODS or bearer_of(request) is not None:
        return
    if request.headers.get(CSRF_HEADER) != CSRF_VALUE:
        raise HTTPException(403, f"a change needs the header {CSRF_HEADER}: {CSRF_VALUE}")
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2].lower() != request.headers.get("Host", "").lower():
        raise HTTPException(403, "this change comes from another site's page (Origin is not this host)")


async def admit(request: Request, access: Access) -> Person | None:
    """Find out who asks, whether they may, and whether they ask too much.

    Raises:
        HTTPException: 401 without a valid session or token, 403 when role or scope does not suffice, 429.
    """
    limits: Limits = request.app.state.limits
    if allows(access, None, loopback=_is_loopback(request)):
        if access is Access.PUBLIC and request.method not in SAFE_METHODS:
            limits.take(_address(request), LOGIN_COST if request.url.path.startswith(LOGIN) else 1)
        return None
    caller = await identify(request)
    if caller is None:
        limits.take(_address(request))
        raise HTTPException(401, _missing_login(request), {"WWW-Authenticate": "Bearer"})
    _check(request, access, caller)
    path = request.url.path
    if caller.scopes is not None or path != STREAM:
        limits.take(caller.key, EXPORT_COST if path.startswith(EXPORTS) else 1)
    return caller.person


async def identify(request: Request) -> Caller | None:
    """Who asks: the token's bearer or, without a token, whoever's session it is."""
    ports = ports_of(request)
    if (secret := bearer_of(request)) is not None:
        token = await ports.tokens.find(secret)
        return None if token is None else Caller(token.person, f"token:{token.id}", token.scopes)
    cookie = request.cookies.get(COOKIE)
    person = await ports.accounts.session(cookie) if cookie else None
    if person is None:
        return None
    return Caller(person, f"session:{sha256(str(cookie).encode(errors='replace')).hexdigest()}", None)


def bearer_of(request: Request) -> str | None:
    """The token the request carries; a token that is wrong is not made good by a cookie."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _missing_login(request: Request) -> str:
    if bearer_of(request) is not None:
        return "this token is unknown, expired or revoked; ask an administrator for another"
    return "log in first"


def _check(request: Request, access: Access, caller: Caller) -> None:
    if caller.scopes is not None:
        needed = scope_for(request.method, access)
        if needed is None:
            raise HTTPException(403, "no token may do this; log in as a person")
        if needed not in caller.scopes:
            raise HTTPException(403, f"this takes a token with the scope {needed}; this one has not")
    elif not allows(access, caller.person.role, loopback=False):
        role = caller.person.role
        raise HTTPException(403, f"this takes the role {access}; you are {role}: ask somebody who has it")


def _address(request: Request) -> str:
    return f"address:{request.client.host if request.client else ''}"


def _is_loopback(request: Request) -> bool:
    try:
        return ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False


def _limited(receive: Receive) -> Receive:
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise HTTPException(413, f"the request is larger than {MAX_BODY_BYTES} bytes")
        return message

    return counting

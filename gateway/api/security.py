"""The gate in front of every route: who asks, whether the role may, where the browser comes from, how much it sends.

Only the peer's own address counts; ``X-Forwarded-*`` is not read, and no address is ever built from ``Host``.
"""

from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from gateway.alerts.people import Person
from gateway.api.context import ports_of
from gateway.api.policy import Access, access_to, allows

COOKIE = "cg_session"
CSRF_HEADER = "X-Requested-With"
CSRF_VALUE = "community-gateway"
MAX_BODY_BYTES = 1_000_000
SAFE_METHODS = frozenset({"GET", "HEAD"})


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

    A page elsewhere cannot set our header without a CORS preflight, which we never grant.

    Raises:
        HTTPException: 403.
    """
    if request.method in SAFE_METHODS:
        return
    if request.headers.get(CSRF_HEADER) != CSRF_VALUE:
        raise HTTPException(403, f"a change needs the header {CSRF_HEADER}: {CSRF_VALUE}")
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2].lower() != request.headers.get("Host", "").lower():
        raise HTTPException(403, "this change comes from another site's page (Origin is not this host)")


async def admit(request: Request, access: Access) -> Person | None:
    """Find out who asks, and whether they may.

    Raises:
        HTTPException: 401 without a valid session, 403 when the role does not suffice.
    """
    if allows(access, None, loopback=_is_loopback(request)):
        return None
    token = request.cookies.get(COOKIE)
    person = await ports_of(request).accounts.session(token) if token else None
    if person is None:
        raise HTTPException(401, "log in first")
    if not allows(access, person.role, loopback=False):
        raise HTTPException(403, f"this takes the role {access}; you are {person.role}: ask somebody who has it")
    return person


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

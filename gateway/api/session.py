"""Logging in and out."""

from fastapi import APIRouter, Request, Response

from gateway.api.context import Actor, InPorts, Ports
from gateway.api.ports import Grant
from gateway.api.schema import Login, LoginOnce, PersonView
from gateway.api.security import COOKIE, GuardedRoute
from gateway.api.views import Json

router = APIRouter(route_class=GuardedRoute, tags=["session"])


@router.post("/api/login", response_model=PersonView, responses={401: {}, 429: {}})
async def login(body: Login, request: Request, ports: InPorts) -> Response:
    """Log in with name and password; the session comes as a cookie."""
    return await _welcome(request, ports, await ports.accounts.login(body.username, body.password, _peer(request)))


@router.post("/api/login/once", response_model=PersonView, responses={401: {}})
async def login_once(body: LoginOnce, request: Request, ports: InPorts) -> Response:
    """Log in with a one-time token, which is thereby spent."""
    return await _welcome(request, ports, await ports.accounts.login_once(body.token, body.password))


@router.post("/api/logout", status_code=204, response_class=Response)
async def logout(request: Request, ports: InPorts) -> Response:
    """End the session on the server too; fine without one."""
    await _end_session(request, ports)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=ports.site.api.https)
    return response


@router.get("/api/me", response_model=PersonView)
async def me(person: Actor) -> Response:
    """Who is logged in."""
    return Json(person)


async def _welcome(request: Request, ports: Ports, grant: Grant) -> Response:
    """The session a browser brought along ends: a login always starts a new one."""
    await _end_session(request, ports)
    response = Json(grant.person)
    api = ports.site.api
    age = int(api.session_hours * 3600)
    response.set_cookie(COOKIE, grant.token, age, httponly=True, samesite="strict", secure=api.https)
    return response


async def _end_session(request: Request, ports: Ports) -> None:
    if token := request.cookies.get(COOKIE):
        await ports.accounts.logout(token)


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""

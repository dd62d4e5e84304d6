"""Every route x every role x no login; and a route nobody decided about cannot exist."""

from itertools import chain

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from gateway.alerts.people import Role
from gateway.api.app import ROUTERS
from gateway.api.policy import POLICY, Access, allows
from gateway.api.security import GuardedRoute
from tests.unit.api.world import World, make_alert

ROLES = [None, *Role]
ROUTES = [route for route in chain.from_iterable(router.routes for router in ROUTERS) if isinstance(route, APIRoute)]
CALLS = sorted((method, route.path) for route in ROUTES for method in route.methods or ())

# What each role gets through to; written out again here, so that loosening the table does not loosen the test.
EVERYBODY = {
    "POST /api/login",
    "POST /api/login/once",
    "POST /api/logout",
    "GET /healthz",
    "GET /readyz",
    "GET /{path:path}",
    "HEAD /{path:path}",
}
GUARDS = {
    f"POST /api/alerts/{{alert_id}}/{move}"
    for move in ("acknowledge", "verdict", "comment", "resolve", "shelve", "assign", "dispatch", "arrive")
}
GUARDS |= {"POST /api/suppressions/preview", "POST /api/suppressions/{suppression_id}/end"}
MANAGERS = {"POST /api/suppressions", "POST /api/suppressions/{suppression_id}/extend"}
MANAGERS |= {f"POST /api/alerts/{{alert_id}}/{move}" for move in ("take-over", "correct", "close")}
MANAGERS |= {"POST /api/quarantine/{device_id:path}/adopt", "GET /api/dead-letters"}
GUARDS |= {"GET /api/duty/rota", "GET /api/handover", "POST /api/handover", "GET /api/alerts/{alert_id}/dispatch"}
GUARDS |= {"GET /api/visitors", "POST /api/visitors", "GET /api/visitors/{visitor_id}"}
GUARDS |= {"GET /api/visitors/{visitor_id}/pass", "POST /api/visitors/{visitor_id}/revoke"}
MANAGERS |= {"GET /api/people", "POST /api/shifts", "POST /api/shifts/{record_id}/remove", "POST /api/duty/on-call"}
MANAGERS |= {f"POST /api/duty/{kind}{end}" for kind in ("turns", "overrides") for end in ("", "/{record_id}/remove")}
ADMINISTRATORS = {"POST /api/people"}
ADMINISTRATORS |= {f"POST /api/people/{{username}}/{move}" for move in ("change", "reset", "remove")}
GUARDS |= {"POST /api/alerts/{alert_id}/plan", "POST /api/alerts/{alert_id}/plan/step"}
GUARDS |= {"GET /api/alerts/{alert_id}/evidence/{file_id}"}
MANAGERS |= {"GET /api/alerts/{alert_id}/case"}
ADMINISTRATORS |= {"GET /api/tokens", "POST /api/tokens", "POST /api/tokens/{token_id}/revoke"}
BODIES = {
    "/api/login": {"username": "guard", "password": "draug"},
    "/api/login/once": {"token": "once"},
    "/api/alerts/{alert_id}/acknowledge": {"version": 1},
    "/api/alerts/{alert_id}/verdict": {"version": 1, "verdict": "drill"},
    "/api/alerts/{alert_id}/comment": {"text": "seen"},
    "/api/alerts/{alert_id}/resolve": {"version": 1},
    "/api/quarantine/{device_id:path}/adopt": {"name": "Leak sensor"},
}


def may(call: str, role: Role | None) -> bool:
    if call in EVERYBODY:
        return True
    if call in ADMINISTRATORS:
        return role is Role.ADMINISTRATOR
    if call in MANAGERS:
        return role in (Role.MANAGER, Role.ADMINISTRATOR)
    return role is not None and (call not in GUARDS or role is not Role.VIEWER)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_every_route_lets_in_exactly_whom_it_should(
    world: World, method: str, path: str, role: Role | None
) -> None:
    world.hub.close()  # so that the stream, too, answers at once
    device = "new-1" if "quarantine" in path else "smoke-b1-03"
    url = path.replace("{alert_id}", make_alert().id).replace("{path:path}", "x.js")
    url = url.replace("{device_id}", device).replace("{device_id:path}", device)
    params = {"start": 0, "end": 60} if path.endswith("history") else None
    async with world.client(role) as client:
        response = await client.request(method, url, json=BODIES.get(path), params=params)
    refused = 401 if role is None else 403
    reached = response.status_code != refused or path.startswith("/api/login")
    assert reached == may(f"{method} {path}", role), response.text
    assert response.status_code != 500


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if f"{call[0]} {call[1]}" not in EVERYBODY])
async def test_an_unknown_session_is_no_session(world: World, method: str, path: str) -> None:
    async with world.client() as client:
        response = await client.request(method, path, headers={"Cookie": "cg_session=forged"})
    assert response.status_code == 401


def test_the_table_and_the_routes_are_the_same_set() -> None:
    assert set(POLICY) == {(method, path.replace(":path}", "}")) for method, path in CALLS}


def test_every_route_is_guarded() -> None:
    assert ROUTES
    assert all(isinstance(route, GuardedRoute) for route in ROUTES)
    assert len(ROUTES) == sum(len(router.routes) for router in ROUTERS)


def test_the_application_has_no_route_besides_its_routers(world: World) -> None:
    assert len(world.app.routes) == len(ROUTERS)


def test_a_route_without_a_policy_cannot_be_made() -> None:
    router = APIRouter(route_class=GuardedRoute)
    with pytest.raises(RuntimeError, match=r"no policy for GET /api/secrets; decide .* gateway/api/policy\.py"):
        router.get("/api/secrets")(lambda: None)


async def test_metrics_are_open_to_this_machine_only(world: World) -> None:
    async with world.client(peer=("127.0.0.1", 5)) as local, world.client(peer=("::1", 5)) as local6:
        assert (await local.get("/metrics")).status_code == 200
        assert (await local6.get("/metrics")).status_code == 200
        assert (await local.get("/api/site")).status_code == 401
    async with world.client() as remote:
        forged = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
        assert (await remote.get("/metrics", headers=forged)).status_code == 401


@pytest.mark.parametrize("peer", [None, ("gateway.sock", 0)])
async def test_a_peer_without_an_address_is_not_this_machine(world: World, peer: tuple[str, int] | None) -> None:
    async with world.client(peer=peer) as client:
        assert (await client.get("/metrics")).status_code == 401


def test_each_role_may_what_the_ones_before_may() -> None:
    for access in Access:
        permitted = [allows(access, role, loopback=False) for role in ROLES]
        assert permitted == sorted(permitted)
        assert permitted[-1]

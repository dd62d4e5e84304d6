"""Requests from other sites, too large ones, forged addresses; headers on every answer."""

import json
from collections.abc import AsyncIterator

import pytest

from gateway.alerts.people import Role
from gateway.api.headers import CONTENT_SECURITY_POLICY, SECURITY_HEADERS
from gateway.api.security import MAX_BODY_BYTES
from tests.unit.api.world import HEADERS, World, make_alert

ACKNOWLEDGE = f"/api/alerts/{make_alert().id}/acknowledge"
CALL = {"url": ACKNOWLEDGE, "json": {"version": 1}}


@pytest.mark.parametrize("headers", [{}, {"X-Requested-With": "XMLHttpRequest"}])
async def test_a_change_without_our_header_is_refused(world: World, headers: dict[str, str]) -> None:
    async with world.client(Role.GUARD, headers=headers) as client:
        response = await client.post(**CALL)
    assert response.status_code == 403
    assert "X-Requested-With: community-gateway" in response.json()["detail"]
    assert world.desk.alerts[make_alert().id].acknowledged_by is None


@pytest.mark.parametrize("path", ["/api/login", "/api/login/once", "/api/logout"])
async def test_nobody_is_logged_in_or_out_by_another_page(world: World, path: str) -> None:
    async with world.client(Role.GUARD, headers={}) as client:
        assert (await client.post(path, json={"token": "once"})).status_code == 403
    assert "guard" in world.accounts.sessions


@pytest.mark.parametrize(
    "origin",
    ["http://evil.test", "null", "", "http://gateway.test:81", "http://gateway.test.evil.test", "gateway.test"],
)
async def test_a_change_from_another_origin_is_refused(world: World, origin: str) -> None:
    async with world.client(Role.GUARD) as client:
        response = await client.post(**CALL, headers={"Origin": origin})
    assert response.status_code == 403
    assert "Origin" in response.json()["detail"]


@pytest.mark.parametrize("origin", ["http://gateway.test", "https://gateway.test", "http://Gateway.Test"])
async def test_a_change_from_our_own_page_passes(world: World, origin: str) -> None:
    async with world.client(Role.GUARD) as client:
        assert (await client.post(**CALL, headers={"Origin": origin})).status_code == 200


async def test_a_forwarded_host_does_not_make_an_origin_ours(world: World) -> None:
    headers = {"Origin": "http://evil.test", "X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test"}
    async with world.client(Role.GUARD) as client:
        assert (await client.post(**CALL, headers=headers)).status_code == 403


async def test_reading_needs_neither_header_nor_origin(world: World) -> None:
    async with world.client(Role.VIEWER, headers={"Origin": "http://evil.test"}) as client:
        response = await client.get("/api/alerts")
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


async def test_a_preflight_is_never_granted(world: World) -> None:
    headers = {"Origin": "http://evil.test", "Access-Control-Request-Method": "POST"}
    async with world.client(headers=headers) as client:
        response = await client.options(ACKNOWLEDGE)
    assert response.status_code == 405
    assert "access-control-allow-origin" not in response.headers


async def test_no_answer_repeats_a_forged_host(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        for path in ("/api/alerts/", "/api/site", "/api/docs", "/api/openapi.json", "/", "/healthz/"):
            response = await client.get(path, headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"})
            assert not response.is_redirect
            assert "evil.test" not in response.text + str(response.headers)


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 50_000):
        yield b" " * 50_000


async def test_a_body_may_not_be_huge_even_without_a_declared_length(world: World) -> None:
    async with world.client() as client:
        for content in (b" " * (MAX_BODY_BYTES + 1), chunks(2 * MAX_BODY_BYTES)):
            response = await client.post("/api/login", content=content, headers={"Content-Type": "application/json"})
            assert response.status_code == 413
            assert response.json()["title"] == "Request Entity Too Large"


async def test_a_body_at_the_limit_is_read(world: World) -> None:
    body = json.dumps({"username": "guard", "password": "draug"}).encode()
    async with world.client() as client:
        response = await client.post(
            "/api/login", content=body.ljust(MAX_BODY_BYTES), headers={"Content-Type": "application/json"}
        )
    assert response.status_code == 200


async def test_who_may_not_is_told_before_the_body_is_read(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        response = await client.post(ACKNOWLEDGE, content=b"{broken", headers={"Content-Type": "application/json"})
    assert response.status_code == 403
    assert "you are viewer" in response.json()["detail"]


@pytest.mark.parametrize("path", ["/", "/api/alerts", "/api/nothing", "/healthz", "/api/docs", "/metrics"])
@pytest.mark.parametrize("role", [None, Role.VIEWER])
async def test_every_answer_carries_the_security_headers(world: World, path: str, role: Role | None) -> None:
    async with world.client(role) as client:
        response = await client.get(path)
    for name in SECURITY_HEADERS:
        assert name in response.headers
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "Strict-Transport-Security" not in response.headers


def test_the_policy_allows_no_foreign_and_no_inline_script() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == "'self' 'unsafe-inline'"
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert "http" not in CONTENT_SECURITY_POLICY


async def test_what_the_api_says_is_never_cached(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        assert (await client.get("/api/alerts")).headers["Cache-Control"] == "no-store"


async def test_behind_https_browsers_are_told_to_stay_there() -> None:
    async with World(secure_cookie=True).client() as client:
        assert "max-age=" in (await client.get("/healthz")).headers["Strict-Transport-Security"]


async def test_a_crash_tells_the_client_nothing_and_still_carries_the_headers(world: World) -> None:
    world.health.state = {}
    async with world.client(headers=HEADERS) as client:
        response = await client.get("/readyz")
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "KeyError" not in response.text

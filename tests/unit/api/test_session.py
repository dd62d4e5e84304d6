"""Logging in and out, and the cookie."""

from http.cookies import SimpleCookie
from typing import Any

import pytest

from gateway.alerts.people import Role
from tests.unit.api.world import ELSEWHERE, World

GUARD = {"username": "guard", "password": "draug"}


def cookie(response: Any) -> Any:
    return SimpleCookie(response.headers["Set-Cookie"])["cg_session"]


async def test_a_login_opens_a_session_in_a_cookie_scripts_cannot_read(world: World) -> None:
    async with world.client() as client:
        response = await client.post("/api/login", json=GUARD)
        assert response.json() == {
            "username": "guard",
            "name": "Guard",
            "role": "guard",
            "language": "zh",
            "buildings": [],
            "contacts": [],
            "active": True,
        }
        assert (await client.get("/api/me")).json()["username"] == "guard"
    morsel = cookie(response)
    assert morsel.value == "fresh-guard"
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (True, "strict", "/", "")
    assert morsel["max-age"] == str(12 * 3600)
    assert not morsel["secure"]


async def test_over_https_the_cookie_is_secure_and_lasts_as_configured() -> None:
    async with World(secure_cookie=True, session_hours=1).client() as client:
        morsel = cookie(await client.post("/api/login", json=GUARD))
    assert morsel["secure"] is True
    assert morsel["max-age"] == "3600"


async def test_a_one_time_token_logs_in(world: World) -> None:
    async with world.client() as client:
        assert (await client.post("/api/login/once", json={"token": "once"})).json()["role"] == "administrator"
        assert (await client.get("/api/me")).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/login", {"username": "guard", "password": "wrong"}),
        ("/api/login", {"username": "nobody", "password": "wrong"}),
        ("/api/login/once", {"token": "spent"}),
    ],
)
async def test_a_refused_login_says_the_same_whatever_was_wrong(world: World, path: str, body: dict[str, str]) -> None:
    async with world.client() as client:
        response = await client.post(path, json=body)
    assert response.status_code == 401
    assert response.json()["detail"] == "the user name or the password is wrong"
    assert "Set-Cookie" not in response.headers


async def test_too_many_failures_say_when_to_try_again(world: World) -> None:
    async with world.client() as client:
        response = await client.post("/api/login", json={"username": "hasty", "password": "x"})
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "13"


async def test_throttling_counts_the_real_peer(world: World) -> None:
    async with world.client() as client:
        await client.post("/api/login", json=GUARD, headers={"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "::1"})
    assert world.accounts.addresses == [ELSEWHERE[0]]


async def test_a_login_ends_the_session_the_browser_had(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        await client.post("/api/login", json=GUARD)
    assert "viewer" not in world.accounts.sessions


async def test_a_failed_login_leaves_the_session_alone(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        await client.post("/api/login", json=GUARD | {"password": "wrong"})
        assert (await client.get("/api/me")).status_code == 200


async def test_logout_ends_the_session_on_the_server_and_clears_the_cookie(world: World) -> None:
    async with world.client(Role.GUARD) as client:
        response = await client.post("/api/logout")
    assert response.status_code == 204
    assert response.content == b""
    assert cookie(response)["max-age"] == "0"
    async with world.client(Role.GUARD) as stolen:
        assert (await stolen.get("/api/me")).status_code == 401


async def test_logout_without_a_session_is_fine(world: World) -> None:
    async with world.client() as client:
        assert (await client.post("/api/logout")).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "guard"},
        GUARD | {"password": ""},
        GUARD | {"password": "p" * 1025},
        GUARD | {"role": "manager"},
    ],
)
async def test_a_malformed_login_never_echoes_the_password(world: World, body: dict[str, str]) -> None:
    async with world.client() as client:
        response = await client.post("/api/login", json=body)
    assert response.status_code == 422
    assert "draug" not in response.text
    assert "ppp" not in response.text

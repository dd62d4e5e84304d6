"""Programs with tokens: what each scope reaches, and who makes and ends them."""

import pytest

from gateway.alerts.people import Role
from gateway.alerts.tokens import Scope
from gateway.api.policy import POLICY, Access, scope_for
from tests.unit.api.world import World, make_alert

ALERT = make_alert().id
ACKNOWLEDGE = {"method": "POST", "url": f"/api/alerts/{ALERT}/acknowledge", "json": {"version": 1}}
TAKE_OVER = {"method": "POST", "url": f"/api/alerts/{ALERT}/take-over", "json": {"version": 1}}
LIST = {"method": "GET", "url": "/api/alerts"}
ASK = {"name": "dashboard", "scopes": ["read"]}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(("call", "scope"), [(LIST, Scope.READ), (ACKNOWLEDGE, Scope.ACT), (TAKE_OVER, Scope.MANAGE)])
@pytest.mark.parametrize("given", Scope)
async def test_each_scope_reaches_its_own_and_nothing_else(
    world: World, call: dict[str, object], scope: Scope, given: Scope
) -> None:
    async with world.client(headers=bearer(f"cgt_{given}")) as client:
        response = await client.request(**call)
    assert response.status_code in ({200, 409} if given is scope else {403})
    if given is not scope:
        assert f"scope {scope}" in response.json()["detail"]


async def test_a_change_by_token_needs_no_csrf_header_and_is_the_tokens_own(world: World) -> None:
    async with world.client(headers=bearer("cgt_act")) as client:
        assert (await client.request(**ACKNOWLEDGE)).json()["acknowledged_by"] == "token:id-act"


@pytest.mark.parametrize("secret", ["cgt_unknown", "", "guard", "cgt_read "])
async def test_a_wrong_token_is_not_made_good_by_a_cookie(world: World, secret: str) -> None:
    async with world.client(Role.ADMINISTRATOR, headers=bearer(secret)) as client:
        response = await client.get("/api/alerts")
    assert response.status_code == (200 if secret.strip() == "cgt_read" else 401)
    if response.status_code == 401:
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert "token" in response.json()["detail"]


def test_no_token_reaches_what_takes_an_administrator_or_changes_with_read_alone() -> None:
    for (method, path), access in POLICY.items():
        scope = scope_for(method, access)
        assert (scope is None) == (access in (Access.ADMINISTRATOR, Access.PUBLIC, Access.DEVICE)), path
        assert scope is not Scope.READ or method == "GET", path


async def test_a_token_cannot_make_tokens(world: World) -> None:
    world.tokens.tokens["cgt_all"] = (await world.tokens.create("all", list(Scope), [], 60, "x"))[0]
    async with world.client(headers=bearer("cgt_all")) as client:
        response = await client.post("/api/tokens", json=ASK)
    assert response.status_code == 403
    assert "person" in response.json()["detail"]


async def test_an_administrator_makes_one_whose_secret_is_shown_once(world: World) -> None:
    async with world.client(Role.ADMINISTRATOR) as client:
        made = (await client.post("/api/tokens", json=ASK)).json()
        listed = (await client.get("/api/tokens")).text
    assert made["secret"] == "cgt_dashboard"
    assert made["scopes"] == ["read"]
    assert made["created_by"] == "administrator"
    assert made["id"] in listed
    assert made["secret"] not in listed


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["administer"]},
        {**ASK, "days": 0},
        {**ASK, "buildings": ["b99"]},
    ],
)
async def test_a_token_that_makes_no_sense_is_refused(world: World, body: dict[str, object]) -> None:
    async with world.client(Role.ADMINISTRATOR) as client:
        assert (await client.post("/api/tokens", json=body)).status_code == 422


async def test_a_revoked_token_is_none(world: World) -> None:
    async with world.client(Role.ADMINISTRATOR) as client:
        assert (await client.post("/api/tokens/id-read/revoke")).json()["revoked_at"] is not None
        assert (await client.post("/api/tokens/nobody/revoke")).status_code == 404
    async with world.client(headers=bearer("cgt_read")) as client:
        assert (await client.get("/api/alerts")).status_code == 401


async def test_a_token_bound_to_a_building_sees_no_other(world: World) -> None:
    await world.tokens.create("b2", [Scope.READ], ["b2"], 60, "administrator")
    async with world.client(headers=bearer("cgt_b2")) as client:
        assert (await client.get("/api/alerts")).json()["items"] == []
        assert (await client.get(f"/api/alerts/{ALERT}")).status_code == 403

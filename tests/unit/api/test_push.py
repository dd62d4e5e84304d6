"""Devices that push by HTTP: the token opens the door, the answer comes after the commit."""

from base64 import b64encode
from typing import Any

import httpx
import pytest

from gateway.alerts.people import Role
from gateway.api.security import MAX_BODY_BYTES
from tests.unit.api.world import World

BODY = b"<EventNotificationAlert/>"
HIKVISION = "/push/hikvision?device=DS-1"
BEARER = {"Authorization": "Bearer noisivkih"}


async def push(world: World, url: str = HIKVISION, headers: Any = None, body: bytes = BODY) -> httpx.Response:
    async with world.client(headers=headers or {}) as client:
        response: httpx.Response = await client.post(url, content=body)
    return response


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"camera:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("url", "headers"),
    [(HIKVISION, BEARER), (HIKVISION, basic("noisivkih")), (HIKVISION + "&token=noisivkih", {})],
)
async def test_the_token_opens_the_door_however_it_is_sent(world: World, url: str, headers: dict[str, str]) -> None:
    response = await push(world, url, headers)
    assert (response.status_code, response.text) == (200, "OK")
    assert world.pushes.taken == [("hikvision/DS-1/push", BODY)]


async def test_zkteco_names_its_device_in_its_own_way(world: World) -> None:
    response = await push(world, "/push/zkteco?SN=CJ55&table=rtlog&token=ocetkz", body=b"pin=1\tevent=0")
    assert response.text == "OK"
    assert world.pushes.taken == [("zkteco/CJ55/push", b"pin=1\tevent=0")]


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (HIKVISION, {}),
        (HIKVISION + "&token=", {}),
        (HIKVISION + "&token=ocetkz", {}),
        (HIKVISION, {"Authorization": "Bearer wrong"}),
        (HIKVISION, basic("wrong")),
        (HIKVISION, {"Authorization": "Basic ???"}),
        (HIKVISION, {"Authorization": "Basic /////w=="}),
        (HIKVISION, {"Authorization": "noisivkih"}),
    ],
)
async def test_without_the_token_nothing_is_taken(world: World, url: str, headers: dict[str, str]) -> None:
    response = await push(world, url, headers)
    assert response.status_code == 401
    assert "push.hikvision" in response.json()["detail"]
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert world.pushes.taken == []


async def test_a_login_is_no_token(world: World) -> None:
    async with world.client(Role.ADMINISTRATOR) as client:
        assert (await client.post(HIKVISION, content=BODY)).status_code == 401
    assert world.pushes.taken == []


@pytest.mark.parametrize("device", ["", "a/b", "+", "%23", "x" * 65, "a b"])
async def test_a_device_must_have_a_name_that_fits_a_topic(world: World, device: str) -> None:
    response = await push(world, f"/push/hikvision?device={device}", BEARER)
    assert response.status_code == 422
    assert "query.device" in response.json()["detail"]
    assert world.pushes.taken == []


async def test_the_topic_follows_the_dialects_base() -> None:
    world = World()
    world.site.dialects["hikvision"] = {"base": "cameras/hik/"}
    assert (await push(world, headers=BEARER)).status_code == 200
    assert world.pushes.taken[0][0] == "cameras/hik/DS-1/push"


async def test_what_the_disk_refuses_is_to_be_sent_again(world: World) -> None:
    world.pushes.away = True
    response = await push(world, headers=BEARER)
    assert response.status_code == 503
    assert "send it again" in response.json()["detail"]


async def test_too_large_a_body_is_refused(world: World) -> None:
    response = await push(world, headers=BEARER, body=b"x" * (MAX_BODY_BYTES + 1))
    assert response.status_code == 413
    assert world.pushes.taken == []


async def test_the_description_asks_for_the_token_and_not_for_our_header(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        operation = (await client.get("/api/openapi.json")).json()["paths"]["/push/zkteco"]["post"]
    assert operation["x-access"] == "device"
    assert operation["security"] == [{"token": []}]
    assert "X-Requested-With" not in str(operation.get("parameters"))
    assert {"200", "401", "413", "503"} <= set(operation["responses"])

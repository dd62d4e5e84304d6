"""Devices, their history, strangers and dead letters over HTTP."""

from typing import Any

import pytest

from devices.twin import Twin
from gateway.alerts.people import Role
from gateway.api.devices_schema import DeviceList, HistoryView, Quarantine, SiteView
from gateway.api.health_schema import DeadLetters
from tests.unit.api.world import World

HISTORY = "/api/devices/smoke-b1-03/history"
ADOPTION = {"name": "Pump room", "building": "b1", "floor": "1", "zone": "z2", "expect_every_s": 600}


async def get(world: World, url: str, role: Role = Role.VIEWER, **params: Any) -> Any:
    async with world.client(role) as client:
        return await client.get(url, params=params)


async def adopt(world: World, body: dict[str, Any], device: str = "new-1") -> Any:
    async with world.client(Role.MANAGER) as client:
        return await client.post(f"/api/quarantine/{device}/adopt", json=body)


async def test_the_site_and_its_buildings(world: World) -> None:
    body = (await get(world, "/api/site")).json()
    SiteView.model_validate(body)
    assert body == {
        "id": "garden",
        "name": "花园小区",
        "timezone": "Asia/Shanghai",
        "buildings": [
            {"id": "b1", "name": "1号楼", "floors": ["1", "2", "3"]},
            {"id": "b2", "name": "b2", "floors": []},
        ],
    }


async def test_a_device_tells_what_it_last_said_and_not_what_is_unknown(world: World) -> None:
    body = (await get(world, "/api/devices")).json()
    DeviceList.model_validate(body)
    smoke, lift = body["items"]
    assert smoke == {
        "id": "smoke-b1-03",
        "kind": "smoke_detector",
        "name": "厨房烟感",
        "building": "b1",
        "floor": "3",
        "zone": "z1",
        "asset": "A-7",
        "upstream": "",
        "dialect": "native",
        "online": True,
        "last_seen": 90.0,
        "measurements": {"smoke_density": 0.02},
        "states": {"smoke": True, "tamper": None},
    }
    assert (lift["online"], lift["last_seen"], lift["measurements"], lift["states"]) == (None, None, {}, {})


async def test_a_device_never_heard_was_not_last_seen_in_1970(world: World) -> None:
    device, _ = world.devices.known["lift-1"]
    world.devices.known["lift-1"] = (device, Twin("lift-1"))
    assert (await get(world, "/api/devices/lift-1")).json()["last_seen"] is None


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"kind": "lift"}, ["lift-1"]),
        ({"kind": "", "building": ""}, ["smoke-b1-03", "lift-1"]),
        ({"building": "b1"}, ["smoke-b1-03"]),
        ({"q": "烟感"}, ["smoke-b1-03"]),
        ({"q": "a-7"}, ["smoke-b1-03"]),
        ({"q": "LIFT"}, ["lift-1"]),
        ({"q": "z1", "kind": "lift"}, []),
    ],
)
async def test_devices_can_be_narrowed(world: World, params: dict[str, str], expected: list[str]) -> None:
    async with world.client(Role.VIEWER) as client:
        items = (await client.get("/api/devices", params=params)).json()["items"]
    assert [item["id"] for item in items] == expected


async def test_an_unknown_kind_is_refused(world: World) -> None:
    assert (await get(world, "/api/devices", kind="toaster")).status_code == 422


@pytest.mark.parametrize("url", ["/api/devices/ghost", "/api/devices/ghost/history?start=0&end=1"])
async def test_no_such_device(world: World, url: str) -> None:
    async with world.client(Role.VIEWER) as client:
        response = await client.get(url)
    assert response.status_code == 404
    assert "'ghost'" in response.json()["detail"]


async def test_history_passes_the_question_on_and_the_answer_back(world: World) -> None:
    body = (await get(world, HISTORY, start=0, end=3600, every_s=60)).json()
    HistoryView.model_validate(body)
    assert body == {"fields": {"temperature": [[10.0, 21.5]], "smoke": [[10.0, True]], "floor": [[10.0, "B1"]]}}
    assert world.history.queries == [("smoke-b1-03", 0.0, 3600.0, 60.0)]


async def test_history_chooses_buckets_for_those_who_do_not(world: World) -> None:
    assert (await get(world, HISTORY, start=0, end=3600)).status_code == 200
    assert world.history.queries == [("smoke-b1-03", 0.0, 3600.0, 12.0)]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"end": 1}, "query.start"),
        ({"start": 0}, "query.end"),
        ({"start": 5, "end": 5}, "query.end"),
        ({"start": 5, "end": 1}, "query.end"),
        ({"start": "nan", "end": 1}, "query.start"),
        ({"start": 0, "end": "inf"}, "query.end"),
        ({"start": 0, "end": "tomorrow"}, "query.end"),
        ({"start": 0, "end": 1, "every_s": 0}, "query.every_s"),
        ({"start": 0, "end": 1, "every_s": -1}, "query.every_s"),
        ({"start": 0, "end": 1e6, "every_s": 1}, "query.every_s"),
        ({"start": -1, "end": 1}, "query.start"),
        ({"start": 0, "end": 1e308}, "query.end"),
        ({"start": 0, "end": 1, "every": 1}, "query.every"),
    ],
)
async def test_a_question_history_cannot_answer_is_refused(world: World, params: dict[str, Any], names: str) -> None:
    response = await get(world, HISTORY, **params)
    assert response.status_code == 422
    assert names in response.json()["detail"]
    assert world.history.queries == []


async def test_history_away_is_said_and_is_no_crash(world: World) -> None:
    world.history.away = True
    response = await get(world, HISTORY, start=0, end=60)
    assert response.status_code == 503
    assert "alerts are not affected" in response.json()["detail"]


async def test_strangers_are_listed_the_latest_heard_first(world: World) -> None:
    body = (await get(world, "/api/quarantine")).json()
    Quarantine.model_validate(body)
    assert [item["device"] for item in body["items"]] == ["new-1", "new-2"]
    assert body["items"][0]["last"] == {"a": 1}


async def test_an_adopted_stranger_is_a_device(world: World) -> None:
    body = (await adopt(world, ADOPTION)).json()
    assert (body["id"], body["name"], body["floor"], body["online"]) == ("new-1", "Pump room", "1", True)
    assert world.devices.known["new-1"][0].expect_every_s == 600
    assert [stranger.device for stranger in world.devices.strangers()] == ["new-2"]


async def test_nobody_adopts_what_never_spoke_or_is_ours_already(world: World) -> None:
    assert (await adopt(world, ADOPTION, "ghost")).status_code == 404
    assert (await adopt(world, ADOPTION, "lift-1")).status_code == 409


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"name": " "}, "body.name"),
        ({"building": "b9"}, "body.building"),
        ({"floor": "77"}, "body.floor"),
        ({"expect_every_s": -1}, "body.expect_every_s"),
        ({"colour": "red"}, "body.colour"),
    ],
)
async def test_a_place_that_does_not_exist_is_refused(world: World, change: dict[str, Any], names: str) -> None:
    response = await adopt(world, ADOPTION | change)
    assert response.status_code == 422
    assert names in response.json()["detail"]
    assert "new-1" in world.devices.unknown


@pytest.mark.parametrize("change", [{"building": "", "floor": "77"}, {"building": "b2", "floor": "77"}])
async def test_floors_are_free_where_the_site_lists_none(world: World, change: dict[str, Any]) -> None:
    assert (await adopt(world, ADOPTION | change)).status_code == 200


async def test_dead_letters(world: World) -> None:
    body = (await get(world, "/api/dead-letters", Role.MANAGER)).json()
    assert DeadLetters.model_validate(body).items[0].reason == "malformed"
    for limit in (0, 1001):
        assert (await get(world, "/api/dead-letters", Role.MANAGER, limit=limit)).status_code == 422

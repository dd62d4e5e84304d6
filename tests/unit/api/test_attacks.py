"""Attacks on the API that no other file here tries, each with the answer it must get."""

from urllib.parse import quote

import pytest

from alert_rules.alert import Place
from gateway.alerts.people import Person, Role
from tests.unit.api.world import World, make_alert

ALERT = make_alert().id


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", '"><svg onload=alert(1)>', "\u202eevil", "a\r\nSet-Cookie: x=1", "\x1b[31mred"],
)
async def test_a_device_name_is_data_never_markup_or_header(world: World, name: str) -> None:
    world.desk.add(make_alert(place=Place(name, "b1", "3", "z1")))
    async with world.client(Role.VIEWER) as client:
        response = await client.get(f"/api/alerts/{ALERT}")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.json()["place"]["name"] == name
    assert "x=1" not in response.headers.get("Set-Cookie", "")


@pytest.mark.parametrize(
    "path", ["../etc/passwd", "..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "a\\..\\b"]
)
async def test_no_id_climbs_out(world: World, path: str) -> None:
    async with world.client(Role.ADMINISTRATOR) as client:
        for base in ("/api/alerts/", "/api/devices/", "/api/incidents/", "/assets/"):
            response = await client.get(base + quote(path, safe="%/."))
            assert response.status_code in (404, 503), response.text
            assert "root:" not in response.text


@pytest.mark.parametrize("q", ["'; DROP TABLE alert; --", '" OR 1=1', "%", "\\", '"} |> drop()', "a\nb"])
async def test_a_filter_is_a_value_never_a_statement(world: World, q: str) -> None:
    async with world.client(Role.VIEWER) as client:
        response = await client.get("/api/alerts", params={"q": q, "state": "all"})
        history = await client.get(f"/api/devices/{quote(q, safe='')}/history", params={"start": 0, "end": 60})
    assert response.json()["items"] == []
    assert history.status_code == 404


@pytest.mark.parametrize("what", ["alerts", "devices"])
async def test_an_object_of_another_building_is_refused_whatever_the_request_says(world: World, what: str) -> None:
    world.accounts.sessions["guard"] = Person("guard", "Guard", Role.GUARD, buildings=("b2",))
    id_ = ALERT if what == "alerts" else "smoke-b1-03"
    async with world.client(Role.GUARD) as client:
        assert (await client.get(f"/api/{what}/{id_}", params={"building": "b2"})).status_code == 403


async def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(world: World) -> None:
    async with world.client() as client:
        bodies = [{"username": name, "password": "wrong password"} for name in ("guard", "nobody")]
        unknown, wrong = [await client.post("/api/login", json=body) for body in bodies]
    assert (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/nothing", 404), ("POST", "/api/nothing", 404), ("DELETE", "/api/alerts", 405), ("PUT", "/x", 405)],
)
async def test_an_address_that_is_none_is_a_problem_too(world: World, method: str, path: str, status: int) -> None:
    async with world.client(Role.ADMINISTRATOR) as client:
        response = await client.request(method, path)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] not in ("Not Found", "Method Not Allowed")


@pytest.mark.parametrize("body", [b'{"username": ' * 1000, b"[" * 100_000, b'{"username": 1e400}', b"\xff\xfe", b"NaN"])
async def test_a_body_that_is_no_json_is_refused(world: World, body: bytes) -> None:
    async with world.client() as client:
        response = await client.post("/api/login", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert response.headers["Content-Type"] == "application/problem+json"

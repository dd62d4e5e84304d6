"""The gateway's own state, for people, supervisors and Prometheus; and the API's description."""

import re
from typing import Any

import pytest

from gateway.alerts.people import Role
from gateway.api.health_schema import HealthView
from gateway.api.openapi import render
from gateway.api.policy import POLICY
from tests.unit.api.world import World


async def test_health(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        body = (await client.get("/api/health")).json()
    assert body == world.health.state
    HealthView.model_validate(body)


async def test_alive_and_ready(world: World) -> None:
    async with world.client() as client:
        assert (await client.get("/healthz")).text == "ok\n"
        ready = await client.get("/readyz")
        world.health.state["ready"] = False
        not_ready = await client.get("/readyz")
    assert (ready.status_code, not_ready.status_code) == (200, 503)
    assert not_ready.json() == {"ready": False, "lanes": world.health.state["lanes"]}


async def test_metrics(world: World) -> None:
    async with world.client(peer=("127.0.0.1", 5)) as client:
        response = await client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert "messages_received_total 3.0" in response.text


@pytest.fixture
def spec(world: World) -> dict[str, Any]:
    return world.app.openapi()


def operations(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(m.upper(), path, op) for path, methods in spec["paths"].items() for m, op in methods.items()]


def test_every_operation_is_described(spec: dict[str, Any]) -> None:
    undocumented = {"/{path}", "/api/docs", "/api/openapi.json"}
    assert {(m, p) for m, p, _ in operations(spec)} == {key for key in POLICY if key[1] not in undocumented}
    ids = [op["operationId"] for _, _, op in operations(spec)]
    assert len(ids) == len(set(ids))
    known_tags = {tag["name"] for tag in spec["tags"]}
    for method, path, operation in operations(spec):
        assert operation["description"], path
        assert set(operation["tags"]) <= known_tags
        assert operation["x-access"] == POLICY[method, path]


def test_every_error_is_a_problem_document_and_every_answer_has_a_shape(spec: dict[str, Any]) -> None:
    for _, path, operation in operations(spec):
        for code, response in operation["responses"].items():
            if code == "204":
                continue
            is_problem = int(code) >= 400 and path != "/readyz"
            assert response["content"], (path, code)
            for media, content in response["content"].items():
                assert (media == "application/problem+json") == is_problem, (path, code)
                assert content["schema"], (path, code)


def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    names = set(re.findall(r"#/components/schemas/(\w+)", str(spec)))
    assert names <= set(spec["components"]["schemas"])
    assert {"AlertView", "DeviceView", "Problem"} <= names
    assert "HTTPValidationError" not in spec["components"]["schemas"]


def test_changes_show_the_header_they_need(spec: dict[str, Any]) -> None:
    for method, _, operation in operations(spec):
        names = {p["name"] for p in operation.get("parameters", ())}
        changes = method == "POST" and operation["x-access"] != "device"
        assert ("X-Requested-With" in names) == changes


async def test_the_page_lists_every_operation_without_any_script(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        page = (await client.get("/api/docs")).text
        spec = (await client.get("/api/openapi.json")).json()
    for method, path, _ in operations(spec):
        assert f"<code>{method} {path}</code>" in page
    assert "<script" not in page
    assert "http://" not in page + str(spec["info"])
    assert "https://" not in page


def test_the_page_escapes_what_it_shows() -> None:
    operation = {"description": "<b>", "x-access": "public", "responses": {"200": {}}}
    page = render({"info": {"title": "<i>", "version": "1", "description": "&"}, "paths": {"/<u>": {"get": operation}}})
    assert not re.search(r"<[biu]>", page)


async def test_an_unknown_address_of_the_api_is_a_problem_document(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        for path in ("/api", "/api/", "/api/nothing", "/api/alerts/x/y/z"):
            response = await client.get(path)
            assert response.status_code == 404
            assert response.json()["status"] == 404
            assert response.headers["Content-Type"] == "application/problem+json"
        wrong = await client.delete("/api/alerts")
    assert wrong.status_code == 405
    assert wrong.json()["title"] == "Method Not Allowed"


async def test_a_database_that_is_away_is_said(world: World) -> None:
    world.accounts.away = True
    async with world.client(Role.VIEWER) as client:
        response = await client.get("/api/site")
    assert response.status_code == 503
    assert response.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "the database does not answer",
    }

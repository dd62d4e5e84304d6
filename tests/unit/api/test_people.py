"""Accounts, the rota, visitors and passes over HTTP."""

from typing import Any

import pytest

from alert_rules.alert import Place
from gateway.alerts.people import Person, Role
from gateway.site import Secret, Site, Visitors
from tests.unit.api.world import World, make_alert
from tests.unit.people.making import GATES

BOOKING = {"name": "王小明", "host": "3-501", "phone": "13900000000", "building": "b1"}
BOOKING |= {"starts_at": 900.0, "ends_at": 5_000.0}  # type: ignore[dict-item]


async def call(world: World, method: str, path: str, body: Any = None, role: Role = Role.ADMINISTRATOR) -> Any:
    async with world.client(role) as client:
        return await client.request(method, path, json=body)


async def made(world: World, path: str, body: Any, role: Role = Role.ADMINISTRATOR) -> Any:
    response = await call(world, "POST", path, body, role)
    assert response.status_code == 200, response.text
    return response.json()


def bind(world: World, role: Role, *buildings: str) -> None:
    world.accounts.sessions[role.value] = Person(role.value, "X", role, "zh", buildings)


def gate_token(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("GATE_TOKEN", "s3cret-of-the-gate")
    visitors = Visitors(token=Secret(env="GATE_TOKEN"))
    world.site = Site.model_validate({**world.site.model_dump(), "visitors": visitors.model_dump()})
    world.app = world._app(None)
    return {"Authorization": "Bearer s3cret-of-the-gate"}


async def test_an_account_is_added_changed_and_removed(world: World) -> None:
    new = {"username": "li", "name": "李雷", "role": "guard", "buildings": ["b1"], "password": "correct horse"}
    added = await made(world, "/api/people", new)
    shown = {"username": "li", "name": "李雷", "role": "guard", "language": "zh", "buildings": ["b1"]}
    assert added == {**shown, "contacts": [], "active": True}
    changed = await made(world, "/api/people/li/change", {"active": False})
    assert changed == {**added, "active": False}
    assert (await made(world, "/api/people/li/reset", {}))["path"] == "/login#once=once-li"
    assert (await call(world, "POST", "/api/people/li/remove")).status_code == 204
    assert (await call(world, "POST", "/api/people/li/remove")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/api/people/administrator/change", {"active": False}, 409, "last active administrator"),
        ("/api/people/administrator/remove", None, 409, "last active administrator"),
        ("/api/people", {"username": "guard", "name": "x", "role": "guard"}, 422, "already"),
        ("/api/people", {"username": "x", "name": "x", "role": "guard", "buildings": ["b9"]}, 422, "no building 'b9'"),
        ("/api/people", {"username": "x", "name": "x", "role": "guard", "password": "short"}, 422, "body.password"),
        ("/api/people/guard/change", {"rank": 3}, 422, "body.rank"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(
    world: World, path: str, body: Any, status: int, said: str
) -> None:
    response = await call(world, "POST", path, body)
    assert response.status_code == status
    assert said in response.json()["detail"]


async def test_looking_at_people_and_visitors_is_written_down(world: World) -> None:
    id_ = (await made(world, "/api/visitors", BOOKING, Role.GUARD))["id"]
    await call(world, "GET", "/api/people", role=Role.MANAGER)
    for path in ("/api/visitors", f"/api/visitors/{id_}", f"/api/visitors/{id_}/pass"):
        assert (await call(world, "GET", path, role=Role.GUARD)).status_code == 200
    assert world.people.people.noted == [
        ("manager", "view_people"),
        ("guard", "view_visitors"),
        ("guard", "view_visitor"),
        ("guard", "view_pass"),
    ]


async def test_a_person_chooses_another_password_knowing_the_first(world: World) -> None:
    wrong = await call(world, "POST", "/api/me/password", {"current": "x", "password": "correct horse"}, Role.GUARD)
    right = await call(world, "POST", "/api/me/password", {"current": "draug", "password": "correct horse"}, Role.GUARD)
    assert (wrong.status_code, right.status_code) == (401, 204)


async def test_a_rota_is_made_seen_and_undone(world: World) -> None:
    await made(world, "/api/shifts", {"name": "day", "periods": [{"start": "06:00", "end": "18:00"}]}, Role.MANAGER)
    turn = {"shift": "day", "username": "guard", "role": "guard", "building": "b1"}
    id_ = (await made(world, "/api/duty/turns", turn, Role.MANAGER))["id"]
    duty = (await call(world, "GET", "/api/duty?at=10800", role=Role.VIEWER)).json()["items"]
    assert [(each["username"], each["until"]) for each in duty] == [("guard", 36_000.0)]
    found = (await call(world, "GET", "/api/duty/gaps?start=0&end=86400")).json()["items"]
    assert [(gap["start"], gap["end"]) for gap in found] == [(36_000.0, 79_200.0)]
    assert (await call(world, "GET", "/api/duty/gaps?start=5&end=5")).status_code == 422
    assert list((await call(world, "GET", "/api/duty/rota")).json()["turns"]) == [id_]
    assert (await call(world, "POST", "/api/shifts/day/remove")).status_code == 422
    assert (await call(world, "POST", f"/api/duty/turns/{id_}/remove")).status_code == 204
    assert (await call(world, "POST", "/api/shifts/day/remove")).status_code == 204
    assert (await call(world, "GET", "/api/shifts")).json() == {"items": []}


async def test_a_manager_of_one_building_plans_for_that_one(world: World) -> None:
    await made(world, "/api/shifts", {"name": "day", "periods": [{}]})
    turn = {"shift": "day", "username": "guard", "role": "guard"}
    ids = [(await made(world, "/api/duty/turns", {**turn, "building": b}))["id"] for b in ("b1", "b2")]
    bind(world, Role.MANAGER, "b2")
    turns = [{**turn, "building": building} for building in ("b1", "b2", "")]
    added = [await call(world, "POST", "/api/duty/turns", each, Role.MANAGER) for each in turns]
    assert [response.status_code for response in added] == [403, 200, 403]
    removed = [await call(world, "POST", f"/api/duty/turns/{id_}/remove", None, Role.MANAGER) for id_ in ids]
    assert [response.status_code for response in removed] == [403, 204]
    assert {d["building"] for d in (await call(world, "GET", "/api/duty", role=Role.MANAGER)).json()["items"]} == {"b2"}


async def test_notes_are_handed_over_newest_first(world: World) -> None:
    for text in ("gate 2 sticks", "lift serviced"):
        world.people.clock.at += 1
        await made(world, "/api/handover", {"text": text}, Role.GUARD)
    notes = (await call(world, "GET", "/api/handover", role=Role.GUARD)).json()["items"]
    assert [(note["text"], note["by"]) for note in notes] == [("lift serviced", "guard"), ("gate 2 sticks", "guard")]


async def test_an_on_call_contact_is_a_channel_there_is(world: World) -> None:
    response = await call(world, "POST", "/api/duty/on-call", {"role": "guard", "channels": ["pager"]})
    assert response.status_code == 422
    assert response.json()["detail"] == "body.channels: the site file has no channel 'pager'"


async def test_who_should_go_is_proposed(world: World) -> None:
    await made(world, "/api/shifts", {"name": "day", "periods": [{}]})
    await made(world, "/api/duty/turns", {"shift": "day", "username": "guard", "role": "guard", "building": "b1"})
    world.desk.add(alert := make_alert(place=Place("Hall", "b1")))
    items = (await call(world, "GET", f"/api/alerts/{alert.id}/dispatch", role=Role.GUARD)).json()["items"]
    assert [item["username"] for item in items] == ["guard", "administrator", "manager"]
    assert items[0]["reasons"] == ["on_duty", "right_role", "same_building", "free"]
    assert (await call(world, "GET", "/api/alerts/none/dispatch", role=Role.GUARD)).status_code == 404


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
async def test_a_pass_is_a_picture(world: World, kind: str, begins: bytes) -> None:
    id_ = (await made(world, "/api/visitors", BOOKING, Role.GUARD))["id"]
    response = await call(world, "GET", f"/api/visitors/{id_}/pass?format={kind}", role=Role.GUARD)
    assert response.headers["content-type"].startswith(f"image/{kind}")
    assert response.content.startswith(begins)
    assert response.headers["cache-control"] == "no-store"


async def test_visits_elsewhere_are_other_peoples(world: World) -> None:
    here, there = [(await made(world, "/api/visitors", {**BOOKING, "building": b}))["id"] for b in ("b2", "b1")]
    bind(world, Role.GUARD, "b2")
    listed = (await call(world, "GET", "/api/visitors", role=Role.GUARD)).json()["items"]
    assert [visit["id"] for visit in listed] == [here]
    for method, path in (("GET", ""), ("GET", "/pass"), ("POST", "/revoke")):
        assert (await call(world, method, f"/api/visitors/{there}{path}", role=Role.GUARD)).status_code == 403
        assert (await call(world, method, f"/api/visitors/{here}{path}", role=Role.GUARD)).status_code == 200
    booked = [await call(world, "POST", "/api/visitors", {**BOOKING, "building": b}, Role.GUARD) for b in ("b1", "")]
    assert [response.status_code for response in booked] == [403, 403]


async def test_a_gate_asks_with_its_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = gate_token(world, monkeypatch)
    visit = world.people.desks.visitors.get((await made(world, "/api/visitors", BOOKING))["id"])
    question = {"pass": world.people.desks.visitors.pass_of(visit), "gate": "gate-1"}
    async with world.client(headers=headers) as gate:
        answers = [(await gate.post("/api/passes/verify", json=question)).json()]
        world.people.clock.at += 60
        answers.append((await gate.post("/api/passes/verify", json=question)).json())
        answers.append((await gate.post("/api/passes/verify", json={**question, "pass": "CGP1.A"})).json())
        unknown = await gate.post("/api/passes/verify", json={**question, "gate": "gate-9"})
    assert [(answer["valid"], answer["reason"]) for answer in answers] == [
        (True, None),
        (False, "used"),
        (False, "forged"),
    ]
    assert unknown.status_code == 404
    assert GATES["gate-1"].id in {report.device for report in world.people.told}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_without_the_token_nobody_asks(
    world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = {"pass": "CGP1.A", "gate": "gate-1"}
    async with world.client(Role.ADMINISTRATOR, headers=headers) as gate:
        assert (await gate.post("/api/passes/verify", json=question)).status_code == 401  # closed: no token is set
    gate_token(world, monkeypatch)
    async with world.client(headers=headers) as gate:
        assert (await gate.post("/api/passes/verify", json=question)).status_code == 401
    assert world.people.told == []

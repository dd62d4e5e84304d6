"""Whoever works for some buildings sees and changes nothing of the others, by whatever door they come."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from alert_rules.alert import Place
from gateway.alerts.people import Person, Role
from tests.unit.api.test_hub import everything
from tests.unit.api.test_policy import BODIES, CALLS
from tests.unit.api.world import FIRST_ID, World, make_alert

HERE = make_alert()
THERE = make_alert("water_leak", 90.0, device="leak-2", place=Place("Cellar", "b2"))
NOWHERE = make_alert("gas_leak", 80.0, device="gas-1", place=Place("Main valve"))
ABOUT_ONE = [call for call in CALLS if "{alert_id}" in call[1] or "{device_id}" in call[1]]


@pytest.fixture
async def mine(world: World) -> AsyncIterator[Any]:
    """A manager of building b2, where the smoke of b1 is nobody's business."""
    world.accounts.sessions["manager"] = Person("manager", "M", Role.MANAGER, "zh", ("b2",))
    world.desk.alerts.clear()
    world.desk.add(HERE, THERE, NOWHERE)
    async with world.client(Role.MANAGER) as client:
        yield client


@pytest.mark.parametrize(("method", "path"), ABOUT_ONE)
async def test_every_route_about_one_thing_looks_at_the_thing(mine: Any, method: str, path: str) -> None:
    """A route about an alert or a device that forgets to ask fails here."""
    url = path.replace("{alert_id}", HERE.id).replace("{device_id}", "smoke-b1-03")
    response = await mine.request(method, url, json=BODIES.get(path), params={"start": 0, "end": 60})
    assert response.status_code == 403, response.text
    assert "building 'b1'" in response.json()["detail"]


async def test_lists_show_ones_own_and_what_belongs_to_the_whole_site(mine: Any) -> None:
    for state in ("open", "all"):
        alerts = (await mine.get("/api/alerts", params={"state": state})).json()
        assert [alert["id"] for alert in alerts["items"]] == [THERE.id, NOWHERE.id]
        incidents = (await mine.get("/api/incidents", params={"state": state})).json()
        assert {incident["id"] for incident in incidents["items"]} == {THERE.id, NOWHERE.id}
    assert sum(alerts["counts"].values()) == 2
    devices = (await mine.get("/api/devices")).json()["items"]
    assert [device["id"] for device in devices] == ["lift-1"]


async def test_ones_own_may_be_worked_on(mine: Any) -> None:
    for alert in (THERE, NOWHERE):
        response = await mine.post(f"/api/alerts/{alert.id}/acknowledge", json={"version": alert.version})
        assert response.status_code == 200, response.text
    assert (await mine.get("/api/devices/lift-1")).status_code == 200


async def test_an_incident_of_several_buildings_shows_its_members_of_ones_own(world: World, mine: Any) -> None:
    world.desk.add(joined := make_alert("smoke_alarm", 70.0, device="s-9", place=Place("Hall", "b2"), incident=HERE.id))
    body = (await mine.get(f"/api/incidents/{HERE.id}")).json()
    assert [member["id"] for member in body["members"]] == [joined.id]
    assert body["lead"]["id"] == joined.id
    assert (body["alerts"], body["open"], body["buildings"]) == (1, 1, ["b2"])
    listed = (await mine.get("/api/incidents", params={"state": "all"})).json()["items"]
    assert [incident["lead"]["id"] for incident in listed if incident["id"] == HERE.id] == [joined.id]


async def test_an_incident_elsewhere_is_refused(mine: Any) -> None:
    assert (await mine.get(f"/api/incidents/{HERE.id}")).status_code == 403


@pytest.mark.parametrize(("building", "status"), [("b2", 200), ("b1", 403), ("", 403)])
async def test_a_device_is_adopted_into_ones_own_building_only(mine: Any, building: str, status: int) -> None:
    response = await mine.post("/api/quarantine/new-1/adopt", json={"name": "Sensor", "building": building})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("matcher", "status"),
    [({"building": "b2"}, 200), ({"building": ["b1", "b2"]}, 403), ({"rule": "water_leak"}, 403)],
)
async def test_one_mutes_ones_own_buildings_only(world: World, mine: Any, matcher: Any, status: int) -> None:
    draft = {"means": "silence", "matcher": matcher, "starts_at": world.muting.now, "ends_at": 1_600, "reason": "work"}
    response = await mine.post("/api/suppressions", json=draft)
    assert response.status_code == status, response.text
    async with world.client(Role.ADMINISTRATOR) as everywhere:
        made = (await everywhere.post("/api/suppressions", json=draft)).json()
    assert (await mine.post(f"/api/suppressions/{made['id']}/end")).status_code == status
    preview = (await mine.post("/api/suppressions/preview", json=draft)).json()
    assert {alert["id"] for alert in preview["open"]} <= {THERE.id, NOWHERE.id}


async def test_messages_nobody_understood_belong_to_the_whole_site(mine: Any) -> None:
    assert (await mine.get("/api/dead-letters")).status_code == 403


async def test_the_stream_tells_of_ones_own_buildings_at_once_and_later(world: World) -> None:
    heard = world.hub.subscribe(None, ("b2",))
    for building in ("b1", "b2", ""):
        world.hub.publish("alert", {"building": building}, building)
    assert world.hub.scoped
    late = world.hub.subscribe(FIRST_ID - 1, ("b2",))
    world.hub.close()
    for subscription in (heard, late):
        text = await everything(subscription)
        assert [b'"building":"%b"' % building in text for building in (b"b1", b"b2", b"")] == [False, True, True]
    assert not world.hub.scoped

"""Incidents over HTTP: one card each, every member within reach, page by page."""

from typing import Any

from alert_rules.alert import Alert, Handling, Place, Severity, Verdict
from gateway.alerts.people import Role
from gateway.api.schema import AlertList, IncidentDetail, IncidentList
from tests.unit.api.world import World, make_alert

STORM = 120


def member(number: int, **changes: Any) -> Alert:
    return make_alert("water_leak", 200.0 + number, device=f"leak-{number}", severity=Severity.MAJOR, **changes)


def storm(world: World) -> None:
    """One incident of many leaks and, amid them, an incident that is a single fire; nothing else."""
    world.desk.alerts.clear()
    world.desk.add(make_alert(raised_at=250.5))
    world.desk.add(*(member(n, incident="flood") for n in range(STORM)))


async def asked(world: World, path: str, **params: Any) -> Any:
    async with world.client(Role.VIEWER) as client:
        response = await client.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def test_there_is_one_card_each_and_the_gravest_is_first(world: World) -> None:
    storm(world)
    body = await asked(world, "/api/incidents")
    items = IncidentList.model_validate(body).items
    assert [(item.severity, item.alerts, item.open) for item in items] == [("critical", 1, 1), ("major", STORM, STORM)]
    assert items[1].rules == {"water_leak": STORM}
    assert items[1].lead.device == "leak-0"
    assert (items[1].first_at, items[1].last_at) == (200.0, 200.0 + STORM - 1)
    assert body["total"] == 2


async def test_open_ones_need_no_database(world: World) -> None:
    storm(world)
    world.desk.unsaved.update(world.desk.alerts)
    items = (await asked(world, "/api/incidents"))["items"]
    assert [item["lead"]["saved"] for item in items] == [False, False]


async def test_each_member_is_within_reach(world: World) -> None:
    storm(world)
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        body = await asked(world, "/api/incidents/flood", limit=50, **cursor)
        members = IncidentDetail.model_validate(body).members
        if not members:
            break
        seen += [each.id for each in members]
        cursor = {"before": members[-1].raised_at, "before_id": members[-1].id}
    assert len(seen) == len(set(seen)) == STORM


async def test_what_is_judged_and_inhibited_is_counted(world: World) -> None:
    storm(world)
    one, two = list(world.desk.alerts.values())[1:3]
    one.verdict, two.suppressed_by = Verdict.TRUE_ALARM, f"inhibit:{one.id}"
    found = await asked(world, "/api/incidents/flood")
    assert (found["unjudged"], found["inhibited"], found["open"]) == (STORM - 1, 1, STORM)
    assert found["lead"]["id"] not in (one.id, two.id)


async def test_an_incident_keeps_its_resolved_members(world: World) -> None:
    storm(world)
    list(world.desk.alerts.values())[1].handling = Handling.RESOLVED
    found = await asked(world, "/api/incidents/flood")
    assert (found["alerts"], found["open"]) == (STORM, STORM - 1)


async def test_all_incidents_come_the_latest_first_and_in_pages(world: World) -> None:
    storm(world)
    first = (await asked(world, "/api/incidents", state="all", limit=1))["items"]
    assert [item["id"] for item in first] == ["flood"]
    rest = (await asked(world, "/api/incidents", state="all", before=first[0]["last_at"]))["items"]
    assert [item["severity"] for item in rest] == ["critical"]


async def test_a_building_may_be_asked_for(world: World) -> None:
    storm(world)
    world.desk.add(member(999, place=Place("Cellar", "b9", "-1", "")))
    items = (await asked(world, "/api/incidents", building="b9"))["items"]
    assert [item["buildings"] for item in items] == [["b9"]]


async def test_no_such_incident(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        assert (await client.get("/api/incidents/nothing")).status_code == 404


async def test_a_grouped_page_of_alerts_shows_every_incident_first(world: World) -> None:
    storm(world)
    body = await asked(world, "/api/alerts", group="incident", limit=3)
    items = AlertList.model_validate(body).items
    assert [item.device for item in items] == ["smoke-b1-03", "leak-0", f"leak-{STORM - 1}"]
    assert body["incidents"] == {"flood": STORM, items[0].incident: 1}


async def test_alerts_of_one_incident_may_be_asked_for(world: World) -> None:
    storm(world)
    items = (await asked(world, "/api/alerts", incident="flood", limit=500))["items"]
    assert {item["incident"] for item in items} == {"flood"}
    assert len(items) == STORM

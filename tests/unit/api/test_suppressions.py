"""Muting over the API: who raised it, how long, what it would have muted, and what is refused."""

from typing import Any

import pytest

from gateway.alerts.people import Role
from tests.unit.api.world import World, make_alert

HOUR = 3_600.0


def draft(world: World, **changes: Any) -> dict[str, Any]:
    now = world.muting.now
    return {
        "means": "silence",
        "matcher": {"building": "b1", "rule": ["water_leak", "smoke_alarm"]},
        "starts_at": now,
        "ends_at": now + HOUR,
        "reason": "the cellar is being cleaned",
        **changes,
    }


async def test_a_silence_is_raised_listed_and_ended(world: World) -> None:
    async with world.client(Role.MANAGER) as client:
        made = (await client.post("/api/suppressions", json=draft(world))).json()
        assert (made["created_by"], made["state"], made["on"], made["fire"]) == ("manager", "running", True, False)
        assert made["matcher"]["building"] == ["b1"]
        assert [each["id"] for each in (await client.get("/api/suppressions")).json()["items"]] == [made["id"]]
    async with world.client(Role.GUARD) as client:
        ended = (await client.post(f"/api/suppressions/{made['id']}/end")).json()
        assert (ended["state"], ended["ended_by"]) == ("ended", "guard")
        assert (await client.post(f"/api/suppressions/{made['id']}/end")).status_code == 409


async def test_a_preview_shows_what_would_have_been_muted(world: World) -> None:
    world.desk.add(make_alert("water_leak", 95.0, severity="minor", device="leak-2", handling="resolved"))
    async with world.client(Role.GUARD) as client:
        shown = (await client.post("/api/suppressions/preview", json=draft(world))).json()
        assert ([a["device"] for a in shown["open"]], shown["open_total"], shown["recent_total"]) == (["leak-1"], 1, 2)
        with_fire = (await client.post("/api/suppressions/preview", json=draft(world, fire=True))).json()
        assert with_fire["open_total"] == 2
        assert (await client.get("/api/suppressions")).json()["items"] == []


async def test_one_alert_is_shelved_for_a_while(world: World) -> None:
    alert = make_alert()
    body = {"until": world.muting.now + HOUR, "reason": "kitchen aired"}
    async with world.client(Role.GUARD) as client:
        made = (await client.post(f"/api/alerts/{alert.id}/shelve", json=body)).json()
        assert (made["means"], made["alert"], made["fire"]) == ("shelve", alert.id, True)
        assert (await client.post("/api/alerts/nothing/shelve", json=body)).status_code == 404


async def test_fire_takes_a_second_person(world: World) -> None:
    fire = draft(world, fire=True)
    async with world.client(Role.MANAGER) as manager, world.client(Role.ADMINISTRATOR) as other:
        made = (await manager.post("/api/suppressions", json=fire)).json()
        longer = {"until": world.muting.now + 2 * HOUR}
        refused = await manager.post(f"/api/suppressions/{made['id']}/extend", json=longer)
        assert (refused.status_code, "another person" in refused.json()["detail"]) == (409, True)
        extended = await other.post(f"/api/suppressions/{made['id']}/extend", json=longer)
        assert extended.json()["extended_by"] == ["administrator"]
        assert (await manager.post("/api/suppressions/none/extend", json=longer)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"matcher": {}}, 409),
        ({"ends_at": 10.0}, 409),
        ({"ends_at": 1_000.0 + 25 * HOUR}, 409),
        ({"during": "nights"}, 409),
        ({"reason": ""}, 422),
        ({"matcher": {"bulding": "b1"}}, 422),
        ({"matcher": {"kind": "toaster"}}, 422),
        ({"means": "forever"}, 422),
        ({"created_by": "somebody"}, 422),
    ],
    ids=str,
)
async def test_bad_ones_are_refused(world: World, changes: dict[str, Any], status: int) -> None:
    async with world.client(Role.MANAGER) as client:
        response = await client.post("/api/suppressions", json=draft(world, **changes))
        assert response.status_code == status, response.text
        assert (await client.get("/api/suppressions")).json()["items"] == []


async def test_suppressed_alerts_wait_for_nobody_but_are_counted(world: World) -> None:
    world.desk.add(make_alert("gate_forced", 99.0, severity="major", device="g", suppressed_by="silence:x"))
    async with world.client(Role.VIEWER) as client:
        answer = (await client.get("/api/alerts")).json()
    assert answer["counts"]["suppressed"] == 1
    assert answer["counts"]["major"] == 1, "the leak alone"
    assert "silence:x" in [alert["suppressed_by"] for alert in answer["items"]]


async def test_the_quarterly_reviews_are_shown(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        (made,) = (await client.get("/api/likelihood")).json()["items"]
    (estimate,) = made["estimates"]
    assert (made["quarter"], estimate["before"], estimate["likelihood"]) == ("2026Q2", "high", "low")
    assert estimate["lowers"]["major"] == "minor"

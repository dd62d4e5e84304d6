"""The review queue over HTTP: listing, detail, and people's moves with their refusals."""

from typing import Any

import pytest

from alert_rules.alert import Handling, Severity, Verdict
from gateway.alerts.people import Role
from gateway.alerts.records import AlertFilter
from gateway.api.schema import AlertDetail, AlertList, AlertView
from tests.unit.api.world import World, make_alert

SMOKE = make_alert().id
LEAK = make_alert("water_leak", 90.0, device="leak-1").id


async def listed(world: World, **params: Any) -> list[str]:
    async with world.client(Role.VIEWER) as client:
        response = await client.get("/api/alerts", params=params)
    assert response.status_code == 200, response.text
    return [item["id"] for item in AlertList.model_validate(response.json()).model_dump()["items"]]


async def move(world: World, name: str, body: dict[str, Any], alert: str = SMOKE) -> Any:
    async with world.client(Role.GUARD) as client:
        return await client.post(f"/api/alerts/{alert}/{name}", json=body)


async def test_open_alerts_come_from_memory_newest_first(world: World) -> None:
    assert await listed(world) == [SMOKE, LEAK]
    assert world.desk.searches == []


async def test_an_alert_the_disk_refuses_is_shown_and_marked(world: World) -> None:
    world.desk.unsaved.add(SMOKE)
    async with world.client(Role.VIEWER) as client:
        items = (await client.get("/api/alerts?state=all")).json()["items"]
        detail = (await client.get(f"/api/alerts/{SMOKE}")).json()
    assert [(item["id"], item["saved"]) for item in items] == [(SMOKE, False), (LEAK, True)]
    assert detail["saved"] is False


async def test_counts_are_of_the_whole_site_open_and_not_judged(world: World) -> None:
    world.desk.add(
        make_alert("a", 1.0, verdict=Verdict.DRILL), make_alert("b", 2.0, handling=Handling.RESOLVED), make_alert("c")
    )
    async with world.client(Role.VIEWER) as client:
        counts = (await client.get("/api/alerts?severity=notice")).json()["counts"]
    assert counts == {"critical": 2, "major": 1, "minor": 0, "notice": 0, "suppressed": 0}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"severity": "major"}, [LEAK]),
        ({"severity": ""}, [SMOKE, LEAK]),
        ({"rule": "smoke_alarm"}, [SMOKE]),
        ({"building": "b2"}, []),
        ({"q": "KITCHEN"}, [SMOKE, LEAK]),
        ({"q": "leak-1"}, [LEAK]),
        ({"q": "water_"}, [LEAK]),
        ({"q": "nothing of the kind"}, []),
        ({"limit": "1"}, [SMOKE]),
        ({"before": "100"}, [LEAK]),
        ({"before": "100", "before_id": "~"}, [SMOKE, LEAK]),
        ({"before": "90"}, []),
    ],
)
async def test_open_alerts_can_be_narrowed(world: World, params: dict[str, str], expected: list[str]) -> None:
    assert await listed(world, **params) == expected


async def test_pages_lose_nothing_raised_at_the_same_instant(world: World) -> None:
    world.desk.alerts.clear()
    world.desk.add(*(make_alert(device=f"smoke-{n}", raised_at=5.0) for n in range(7)))
    seen: list[str] = []
    page = await listed(world, limit=3)
    while page:
        seen += page
        page = await listed(world, limit=3, before=5.0, before_id=page[-1])
    assert sorted(seen) == sorted(world.desk.alerts)


async def test_resolved_alerts_come_from_the_store_with_the_whole_filter(world: World) -> None:
    world.desk.add(make_alert("old", 50.0, handling=Handling.RESOLVED, resolved_by="guard"))
    params = {"state": "resolved", "severity": "critical", "building": "b1", "q": "kitchen", "limit": 9, "before": 60}
    assert len(await listed(world, **params)) == 1
    assert world.desk.searches == [
        AlertFilter(state="resolved", severity="critical", building="b1", q="kitchen", limit=9, before=60.0)
    ]


async def test_memory_outranks_the_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stale(_filter: AlertFilter) -> list[Any]:
        return [make_alert(severity=Severity.MINOR)]

    monkeypatch.setattr(world.desk, "search", stale)
    async with world.client(Role.VIEWER) as client:
        items = (await client.get("/api/alerts?state=all")).json()["items"]
    assert [item["severity"] for item in items] == ["critical", "major"]


@pytest.mark.parametrize(
    "query",
    ["state=closed", "severity=red", "limit=0", "limit=501", "before=nan", "before=inf", "sevrity=major", "q=%00"],
)
async def test_a_wrong_filter_is_refused_by_name(world: World, query: str) -> None:
    async with world.client(Role.VIEWER) as client:
        response = await client.get(f"/api/alerts?{query}")
    assert response.status_code == 422
    assert f"query.{query.partition('=')[0]}" in response.json()["detail"]


async def test_the_detail_tells_what_happened(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        body = (await client.get(f"/api/alerts/{SMOKE}")).json()
    detail = AlertDetail.model_validate(body)
    assert detail.stage == "new"
    assert body["timeline"] == [
        {"seq": 1, "at": 101.0, "actor": "system", "action": "raise", "detail": {"test": False}}
    ]


async def test_a_person_works_an_alert_through(world: World) -> None:
    seen = (await move(world, "acknowledge", {"version": 1})).json()
    assert (seen["stage"], seen["acknowledged_by"], seen["version"]) == ("acknowledged", "guard", 2)
    noted = (await move(world, "comment", {"text": " on my way "})).json()
    assert noted["version"] == 3
    judged = (await move(world, "verdict", {"version": 3, "verdict": "false_alarm", "reason": "cooking"})).json()
    assert (judged["stage"], judged["verdict_reason"], judged["verdict_by"]) == ("judged", "cooking", "guard")
    done = await move(world, "resolve", {"version": 4, "note": "aired"})
    assert AlertView.model_validate(done.json()).stage == "resolved"


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("acknowledge", {"version": 7}, "look again"),
        ("verdict", {"version": 7, "verdict": "drill"}, "look again"),
        ("verdict", {"version": 1, "verdict": "false_alarm", "reason": " "}, "needs its reason"),
        ("resolve", {"version": 7}, "look again"),
        ("resolve", {"version": 1}, "judge it first"),
    ],
)
async def test_stale_and_illegal_moves_are_conflicts(world: World, name: str, body: dict[str, Any], says: str) -> None:
    response = await move(world, name, body)
    assert response.status_code == 409
    assert says in response.json()["detail"]
    assert world.desk.alerts[SMOKE] == make_alert()


MOVES: list[tuple[str, dict[str, Any]]] = [
    ("acknowledge", {"version": 1}),
    ("verdict", {"version": 1, "verdict": "drill"}),
    ("comment", {"text": "seen"}),
    ("resolve", {"version": 1}),
]


@pytest.mark.parametrize(("name", "body"), MOVES)
async def test_a_move_on_no_alert_is_not_found(world: World, name: str, body: dict[str, Any]) -> None:
    response = await move(world, name, body, alert="nosuchalert")
    assert response.status_code == 404
    assert "'nosuchalert'" in response.json()["detail"]


@pytest.mark.parametrize(("name", "body"), MOVES)
async def test_a_move_the_disk_refuses_says_so(world: World, name: str, body: dict[str, Any]) -> None:
    world.desk.disk_full = True
    response = await move(world, name, body)
    assert response.status_code == 503
    assert "free space" in response.json()["detail"]


async def test_no_such_alert(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        assert (await client.get("/api/alerts/nosuchalert")).status_code == 404


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("acknowledge", {}),
        ("acknowledge", {"version": "x"}),
        ("acknowledge", {"version": 0}),
        ("acknowledge", {"version": 1, "actor": "somebody else"}),
        ("verdict", {"version": 1, "verdict": "maybe"}),
        ("verdict", {"version": 1, "verdict": "drill", "reason": "x" * 4001}),
        ("comment", {"text": "   "}),
        ("comment", {"text": "a\x00b"}),
        ("resolve", {"version": 1, "note": 5}),
    ],
)
async def test_a_malformed_move_changes_nothing(world: World, name: str, body: dict[str, Any]) -> None:
    assert (await move(world, name, body)).status_code == 422
    assert world.desk.alerts[SMOKE] == make_alert()


async def test_a_lone_surrogate_in_a_comment_is_refused(world: World) -> None:
    async with world.client(Role.GUARD) as client:
        response = await client.post(
            f"/api/alerts/{SMOKE}/comment", content=b'{"text": "\\ud800"}', headers={"Content-Type": "application/json"}
        )
    assert response.status_code == 422

"""Looking back over the API: who may ask, what is asked, and what is answered when nobody can."""

from typing import Any

import pytest

from gateway.alerts.people import Role
from tests.unit.api.world import World, make_alert

ALERT = make_alert()
SILENCE = {"device": "smoke-b1-03", "heard": [], "unconcerned": {"lift_e_bike": "judges only lift"}}
FEEDBACK: dict[str, Any] = {"shares": {"rule": []}, "advice": None}
EXPLANATION = {
    "alert": {"id": ALERT.id},
    "about": "Fire.",
    "parameters": {},
    "timeline": [],
    "reproduced": True,
    "prevented_by": [{"parameter": "dwell_s", "was": 60, "value": 120}],
}


@pytest.mark.parametrize(
    ("url", "answer", "asked"),
    [
        (f"/api/alerts/{ALERT.id}/explanation", EXPLANATION, ("alert", ALERT.id)),
        (
            "/api/devices/smoke-b1-03/explanation?at=2026-11-03T14:05",
            SILENCE,
            ("silence", "smoke-b1-03", "2026-11-03T14:05"),
        ),
        ("/api/feedback?days=7", FEEDBACK, ("feedback", "7")),
        ("/api/feedback", FEEDBACK, ("feedback", "90")),
    ],
)
async def test_the_question_is_passed_on_and_the_answer_comes_back(
    world: World, url: str, answer: dict[str, Any], asked: tuple[str, ...]
) -> None:
    world.lookback.answer = answer
    async with world.client(Role.VIEWER) as client:
        got = await client.get(url)
    assert (got.status_code, got.json()) == (200, answer)
    assert world.lookback.asked == [asked]


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/alerts/nothing/explanation", 404),
        ("/api/devices/nothing/explanation?at=2026-11-03T14:05", 404),
        ("/api/devices/smoke-b1-03/explanation", 422),
        ("/api/feedback?days=0", 422),
    ],
)
async def test_what_cannot_be_asked_is_refused(world: World, url: str, status: int) -> None:
    async with world.client(Role.VIEWER) as client:
        got = await client.get(url)
    assert (got.status_code, world.lookback.asked) == (status, [])


async def test_an_answer_that_does_not_come_is_said(world: World) -> None:
    world.lookback.away = True
    async with world.client(Role.VIEWER) as client:
        got = await client.get("/api/feedback")
    assert (got.status_code, got.json()["detail"]) == (503, "ask on the command line")

"""How much anybody may ask, and who is never held up."""

import pytest
from starlette.exceptions import HTTPException

from gateway.alerts.people import Role
from gateway.api.limits import BURST, MOST_KEYS, Limits
from tests.unit.api.world import World, make_alert

LOGIN = {"username": "guard", "password": "draug"}


class Moment:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def tight(world: World, moment: Moment) -> World:
    world.app.state.limits = Limits(moment, burst=20, per_s=2)
    return world


def test_a_bucket_empties_and_refills(moment: Moment) -> None:
    limits = Limits(moment, burst=2, per_s=0.5)
    limits.take("a")
    limits.take("a")
    with pytest.raises(HTTPException) as refused:
        limits.take("a")
    assert refused.value.status_code == 429
    assert refused.value.headers == {"Retry-After": "2"}
    moment.at = 2.0
    limits.take("a")
    with pytest.raises(HTTPException):
        limits.take("a")


def test_one_does_not_pay_for_another(moment: Moment) -> None:
    limits = Limits(moment, burst=1, per_s=1)
    limits.take("a")
    limits.take("b")


def test_a_flood_of_addresses_is_no_flood_of_counters(moment: Moment) -> None:
    limits = Limits(moment)
    for number in range(MOST_KEYS + 500):
        limits.take(f"address:{number}")
    assert len(limits) == MOST_KEYS


async def test_too_much_is_a_problem_that_says_when(tight: World, moment: Moment) -> None:
    async with tight.client(Role.VIEWER) as client:
        assert [(await client.get("/api/site")).status_code for _ in range(20)] == [200] * 20
        response = await client.get("/api/site")
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "1"
        assert response.headers["Content-Type"] == "application/problem+json"
        assert "try again in 1 s" in response.json()["detail"]
        moment.at = 1.0
        assert (await client.get("/api/site")).status_code == 200


async def test_the_stream_of_a_console_and_the_health_check_are_never_held_up(tight: World) -> None:
    tight.hub.close()
    async with tight.client(Role.GUARD) as client:
        for _ in range(25):
            await client.get("/api/site")
        assert (await client.get("/api/site")).status_code == 429
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/api/stream")).status_code == 503  # the hub's own answer, not the limit's


async def test_a_token_pays_for_the_stream_as_for_anything(tight: World) -> None:
    tight.hub.close()
    async with tight.client(headers={"Authorization": "Bearer cgt_read"}) as client:
        assert [(await client.get("/api/stream")).status_code for _ in range(21)][-2:] == [503, 429]


async def test_strangers_who_guess_are_slowed_by_address_and_nobody_else_is(tight: World) -> None:
    async with tight.client() as client:
        answers = [(await client.get("/api/site", headers={"Cookie": "cg_session=x"})).status_code for _ in range(21)]
        assert answers == [401] * 20 + [429]
        assert (await client.post("/api/login", json=LOGIN)).status_code == 429
    async with tight.client(Role.GUARD) as same_address, tight.client(peer=("192.0.2.8", 1)) as other_address:
        assert (await same_address.get("/api/site")).status_code == 200
        assert (await other_address.post("/api/login", json=LOGIN)).status_code == 200


async def test_logins_and_exports_count_for_more(tight: World) -> None:
    async with tight.client() as client:
        codes = [(await client.post("/api/login", json=LOGIN)).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    async with tight.client(Role.VIEWER) as client:
        assert (await client.get("/api/exports/alerts.csv")).status_code == 429


async def test_devices_that_push_are_not_counted_here(tight: World) -> None:
    async with tight.client(headers={"Authorization": "Bearer nivikih"}) as client:
        codes = {(await client.post("/push/hikvision?device=d1", content=b"{}")).status_code for _ in range(25)}
    assert 429 not in codes


async def test_a_guard_at_work_never_meets_the_limit(world: World, moment: Moment) -> None:
    """Ten moves a second for a minute, each with a look at the list: far more than hands can do."""
    world.app.state.limits = limits = Limits(moment)
    for step in range(600):
        moment.at = step / 10
        limits.take("session:guard")
        limits.take("session:guard")
    async with world.client(Role.GUARD) as client:
        response = await client.post(f"/api/alerts/{make_alert().id}/acknowledge", json={"version": 1})
    assert response.status_code == 200
    assert BURST >= 600

"""Moves that meet: two people at once, a disk that refuses or is still writing. Nobody's move is lost or done twice."""

import asyncio
from collections.abc import Callable

import pytest

from alert_rules.alert import Alert, Entry, Handling, IllegalMove, Response, Stage, Verdict
from alert_rules.moves import assign, close, judge, respond
from gateway.alerts.records import Changes
from gateway.api.ports import Conflict, Unsaved
from gateway.site import Site
from tests.unit.core.world import ManualClock, World, running

Move = Callable[[Alert, float], Entry]
SMOKE = {"smoke": True}


def closing(actor: str, review: str = "a pan") -> Move:
    return lambda alert, now: close(alert, actor, review, now)


def assigning(actor: str, to: str) -> Move:
    return lambda alert, now: assign(alert, actor, to, now)


def judging(actor: str, verdict: Verdict) -> Move:
    return lambda alert, now: judge(alert, actor, verdict, "steam", now)


async def fire(world: World) -> Alert:
    await world.say("s1", seq=1, states=SMOKE)
    return world.the_alert()


async def resolved(world: World) -> Alert:
    alert = await fire(world)
    await world.desk.judge(alert.id, alert.version, Verdict.TRUE_ALARM, "", "li")
    return await world.desk.resolve(alert.id, alert.version, "out", "li")


def actions(world: World, alert: Alert) -> list[str]:
    return [row.action for row in world.store.timeline(alert.id)]


def stored(world: World, alert: Alert) -> Alert:
    found = world.store.get(alert.id)
    assert found is not None
    return found


def names(answers: list[object]) -> list[str]:
    return sorted(type(answer).__name__ for answer in answers)


async def test_of_two_who_close_at_once_one_meets_a_conflict(site: Site) -> None:
    async with running(site) as world:
        alert = await resolved(world)
        moves = [world.desk.move(alert.id, alert.version, closing(name)) for name in ("wang", "zhao")]
        assert names(await asyncio.gather(*moves, return_exceptions=True)) == ["Alert", "Conflict"]
        assert actions(world, alert).count("close") == 1
        assert stored(world, alert).stage is Stage.CLOSED


async def test_of_one_who_corrects_and_one_who_closes_one_meets_a_conflict(site: Site) -> None:
    async with running(site) as world:
        alert = await resolved(world)
        moves = (judging("wang", Verdict.FALSE_ALARM), closing("zhao"))
        answers = await asyncio.gather(
            *(world.desk.move(alert.id, alert.version, move) for move in moves), return_exceptions=True
        )
        assert names(list(answers)) == ["Alert", "Conflict"]
        assert len(actions(world, alert)) == 4


async def test_of_ten_who_assign_at_once_one_succeeds(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        moves = [world.desk.move(alert.id, 1, assigning("wang", f"guard-{n}")) for n in range(10)]
        answers = await asyncio.gather(*moves, return_exceptions=True)
        assert names(list(answers)) == ["Alert"] + ["Conflict"] * 9
        (row,) = (row for row in world.store.timeline(alert.id) if row.action == "assign")
        assert stored(world, alert).assigned_to == row.detail["to"]


async def test_whoever_closes_again_is_told_who_did(site: Site) -> None:
    async with running(site) as world:
        alert = await resolved(world)
        closed = await world.desk.move(alert.id, alert.version, closing("wang"))
        with pytest.raises(IllegalMove, match="wang"):
            await world.desk.move(alert.id, closed.version, closing("zhao"))
        with pytest.raises(IllegalMove, match="wang"):
            await world.desk.move(alert.id, closed.version, judging("zhao", Verdict.DRILL))
        assert stored(world, alert).closed_by == "wang"


async def test_a_close_the_disk_refused_is_not_done_again(site: Site) -> None:
    async with running(site) as world:
        alert = await resolved(world)
        with world.refusing_store():
            with pytest.raises(Unsaved):
                await world.desk.move(alert.id, alert.version, closing("wang"))
            with pytest.raises(Conflict):
                await world.desk.move(alert.id, alert.version, closing("zhao"))
        await world.settled()
        assert actions(world, alert).count("close") == 1
        assert stored(world, alert).closed_by == "wang"


async def test_an_alert_whose_end_is_not_on_the_disk_is_not_taken_for_open(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        await world.desk.judge(alert.id, 1, Verdict.TRUE_ALARM, "", "li")
        seen = alert.version
        with world.refusing_store():
            with pytest.raises(Unsaved):
                await world.desk.resolve(alert.id, seen, "out", "li")
            with pytest.raises(Conflict):
                await world.desk.move(alert.id, seen, assigning("wang", "zhao"))
            found = await world.desk.detail(alert.id)
            assert found is not None
            assert found[0].handling is Handling.RESOLVED
        await world.settled()
        assert stored(world, alert).handling is Handling.RESOLVED
        assert world.store.load().alerts == []


async def test_a_move_while_the_end_is_being_written_knows_of_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(site) as world:
        alert = await fire(world)
        await world.desk.judge(alert.id, 1, Verdict.TRUE_ALARM, "", "li")
        seen, commit, loop = alert.version, world.store.commit, asyncio.get_running_loop()
        moved: list[asyncio.Task[Alert]] = []

        async def another() -> None:
            moved.append(asyncio.create_task(world.desk.move(alert.id, seen, assigning("wang", "zhao"))))
            await asyncio.wait(moved)

        def meanwhile(changes: Changes) -> None:
            if not moved:
                asyncio.run_coroutine_threadsafe(another(), loop).result(10)
            commit(changes)

        monkeypatch.setattr(world.store, "commit", meanwhile)
        await world.desk.resolve(alert.id, seen, "out", "li")
        with pytest.raises(Conflict):
            await moved[0]
        assert stored(world, alert).handling is Handling.RESOLVED
        assert world.store.load().alerts == []


async def test_what_is_saved_is_kept_in_memory_no_longer(site: Site) -> None:
    async with running(site) as world:
        alert = await resolved(world)
        assert world.book.latest(alert.id) is None
        await world.desk.move(alert.id, alert.version, closing("wang"))
        assert world.book.latest(alert.id) is None
        assert world.book._unwritten == {}


async def test_a_comment_by_the_owner_uses_the_claim_for_good(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        alert = await fire(world)
        await world.desk.acknowledge(alert.id, 1, "li")
        await world.desk.comment(alert.id, "on my way", "li")
        assert stored(world, alert) == alert
        assert alert.claim_used
    async with running(site, clock) as world:
        restored = world.the_alert()
        assert (restored.claim_used, restored.version) == (True, alert.version)
        assert world.book._escalations.of[alert.id].claimed is not None
        clock.time += 500
        world.evaluator.reviewing()
        await world.settled()
        assert world.the_alert().acknowledged_by == "li"


async def test_a_comment_by_another_changes_no_claim(site: Site) -> None:
    async with running(site) as world:
        alert = await fire(world)
        await world.desk.acknowledge(alert.id, 1, "li")
        before = alert.version
        await world.desk.comment(alert.id, "who goes?", "wang")
        assert (alert.version, alert.claim_used) == (before, False)
        assert stored(world, alert) == alert


async def test_a_comment_on_a_closed_alert_leaves_it_closed(site: Site) -> None:
    async with running(site) as world:
        alert = await resolved(world)
        closed = await world.desk.move(alert.id, alert.version, closing("wang"))
        await world.desk.comment(alert.id, "a new pan", "li")
        assert stored(world, alert) == closed
        assert actions(world, alert)[-2:] == ["close", "comment"]


@pytest.mark.parametrize("first", [Response.DISPATCHED, Response.ARRIVED])
async def test_help_goes_only_forward(site: Site, first: Response) -> None:
    async with running(site) as world:
        alert = await fire(world)
        await world.desk.move(alert.id, 1, lambda a, now: respond(a, "li", first, now))
        for response in (Response.ASSIGNED, Response.DISPATCHED, first):
            with pytest.raises(IllegalMove, match="forward"):
                await world.desk.move(alert.id, 2, lambda a, now, r=response: respond(a, "li", r, now))  # type: ignore[misc]
        assert stored(world, alert).response is first
        assert actions(world, alert) == ["raise", "respond"]

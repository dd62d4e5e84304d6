"""A task that fails stops the gateway loudly; those asked to end are given time, not for ever."""

import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.tasks import Tasks


async def for_ever() -> None:
    await asyncio.Event().wait()


async def failing(text: str) -> None:
    raise ValueError(text)


async def test_the_first_failure_stops_everything_and_is_kept() -> None:
    stop = asyncio.Event()
    tasks = Tasks(stop)
    with capture_logs() as log:
        tasks.start("one", failing("first"))
        tasks.start("two", failing("second"))
        tasks.start("three", for_ever())
        await asyncio.wait_for(stop.wait(), 5)
        await asyncio.sleep(0)
    assert str(tasks.failure) == "first"
    assert [(entry["task"], entry["log_level"]) for entry in log] == [("one", "critical"), ("two", "critical")]
    await tasks.cancel("three", within_s=5)


async def test_an_end_in_good_order_is_no_failure() -> None:
    stop = asyncio.Event()
    tasks = Tasks(stop)
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    tasks.start("short", work())
    tasks.start("long", for_ever())
    await done.wait()
    await tasks.finish("short", within_s=5)
    await tasks.cancel("long", within_s=5)
    assert tasks.failure is None
    assert not stop.is_set()


async def test_what_does_not_finish_in_time_is_cancelled() -> None:
    tasks = Tasks(asyncio.Event())
    tasks.start("slow-1", for_ever())
    tasks.start("slow-2", for_ever())
    tasks.start("other", for_ever())
    async with asyncio.timeout(5):
        await tasks.finish("slow", within_s=0.01)
    assert [name for name, task in tasks._tasks.items() if not task.done()] == ["other"]
    await tasks.cancel("other", within_s=5)


async def test_a_cancelled_task_may_put_away_what_it_holds() -> None:
    tasks = Tasks(asyncio.Event())
    put_away = asyncio.Event()
    started = asyncio.Event()

    async def holder() -> None:
        started.set()
        try:
            await for_ever()
        finally:
            await asyncio.sleep(0.01)
            put_away.set()

    tasks.start("holder", holder())
    await started.wait()
    await tasks.cancel("holder", within_s=5)
    assert put_away.is_set()


async def test_waiting_for_nobody_does_not_wait() -> None:
    tasks = Tasks(asyncio.Event())
    async with asyncio.timeout(1):
        await tasks.finish("nobody", within_s=60)
        await tasks.cancel("nobody", within_s=60)


@pytest.mark.parametrize("how", ["finish", "cancel"])
async def test_a_task_that_ignores_cancellation_does_not_hold_up_the_end(how: str) -> None:
    tasks = Tasks(asyncio.Event())
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    tasks.start("stubborn", stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await getattr(tasks, how)("stubborn", within_s=0.05)
    release.set()
    await tasks.finish("stubborn", within_s=5)

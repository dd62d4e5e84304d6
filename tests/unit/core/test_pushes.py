"""A pushed message goes the way of every other: admission, journal, and only then an answer."""

import asyncio

import pytest

from devices.dialects.dialect import Lane
from gateway.api.ports import Unavailable
from gateway.ingest.intake import Intake
from gateway.pushes import MAX_WAITING, PushDesk
from tests.unit.ingest.making import NOON, TOPIC, admission


class Disk:
    """A journal that commits when told to, or refuses."""

    def __init__(self) -> None:
        self.may_commit = asyncio.Event()
        self.committing = asyncio.Event()
        self.kept: list[str] = []
        self.refused: list[str] = []
        self.full = False
        self.intake = Intake(
            Lane.ALARM,
            admission(),
            self.commit,
            committed=lambda _: None,
            unsaved=lambda *_: None,
            saved=lambda: None,
            now=lambda: NOON,
            failures=(OSError,),
        )

    async def commit(self, envelopes: list, refused: list) -> object:  # type: ignore[type-arg]
        self.committing.set()
        await self.may_commit.wait()
        if self.full:
            raise OSError("no space left")
        self.kept += [envelope.topic for envelope in envelopes]
        self.refused += [reject.reason for _, reject in refused]
        return object()


def desk(disk: Disk, patience_s: float = 10.0) -> PushDesk:
    return PushDesk(disk.intake, {"hikvision": "s3cret"}, patience_s)


async def test_it_answers_after_the_commit_and_not_before() -> None:
    disk = Disk()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(disk.intake.run())
        pushed = tasks.create_task(desk(disk).push(TOPIC.format("s1"), b"{}"))
        await disk.committing.wait()
        assert not pushed.done()
        disk.may_commit.set()
        await pushed
        assert disk.kept == [TOPIC.format("s1")]
        disk.intake.close()


async def test_what_nobody_understands_becomes_a_dead_letter_and_is_answered() -> None:
    disk = Disk()
    disk.may_commit.set()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(disk.intake.run())
        await desk(disk).push("elsewhere/x", b"{}")
        disk.intake.close()
    assert (disk.kept, disk.refused) == ([], ["unknown_dialect"])


async def test_a_disk_that_refuses_is_told_after_a_while() -> None:
    disk = Disk()
    disk.full = True
    disk.may_commit.set()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(disk.intake.run())
        with pytest.raises(Unavailable, match="send it again"):
            await desk(disk, 0.01).push(TOPIC.format("s1"), b"{}")
        disk.intake.close()
    assert disk.kept == []


async def test_a_late_commit_finds_nobody_waiting() -> None:
    disk = Disk()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(disk.intake.run())
        with pytest.raises(Unavailable):
            await desk(disk, 0.01).push(TOPIC.format("s1"), b"{}")
        disk.may_commit.set()
        disk.intake.close()
    assert disk.kept == [TOPIC.format("s1")]


async def test_only_so_many_wait_at_once() -> None:
    disk = Disk()
    pushes = desk(disk)
    waiting = [asyncio.ensure_future(pushes.push(TOPIC.format(n), b"{}")) for n in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="wait for the disk"):
        await pushes.push(TOPIC.format("more"), b"{}")
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert disk.intake.received == MAX_WAITING


async def test_only_its_own_token_opens_an_endpoint() -> None:
    pushes = desk(Disk())
    assert pushes.accepts("hikvision", "s3cret")
    assert not any(pushes.accepts("hikvision", token) for token in ("", "s3cre", "s3crett", "锁"))
    assert not pushes.accepts("zkteco", "s3cret")
    assert not pushes.accepts("zkteco", "")

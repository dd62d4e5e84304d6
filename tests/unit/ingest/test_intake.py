"""A message is acknowledged after its commit and never before, however the disk behaves."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ingest import intake as intake_module
from tests.unit.ingest.making import Bench, Wire, packet, packets, settled


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    bench.disk.hold.set()
    bench.disk.full = False
    await bench.close()


async def test_no_acknowledgement_while_the_commit_is_under_way(bench: Bench) -> None:
    wire = Wire()
    bench.disk.hold.clear()
    bench.intake.take(wire, packets(1, 2))
    await settled()
    assert (bench.disk.attempts, wire.acked) == (1, [])
    bench.disk.hold.set()
    await settled()
    assert wire.acked == [1, 2]


async def test_at_the_moment_of_the_acknowledgement_the_batch_is_kept(bench: Bench) -> None:
    seen: list[list[list[int]]] = []
    wire = Wire(on_ack=lambda _: seen.append([list(batch) for batch in bench.disk.kept]))
    bench.intake.take(wire, packets(1, 2))
    await settled()
    assert seen == [[[1, 2]]]


async def test_consumers_hear_of_a_batch_after_its_commit(bench: Bench) -> None:
    bench.disk.hold.clear()
    bench.intake.take(Wire(), packets(1))
    await settled()
    assert bench.committed == []
    bench.disk.hold.set()
    await settled()
    assert bench.committed == [[1]]


async def test_what_arrives_during_a_commit_becomes_the_next_batch(bench: Bench) -> None:
    wire = Wire()
    bench.disk.hold.clear()
    bench.intake.take(wire, packets(1))
    await settled()
    bench.intake.take(wire, packets(2))
    bench.intake.take(wire, packets(3, 4))
    bench.disk.hold.set()
    await settled()
    assert bench.disk.kept == [[1], [2, 3, 4]]
    assert wire.acked == [1, 2, 3, 4]


async def test_refused_messages_are_acknowledged_with_their_batch_and_kept_as_dead_letters(bench: Bench) -> None:
    wire = Wire()
    bench.intake.take(wire, [packet(1), packet(2, device="bad/name"), packet(3)])
    await settled()
    assert wire.acked == [1, 2, 3]
    assert bench.disk.kept == [[1, 3]]
    assert bench.disk.refused == ["bad_topic"]
    assert bench.intake.rejected == {"bad_topic": 1}
    assert bench.intake.received == 3


async def test_quality_of_service_zero_is_kept_and_not_acknowledged(bench: Bench) -> None:
    wire = Wire()
    bench.intake.take(wire, packets(1, 2, qos=0))
    await settled()
    assert bench.disk.kept == [[1, 2]]
    assert wire.acked == []


async def test_each_connection_gets_its_own_acknowledgements(bench: Bench) -> None:
    first, second = Wire(), Wire()
    bench.intake.take(first, packets(1))
    bench.intake.take(second, packets(1, 2))
    bench.intake.take(first, packets(2))
    await settled()
    assert (first.acked, second.acked) == ([1, 2], [1, 2])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 4), st.booleans(), st.booleans()), min_size=1, max_size=25))
def test_acknowledgements_keep_the_order_of_arrival(steps: list[tuple[int, bool, bool]]) -> None:
    async def play() -> None:
        bench, wire, sent = Bench(), Wire(), 0
        for count, held, wait in steps:
            bench.disk.hold.clear() if held else bench.disk.hold.set()
            bench.intake.take(wire, packets(*range(sent + 1, sent + 1 + count)))
            sent += count
            if wait:
                await settled()
            assert wire.acked == [n for batch in bench.disk.kept for n in batch]
        bench.disk.hold.set()
        await bench.close()
        assert wire.acked == list(range(1, sent + 1))

    asyncio.run(play())


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "RETRY_S", 0.01)


@pytest.mark.usefixtures("hasty")
async def test_a_refusing_disk_gets_no_acknowledgement_until_it_recovers(bench: Bench) -> None:
    wire = Wire()
    bench.disk.full = True
    bench.intake.take(wire, packets(1, 2))
    for _ in range(3):
        await bench.disk.another_attempt()
    assert wire.acked == []
    assert bench.well == 0
    bench.disk.full = False
    await bench.disk.another_attempt()
    assert (wire.acked, bench.disk.kept, bench.well) == ([1, 2], [[1, 2]], 1)


@pytest.mark.usefixtures("hasty")
async def test_an_unsaved_message_is_told_once_however_often_it_is_tried(bench: Bench) -> None:
    wire = Wire()
    bench.disk.full = True
    bench.intake.take(wire, packets(1, 2))
    for _ in range(3):
        await bench.disk.another_attempt()
    bench.intake.take(wire, packets(3))
    for _ in range(3):
        await bench.disk.another_attempt()
    assert bench.unsaved == [1, 2, 3]
    bench.disk.full = False
    await bench.disk.another_attempt()
    assert bench.disk.kept == [[1, 2, 3]]
    assert wire.acked == [1, 2, 3]


async def test_news_during_the_wait_is_told_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "RETRY_S", 60.0)
    bench.disk.full = True
    bench.intake.take(Wire(), packets(1))
    await settled()
    bench.intake.take(Wire(), packets(2))
    await settled()
    assert bench.unsaved == [1, 2]


@pytest.mark.parametrize("when", ["waiting", "committing"])
async def test_closing_while_the_disk_refuses_ends_at_once_and_acknowledges_nothing(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "RETRY_S", 60.0)
    bench, wire = Bench(), Wire()
    bench.disk.full = True
    if when == "committing":
        bench.disk.hold.clear()
    bench.intake.take(wire, packets(1))
    await settled()
    bench.intake.close()
    bench.disk.hold.set()
    await bench.close()
    assert wire.acked == []
    assert bench.unsaved == [1]


async def test_closing_commits_what_was_taken() -> None:
    bench, wire = Bench(), Wire()
    bench.disk.hold.clear()
    bench.intake.take(wire, packets(1))
    await settled()
    bench.intake.take(wire, packets(2))
    bench.intake.close()
    bench.disk.hold.set()
    await bench.close()
    assert wire.acked == [1, 2]


async def test_an_error_nobody_foresaw_ends_the_task_instead_of_acknowledging() -> None:
    bench, wire = Bench(), Wire()
    bench.disk.kept = None  # type: ignore[assignment] # the commit fails with AttributeError
    bench.intake.take(wire, packets(1))
    with pytest.raises(AttributeError):
        await bench.close()
    assert wire.acked == []


async def test_a_connection_that_brings_too_much_is_not_read_from_until_there_is_room() -> None:
    bench, greedy, modest = Bench(enough=10), Wire(), Wire()
    bench.disk.hold.clear()
    bench.intake.take(modest, packets(1))
    await settled()
    bench.intake.take(greedy, packets(*range(2, 12)))
    bench.intake.take(greedy, packets(12))
    assert (greedy.reading, modest.reading) == (False, True)
    assert greedy.changes == ["pause"]
    bench.disk.hold.set()
    await settled()
    assert greedy.changes == ["pause", "resume"]
    await bench.close()


@pytest.mark.usefixtures("hasty")
async def test_what_waits_for_a_refusing_disk_is_bounded_even_without_acknowledgements() -> None:
    bench, wire, sent = Bench(enough=10), Wire(), 0
    bench.disk.full = True
    while wire.reading and sent < 1_000:
        sent += 1
        bench.intake.take(wire, packets(sent, qos=0))
        await settled()
    assert sent == 20
    bench.disk.full = False
    await bench.disk.another_attempt()
    assert wire.reading
    assert [n for batch in bench.disk.kept for n in batch] == list(range(1, 21))
    await bench.close()


@pytest.mark.usefixtures("hasty")
async def test_a_broker_that_sends_again_on_a_new_connection_is_acknowledged_there(bench: Bench) -> None:
    lost, fresh = Wire(), Wire()
    bench.disk.full = True
    bench.intake.take(lost, packets(1))
    await bench.disk.another_attempt()
    bench.intake.take(fresh, packets(1))
    await bench.disk.another_attempt()
    bench.disk.full = False
    await bench.disk.another_attempt()
    assert fresh.acked == [1]

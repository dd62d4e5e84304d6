"""A consumer sees each message exactly once and in order, whether it keeps up or falls behind."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.decode import Decoder
from devices.registry import Registry
from gateway.journal import tail as tail_module
from gateway.journal.journal import Batch, Journal
from gateway.journal.tail import Decoded, Tail
from tests.unit.journal.making import envelopes, opened, sql

DECODER = Decoder(Registry(), "home")
BUFFER = 12


class Lane:
    """A journal with one consumer, whose loads may be under way while batches come in."""

    def __init__(self, journal: Journal, start: int = 0) -> None:
        self.journal = journal
        self.reader = journal.reader()
        self.tail = Tail(start, journal.head, self.reader.read, DECODER)
        self.seen: list[int] = []
        self._loading: list[Batch] | None = None

    def commit(self, count: int) -> None:
        self.tail.offer(Decoded(self.journal.append(envelopes(self.journal.head, count)), DECODER))

    def pop(self) -> bool:
        decoded = self.tail.pop() if self._loading is None else None
        if decoded is not None:
            self._take(decoded)
        return decoded is not None

    def begin_load(self, messages: int) -> None:
        if self._loading is None and self.tail.lag > 0 and not self.tail.in_memory:
            self._loading = self.tail.load(messages)

    def end_load(self) -> None:
        if self._loading is not None:
            loaded, self._loading = self._loading, None
            for decoded in self.tail.passed(loaded):
                self._take(decoded)

    def finish(self) -> list[int]:
        self.end_load()
        until = time.monotonic() + 10
        while self.tail.lag > 0:
            assert time.monotonic() < until, "the consumer never catches up"
            if not self.pop():
                self.begin_load(5)
                self.end_load()
        return self.seen

    def _take(self, decoded: Decoded) -> None:
        self.seen += [int(e.payload.split(b"/")[0]) for e in decoded.batch.envelopes]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "MAX_BUFFERED", BUFFER)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = opened(tmp_path / "alarm.db")
    journal._db.execute("PRAGMA synchronous = OFF")  # hypothesis appends thousands of times; nothing is cut off here
    yield journal
    journal.close()


moves = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(1, 9)),
        st.tuples(st.just("pop"), st.just(0)),
        st.tuples(st.just("begin_load"), st.integers(1, 20)),
        st.tuples(st.just("end_load"), st.just(0)),
    ),
    max_size=60,
)


@pytest.mark.usefixtures("short")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves, behind=st.integers(0, 30))
def test_exactly_once_and_in_order(journal: Journal, moves: list[tuple[str, int]], behind: int) -> None:
    journal._db.executescript("DELETE FROM batch; DELETE FROM damaged;")
    journal.head = 0
    for _ in range(behind):
        journal.append(envelopes(journal.head, 1))
    lane = Lane(journal)
    for move, size in moves:
        getattr(lane, move)(*([size] if size else []))
    assert lane.finish() == list(range(journal.head))
    lane.reader.close()


@pytest.mark.usefixtures("short")
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves, bad=st.sets(st.integers(0, 15)))
def test_damage_costs_the_damaged_batches_and_no_other(
    journal: Journal, moves: list[tuple[str, int]], bad: set[int]
) -> None:
    journal._db.executescript("DELETE FROM batch; DELETE FROM damaged;")
    journal.head = 0
    for _ in range(16):
        journal.append(envelopes(journal.head, 2))
    lost = {seq for row in bad for seq in (2 * row, 2 * row + 1)}
    for row in bad:
        journal._db.execute("UPDATE batch SET crc = 0 WHERE seq = ?", (2 * row,))
    lane = Lane(journal)
    for move, size in moves:
        getattr(lane, move)(*([size] if size else []))
    assert lane.finish() == [n for n in range(journal.head) if n not in lost]
    assert lane.reader.damaged == len(lost)
    lane.reader.close()


@pytest.mark.usefixtures("short")
def test_nothing_is_skipped_when_all_that_was_left_is_damaged_and_the_buffer_overflows_meanwhile(
    journal: Journal,
) -> None:
    journal.append(envelopes(0, 2))
    journal._db.execute("UPDATE batch SET crc = 0")
    lane = Lane(journal)
    lane.begin_load(5)
    for _ in range(5):
        lane.commit(9)
    assert lane.finish() == list(range(2, 47))


def test_a_consumer_that_keeps_up_never_touches_the_disk(journal: Journal, tmp_path: Path) -> None:
    lane = Lane(journal)
    lane.commit(5)
    sql(tmp_path / "alarm.db", "DELETE FROM batch")
    assert lane.pop()
    assert lane.seen == [0, 1, 2, 3, 4]
    lane.reader.close()


@pytest.mark.usefixtures("short")
def test_what_waits_in_memory_is_bounded(journal: Journal) -> None:
    lane = Lane(journal)
    for _ in range(50):
        lane.commit(5)
        assert lane.tail._buffered <= BUFFER
        assert sum(len(d.batch.envelopes) for d in lane.tail._buffer) == lane.tail._buffered
    assert lane.finish() == list(range(250))
    lane.reader.close()


def test_starting_inside_a_batch(journal: Journal) -> None:
    journal.append(envelopes(0, 10))
    lane = Lane(journal, start=4)
    assert lane.tail.lag == 6
    assert lane.finish() == list(range(4, 10))
    lane.reader.close()


def test_what_cannot_be_decoded_keeps_its_sequence(journal: Journal) -> None:
    journal.append(envelopes(0, 3))
    lane = Lane(journal)
    lane.commit(3)
    lane.begin_load(1)
    (decoded,) = lane.tail.passed(lane.tail.load(1))
    assert [(seq, envelope.payload) for seq, envelope, _ in decoded.rejects] == [(0, b"0/"), (1, b"1/"), (2, b"2/")]
    lane.reader.close()

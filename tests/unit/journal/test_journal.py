"""What the journal keeps, gives back, forgets and refuses."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.journal.journal import Journal, JournalFull
from tests.unit.journal.making import NOON, envelope, envelopes, filled, letter, numbers, opened, sql


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "alarm.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = opened(path)
    yield journal
    journal.close()


def test_messages_come_back_as_they_went_in(journal: Journal) -> None:
    sent = [envelope(0), envelope(1, size=300_000)]
    sent[1].retained, sent[1].qos = True, 0
    batch = journal.append(sent)
    assert (batch.seq, batch.end) == (0, 2)
    assert journal.read(0)[0].envelopes == sent


def test_sequences_go_on_without_gaps(journal: Journal) -> None:
    assert [journal.append(envelopes(i, 3)).seq for i in (0, 3, 6)] == [0, 3, 6]
    assert journal.head == 9
    assert numbers(journal) == {n: n for n in range(9)}


@pytest.mark.parametrize("start", range(10))
def test_reading_may_begin_inside_a_batch(journal: Journal, start: int) -> None:
    for first in (0, 3, 6):
        journal.append(envelopes(first, 3))
    assert numbers(journal, start) == {n: n for n in range(start, 9)}


def test_reading_stops_after_enough_messages(journal: Journal) -> None:
    for first in range(0, 30, 3):
        journal.append(envelopes(first, 3))
    assert len(numbers(journal, 0, messages=7)) == 9
    assert sorted(numbers(journal, 9, messages=1)) == [9, 10, 11]


def test_a_reader_sees_what_was_committed_after_it_was_opened(journal: Journal) -> None:
    reader = journal.reader()
    journal.append(envelopes(0, 2))
    assert len(numbers(reader)) == 2
    reader.close()


def test_an_append_is_on_the_disk_before_it_returns(journal: Journal, path: Path) -> None:
    journal.append(envelopes(0, 5))
    assert sql(path, "SELECT seq, count FROM batch") == [(0, 5)]


def test_durability_is_asked_for_and_read_back(journal: Journal) -> None:
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_sqlite_that_does_not_sync_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless(sqlite3.Connection):
        def execute(self, statement: str, values: Any = ()) -> sqlite3.Cursor:
            return super().execute(statement.replace("= FULL", "= OFF"), values)

    careless = sqlite3.connect(":memory:", isolation_level=None, factory=Careless)
    monkeypatch.setattr("gateway.journal.file.sqlite3.connect", lambda *_, **__: careless)
    with pytest.raises(RuntimeError, match="synchronous=FULL"):
        opened(path)


def test_only_the_owner_may_look(journal: Journal, path: Path) -> None:
    assert path.parent.stat().st_mode & 0o077 == 0


def test_reopening_continues_the_sequence(path: Path) -> None:
    filled(path, 3, 4).close()
    again = opened(path)
    assert (again.head, again.damaged) == (12, 0)
    assert again.append(envelopes(12, 1)).seq == 12
    again.close()


def test_reopening_after_everything_was_purged_does_not_begin_at_zero(path: Path) -> None:
    journal = filled(path, 3, 4)
    assert journal.purge(12, NOON + 1_000) == 3
    journal.close()
    path.with_suffix(".head").unlink()
    again = opened(path)
    assert (again.head, again.oldest(), again.damaged) == (12, 12, 0)
    again.close()


def test_a_cursor_begins_at_the_oldest_message_and_stays_where_it_was_put(path: Path) -> None:
    journal = filled(path, 3, 4)
    journal.purge(4, NOON + 1_000)
    assert journal.cursor("history") == 4
    journal.move_cursor("history", 8)
    journal.close()
    again = opened(path)
    assert again.cursor("history") == 8
    assert again.cursor("other") == 4
    again.close()


def test_a_cursor_that_was_never_reached_reads_everything_again(journal: Journal) -> None:
    journal.append(envelopes(0, 4))
    journal.move_cursor("history", 1_000_000)
    assert journal.cursor("history") == 0


def test_purge_takes_what_is_consumed_and_old(path: Path) -> None:
    journal = filled(path, 5, 2)  # the batches end at NOON + 1, 3, 5, 7, 9
    assert journal.purge(10, NOON + 4) == 2
    assert journal.purge(6, NOON + 1_000) == 1
    assert journal.purge(7, NOON + 1_000) == 0  # the batch of 6 and 7 is consumed half
    assert sorted(numbers(journal)) == [6, 7, 8, 9]
    journal.close()


def test_purge_leaves_no_gap_when_the_clock_went_back(journal: Journal) -> None:
    for first, at in ((0, NOON), (2, NOON - 9_000), (4, NOON)):
        journal.append(envelopes(first, 2, at=at))
    assert journal.purge(6, NOON - 1_000) == 0
    assert len(numbers(journal)) == 6


def test_purge_gives_space_back(path: Path) -> None:
    journal = filled(path, 100, 2, size=5_000)
    before = journal.size(), journal._pragma("page_count")
    assert journal.purge(200, NOON + 1_000) == 100
    assert journal.size() < before[0] / 5
    assert journal._pragma("page_count") < before[1] / 5
    journal.close()


def test_above_the_bound_age_no_longer_protects(path: Path) -> None:
    filled(path, 100, 2, size=5_000).close()
    journal = opened(path, max_bytes=1_000_000)
    assert journal.purge(150, 0.0) == 75
    assert min(numbers(journal)) == 150
    journal.close()


def test_a_full_journal_refuses_and_keeps_what_it_has(path: Path) -> None:
    filled(path, 100, 2, size=5_000).close()
    journal = opened(path, max_bytes=1_000_000)
    with pytest.raises(JournalFull, match=r"alarm\.db"):
        journal.append(envelopes(200, 1))
    assert (journal.head, len(numbers(journal))) == (200, 200)
    journal.purge(200, 0.0)
    assert journal.append(envelopes(200, 1)).seq == 200
    journal.close()


def test_compressed_messages_read_the_same(path: Path) -> None:
    journal = filled(path, 10, 3, size=2_000)
    before = journal.size()
    assert journal.compress(15) == 5
    assert journal.compress(15) == 0
    assert numbers(journal) == {n: n for n in range(30)}
    journal.compress(30)
    journal._db.execute("VACUUM")
    assert journal.size() < before / 2
    journal.close()


def test_compression_is_done_in_portions(path: Path) -> None:
    journal = filled(path, 10, 1)
    assert [journal.compress(10, limit=4) for _ in range(4)] == [4, 4, 2, 0]
    journal.close()


def test_dead_letters_come_newest_first(journal: Journal) -> None:
    journal.append(envelopes(0, 1), [letter(1), letter(2)])
    journal.bury([letter(3, seq=0)])
    assert [found.payload for found in journal.dead_letters(2)] == [b"3", b"2"]
    assert journal.dead_letters()[0].seq == 0


def test_a_sequence_is_buried_once(journal: Journal) -> None:
    journal.bury([letter(1, seq=7)])
    journal.bury([letter(2, seq=7), letter(3, seq=8)])
    assert [found.seq for found in journal.dead_letters()] == [8, 7]


def test_dead_letters_without_messages_take_no_sequence(journal: Journal) -> None:
    batch = journal.append([], [letter(1)])
    assert (batch.end, journal.head, len(journal.dead_letters())) == (0, 0, 1)


def test_dead_letters_are_bounded_in_number_and_size(path: Path) -> None:
    journal = opened(path, dead_letters=50)
    huge = letter(0)
    huge.payload, huge.topic = b"x" * 1_000_000, "t" * 10_000
    journal.bury([huge])
    assert [(len(d.payload), len(d.topic)) for d in journal.dead_letters()] == [(4096, 1024)]
    for number in range(300):
        journal.bury([letter(number)])
    kept = journal.dead_letters(1_000)
    assert 50 <= len(kept) <= 55
    assert kept[0].payload == b"299"
    journal.close()


def test_the_bound_holds_over_restarts(path: Path) -> None:
    for first in range(0, 200, 40):
        journal = opened(path, dead_letters=50)
        journal.bury([letter(n) for n in range(first, first + 40)])
        assert len(journal.dead_letters(1_000)) <= 55
        journal.close()


@pytest.fixture
def full_disk(path: Path) -> Iterator[Journal]:
    """A journal on a disk with room for two pages more."""
    journal = filled(path, 5, 2)
    journal._db.execute(f"PRAGMA max_page_count = {journal._pragma('page_count') + 2}")
    yield journal
    journal.close()


def test_a_full_disk_refuses_and_writes_nothing_half(full_disk: Journal, path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="full"):
        full_disk.append(envelopes(10, 2, size=100_000), [letter(1)])
    assert full_disk.head == 10
    assert full_disk.dead_letters() == []
    assert sql(path, "SELECT max(seq + count) FROM batch") == [(10,)]


def test_after_the_disk_was_freed_the_same_batch_goes_in(full_disk: Journal) -> None:
    with pytest.raises(sqlite3.OperationalError):
        full_disk.append(envelopes(10, 2, size=100_000))
    full_disk._db.execute("PRAGMA max_page_count = 1000000")
    assert full_disk.append(envelopes(10, 2, size=100_000)).seq == 10
    assert numbers(full_disk) == {n: n for n in range(12)}


def test_a_full_disk_refuses_dead_letters(full_disk: Journal) -> None:
    with pytest.raises(sqlite3.OperationalError, match="full"):
        full_disk.bury([letter(n, seq=n) for n in range(2_000)])
    assert full_disk.dead_letters() == []


def test_a_full_disk_leaves_the_reader_alone(full_disk: Journal) -> None:
    with pytest.raises(sqlite3.OperationalError):
        full_disk.append(envelopes(10, 2, size=100_000))
    reader = full_disk.reader()
    assert len(numbers(reader)) == 10
    reader.close()

"""Damage to the journal's files is never silent: a message is read as it was written, or it is counted."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.journal.anchor import Anchor
from gateway.journal.file import PAGE_BYTES
from gateway.journal.journal import Journal
from tests.unit.journal.making import NOON, envelopes, filled, letter, numbers, opened, sql

BATCHES, EACH = 40, 5
TOTAL = BATCHES * EACH
SIZE = PAGE_BYTES // 10
"""Of a message: each row has a page to itself."""


def whole(folder: Path) -> Path:
    """A closed journal of ``TOTAL`` messages, all in its main file."""
    path = folder / "alarm.db"
    journal = filled(path, BATCHES, EACH, size=SIZE)
    journal.bury([letter(n, seq=n) for n in range(10)])
    journal.move_cursor("history", 20)
    journal.close()
    return path


def cut_short(folder: Path) -> Path:
    """What a power cut leaves behind: half of the messages in the main file, half in the write-ahead log."""
    live = folder / "live" / "alarm.db"
    journal = filled(live, BATCHES // 2, EACH, size=SIZE)
    journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for first in range(TOTAL // 2, TOTAL, EACH):
        journal.append(envelopes(first, EACH, size=SIZE))
    for file in live.parent.glob("alarm.*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, folder)
    journal.close()
    shutil.rmtree(live.parent)
    return folder / "alarm.db"


def account(path: Path) -> tuple[dict[int, int], int]:
    """Open the journal as a starting gateway does; return what is read, and how many are counted as damaged."""
    journal = opened(path)
    reader = journal.reader()
    before = reader.damaged
    read = read_on(reader, messages=7) | {
        seq: number for start in range(0, TOTAL, 31) for seq, number in numbers(reader, start, messages=7).items()
    }
    damaged = journal.damaged + reader.damaged - before
    assert journal.append(envelopes(journal.head, 1)).seq == journal.head - 1, "a damaged journal must still take in"
    reader.close()
    journal.close()
    return read, damaged


def read_on(journal: Journal, messages: int) -> dict[int, int]:
    """Everything, as a consumer gets it: one read after the other."""
    found: dict[int, int] = {}
    while batch := numbers(journal, max(found, default=-1) + 1, messages):
        found |= batch
    return found


def assert_nothing_is_silent(path: Path) -> int:
    """Return how many messages were lost."""
    read, damaged = account(path)
    assert all(seq == number for seq, number in read.items()), "a message changed, or moved"
    lost = TOTAL - len(read.keys() & range(TOTAL))
    assert lost <= damaged, f"{lost} messages are gone, {damaged} are counted"
    return lost


def flip(path: Path, at: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))


@pytest.fixture(scope="module", params=[whole, cut_short])
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    make: Callable[[Path], Path] = request.param
    return make(tmp_path_factory.mktemp(make.__name__))


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    return copy_of(template, tmp_path)


def copy_of(template: Path, folder: Path) -> Path:
    for file in template.parent.glob("alarm.*"):
        shutil.copy(file, folder)
    return folder / template.name


def files(path: Path) -> list[Path]:
    return sorted(path.parent.glob("alarm.db*"))


def test_without_damage_everything_is_read_and_nothing_counted(path: Path) -> None:
    read, damaged = account(path)
    assert (len(read), damaged) == (TOTAL, 0)


@pytest.mark.parametrize("seed", range(60))
def test_a_flipped_bit(template: Path, tmp_path: Path, seed: int) -> None:
    choice = random.Random(seed)
    path = copy_of(template, tmp_path)
    victim = choice.choice(files(path))
    flip(victim, choice.randrange(victim.stat().st_size), choice.randrange(8))
    assert_nothing_is_silent(path)


@pytest.mark.parametrize("seed", range(25))
def test_a_header_with_a_flipped_bit(template: Path, tmp_path: Path, seed: int) -> None:
    choice = random.Random(seed)
    path = copy_of(template, tmp_path)
    flip(choice.choice(files(path)), choice.randrange(200), choice.randrange(8))
    assert_nothing_is_silent(path)


@pytest.mark.parametrize("seed", range(20))
def test_an_overwritten_stretch(template: Path, tmp_path: Path, seed: int) -> None:
    choice = random.Random(seed)
    path = copy_of(template, tmp_path)
    victim = choice.choice(files(path))
    with victim.open("r+b") as file:
        file.seek(choice.randrange(victim.stat().st_size))
        file.write(choice.randbytes(choice.randrange(1, 20_000)))
    assert_nothing_is_silent(path)


@pytest.mark.parametrize("seed", range(25))
def test_a_truncated_file(template: Path, tmp_path: Path, seed: int) -> None:
    choice = random.Random(seed)
    path = copy_of(template, tmp_path)
    victim = choice.choice(files(path))
    os.truncate(victim, choice.randrange(victim.stat().st_size))
    assert_nothing_is_silent(path)


def test_a_lost_file_is_counted(path: Path) -> None:
    for file in files(path):
        file.unlink()
    assert assert_nothing_is_silent(path) == TOTAL


def test_a_lost_write_ahead_log_is_counted(tmp_path: Path) -> None:
    path = cut_short(tmp_path)
    path.with_name("alarm.db-wal").unlink()
    assert assert_nothing_is_silent(path) == TOTAL // 2


def test_a_damaged_note_of_the_head_harms_nothing(path: Path) -> None:
    flip(path.with_suffix(".head"), 3, 2)
    read, damaged = account(path)
    assert (len(read), damaged) == (TOTAL, 0)


def test_the_note_of_the_head_is_right_after_each_append(tmp_path: Path) -> None:
    journal = filled(tmp_path / "alarm.db", 3, 4)
    noted = Anchor(tmp_path / "alarm.db")
    assert noted.read() == 12
    noted.close()
    journal.close()


@pytest.mark.parametrize("column", ["count", "packed", "crc", "seq"])
def test_a_row_that_lies_about_itself_is_set_aside_and_its_neighbours_are_not(tmp_path: Path, column: str) -> None:
    path = whole(tmp_path)
    sql(path, f"UPDATE batch SET {column} = {column} + 1 WHERE seq = 50")
    read, damaged = account(path)
    assert sorted(read) == [n for n in range(TOTAL) if not 50 <= n < 55]
    assert damaged in (4, 5)  # a row moved by one leaves a gap of one that nobody can tell from a purged message
    assert sql(path, "SELECT count(*) FROM damaged WHERE body IS NOT NULL") == [(1,)]


@pytest.mark.parametrize("value", ["text", b"\xff\xfe", 1.5, -1, 0, 2**62])
def test_a_count_of_any_kind_is_survived(tmp_path: Path, value: object) -> None:
    path = whole(tmp_path)
    sql(path, "UPDATE batch SET count = ? WHERE seq = 50", value)
    assert assert_nothing_is_silent(path) == 5


@pytest.mark.parametrize("value", [1, 0, -7, 2**62])
def test_a_wrong_count_in_the_newest_row_does_not_derail_the_head(tmp_path: Path, value: int) -> None:
    path = whole(tmp_path)
    sql(path, "UPDATE batch SET count = ? WHERE seq = ?", value, TOTAL - EACH)
    assert assert_nothing_is_silent(path) == EACH
    assert sql(path, "SELECT max(seq) FROM batch") == [(TOTAL,)]


def test_more_damage_than_one_read_asks_for_hides_nothing_behind_it(tmp_path: Path) -> None:
    path = whole(tmp_path)
    sql(path, "UPDATE batch SET crc = crc + 1 WHERE seq < 100")
    journal = opened(path)
    assert min(numbers(journal, 0, messages=1)) == 100
    assert journal.damaged == 100
    journal.close()


def test_damage_is_not_compressed_into_good_health(tmp_path: Path) -> None:
    path = whole(tmp_path)
    sql(path, "UPDATE batch SET body = replace(body, 'telemetry', 'telemetri') WHERE seq = 50")
    journal = opened(path)
    assert journal.compress(TOTAL) == BATCHES - 1
    assert journal.damaged == EACH
    assert 50 not in numbers(journal)
    journal.close()


def test_what_is_damaged_is_counted_once(tmp_path: Path) -> None:
    path = whole(tmp_path)
    sql(path, "UPDATE batch SET crc = 0 WHERE seq IN (50, 60)")
    for _ in range(3):
        assert account(path)[1] == 10


def test_a_full_disk_does_not_turn_damage_into_a_stop(tmp_path: Path) -> None:
    path = whole(tmp_path)
    sql(path, "UPDATE batch SET crc = 0 WHERE seq = 50")
    journal = opened(path)
    journal._db.execute("PRAGMA query_only = ON")
    assert len(numbers(journal)) == TOTAL - EACH
    assert journal.damaged == EACH
    journal.close()


def ruin_pages(path: Path, pages: range) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE_BYTES)
            file.write(b"\xff" * PAGE_BYTES)


def test_salvage_keeps_the_readable_rows_on_both_sides_of_two_holes(tmp_path: Path) -> None:
    path = whole(tmp_path)
    pages = sql(path, "PRAGMA page_count")[0][0]
    ruin_pages(path, range(pages // 3, pages // 3 + 1))
    ruin_pages(path, range(2 * pages // 3, 2 * pages // 3 + 1))
    read, damaged = account(path)
    lost = sorted(set(range(TOTAL)) - read.keys())
    assert damaged == len(lost) > 0
    assert read.keys() & range(lost[0] + 20, lost[-1] - 20), "what lies between the holes is readable"
    assert len(lost) < TOTAL / 3


def test_salvage_keeps_the_old_file_cursors_and_dead_letters(tmp_path: Path) -> None:
    path = whole(tmp_path)
    pages = sql(path, "PRAGMA page_count")[0][0]
    ruin_pages(path, range(pages // 2, pages // 2 + 1))
    journal = opened(path)
    assert journal.cursor("history") == 20
    assert len(journal.dead_letters()) == 10
    journal.close()
    assert len(list(tmp_path.glob("alarm.db.damaged-*"))) == 1


def test_salvage_does_not_forget_the_write_ahead_log(tmp_path: Path) -> None:
    path = cut_short(tmp_path)
    ruin_pages(path, range(8, 10))
    read, _ = account(path)
    assert read.keys() >= set(range(TOTAL // 2, TOTAL))


def test_messages_purged_long_ago_are_not_counted_by_a_salvage(tmp_path: Path) -> None:
    path = whole(tmp_path)
    journal = opened(path)
    journal.purge(100, NOON + 1_000)
    journal.close()
    pages = sql(path, "PRAGMA page_count")[0][0]
    ruin_pages(path, range(pages // 2, pages // 2 + 1))
    read, damaged = account(path)
    assert damaged == len(set(range(100, TOTAL)) - read.keys()) > 0


def test_a_salvage_cut_short_before_its_last_step_is_finished(tmp_path: Path) -> None:
    path = whole(tmp_path)
    path.rename(path.with_name("alarm.db.salvage"))
    assert assert_nothing_is_silent(path) == 0


def test_a_salvage_cut_short_earlier_begins_again(tmp_path: Path) -> None:
    path = whole(tmp_path)
    path.with_name("alarm.db.salvage").write_bytes(b"half")
    pages = sql(path, "PRAGMA page_count")[0][0]
    ruin_pages(path, range(pages // 2, pages // 2 + 1))
    assert assert_nothing_is_silent(path) < TOTAL / 4


def test_a_disk_that_refuses_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> sqlite3.Connection:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    path = whole(tmp_path)
    monkeypatch.setattr("gateway.journal.file.sqlite3.connect", locked)
    with pytest.raises(sqlite3.OperationalError, match="I/O"):
        opened(path)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_damage_met_while_running_is_found_at_the_next_start_of_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.journal.file.CHECKED_BYTES", 1)
    path = whole(tmp_path)
    pages = sql(path, "PRAGMA page_count")[0][0]
    ruin_pages(path, range(pages // 2, pages // 2 + 1))
    journal = opened(path)
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        read_all(journal)
    journal.close()
    assert assert_nothing_is_silent(path) > 0
    assert not list(tmp_path.glob("*.suspect"))


def read_all(journal: Journal) -> None:
    journal.read(0, 1_000_000)

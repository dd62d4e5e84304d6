"""The embedded store alone: its tail, its merge, its retention and its file's troubles."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from devices.model import Report
from devices.registry import Device
from gateway.history import sqlite
from gateway.history.sqlite import SqliteStore
from gateway.history.sqlite_file import connect
from gateway.history.store import Refused, Series, Unavailable
from tests.unit.history.samples import LIFT, SMOKE, T0, registry, said, speeds

DAY = 86_400.0
FOREVER = 10_000 * DAY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(path, registry(), keep_s=FOREVER)
    yield opened
    opened.close()


def count(path: Path, table: str) -> int:
    reader = sqlite3.connect(path)
    try:
        return int(reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        reader.close()


def everything(store: SqliteStore, device: Device = LIFT) -> Series:
    return store.query(device, T0, T0 + 9_000, 1)


def counted(store: SqliteStore, seconds: float = 9_000) -> list[float]:
    return [float(value) for _, value in store.query(LIFT, T0, T0 + seconds, 1).get("speed", [])]


def test_the_first_batch_is_merged_and_later_ones_wait_in_the_tail(path: Path, store: SqliteStore) -> None:
    store.write(speeds(10))
    assert (count(path, "point"), count(path, "tail")) == (10, 0)
    store.write(speeds(10, T0 + 10))
    assert (count(path, "point"), count(path, "tail")) == (10, 10)
    assert counted(store) == [float(n) for n in (*range(10), *range(10))]


def test_an_hour_later_the_tail_is_merged(path: Path, store: SqliteStore) -> None:
    store.write(speeds(10))
    store.write(speeds(10, T0 + 10))
    store.write(speeds(1, T0 + 3_700))
    assert (count(path, "point"), count(path, "tail")) == (21, 0)


def test_a_long_tail_is_merged(path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "MERGE_ROWS", 25)
    for n in range(4):
        store.write(speeds(10, T0 + 10 * n))
    assert (count(path, "point"), count(path, "tail")) == (40, 0)
    assert len(counted(store)) == 40


def test_a_clock_set_back_does_not_stop_merging(path: Path, store: SqliteStore) -> None:
    store.write(speeds(1, T0 + DAY))
    store.write(speeds(1, T0))
    assert count(path, "tail") == 0


def test_points_written_again_count_once_in_the_tail_and_after_the_merge(store: SqliteStore) -> None:
    store.write(speeds(1))
    for _ in range(3):
        store.write(speeds(5, T0 + 10))
    before = everything(store)
    assert [value for _, value in before["speed"]] == [0.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    store.write(speeds(1, T0 + 7_200))
    assert dict(before["speed"]).items() <= dict(everything(store)["speed"]).items()
    assert len(everything(store)["speed"]) == 7


def test_what_was_written_is_there_after_a_restart(path: Path, store: SqliteStore) -> None:
    store.write(speeds(3))
    store.write(speeds(3, T0 + 10))
    store.close()
    again = SqliteStore(path, registry(), keep_s=FOREVER)
    again.write(speeds(3, T0 + 20))
    assert len(counted(again)) == 9
    again.close()


def test_outlived_points_go_a_few_with_each_write(path: Path) -> None:
    store = SqliteStore(path, registry(), keep_s=10 * DAY)
    store.write(speeds(500))
    later = T0 + 20 * DAY
    store.write(speeds(1, later))
    left = count(path, "point") - 1
    assert 0 < left < 500
    for n in range(1, 8):
        store.write(speeds(1, later + n))
    assert everything(store) == {}
    assert count(path, "point") + count(path, "tail") == 8
    store.close()


def test_one_write_deletes_no_more_for_many_series_than_for_one(path: Path) -> None:
    store = SqliteStore(path, registry(), keep_s=DAY)
    store.write([*speeds(80), *speeds(80, device=SMOKE)])
    store.write(speeds(1, T0 + 2 * DAY))
    assert count(path, "point") == 160 - (2 + sqlite.PURGE_SPARE) + 1
    store.close()


def test_retention_reaches_every_series(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "PURGE_SERIES", 1)
    store = SqliteStore(path, registry(), keep_s=DAY)
    store.write([said(LIFT, measurements={"speed": 1.0}), said(SMOKE, states={"smoke": True})])
    for n in range(4):
        store.write([said(LIFT, T0 + 2 * DAY + n, measurements={"speed": 1.0})])
    assert everything(store, SMOKE) == {}
    store.close()


def test_a_refused_batch_leaves_nothing_and_the_next_one_works(path: Path, store: SqliteStore) -> None:
    good, hopeless = said(LIFT, measurements={"speed": 1.0}), said(SMOKE, -5.0, states={"smoke": True})
    with pytest.raises(Refused, match="smoke-b2-03"):
        store.write([good, hopeless])
    assert (count(path, "series"), count(path, "tail"), count(path, "point")) == (0, 0, 0)
    store.write([good])
    assert everything(store) == {"speed": [(T0, 1.0)]}


def test_what_cannot_be_encoded_is_refused_not_raised(store: SqliteStore) -> None:
    with pytest.raises(Refused, match="cannot be encoded"):
        store.write([said(LIFT, states={"floor": "\ud800"})])


def test_twins_of_one_millisecond_survive_whatever_comes_between_them(path: Path, store: SqliteStore) -> None:
    store.write([said(LIFT, measurements={"speed": 1.0})])
    store.write(speeds(3, T0 + 10))
    for _ in range(2):
        store.write([said(LIFT, measurements={"speed": 2.0})])
    assert everything(store)["speed"][0] == (T0, 1.5)
    store.write(speeds(1, T0 + 8_000))
    assert count(path, "point") == 6
    assert everything(store)["speed"][0] == (T0, 1.5)


def test_reading_goes_on_while_a_big_batch_is_written(store: SqliteStore) -> None:
    store.write(speeds(100))
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for n in range(10):
                store.write(speeds(500, T0 + 1_000 + 500 * n))
        except BaseException as error:
            failures.append(error)

    writer = Thread(target=write)
    writer.start()
    while writer.is_alive():
        assert len(counted(store, seconds=1_000)) == 100
    writer.join()
    assert not failures
    assert len(counted(store)) == 5_100


def test_a_full_disk_is_named_and_nothing_is_lost(path: Path, store: SqliteStore) -> None:
    store.write(speeds(1))
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Unavailable, match=r"history\.db.*full.*free some disk space"):
        store.write(speeds(2_000, T0 + 10))
    store._writer.execute("PRAGMA max_page_count = 1000000")
    store.write(speeds(2_000, T0 + 10))
    assert len(counted(store)) == 2_001


def test_a_file_that_is_no_database_is_named_with_its_remedy(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this was never a database" * 100)
    with pytest.raises(Unavailable, match=r"history\.db.*move it away"):
        SqliteStore(path, registry(), keep_s=FOREVER)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match="who may write there"):
        SqliteStore(tmp_path / "file" / "history.db", registry(), keep_s=FOREVER)


def test_a_write_survives_a_power_cut_because_each_is_synced(path: Path, store: SqliteStore) -> None:
    other = connect(path)
    assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


def test_reports_written_in_any_order_come_back_in_order(store: SqliteStore) -> None:
    reports: list[Report] = speeds(8_000)
    store.write(list(reversed(reports)))
    assert counted(store) == [float(n) for n in range(8_000)]

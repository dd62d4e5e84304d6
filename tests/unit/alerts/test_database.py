"""A database that cannot keep its word is refused, and every refusal is one documented error."""

import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import IntegrityError

from gateway.alerts import database
from gateway.alerts.database import StoreUnavailable, insist_sqlite, open_engine, reading, writing


@pytest.fixture
def engine(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = open_engine(f"sqlite:///{tmp_path}/data/alerts.db")
    yield opened
    opened.dispose()


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)]
)
def test_every_connection_is_durable(engine: Engine, pragma: str, value: object) -> None:
    with reading(engine) as one, reading(engine) as two:
        for connection in (one, two):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_a_file_system_without_write_ahead_log_is_refused(tmp_path: Path) -> None:
    """The dot-file VFS has no shared memory, like many network shares: WAL silently does not take."""
    connection = sqlite3.connect(f"file:{tmp_path}/alerts.db?vfs=unix-dotfile", uri=True, isolation_level=None)
    with pytest.raises(StoreUnavailable, match=r"journal_mode=WAL did not take \(it is delete\).*local disk"):
        insist_sqlite(connection, make_url(f"sqlite:///{tmp_path}/alerts.db"))
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_the_files_belong_to_their_owner_alone(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "data").iterdir()}
    assert modes == {"alerts.db": 0o600, "alerts.db-wal": 0o600, "alerts.db-shm": 0o600}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="plain file that survives a restart"):
        open_engine(url)


def test_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql is not supported"):
        open_engine("mysql://localhost/x")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "alerts.db").write_bytes(b"not a database at all, " * 100)
    opened = open_engine(f"sqlite:///{tmp_path}/alerts.db")
    with pytest.raises(StoreUnavailable, match=r"alerts\.db: file is not a database"), reading(opened):
        pass
    opened.dispose()


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"Is a directory"):
        open_engine(f"sqlite:///{tmp_path}")


def test_a_password_in_the_url_is_not_repeated() -> None:
    opened = open_engine("postgresql://gateway:top-secret@127.0.0.1:1/alerts?connect_timeout=2")
    with pytest.raises(StoreUnavailable) as caught, reading(opened):
        pass
    opened.dispose()
    assert "top-secret" not in caught.value.detail
    assert "gateway:***@127.0.0.1:1/alerts" in caught.value.detail


def insert_then_fail(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        raise KeyError


def test_a_block_that_raises_writes_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    with pytest.raises(KeyError):
        insert_then_fail(engine)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0


def test_our_own_mistakes_are_not_dressed_up_as_a_refusing_disk(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE t (x UNIQUE)")
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1), (1)")


def test_a_reader_does_not_hold_up_a_writer(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    with reading(engine) as reader:
        reader.exec_driver_sql("SELECT * FROM t").all()
        with writing(engine) as writer:
            writer.exec_driver_sql("INSERT INTO t VALUES (1)")
        assert reader.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0


def test_a_writer_kept_waiting_too_long_says_so(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(database.SQLITE_PRAGMAS, "busy_timeout", ("50", 50))
    with writing(engine), pytest.raises(StoreUnavailable, match="database is locked"), writing(engine):
        pass

"""Opens the database so that a commit means "on the disk", and turns its failures into one error."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

BUSY_TIMEOUT_MS = 5000
_OUR_OWN_FAULT = (IntegrityError, DataError, ProgrammingError, NotSupportedError)
SQLITE_PRAGMAS: dict[str, tuple[str, Any]] = {
    "busy_timeout": (str(BUSY_TIMEOUT_MS), BUSY_TIMEOUT_MS),
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
    "foreign_keys": ("ON", 1),
}


class StoreUnavailable(Exception):
    """The database refuses: disk full or failing, server away, locked, or not durable. Nothing was half written.

    The same call may be repeated later; it succeeds once the cause is gone.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def open_engine(address: str) -> Engine:
    """Open the database at the SQLAlchemy URL ``address`` (SQLite in a file, or PostgreSQL).

    Every connection is asked for full durability and the answer is read back.

    Raises:
        ValueError: the URL names another kind of database, or SQLite without a file.
        StoreUnavailable: the SQLite file cannot be created.
    """
    url = make_url(address)
    backend = url.get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(url)
    if backend == "postgresql":
        return _open_postgresql(url)
    raise ValueError(f"database: {backend} is not supported; give a sqlite:/// or a postgresql:// URL")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read transaction; never blocks, and is never blocked by, a writer.

    Raises:
        StoreUnavailable: the database refuses.
    """
    with _guarded(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def lenient(connection: Connection) -> Iterator[None]:
    """Read text whose bytes were damaged as something else than it was, instead of not at all."""
    raw: Any = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite":  # PostgreSQL refuses such bytes by its page checksums
        yield
        return
    usual, raw.text_factory = raw.text_factory, _as_it_stands
    try:
        yield
    finally:
        raw.text_factory = usual


def _as_it_stands(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A write transaction: committed when the block ends, undone when it raises.

    Raises:
        StoreUnavailable: the database refuses; nothing was written.
    """
    with (
        _guarded(engine),
        engine.connect().execution_options(immediate=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def _guarded(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, _OUR_OWN_FAULT):
            raise
        raise StoreUnavailable(_explain(engine.url, error.orig)) from error
    except PoolTimeout as error:
        raise StoreUnavailable(_explain(engine.url, error)) from error


def _explain(url: URL, cause: BaseException | None) -> str:
    place = url.render_as_string(hide_password=True)
    return f"database {place}: {str(cause).strip()}; free disk space or restore access, then it goes on by itself"


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database.startswith((":", "file:")):
        raise ValueError(
            f"database {url}: SQLite needs a plain file that survives a restart, as in sqlite:///var/alerts.db"
        )
    _create_private(url, Path(url.database))
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        try:
            insist_sqlite(connection, url)
        except sqlite3.Error as error:
            connection.close()
            raise StoreUnavailable(_explain(url, error)) from error

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that reads first and writes later can fail half-way on a lock; writers lock at once.
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _create_private(url: URL, path: Path) -> None:
    """Create the file for its owner alone (it holds password hashes); SQLite's side files take the same mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreUnavailable(_explain(url, error)) from error


def insist_sqlite(connection: sqlite3.Connection, url: URL) -> None:
    """Ask for durability and read the answer back.

    Raises:
        StoreUnavailable: the file system cannot do it; ``connection`` is closed.
    """
    for name, (wanted, answer) in SQLITE_PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={wanted}")
        got = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if got != answer:
            connection.close()
            raise StoreUnavailable(
                f"database {url.database}: PRAGMA {name}={wanted} did not take (it is {got}); "
                "without it a power cut can lose alerts. Put the file on a local disk, not a network share"
            )


def _open_postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url, pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def insist(connection: Any, _: object) -> None:
        connection.execute("SET synchronous_commit = on")
        for name in ("fsync", "synchronous_commit"):
            got = connection.execute(f"SHOW {name}").fetchone()[0]
            if got != "on":
                connection.close()
                raise StoreUnavailable(
                    f"database {url.render_as_string(hide_password=True)}: {name} is {got}; "
                    f"without it a power cut can lose alerts. Set {name} = on in postgresql.conf"
                )
        connection.commit()

    return engine

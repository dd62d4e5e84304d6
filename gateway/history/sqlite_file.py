"""The embedded store's file: schema, connections, transactions, and what its errors mean."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.history.store import Unavailable

SCHEMA = """
CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, device TEXT NOT NULL UNIQUE, kind TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS point (
    series INTEGER NOT NULL, at_ms INTEGER NOT NULL, checksum INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (series, at_ms, checksum)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tail (
    series INTEGER NOT NULL, at_ms INTEGER NOT NULL, checksum INTEGER NOT NULL, body BLOB NOT NULL
);
"""

# FULL, though the journal could rebuild this file: the history's cursor moves on after a write, so what a power cut
# took from here would never be written again. One sync per batch of thousands is cheap.
PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "cache_size": -16_000, "wal_autocheckpoint": 4_000}
BUSY_S = 5.0


def connect(path: Path) -> sqlite3.Connection:
    """Open the file; each pragma is read back, since SQLite ignores those it cannot follow.

    Locks of the caller's take the place of sqlite3's thread check.
    """
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name} = {value}")
            (actual,) = connection.execute(f"PRAGMA {name}").fetchone()
            if actual != value:
                raise sqlite3.OperationalError(f"pragma {name} is {actual} instead of {value}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit at the end of the block, roll back if it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn the file's errors into ``Unavailable``, each with its remedy."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise Unavailable(f"{path}: {error}; {remedy(error)}") from error


def remedy(error: Exception) -> str:
    """What an operator can do about ``error``."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "the file is damaged: stop the gateway and move it away, and a new history begins"
    if code == sqlite3.SQLITE_FULL:
        return "free some disk space; nothing is lost meanwhile"
    return "check the disk and who may write there; nothing is lost meanwhile"

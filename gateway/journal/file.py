"""The journal's SQLite file: opened so that a commit means "on the disk", checked, and salvaged where it is damaged."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.journal.row import unpack

SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
    seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, at REAL NOT NULL,
    packed INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS cursor (consumer TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head (
    only INTEGER PRIMARY KEY CHECK (only = 1), seq INTEGER NOT NULL, oldest INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS damaged (seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, body BLOB);
CREATE TABLE IF NOT EXISTS dead_letter (
    id INTEGER PRIMARY KEY, seq INTEGER UNIQUE, at REAL NOT NULL, topic TEXT NOT NULL,
    payload BLOB NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL);
"""
ROWS = "SELECT seq, count, at, packed, crc, CAST(body AS BLOB) FROM batch"
PAGE_BYTES = 8_192
"""A full commit is written in half the system calls of SQLite's 4,096; a commit of one message, unaligned in the write
ahead log, grows by one block of the disk. Files that exist keep theirs."""

CHECKED_BYTES = 256_000_000
"""Up to this size a start checks the file's structure (about a second); row checksums guard every size."""

_DAMAGE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_COLUMNS = {
    "batch": "seq, count, at, packed, crc, body",
    "cursor": "consumer, seq",
    "head": "only, seq, oldest",
    "damaged": "seq, count, body",
    "dead_letter": "id, seq, at, topic, payload, reason, detail",
}


def connect(path: Path) -> sqlite3.Connection:
    """Open the log; the durability asked for is read back."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    db.text_factory = lambda text: text.decode("utf-8", "replace")  # damage must not stop a row from being read
    try:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        _insist_durable(db, path)
        db.executescript(SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def _insist_durable(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA synchronous = FULL")
    if db.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise RuntimeError(f"{path}: SQLite did not accept synchronous=FULL; an acknowledgement would be a lie")


def open_sound(path: Path) -> sqlite3.Connection:
    """Open the log; a file SQLite cannot read is set aside whole and its readable rows are carried over."""
    rescued, suspect = _rescued(path), _suspect(path)
    if rescued.exists() and not path.exists():
        rescued.rename(path)  # a salvage was cut short just before its last step
    try:
        db = connect(path)
        if _is_sound(db, thorough=suspect.exists() or path.stat().st_size <= CHECKED_BYTES):
            return db
        db.close()
    except sqlite3.DatabaseError as error:
        if not is_damage(error, path):
            raise
    _salvage(path, rescued)
    suspect.unlink(missing_ok=True)
    return connect(path)


@contextlib.contextmanager
def noticing(path: Path) -> Iterator[None]:
    """Remember damage that SQLite reports, so that the next start checks the file whatever its size."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if is_damage(error, path):
            with contextlib.suppress(OSError):
                _suspect(path).touch()
        raise


def is_damage(error: sqlite3.DatabaseError, path: Path) -> bool:
    """Tell a damaged file from a disk that refuses. A damaged header may claim that the file is read-only."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in _DAMAGE or (code == sqlite3.SQLITE_READONLY and os.access(path, os.W_OK))


def _is_sound(db: sqlite3.Connection, thorough: bool) -> bool:
    """Check the structure, and that the schema is still ours."""
    try:
        for table, columns in _COLUMNS.items():
            db.execute(f"SELECT {columns} FROM {table} LIMIT 0").close()
        return not thorough or db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        db.close()
        raise


def _salvage(path: Path, rescued: Path) -> None:
    """Copy what can be read into a new file, then put it in the old one's place; the old one stays beside it."""
    _remove(rescued)
    fresh = connect(rescued)
    old = sqlite3.connect(path, isolation_level=None)
    try:
        fresh.execute("BEGIN IMMEDIATE")
        for table, columns in _COLUMNS.items():
            if table != "batch":
                marks = ", ".join("?" * (columns.count(",") + 1))
                fresh.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", _both_ways(old, table, columns))
        _copy_batches(old, fresh)
        fresh.execute("COMMIT")
    finally:
        fresh.close()
        old.close()
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    rescued.rename(path)


def _both_ways(old: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """Read from both ends, since a damaged page in the middle stops a scan from either side."""
    for order in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.DatabaseError):
            yield from old.execute(f"SELECT {columns} FROM {table} ORDER BY 1 {order}")


def _copy_batches(old: sqlite3.Connection, fresh: sqlite3.Connection) -> None:
    """Copy the rows that are whole; what is missing between them is counted as damaged."""
    bad: dict[int, Any] = {}
    for row in _batches(old):
        seq, count, _, packed, crc, body = row
        if unpack(seq, count, packed, crc, body) is None:
            bad[seq] = body
        else:
            fresh.execute("INSERT OR IGNORE INTO batch VALUES (?, ?, ?, ?, ?, ?)", row)
    spans = fresh.execute(
        "SELECT seq, count FROM batch UNION ALL SELECT seq, CAST(count AS INTEGER) FROM damaged"
        " UNION ALL SELECT seq, 0 FROM head"
    ).fetchall()
    oldest = fresh.execute("SELECT oldest FROM head").fetchone()
    position = oldest[0] if oldest else 0
    for seq, count in sorted(spans):
        if seq > position:
            values = (position, seq - position, bad.get(position))
            fresh.execute("INSERT OR IGNORE INTO damaged VALUES (?, ?, ?)", values)
        position = max(position, seq + count)


def _batches(old: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """Every row that can be reached: a damaged page is stepped over in strides that grow by a sixty-fourth."""
    after, stride = -1, 0
    while after + stride < 2**62:
        try:
            for row in old.execute(f"{ROWS} WHERE seq > ? ORDER BY seq", (after + stride,)):
                yield row
                if row[0] > after:
                    after, stride = row[0], 0
        except sqlite3.DatabaseError:
            stride += 1 + stride // 64
        else:
            return


def _rescued(path: Path) -> Path:
    return path.with_name(path.name + ".salvage")


def _suspect(path: Path) -> Path:
    return path.with_name(path.name + ".suspect")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)

"""The durable inbound log of one lane: an append commits before anybody is told.

One row is one group commit. A message's sequence is its row's ``seq`` plus its index. Rows carry a checksum: damage is
found when read, set aside, counted and skipped, never passed on.
"""

import sqlite3
import time
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from devices.model import Envelope

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
    seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, at REAL NOT NULL,
    packed INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS cursor (consumer TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head (only INTEGER PRIMARY KEY CHECK (only = 1), seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS damaged (seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, body BLOB);
CREATE TABLE IF NOT EXISTS dead_letter (
    id INTEGER PRIMARY KEY, seq INTEGER UNIQUE, at REAL NOT NULL, topic TEXT NOT NULL,
    payload BLOB NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL);
"""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Envelope]).decode
KEPT_PAYLOAD = 4096
CHECKED_BYTES = 256_000_000
"""Up to this size a start checks the file's structure (about a second); row checksums guard every size."""


class Batch(Struct):
    """Messages committed together; ``seq`` is the first one's."""

    seq: int
    envelopes: list[Envelope]

    @property
    def end(self) -> int:
        return self.seq + len(self.envelopes)


class DeadLetter(Struct):
    """A message that was refused. ``seq`` is ``None`` where it was refused before the journal."""

    at: float
    topic: str
    payload: bytes
    reason: str
    detail: str
    seq: int | None = None
    id: int = 0


class JournalFull(Exception):
    """The size bound is reached and every message below it is still needed."""


class Journal:
    """One lane's log. Every method belongs to one thread; ``reader`` gives a second one its own connection.

    Raises ``sqlite3.OperationalError`` where the disk refuses: nothing was written, nothing may be acknowledged.
    """

    def __init__(self, path: Path, *, max_bytes: int, dead_letters: int, check: bool = True) -> None:
        self.path = path
        self.damaged = 0
        self._max_bytes = max_bytes
        self._max_dead = dead_letters
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = _open_checked(path) if check else _connect(path)
        self.head = self._find_head()
        self._dead = self._db.execute("SELECT count(*) FROM dead_letter").fetchone()[0]
        self.damaged = self._db.execute("SELECT coalesce(sum(count), 0) FROM damaged").fetchone()[0]

    def append(self, envelopes: Sequence[Envelope], dead: Sequence[DeadLetter] = ()) -> Batch:
        """Commit a batch to disk and return it with its sequence.

        Raises:
            JournalFull: the size bound is reached.
            sqlite3.OperationalError: the disk refused.
        """
        batch = Batch(self.head, list(envelopes))
        if envelopes and self.size() > self._max_bytes:
            raise JournalFull(f"{self.path} holds {self._max_bytes} bytes that a consumer still needs")
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            if envelopes:
                body = _encode(batch.envelopes)
                row = (batch.seq, len(envelopes), envelopes[-1].received_at, 0, zlib.crc32(body), body)
                self._db.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)", row)
            self._bury(dead)
        self.head = batch.end
        return batch

    def bury(self, dead: Iterable[DeadLetter]) -> None:
        """Keep messages that could not be understood; burying the same sequence twice keeps one."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._bury(dead)

    def read(self, start: int, messages: int = 5_000) -> list[Batch]:
        """Return batches from sequence ``start`` on, at least ``messages`` messages if there are as many."""
        found: list[Batch] = []
        for seq, size, packed, crc, body in self._rows(start, messages):
            batch = self._unpack(seq, size, packed, crc, body)
            if batch is not None:
                found.append(batch if seq >= start else Batch(start, batch.envelopes[start - seq :]))
        return found

    def cursor(self, consumer: str) -> int:
        """Return the next sequence ``consumer`` wants; a new consumer starts at the oldest message kept."""
        row = self._db.execute("SELECT seq FROM cursor WHERE consumer = ?", (consumer,)).fetchone()
        return int(row[0]) if row else self.oldest()

    def move_cursor(self, consumer: str, seq: int) -> None:
        """Note that ``consumer`` is done with everything below ``seq``."""
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (consumer, seq))

    def oldest(self) -> int:
        """Return the lowest sequence kept (the head if the log is empty)."""
        row = self._db.execute("SELECT min(seq) FROM batch").fetchone()
        return int(row[0]) if row[0] is not None else self.head

    def purge(self, below: int, older_than: float) -> int:
        """Delete batches that end at or below ``below`` and are older than ``older_than``; return how many.

        Above the size bound, age no longer matters: everything below ``below`` may go, oldest first.
        """
        over = self.size() > self._max_bytes * 0.9
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT OR REPLACE INTO head VALUES (1, ?)", (self.head,))
            gone = self._db.execute(
                "DELETE FROM batch WHERE seq IN (SELECT seq FROM batch WHERE seq + count <= ? AND (at < ? OR ?)"
                " ORDER BY seq LIMIT 2000)",
                (below, older_than, over),
            ).rowcount
        if gone:
            self._db.execute("PRAGMA incremental_vacuum")
        return gone

    def compress(self, below: int, limit: int = 200) -> int:
        """Compress batches that every consumer has passed; return how many were done."""
        rows = self._db.execute(
            "SELECT seq, body FROM batch WHERE packed = 0 AND seq + count <= ? ORDER BY seq LIMIT ?", (below, limit)
        ).fetchall()
        packed = [(body, zlib.crc32(body), seq) for seq, body in ((s, zlib.compress(b, 1)) for s, b in rows)]
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("UPDATE batch SET packed = 1, body = ?, crc = ? WHERE seq = ?", packed)
        return len(packed)

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters."""
        rows = self._db.execute(
            "SELECT at, topic, payload, reason, detail, seq, id FROM dead_letter ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [DeadLetter(*row) for row in rows]

    def size(self) -> int:
        """Return the bytes in use."""
        pages, free, page = (self._pragma(name) for name in ("page_count", "freelist_count", "page_size"))
        return (pages - free) * page

    def reader(self) -> "Journal":
        """Open a second connection for another thread."""
        return Journal(self.path, max_bytes=self._max_bytes, dead_letters=self._max_dead, check=False)

    def close(self) -> None:
        self._db.close()

    def _rows(self, start: int, messages: int) -> list[tuple[int, int, int, int, bytes]]:
        """Fetch before anything is unpacked: setting a damaged row aside writes, which an open read would forbid."""
        rows = self._db.execute(
            "SELECT seq, count, packed, crc, body FROM batch WHERE seq >= "
            "coalesce((SELECT max(seq) FROM batch WHERE seq <= ?), 0) AND seq + count > ? ORDER BY seq",
            (start, start),
        )
        found: list[tuple[int, int, int, int, bytes]] = []
        count = 0
        for row in rows:
            found.append(row)
            count += row[1]
            if count >= messages:
                break
        rows.close()
        return found

    def _bury(self, dead: Iterable[DeadLetter]) -> None:
        rows = [(d.seq, d.at, d.topic[:1024], d.payload[:KEPT_PAYLOAD], d.reason, d.detail) for d in dead]
        if not rows:
            return
        self._db.executemany(
            "INSERT OR IGNORE INTO dead_letter (seq, at, topic, payload, reason, detail) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
        self._dead += len(rows)
        if self._dead > self._max_dead * 1.1:
            self._db.execute(
                "DELETE FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - ?", (self._max_dead,)
            )
            self._dead = self._db.execute("SELECT count(*) FROM dead_letter").fetchone()[0]

    def _unpack(self, seq: int, count: int, packed: int, crc: int, body: bytes) -> Batch | None:
        try:
            if zlib.crc32(body) == crc:
                return Batch(seq, _decode(zlib.decompress(body) if packed else body))
        except (zlib.error, msgspec.MsgspecError):
            pass
        self._set_aside(seq, count, body)
        return None

    def _set_aside(self, seq: int, count: int, body: bytes) -> None:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT OR IGNORE INTO damaged VALUES (?, ?, ?)", (seq, count, body))
            self._db.execute("DELETE FROM batch WHERE seq = ?", (seq,))
        self.damaged += count

    def _find_head(self) -> int:
        last = self._db.execute("SELECT seq + count FROM batch ORDER BY seq DESC LIMIT 1").fetchone()
        kept = self._db.execute("SELECT seq FROM head").fetchone()
        gone = self._db.execute("SELECT max(seq + count) FROM damaged").fetchone()
        return max(row[0] if row and row[0] is not None else 0 for row in (last, kept, gone))

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])


def _open_checked(path: Path) -> sqlite3.Connection:
    """Open the log; a file SQLite cannot read is set aside whole and its readable rows are carried over."""
    try:
        db = _connect(path)
        sound = path.stat().st_size > CHECKED_BYTES or db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return _salvage(path)
    if sound:
        return db
    db.close()
    return _salvage(path)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    if db.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise RuntimeError(f"{path}: SQLite did not accept synchronous=FULL; an acknowledgement would be a lie")
    db.executescript(_SCHEMA)
    return db


def _salvage(path: Path) -> sqlite3.Connection:
    aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    fresh = _connect(path)
    old = sqlite3.connect(aside, isolation_level=None)
    for table, columns in (("batch", 6), ("cursor", 2), ("head", 2), ("damaged", 3), ("dead_letter", 7)):
        _copy_readable(old, fresh, table, columns)
    old.close()
    return fresh


def _copy_readable(old: sqlite3.Connection, fresh: sqlite3.Connection, table: str, columns: int) -> None:
    """Copy rows from both ends, since a damaged page in the middle stops a scan from either side."""
    marks = ", ".join("?" * columns)
    for order in ("ASC", "DESC"):
        try:
            for row in old.execute(f"SELECT * FROM {table} ORDER BY 1 {order}"):
                fresh.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)
        except sqlite3.DatabaseError:
            continue

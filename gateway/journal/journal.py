"""The durable inbound log of one lane: an append commits before anybody is told.

One row is one group commit. A message's sequence is its row's ``seq`` plus its index. Rows carry a checksum: damage is
found when read, set aside, counted and skipped, never passed on.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from devices.model import Envelope
from gateway.journal.anchor import Anchor
from gateway.journal.file import ROWS, connect, noticing, open_sound
from gateway.journal.row import compress, pack, unpack

KEPT_PAYLOAD = 4096
VACUUMED_PAGES = 2_000
"""Returned to the file system at a time: the writing thread waits meanwhile."""


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
        self._max_bytes = max_bytes
        self._max_dead = dead_letters
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = open_sound(path) if check else connect(path)
        self._anchor = Anchor(path)
        self.damaged = self._value("SELECT coalesce(sum(count), 0) FROM damaged")
        self.head = self._checked_head() if check else self._found_head()
        self._dead = self._value("SELECT count(*) FROM dead_letter")

    def append(self, envelopes: Sequence[Envelope], dead: Sequence[DeadLetter] = ()) -> Batch:
        """Commit a batch to disk and return it with its sequence.

        Raises:
            JournalFull: the size bound is reached.
            sqlite3.OperationalError: the disk refused.
        """
        batch = Batch(self.head, list(envelopes))
        if envelopes and self.size() > self._max_bytes:
            raise JournalFull(f"{self.path} holds {self._max_bytes} bytes that a consumer still needs")
        with noticing(self.path), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            if envelopes:
                row = pack(batch.seq, batch.envelopes)
                self._db.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)", row)
            self._bury(dead)
        self.head = batch.end
        self._anchor.write(self.head)
        return batch

    def bury(self, dead: Iterable[DeadLetter]) -> None:
        """Keep messages that could not be understood; burying the same sequence twice keeps one."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._bury(dead)

    def read(self, start: int, messages: int = 5_000) -> list[Batch]:
        """Return batches from sequence ``start`` on, at least ``messages`` messages if there are as many.

        Damaged ones are skipped: nothing is returned only where nothing readable follows.
        """
        position = start
        while True:
            rows = self._rows(position, messages)
            batches = [batch for row in rows if (batch := self._unpack(row)) is not None and batch.end > start]
            if batches or not rows or rows[-1][0] < position:
                return [b if b.seq >= start else Batch(start, b.envelopes[start - b.seq :]) for b in batches]
            position = rows[-1][0] + 1

    def cursor(self, consumer: str) -> int:
        """Return the next sequence ``consumer`` wants; a new one, or one that was never here, starts at the oldest."""
        row = self._db.execute("SELECT seq FROM cursor WHERE consumer = ?", (consumer,)).fetchone()
        return int(row[0]) if row and row[0] <= self.head else self.oldest()

    def move_cursor(self, consumer: str, seq: int) -> None:
        """Note that ``consumer`` is done with everything below ``seq``."""
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (consumer, seq))

    def expect(self, head: int) -> None:
        """Somebody knows that sequences below ``head`` were given out: what is missing at the end was lost."""
        if head > self.head:
            with self._db:
                values = (self.head, head - self.head)
                self._db.execute("INSERT OR REPLACE INTO damaged VALUES (?, ?, NULL)", values)
            self.damaged += head - self.head
            self.head = head

    def oldest(self) -> int:
        """Return the lowest sequence kept (the head if the log is empty)."""
        row = self._db.execute("SELECT min(seq) FROM batch").fetchone()
        return int(row[0]) if row[0] is not None else self.head

    def purge(self, below: int, older_than: float) -> int:
        """Delete batches that end at or below ``below`` and are older than ``older_than``; return how many.

        Oldest first and without gaps. Above the size bound, age no longer matters: everything below ``below`` may go.
        """
        over = self.size() > self._max_bytes * 0.9
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            gone = self._db.execute(
                "DELETE FROM batch WHERE seq IN (SELECT seq FROM batch WHERE seq < coalesce("
                "(SELECT seq FROM batch WHERE seq + count > ? OR (at >= ? AND NOT ?) ORDER BY seq LIMIT 1), ?)"
                " ORDER BY seq LIMIT 2000)",
                (below, older_than, over, self.head),
            ).rowcount
            self._db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", (self.head, self.oldest()))
        if gone:
            self._db.executescript(f"PRAGMA incremental_vacuum({VACUUMED_PAGES})")  # execute stops at the first page
        return gone

    def compress(self, below: int, limit: int = 200) -> int:
        """Compress batches that every consumer has passed; return how many were done."""
        query = f"{ROWS} WHERE packed = 0 AND seq + count <= ? ORDER BY seq LIMIT ?"
        done = []
        for row in self._db.execute(query, (below, limit)).fetchall():
            seq, count, _, packed, crc, body = row
            if small := compress(seq, count, packed, crc, body):
                done.append((*small, seq))
            else:
                self._set_aside(seq, body)
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("UPDATE batch SET packed = ?, crc = ?, body = ? WHERE seq = ?", done)
        return len(done)

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
        self._anchor.close()

    def _rows(self, start: int, messages: int) -> list[Any]:
        """Fetch before anything is unpacked: setting a damaged row aside writes, which an open read would forbid.

        The row before ``start`` comes along: ``start`` may lie inside it.
        """
        found: list[Any] = []
        count = 0
        with noticing(self.path):
            rows = self._db.execute(
                f"{ROWS} WHERE seq >= coalesce((SELECT max(seq) FROM batch WHERE seq <= ?), 0) ORDER BY seq", (start,)
            )
            for row in rows:
                found.append(row)
                count += row[1] if row[0] >= start and isinstance(row[1], int) else 0
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

    def _unpack(self, row: Any) -> Batch | None:
        seq, count, _, packed, crc, body = row
        envelopes = unpack(seq, count, packed, crc, body)
        if envelopes is None:
            self._set_aside(seq, body)
            return None
        return Batch(seq, envelopes)

    def _set_aside(self, seq: int, body: bytes) -> None:
        """Move a damaged row out of the log. Its neighbours say how many messages it held; it may not know itself."""
        end = self._value("SELECT min(seq) FROM batch WHERE seq > ?", seq) or self._anchor.read()
        count = max(end - seq, 1)
        # On a full disk it stays where it is, and is skipped all the same.
        with contextlib.suppress(sqlite3.OperationalError), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT OR IGNORE INTO damaged VALUES (?, ?, ?)", (seq, count, body))
            self._db.execute("DELETE FROM batch WHERE seq = ?", (seq,))
        self.damaged += count

    def _checked_head(self) -> int:
        """Find the head behind the newest row that is whole; what is known to be missing after it counts as damaged."""
        for row in self._db.execute(f"{ROWS} ORDER BY seq DESC LIMIT 1").fetchall():
            self._unpack(row)
        self.head = self._found_head()
        self.expect(self._anchor.read())
        return self.head

    def _found_head(self) -> int:
        last = "SELECT seq + count FROM batch ORDER BY seq DESC LIMIT 1"
        return max(self._value(q) for q in (last, "SELECT seq FROM head", "SELECT max(seq + count) FROM damaged"))

    def _value(self, query: str, *values: int) -> int:
        row = self._db.execute(query, values).fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def _pragma(self, name: str) -> int:
        return self._value(f"PRAGMA {name}")

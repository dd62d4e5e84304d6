"""Messages and journals for tests."""

import sqlite3
from pathlib import Path
from typing import Any

from devices.model import Envelope
from gateway.journal.journal import DeadLetter, Journal

NOON = 1_750_000_000.0
PLENTY = 100_000_000


def envelope(number: int, at: float = NOON, size: int = 0) -> Envelope:
    return Envelope(f"community/home/lift/l{number % 7}/telemetry", b"%d/" % number + b"x" * size, at + number)


def envelopes(start: int, count: int, **how: Any) -> list[Envelope]:
    return [envelope(number, **how) for number in range(start, start + count)]


def letter(number: int, seq: int | None = None) -> DeadLetter:
    return DeadLetter(NOON + number, "a/b", b"%d" % number, "malformed", "not JSON", seq)


def opened(path: Path, max_bytes: int = PLENTY, dead_letters: int = 1_000) -> Journal:
    return Journal(path, max_bytes=max_bytes, dead_letters=dead_letters)


def filled(path: Path, batches: int, each: int, size: int = 0) -> Journal:
    """A journal whose message number is its sequence."""
    journal = opened(path)
    for first in range(0, batches * each, each):
        journal.append(envelopes(first, each, size=size))
    return journal


def numbers(journal: Journal, start: int = 0, messages: int = 1_000_000) -> dict[int, int]:
    """Sequence -> the number its payload carries."""
    return {
        batch.seq + index: int(found.payload.split(b"/")[0])
        for batch in journal.read(start, messages)
        for index, found in enumerate(batch.envelopes)
    }


def sql(path: Path, statement: str, *values: object) -> list[Any]:
    """Run one statement in a connection of its own."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        return db.execute(statement, values).fetchall()
    finally:
        db.close()

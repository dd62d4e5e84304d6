"""The audit chain: every row's hash covers the row and the hash before it. Pure.

A chain proves that nothing *inside* it was changed. That its end was cut off can only be seen from outside: keep the
head (sequence and hash, shown on the console and in reports) somewhere else and pass it to :func:`verify`.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from alert_rules.alert import Entry
from gateway.alerts.records import AuditRow

GENESIS = "0" * 64
NEARBY = 64

_encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class Why(StrEnum):
    """What was done to the chain."""

    EDITED = "edited"
    DELETED = "deleted"
    REORDERED = "reordered"
    INSERTED = "inserted"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"


class Broken(Struct, frozen=True):
    """The first row that is not what was written. ``detail`` is a sentence for people."""

    seq: int
    why: Why
    detail: str


def canonical(value: Any) -> str:
    """One text per value: JSON, keys sorted by code point, no spaces, nothing escaped that need not be."""
    return _encoder.encode(value)


def plain(detail: dict[str, Any]) -> dict[str, Any]:
    """Reduce ``detail`` to what JSON can carry, so that it reads back as it was hashed (NaN and infinity: null)."""
    simple: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(detail))
    return simple


def row_hash(prev_hash: str, seq: int, at: float, actor: str, action: str, alert: str, detail: dict[str, Any]) -> str:
    """SHA-256 in hex over the canonical JSON array of the arguments."""
    text = canonical([prev_hash, seq, float(at), actor, action, alert, detail])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chain(head: tuple[int, str], entries: Iterable[Entry]) -> Iterator[AuditRow]:
    """Link ``entries`` to the chain that ends in ``head`` (sequence, hash)."""
    seq, prev_hash = head
    for entry in entries:
        seq += 1
        detail = plain(entry.detail)
        digest = row_hash(prev_hash, seq, entry.at, entry.actor, entry.action, entry.alert, detail)
        yield AuditRow(seq, float(entry.at), entry.actor, entry.action, entry.alert, detail, prev_hash, digest)
        prev_hash = digest


def verify(rows: Iterable[AuditRow], head: tuple[int, str] | None = None) -> Broken | None:
    """Walk the chain from its start; return the first row that is wrong and why, or ``None``.

    ``head`` is a (sequence, hash) noted earlier outside the database; rows added since are fine. Without it a cut-off
    end, or a chain recomputed as a whole, cannot be seen.
    """
    rest = iter(rows)
    last = (0, GENESIS)
    for row in rest:
        broken = _check_row(row, last, rest) or _check_anchor(row, head)
        if broken:
            return broken
        last = (row.seq, row.hash)
    if head and last[0] < head[0]:
        detail = f"the chain ends at row {last[0]}, but row {head[0]} was noted outside; rows were cut off its end"
        return Broken(last[0] + 1, Why.TRUNCATED, detail)
    return None


def _check_row(row: AuditRow, last: tuple[int, str], rest: Iterator[AuditRow]) -> Broken | None:
    seq, prev_hash = last[0] + 1, last[1]
    if row.seq < 1:
        return Broken(row.seq, Why.EDITED, f"row {row.seq} bears a number that no row has")
    if row.seq < seq:
        return Broken(row.seq, Why.INSERTED, f"row {row.seq} is there a second time")
    if row.seq > seq:
        return _missing(seq, any(later.seq == seq or _belongs_at(later, seq, prev_hash) for later in rest))
    if row.prev_hash == prev_hash and _hash_of(row, seq) == row.hash:
        return None
    return _diagnose(row, prev_hash, rest)


def _diagnose(row: AuditRow, prev_hash: str, rest: Iterator[AuditRow]) -> Broken:
    """Tell apart why a row with the right number is wrong: its hash may still know the number it was written with."""
    seq = row.seq
    written_as = _original_seq(row)
    if written_as is None:
        return Broken(seq, Why.EDITED, f"row {seq} does not match its own hash; one of its columns was changed")
    if row.hash == prev_hash:
        return Broken(seq, Why.INSERTED, f"row {seq} is a copy of the row before")
    if written_as < seq:
        return Broken(seq - 1, Why.INSERTED, f"row {seq - 1} was put in: the next one was written as row {written_as}")
    if written_as > seq:
        return _missing(seq, any(_belongs_at(later, seq, prev_hash) for later in rest))
    if seq == 1:
        return Broken(1, Why.EDITED, "row 1 does not start a chain; it was replaced")
    return Broken(seq - 1, Why.EDITED, f"row {seq - 1} was replaced: row {seq} was written after another one")


def _missing(seq: int, found_later: bool) -> Broken:
    if found_later:
        return Broken(seq, Why.REORDERED, f"row {seq} does not stand at its place but further down")
    return Broken(seq, Why.DELETED, f"row {seq} is missing")


def _original_seq(row: AuditRow) -> int | None:
    for distance in range(NEARBY + 1):
        for seq in {row.seq + distance, row.seq - distance}:
            if _hash_of(row, seq) == row.hash:
                return seq
    return None


def _belongs_at(row: AuditRow, seq: int, prev_hash: str) -> bool:
    return row.prev_hash == prev_hash and _hash_of(row, seq) == row.hash


def _hash_of(row: AuditRow, seq: int) -> str:
    at = row.at if isinstance(row.at, float) else math.nan
    return row_hash(row.prev_hash, seq, at, row.actor, row.action, row.alert, row.detail)


def _check_anchor(row: AuditRow, head: tuple[int, str] | None) -> Broken | None:
    if head and row.seq == head[0] and row.hash != head[1]:
        detail = f"row {row.seq} is sound in itself but not the one noted outside; the chain was computed anew"
        return Broken(row.seq, Why.REWRITTEN, detail)
    return None

"""What survived: reads the journals, the history and the alerts from disk and compares them with what is owed."""

import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy import select

from alert_rules.alert import Alert
from devices.model import Envelope
from gateway.alerts import schema
from gateway.alerts.database import reading
from gateway.alerts.rows import to_alert
from gateway.alerts.store import AlertStore
from tests.faults.messages import STEP_MS, STRANGER, incident
from tests.faults.publisher import Record

Seen = dict[str, set[int]]

STRANGERS_COUNTED = 32
"""So many unknown devices the one note about them counts."""


class Survival(Struct, frozen=True):
    """How the books close. ``examples`` name some of what is wrong."""

    acked: int
    journaled_twice: int
    lost_journal: int
    lost_history: int
    not_judged: int
    alerts_owed: int
    alerts_lost: int
    alerts_duplicate: int
    alerts_unexpected: int
    wrong_repeats: int
    audit_rows: int
    audit_broken: str
    examples: list[str]


class _Said(Struct):
    device: str = ""
    seq: int = 0


def close_books(
    var: Path, record: Record, *, history: Seen | None = None, also: dict[str, int] | None = None
) -> Survival:
    """Compare ``record`` with what lies below ``var``.

    ``history`` replaces the embedded store's content; ``also`` are alerts owed besides the incidents': fingerprint to
    repeats.
    """
    journaled, copies = journal(var)
    stored = embedded_history(var, record) if history is None else history
    registered = {d: s for d, s in record.acked.items() if not d.startswith(STRANGER)}
    store = AlertStore(f"sqlite:///{var}/alerts.db")
    try:
        alerts = every_alert(store)
        broken = store.verify_audit()
        return _survival(
            record,
            _owed(record) | (also or {}),
            lost_journal=missing(record.acked, journaled),
            lost_history=missing(registered, stored),
            journaled_twice=copies,
            not_judged=lag(var, store),
            alerts=alerts,
            audit_rows=store.audit_head()[0],
            audit_broken=f"row {broken.seq}: {broken.why}" if broken else "",
        )
    finally:
        store.close()


def journal(var: Path) -> tuple[Seen, int]:
    """Device to sequences in the journals of all lanes, and how many messages are there more than once."""
    read = msgspec.json.Decoder(_Said).decode
    found: Seen = {}
    total = 0
    for envelope in envelopes(var):
        said = read(envelope.payload)
        found.setdefault(said.device, set()).add(said.seq)
        total += 1
    return found, total - sum(len(sequences) for sequences in found.values())


def envelopes(var: Path) -> Iterator[Envelope]:
    """Every message in the journals, read without the gateway's own reader."""
    decode = msgspec.msgpack.Decoder(list[Envelope]).decode
    for path in sorted((var / "journal").glob("*.db")):
        with closing(sqlite3.connect(path)) as db:
            for packed, body in db.execute("SELECT packed, body FROM batch ORDER BY seq"):
                yield from decode(zlib.decompress(body) if packed else body)


def embedded_history(var: Path, record: Record) -> Seen:
    """Device to sequences in the embedded store."""
    rows = "SELECT series, at_ms FROM point UNION SELECT series, at_ms FROM tail"
    with closing(sqlite3.connect(var / "history.db")) as db:
        names = dict(db.execute("SELECT id, device FROM series"))
        return sequences(((names[series], at_ms) for series, at_ms in db.execute(rows)), record)


def sequences(points: Iterator[tuple[str, int]], record: Record) -> Seen:
    """Tell the sequences back from the points' times."""
    found: Seen = {}
    for device, at_ms in points:
        base = record.bases.get(device, record.background_base)
        found.setdefault(device, set()).add((at_ms - base) // STEP_MS)
    return found


def missing(owed: dict[str, list[int]], found: Seen) -> list[str]:
    """What is owed and not found."""
    nothing: set[int] = set()
    return [f"{d}#{seq}" for d, owing in owed.items() for seq in sorted(set(owing) - found.get(d, nothing))]


def every_alert(store: AlertStore) -> list[Alert]:
    """All alerts, open or not; the store's own search returns a page."""
    with reading(store.engine) as connection:
        return [to_alert(body) for body in connection.scalars(select(schema.alert.c.body))]


def lag(var: Path, store: AlertStore) -> int:
    """Messages in the journals beyond the evaluation's cursors."""
    cursors = store.load().cursors
    total = 0
    for path in (var / "journal").glob("*.db"):
        with closing(sqlite3.connect(path)) as db:
            (head,) = db.execute("SELECT coalesce(max(seq + count), 0) FROM batch").fetchone()
        total += int(head) - cursors.get(path.stem, 0)
    return total


def _owed(record: Record) -> dict[str, int]:
    """The incidents' alerts, and the one note about strangers: on the first of them, repeated by each one more."""
    begun = [t for t in (incident(i) for i in range(record.incidents)) if t.device in record.acked]
    owed = {f"{t.rule}/{t.device}": t.repeats for t in begun}
    if strangers := [t.device for t in begun if t.device.startswith(STRANGER)]:
        owed[f"unknown_device/{strangers[0]}/native"] = min(len(strangers), STRANGERS_COUNTED) - 1
    return owed


def _survival(
    record: Record,
    owed: dict[str, int],
    *,
    lost_journal: list[str],
    lost_history: list[str],
    journaled_twice: int,
    not_judged: int,
    alerts: list[Alert],
    audit_rows: int,
    audit_broken: str,
) -> Survival:
    raised = Counter(alert.fingerprint for alert in alerts)
    lost = sorted(owed.keys() - raised.keys())
    unexpected = sorted(raised.keys() - owed.keys())
    twice = sorted(f for f, count in raised.items() if count > 1)
    wrong = [f"{a.fingerprint} repeats {a.repeats}" for a in alerts if a.repeats != owed.get(a.fingerprint, a.repeats)]
    return Survival(
        acked=sum(map(len, record.acked.values())),
        journaled_twice=journaled_twice,
        lost_journal=len(lost_journal),
        lost_history=len(lost_history),
        not_judged=not_judged,
        alerts_owed=len(owed),
        alerts_lost=len(lost),
        alerts_duplicate=sum(raised[f] - 1 for f in twice),
        alerts_unexpected=len(unexpected),
        wrong_repeats=len(wrong),
        audit_rows=audit_rows,
        audit_broken=audit_broken,
        examples=[*lost_journal[:3], *lost_history[:3], *lost[:3], *unexpected[:3], *twice[:3], *wrong[:3]],
    )

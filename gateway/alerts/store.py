"""The alert store: what must survive a power cut, committed together or not at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Executable, Row, delete, select
from sqlalchemy.exc import IntegrityError

from alert_rules.alert import Alert, Entry, Handling
from alert_rules.escalation import Escalation
from alert_rules.severity import Review
from alert_rules.suppression import Suppression
from devices.registry import Device
from gateway.alerts import audit, migrate, queries, rows, schema
from gateway.alerts.appending import append
from gateway.alerts.database import StoreUnavailable, lenient, open_engine, reading, writing
from gateway.alerts.incidents import Incident, stored
from gateway.alerts.records import (
    AlertFilter,
    AuditRow,
    Changes,
    Checkpoint,
    OutboxRow,
    Restored,
)
from gateway.alerts.statements import Statements, message_failed, message_sent

__all__ = ["AlertStore", "DuplicateAlert", "StoreUnavailable"]

SLICE = 1000
BEFORE_ALL = -(2**63)
"""Below any number a row may bear, also one that was tampered with."""
_SENT, _FAILED = message_sent(), message_failed()

Progress = Callable[[int, int], None]


class DuplicateAlert(Exception):
    """A second open alert for a fingerprint; the caller lost track of the first. Nothing was written."""


class AlertStore:
    """Alerts, their audit chain, the outbox and the evaluation state in one database.

    Writing belongs to one thread. Reading (``search``, ``get``, ``timeline``, ``audit_head``, ``verify_audit``) may
    happen in others at the same time and delays no commit. Every method raises :class:`StoreUnavailable` when the
    database refuses; nothing is then half written, and the call may be repeated.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._sql = Statements(self._engine.dialect)

    @property
    def engine(self) -> Engine:
        """The engine, for what lives in the same database (:class:`gateway.alerts.people.People`)."""
        return self._engine

    def migrate(self) -> None:
        """Create or upgrade the tables."""
        migrate.upgrade(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def load(self) -> Restored:
        """Everything a starting gateway needs, as of one moment."""
        with reading(self._engine) as connection:
            return _load(connection)

    def commit(self, changes: Changes) -> None:
        """Write ``changes`` in one transaction: all of it or, when this raises, nothing.

        Alerts are replaced as a whole, entries are chained in their order, messages whose id is known are ignored.

        Raises:
            DuplicateAlert: an alert would be the second open one for its fingerprint.
        """
        alerts = [rows.alert_values(alert) for alert in rows.ordered(changes.alerts)]
        messages = [rows.message_values(message) for message in changes.messages]
        with writing(self._engine) as connection:
            self._write_alerts(connection, alerts)
            append(connection, changes.entries)
            _many(connection, self._sql.message, messages)
            self._write_escalations(connection, changes.escalations)
            if changes.checkpoint:
                self._write_checkpoint(connection, changes.checkpoint)

    def search(self, f: AlertFilter) -> list[Alert]:
        """Alerts that match ``f``, newest first."""
        with reading(self._engine) as connection:
            keys = list(connection.scalars(queries.texts(f.q))) if f.q else None
            return [rows.to_alert(body) for body in connection.scalars(queries.page(f, keys))]

    def get(self, alert_id: str) -> Alert | None:
        with reading(self._engine) as connection:
            body = connection.scalar(select(schema.alert.c.body).where(schema.alert.c.id == alert_id))
        return None if body is None else rows.to_alert(body)

    def incidents(self, before: float | None, limit: int) -> list[Incident]:
        """Incidents, the one that got an alert last first; ``before`` continues below that moment."""
        with reading(self._engine) as connection:
            return _incidents(connection, list(connection.scalars(queries.incidents(before, limit))))

    def incident(self, incident: str) -> Incident | None:
        with reading(self._engine) as connection:
            return next(iter(_incidents(connection, [incident])), None)

    def lately_resolved(self, limit: int) -> list[str]:
        """Ids of the alerts resolved, newest first: what tells a late redelivery from news."""
        with reading(self._engine) as connection:
            return list(connection.scalars(queries.lately_resolved(limit)))

    def timeline(self, alert_id: str) -> list[AuditRow]:
        """What happened to one alert, oldest first."""
        with reading(self._engine) as connection:
            return [rows.to_audit(row) for row in connection.execute(queries.timeline(alert_id))]

    def audit_head(self) -> tuple[int, str]:
        """Sequence and hash of the last audit row; to be noted outside, as an anchor for :meth:`verify_audit`."""
        with reading(self._engine) as connection, lenient(connection):
            return _head(connection)

    def audit_rows(self, progress: Progress | None = None) -> Iterator[AuditRow]:
        """The whole chain, read in slices. ``progress`` is told rows read and rows in all after each slice."""
        done, last, total = 0, BEFORE_ALL, self.audit_head()[0]
        while found := self._audit_slice(last):
            yield from found
            done, last = done + len(found), found[-1].seq
            if progress:
                progress(done, max(total, done))

    def verify_audit(
        self, head: tuple[int, str] | None = None, progress: Progress | None = None
    ) -> audit.Broken | None:
        """Check the chain; see :func:`gateway.alerts.audit.verify`."""
        return audit.verify(self.audit_rows(progress), head)

    def suppress(self, suppression: Suppression, entry: Entry) -> None:
        """Keep a suppression as it stands now, with the move that made it so."""
        values = {"id": suppression.id, "ends_at": suppression.ends_at, "body": suppression.model_dump_json()}
        with writing(self._engine) as connection:
            connection.execute(self._sql.suppression, values)
            append(connection, [entry])

    def suppressions(self, since: float) -> list[Suppression]:
        """Those that end, or ended, after ``since``."""
        table = schema.suppression
        with reading(self._engine) as connection:
            bodies = connection.scalars(select(table.c.body).where(table.c.ends_at >= since).order_by(table.c.id))
            return [Suppression.model_validate_json(body) for body in bodies]

    def keep_review(self, made: Review, entry: Entry) -> None:
        """Keep a quarter's review of the rules with its audit entry; a second one replaces the first."""
        with writing(self._engine) as connection:
            connection.execute(self._sql.likelihood, {"quarter": made.quarter, "body": rows.to_json(made)})
            append(connection, [entry])

    def reviews(self) -> list[Review]:
        """Every quarter's review, the oldest first."""
        table = schema.likelihood
        with reading(self._engine) as connection:
            bodies = connection.scalars(select(table.c.body).order_by(table.c.quarter))
            return [msgspec.json.decode(body, type=Review) for body in bodies]

    def raised_between(self, start: float, end: float) -> Iterator[Alert]:
        """Alerts raised from ``start`` on and before ``end``, a few at a time."""
        table = schema.alert
        wanted = select(table.c.body).where(table.c.raised_at >= start, table.c.raised_at < end)
        with reading(self._engine) as connection:
            for body in connection.execution_options(yield_per=SLICE).scalars(wanted):
                yield rows.to_alert(body)

    def adopt(self, device: Device, actor: str, now: float) -> None:
        """Make a stranger one of ours; a device adopted before is replaced."""
        detail = {"device": msgspec.to_builtins(device)}
        values = {"id": device.id, "adopted_by": actor, "adopted_at": now, "body": rows.to_json(device)}
        with writing(self._engine) as connection:
            connection.execute(self._sql.adopted, values)
            connection.execute(delete(schema.stranger).where(schema.stranger.c.device == (device.address or device.id)))
            append(connection, [Entry(now, actor, "adopt", "", detail)])

    def due_messages(self, now: float, limit: int) -> list[OutboxRow]:
        """Messages to send now: the gravest first, then the oldest."""
        with reading(self._engine) as connection:
            return [rows.to_outbox(row) for row in connection.execute(queries.due(now, limit))]

    def messages(self, alert_id: str) -> list[OutboxRow]:
        """What was and is to be told about one alert, oldest first."""
        with reading(self._engine) as connection:
            return [rows.to_outbox(row) for row in connection.execute(queries.messages(alert_id))]

    def messages_sent(self, ids: Sequence[str], now: float) -> None:
        """Note that the channel confirmed them; the rows stay, so that none of them is queued again."""
        with writing(self._engine) as connection:
            _many(connection, _SENT, [{"message": id_, "now": now} for id_ in ids])

    def message_failed(self, message_id: str, error: str, next_at: float) -> None:
        """Count a failed try; the message is due again at ``next_at``."""
        with writing(self._engine) as connection:
            values = {"message": message_id, "error": error[: rows.ERROR_LENGTH], "due": next_at}
            connection.execute(_FAILED, values)

    def _audit_slice(self, after: int) -> list[AuditRow]:
        with reading(self._engine) as connection, lenient(connection):
            return [rows.to_audit(row) for row in connection.execute(queries.audit_slice(after, SLICE))]

    def _write_alerts(self, connection: Connection, alerts: list[rows.Values]) -> None:
        texts = {alert["text_key"]: alert["haystack"] for alert in alerts}
        _many(connection, self._sql.alert_text, [{"key": key, "text": text} for key, text in texts.items()])
        try:
            _many(connection, self._sql.alert, alerts)
        except IntegrityError as error:
            fingerprints = sorted(filter(None, (alert["open_fingerprint"] for alert in alerts)))
            raise DuplicateAlert(f"one of {fingerprints} has an open alert already; extend that one") from error

    def _write_escalations(self, connection: Connection, escalations: Mapping[str, Escalation | None]) -> None:
        kept = [{"alert": id_, "body": rows.to_json(e)} for id_, e in escalations.items() if e is not None]
        _many(connection, self._sql.escalation, kept)
        _many(connection, self._sql.forget_escalation, [{"of": id_} for id_, e in escalations.items() if e is None])

    def _write_checkpoint(self, connection: Connection, c: Checkpoint) -> None:
        sql = self._sql
        states = {(rule, device): blob for rule, device, blob in c.rule_states}
        kept = [{"rule": r, "device": d, "state": blob} for (r, d), blob in states.items() if blob is not None]
        gone = [{"rule": r, "device": d} for (r, d), blob in states.items() if blob is None]
        _many(connection, sql.rule_state, kept)
        _many(connection, sql.forget_rule_state, gone)
        _many(connection, sql.twins, [{"shard": shard, "twins": blob} for shard, blob in c.twins])
        _many(connection, sql.cursor, [{"lane": lane, "next_seq": seq} for lane, seq in c.cursors.items()])
        memories = {(of, rows.fingerprint_key(part)): blob for of, part, blob in c.memories}
        kept = [
            {"dialect": of, "key": part, "memory": blob} for (of, part), blob in memories.items() if blob is not None
        ]
        gone = [{"of": of, "part": part} for (of, part), blob in memories.items() if blob is None]
        _many(connection, sql.memory, kept)
        _many(connection, sql.forget_memory, gone)
        _many(connection, sql.stranger, [{"device": s.device, "body": rows.to_json(s)} for s in c.quarantine])


def _incidents(connection: Connection, ids: list[str]) -> list[Incident]:
    parts: dict[str, list[Row[Any]]] = {}
    for part in connection.execute(queries.members(ids)):
        parts.setdefault(part.incident, []).append(part)
    leads = {id_: rows.to_alert(connection.scalars(queries.lead(id_)).one()) for id_ in parts}
    return [stored(id_, leads[id_], parts[id_]) for id_ in ids if id_ in parts]


def _many(connection: Connection, statement: Executable, values: list[dict[str, Any]]) -> None:
    if values:
        connection.execute(statement, values)


def _head(connection: Connection) -> tuple[int, str]:
    row = connection.execute(queries.audit_head()).first()
    return (row.seq, row.hash) if row else (0, audit.GENESIS)


def _load(connection: Connection) -> Restored:
    adopted = [rows.to_device(body) for body in connection.scalars(select(schema.adopted_device.c.body))]
    ours = {device.address or device.id for device in adopted}
    strangers = [rows.to_stranger(body) for body in connection.scalars(select(schema.stranger.c.body))]
    still_open = select(schema.alert.c.body).where(schema.alert.c.handling == Handling.OPEN.value)
    return Restored(
        alerts=[rows.to_alert(body) for body in connection.scalars(still_open.order_by(schema.alert.c.raised_at))],
        rule_states=[(r.rule, r.device, r.state) for r in connection.execute(select(schema.rule_state))],
        twins=[(r.shard, r.twins) for r in connection.execute(select(schema.twin_shard))],
        cursors={r.lane: r.next_seq for r in connection.execute(select(schema.lane_cursor))},
        memories=[(r.dialect, r.memory) for r in connection.execute(select(schema.dialect_memory))],
        strangers=[stranger for stranger in strangers if stranger.device not in ours],
        adopted=adopted,
        escalations=[rows.to_escalation(body) for body in connection.scalars(select(schema.escalation.c.body))],
    )

"""Deletes what has been kept for its time, kind by kind; the audit chain says what went."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Engine, Table, delete, select

from alert_rules.alert import MACHINE, Entry, Handling
from gateway.alerts import appending, schema
from gateway.alerts.database import writing
from gateway.site import Retention

DAY_S = 86_400.0
SLICE = 500
"""Rows deleted in one transaction: a commit of alerts waits no longer than that takes."""


def sweep_once(engine: Engine, retention: Retention, now: float) -> int:
    """Delete one slice of whatever is past its time, with its audit row; returns how many rows, 0 when all is done.

    Alerts go with their checklists and messages once they are resolved and no review of them is owed; the chain's own
    rows stay. Raises ``StoreUnavailable``.
    """
    for kind, table, past, before in _kinds(retention, now):
        with writing(engine) as connection:
            ids = list(connection.scalars(select(table.c.id).where(past).order_by(table.c.id).limit(SLICE)))
            if not ids:
                continue
            if kind == "alerts":
                for other in (schema.checklist, schema.outbox):
                    connection.execute(delete(other).where(other.c.alert.in_(ids)))
            connection.execute(delete(table).where(table.c.id.in_(ids)))
            detail: dict[str, Any] = {"kind": kind, "before": before, "count": len(ids)}
            detail |= {"ids": ids} if kind == "alerts" else {}
            appending.append(connection, [Entry(now, MACHINE, "retention", "", detail)])
        return len(ids)
    return 0


def _kinds(retention: Retention, now: float) -> Iterator[tuple[str, Table, ColumnElement[bool], float]]:
    alert, outbox = schema.alert, schema.outbox
    if retention.alerts_days:
        before = now - retention.alerts_days * DAY_S
        done = (alert.c.handling == Handling.RESOLVED.value) & alert.c.review_due.is_(None)
        yield "alerts", alert, done & (alert.c.raised_at < before), before
    if retention.messages_days:
        before = now - retention.messages_days * DAY_S
        yield "messages", outbox, outbox.c.sent_at < before, before

"""The reading statements of the alert store."""

from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_

from alert_rules.alert import Handling
from gateway.alerts.records import AlertFilter
from gateway.alerts.rows import fold, key
from gateway.alerts.schema import alert, audit, outbox

MOST_ALERTS = 1000
NEWEST_FIRST = (alert.c.raised_at.desc(), alert.c.id.desc())


def page(f: AlertFilter) -> Select[Any]:
    """Bodies of the alerts that match ``f``, newest first; at most :data:`MOST_ALERTS`."""
    limit = max(1, min(f.limit, MOST_ALERTS))
    return select(alert.c.body).where(*_conditions(f)).order_by(*NEWEST_FIRST).limit(limit)


def _conditions(f: AlertFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if f.state != "all":
        found.append(alert.c.handling == f.state)
    for column, wanted in ((alert.c.severity, f.severity), (alert.c.rule, f.rule), (alert.c.building, f.building)):
        if wanted:
            found.append(column == key(wanted))
    if f.q:
        found.append(alert.c.haystack.contains(fold(f.q), autoescape=True))
    if f.before is not None:
        found.append(_below(f.before, f.before_id))
    return found


def _below(before: float, before_id: str | None) -> ColumnElement[bool]:
    if before_id is None:
        return alert.c.raised_at < before
    return tuple_(alert.c.raised_at, alert.c.id) < (before, before_id)


def lately_resolved(limit: int) -> Select[Any]:
    """Ids of alerts that are no longer open, the newest raised first."""
    resolved = alert.c.handling == Handling.RESOLVED.value
    return select(alert.c.id).where(resolved).order_by(*NEWEST_FIRST).limit(limit)


def due(now: float, limit: int) -> Select[Any]:
    """Unsent messages whose time has come: the gravest first, then the oldest."""
    ready = (outbox.c.sent_at.is_(None), outbox.c.next_at <= now)
    return select(outbox).where(*ready).order_by(outbox.c.priority, outbox.c.created_at).limit(limit)


def audit_head() -> Select[Any]:
    return select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)


def audit_slice(after: int, limit: int) -> Select[Any]:
    return select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)


def timeline(alert_id: str) -> Select[Any]:
    return select(audit).where(audit.c.alert == alert_id).order_by(audit.c.seq)

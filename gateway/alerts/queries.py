"""The reading statements of the alert store."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, case, func, select, tuple_

from alert_rules.alert import RANK, Handling
from gateway.alerts.records import AlertFilter
from gateway.alerts.rows import fold, key
from gateway.alerts.schema import alert, alert_text, audit, outbox

MOST_ALERTS = 1000
FEW_TEXTS = 2000
NEWEST_FIRST = (alert.c.raised_at.desc(), alert.c.id.desc())


def texts(q: str) -> Select[Any]:
    """Keys of the texts that hold ``q``; more than :data:`FEW_TEXTS` are not counted further."""
    return select(alert_text.c.key).where(_holds(alert_text.c.text, q)).limit(FEW_TEXTS + 1)


def page(f: AlertFilter, keys: Sequence[int] | None = None) -> Select[Any]:
    """Bodies of the alerts that match ``f``, newest first; at most :data:`MOST_ALERTS`.

    ``keys``: what :func:`texts` found. A few texts lead to their alerts by the index. Many are on so many alerts that
    looking at each from the newest on finds a page soon.
    """
    limit = max(1, min(f.limit, MOST_ALERTS))
    if keys is None or len(keys) > FEW_TEXTS:
        found = _conditions(f) + ([_holds(alert.c.haystack, f.q)] if f.q else [])
        return select(alert.c.body).where(*found).order_by(*NEWEST_FIRST).limit(limit)
    found = [alert.c.text_key.in_(keys), *_conditions(f, indexed=False)]
    ids = select(alert.c.id).where(*found).order_by(*NEWEST_FIRST).limit(limit)
    return select(alert.c.body).where(alert.c.id.in_(ids)).order_by(*NEWEST_FIRST)


def _holds(column: Column[Any], q: str) -> ColumnElement[bool]:
    return column.contains(fold(q), autoescape=True)


def _conditions(f: AlertFilter, indexed: bool = True) -> list[ColumnElement[bool]]:
    """What ``f`` asks for besides text; unless ``indexed``, so that no index serves it and a better one is taken."""

    def of(column: Column[Any]) -> ColumnElement[Any]:
        return column if indexed else column.concat("")

    found: list[ColumnElement[bool]] = []
    if f.state != "all":
        found.append(of(alert.c.handling) == f.state)
    asked = (
        (alert.c.severity, f.severity),
        (alert.c.rule, f.rule),
        (alert.c.building, f.building),
        (alert.c.incident, f.incident),
    )
    for column, wanted in asked:
        if wanted:
            found.append(of(column) == key(wanted))
    if f.buildings:
        found.append(of(alert.c.building).in_([key(building) for building in ("", *f.buildings)]))
    if f.before is not None:
        found.append(_below(f.before, f.before_id))
    return found


def _below(before: float, before_id: str | None) -> ColumnElement[bool]:
    if before_id is None:
        return alert.c.raised_at < before
    return tuple_(alert.c.raised_at, alert.c.id) < (before, before_id)


def incidents(before: float | None, limit: int) -> Select[Any]:
    """Ids of incidents, the one that got an alert last first; ``before`` continues below that moment."""
    newest = func.max(alert.c.raised_at)
    found = select(alert.c.incident).group_by(alert.c.incident).order_by(newest.desc(), alert.c.incident).limit(limit)
    return found if before is None else found.having(newest < before)


def members(incidents: Sequence[str]) -> Select[Any]:
    """How many alerts of each incident come from which building and rule, and from when to when."""
    parts = (alert.c.incident, alert.c.building, alert.c.rule)
    counted = (func.count().label("alerts"), func.min(alert.c.raised_at).label("first"))
    newest = func.max(alert.c.raised_at).label("last")
    return select(*parts, *counted, newest).where(alert.c.incident.in_(incidents)).group_by(*parts)


def lead(incident: str) -> Select[Any]:
    """The body of the gravest alert of an incident, of several the first."""
    rank = case({severity.value: rank for severity, rank in RANK.items()}, value=alert.c.severity)
    return select(alert.c.body).where(alert.c.incident == incident).order_by(rank, alert.c.raised_at).limit(1)


def lately_resolved(limit: int) -> Select[Any]:
    """Ids of alerts that are no longer open, the newest raised first."""
    resolved = alert.c.handling == Handling.RESOLVED.value
    return select(alert.c.id).where(resolved).order_by(*NEWEST_FIRST).limit(limit)


def due(now: float, limit: int) -> Select[Any]:
    """Unsent messages whose time has come: the gravest first, then the oldest."""
    ready = (outbox.c.sent_at.is_(None), outbox.c.next_at <= now)
    return select(outbox).where(*ready).order_by(outbox.c.priority, outbox.c.created_at).limit(limit)


def messages(alert_id: str) -> Select[Any]:
    """Every message about one alert, oldest first."""
    return select(outbox).where(outbox.c.alert == alert_id).order_by(outbox.c.created_at, outbox.c.id)


def audit_head() -> Select[Any]:
    return select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)


def audit_slice(after: int, limit: int) -> Select[Any]:
    return select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)


def timeline(alert_id: str) -> Select[Any]:
    return select(audit).where(audit.c.alert == alert_id).order_by(audit.c.seq)

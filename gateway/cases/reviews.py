"""Which reviews are owed, and which cases have been open for too long."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, func, select

from alert_rules.alert import Alert
from alert_rules.reviewing import REVIEW_S, long_open
from gateway.alerts import rows, schema
from gateway.alerts.database import reading

SHOWN = 200
_DUE = schema.alert.c.review_due


def counts(engine: Engine, open_alerts: Iterable[Alert], now: float) -> dict[str, int]:
    """How many are ``due``, ``overdue`` and ``long_open``. Raises ``StoreUnavailable``."""
    with reading(engine) as connection:
        due = connection.scalar(select(func.count()).where(now <= _DUE)) or 0
        overdue = connection.scalar(select(func.count()).where(now > _DUE)) or 0
    return {"due": due, "overdue": overdue, "long_open": len(long_open(open_alerts, now))}


def owed(engine: Engine, buildings: tuple[str, ...]) -> list[Alert]:
    """Alerts whose review is not written, the one due first in front. Raises ``StoreUnavailable``."""
    wanted = select(schema.alert.c.body).where(_DUE.is_not(None))
    if buildings:
        wanted = wanted.where(schema.alert.c.building.in_([*map(rows.key, buildings), ""]))
    with reading(engine) as connection:
        return [rows.to_alert(body) for body in connection.scalars(wanted.order_by(_DUE).limit(SHOWN))]


def summary(waiting: Iterable[Alert], open_alerts: Iterable[Alert], now: float) -> dict[str, list[Any]]:
    """Alerts sorted into ``due``, ``overdue`` and ``long_open``."""
    sorted_: dict[str, list[Any]] = {"due": [], "overdue": [], "long_open": long_open(open_alerts, now)[:SHOWN]}
    for alert in waiting:
        late = alert.resolved_at is not None and now > alert.resolved_at + REVIEW_S
        sorted_["overdue" if late else "due"].append(alert)
    return sorted_

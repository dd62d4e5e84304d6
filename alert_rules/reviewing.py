"""Which alerts ask for a written review, and which have been open for too long. Pure."""

from collections.abc import Iterable

from alert_rules.alert import Alert, Handling
from alert_rules.moves import REVIEWED

REVIEW_S = 48 * 3_600.0
"""From resolving a critical or major alert to its written review."""
LONG_OPEN_S = 72 * 3_600.0


def review_due(alert: Alert) -> float | None:
    """When the review must be written (time of day, epoch seconds), or ``None`` where none is asked for."""
    asked = alert.severity in REVIEWED and not alert.test and alert.closed_by is None
    if not asked or alert.handling is not Handling.RESOLVED or alert.resolved_at is None:
        return None
    return alert.resolved_at + REVIEW_S


def long_open(alerts: Iterable[Alert], now: float) -> list[Alert]:
    """Those received more than 72 hours ago that are still open, the oldest first."""
    found = [alert for alert in alerts if alert.handling is Handling.OPEN and now - alert.received_at > LONG_OPEN_S]
    return sorted(found, key=lambda alert: (alert.received_at, alert.id))

"""What people made of the alerts that were raised: read from the alert store."""

from collections.abc import Iterable, Iterator

from alert_rules.alert import MACHINE, Alert, Handling, Verdict
from gateway.alerts.records import AlertFilter
from gateway.alerts.store import AlertStore
from gateway.lookback.rehearsal import Resolution

PAGE = 1_000
SAME_S = 60.0
"""Alerts of one fingerprint that begin this close are the same one: a replayed timer may act a moment apart."""


def alerts_since(store: AlertStore, since: float) -> list[Alert]:
    """Every alert raised at ``since`` (epoch seconds) or later, oldest first."""
    found: list[Alert] = []
    page = AlertFilter(limit=PAGE)
    while rows := store.search(page):
        found += [alert for alert in rows if alert.raised_at >= since]
        if rows[-1].raised_at < since:
            break
        page.before, page.before_id = rows[-1].raised_at, rows[-1].id
    return found[::-1]


class Past:
    """Alerts by fingerprint, to ask what became of one that a replay raises again."""

    def __init__(self, alerts: Iterable[Alert]) -> None:
        self._by_fingerprint: dict[str, list[Alert]] = {}
        for alert in alerts:
            self._by_fingerprint.setdefault(alert.fingerprint, []).append(alert)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(alert.id for alert in self)

    def __iter__(self) -> Iterator[Alert]:
        return (alert for alerts in self._by_fingerprint.values() for alert in alerts)

    def verdict(self, alert: Alert) -> Verdict | None:
        """What people found when it was raised; ``None`` where it was not, or nobody judged it."""
        near = min(
            self._by_fingerprint.get(alert.fingerprint, ()),
            key=lambda lived: abs(lived.raised_at - alert.raised_at),
            default=None,
        )
        return near.verdict if near is not None and abs(near.raised_at - alert.raised_at) <= SAME_S else None

    def resolutions(self) -> list[Resolution]:
        """What people resolved, in the order they did."""
        done = [
            Resolution(alert.resolved_at, alert.rule, alert.device, alert.subject, alert.fingerprint)
            for alert in self
            if alert.handling is Handling.RESOLVED and alert.resolved_at is not None and alert.resolved_by != MACHINE
        ]
        return sorted(done, key=lambda resolution: resolution.at)

"""Alerts that people work as one, seen as one. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Row

from alert_rules.alert import INHIBITED, RANK, Alert


class Incident(Struct, kw_only=True):
    """What the members have in common. ``lead`` is the gravest that is still to be judged, of several the first."""

    id: str
    lead: Alert
    alerts: int
    rules: dict[str, int]
    buildings: list[str]
    first_at: float
    last_at: float


def summarise(alerts: Iterable[Alert]) -> list[Incident]:
    """The incidents of ``alerts``, the one with the gravest lead first, of several the one with the newest alert."""
    members: dict[str, list[Alert]] = {}
    for alert in alerts:
        members.setdefault(alert.incident, []).append(alert)
    found = [_summary(id_, each) for id_, each in members.items()]
    return sorted(found, key=lambda incident: (urgency(incident.lead)[:2], -incident.last_at, incident.id))


def urgency(alert: Alert) -> tuple[bool, int, bool, float, str]:
    """What to work on first: not judged, grave, not explained by another, early."""
    inhibited = (alert.suppressed_by or "").startswith(INHIBITED)
    return alert.verdict is not None, RANK[alert.severity], inhibited, alert.received_at, alert.id


def leads_first(alerts: Sequence[Alert]) -> list[Alert]:
    """The lead of each incident, then the others in their order: a page of these shows every incident."""
    leads: dict[str, Alert] = {}
    for alert in alerts:
        lead = leads.get(alert.incident)
        if lead is None or urgency(alert) < urgency(lead):
            leads[alert.incident] = alert
    return sorted(leads.values(), key=urgency) + [alert for alert in alerts if leads[alert.incident] is not alert]


def stored(id_: str, lead: Alert, parts: Sequence[Row[Any]]) -> Incident:
    """An incident from its counts in the database."""
    rules: Counter[str] = Counter()
    for part in parts:
        rules[part.rule] += part.alerts
    return Incident(
        id=id_,
        lead=lead,
        alerts=sum(rules.values()),
        rules=dict(rules),
        buildings=sorted({part.building for part in parts if part.building}),
        first_at=min(part.first for part in parts),
        last_at=max(part.last for part in parts),
    )


def _summary(id_: str, members: list[Alert]) -> Incident:
    return Incident(
        id=id_,
        lead=min(members, key=urgency),
        alerts=len(members),
        rules=dict(Counter(alert.rule for alert in members)),
        buildings=sorted({alert.place.building for alert in members if alert.place.building}),
        first_at=min(alert.raised_at for alert in members),
        last_at=max(alert.raised_at for alert in members),
    )

"""Which alerts people work as one: by place and moment, and by kind of device when a building floods the room. Pure."""

from collections import OrderedDict

from alert_rules.alert import Alert
from alert_rules.causes import GROUPINGS, STORM_ALERTS, STORM_S
from devices.registry import Registry

STORM = "storm-"
"""Before the id of an incident that a flood of alerts opened."""

_Group = tuple[str, ...]


class Grouper:
    """Finds the incident of a new alert among those still open.

    It remembers nothing but open alerts in the order they came, so that loading the same alerts gives the same groups.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._groups: dict[_Group, OrderedDict[str, tuple[float, Alert]]] = {}
        self._of: dict[str, list[_Group]] = {}

    def place(self, alert: Alert) -> None:
        """Give the new ``alert`` its incident: its own, unless it belongs to one."""
        now = alert.received_at
        for group, window_s in self._wanted(alert):
            if (last := self._last(group, now, window_s)) is not None:
                alert.incident = last.incident
                break
        else:
            if self._flooded(alert, now):
                last = self._last(_storm(alert), now, STORM_S)
                alert.incident = last.incident if last else STORM + alert.id
        self.add(alert)

    def add(self, alert: Alert) -> None:
        """Take in an open alert that has its incident; the oldest must come first."""
        groups = [group for group, _ in self._wanted(alert)] + [_flood(alert)]
        if alert.incident.startswith(STORM):
            groups.append(_storm(alert))
        for group in groups:
            self._groups.setdefault(group, OrderedDict())[alert.id] = alert.received_at, alert
        self._of[alert.id] = groups

    def remove(self, alert: Alert) -> None:
        """The alert is resolved."""
        for group in self._of.pop(alert.id, ()):
            members = self._groups.get(group)
            if members is None:
                continue
            members.pop(alert.id, None)
            if not members:
                del self._groups[group]

    def _wanted(self, alert: Alert) -> list[tuple[_Group, float]]:
        device = self._registry.get(alert.device)
        found: list[tuple[_Group, float]] = []
        for grouping in GROUPINGS:
            if grouping.rules and alert.rule not in grouping.rules:
                continue
            if key := grouping.key(alert, device):
                found.append(((grouping.name, key, str(alert.test)), grouping.window_s))
        return found

    def _last(self, group: _Group, now: float, window_s: float) -> Alert | None:
        members = self._groups.get(group)
        if not members:
            return None
        at, last = members[next(reversed(members))]
        for same, alert in reversed(members.values()):
            if same != at:
                break
            last = max(last, alert, key=lambda each: each.id)
        return last if now - at <= window_s else None

    def _flooded(self, alert: Alert, now: float) -> bool:
        members = self._groups.get(_flood(alert))
        if not members:
            return False
        while members and now - next(iter(members.values()))[0] > STORM_S:
            members.popitem(last=False)
        return len(members) >= STORM_ALERTS


def _flood(alert: Alert) -> _Group:
    return "flood", alert.place.building


def _storm(alert: Alert) -> _Group:
    return "storm", alert.place.building, alert.kind, str(alert.test)

"""Gathers what belongs to an alert: readings around the time, alerts that go with it, passages at the doors nearby."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from alert_rules.alert import Alert
from devices.model import DeviceKind
from devices.registry import Device, Registry
from gateway.alerts import rows, schema
from gateway.alerts.database import reading
from gateway.alerts.queries import NEWEST_FIRST
from gateway.alerts.records import AlertFilter, AuditRow
from gateway.alerts.store import AlertStore
from gateway.cases.files import Kept, files_of

AROUND_S = 600.0
BUCKET_S = 1.0
EARLIER_S = 30 * 86_400.0
MOST_ALERTS = 100
MOST_DOORS = 8
Series = dict[str, list[tuple[float, float | bool | str]]]
Query = Callable[[Device, float, float, float], Series]
View = Callable[[Alert], dict[str, Any]]


class Collector:
    """Reads from the alert store, the history and the evidence folder. Every method may block."""

    def __init__(self, store: AlertStore, query: Query, registry: Registry, root: Path, view: View) -> None:
        self._store = store
        self._query = query
        self._registry = registry
        self._root = root
        self._view = view

    def files(self, alert: Alert) -> list[Kept]:
        """Its pictures and clips."""
        return files_of(self._root, alert)

    def timeline(self, alert: Alert) -> list[AuditRow]:
        """Its audit rows, oldest first."""
        return self._store.timeline(alert.id)

    def facts(self, alert: Alert) -> dict[str, Any]:
        """Readings, place, related alerts and passages; ``missing`` says what could not be read, and why."""
        missing: list[str] = []
        device = self._registry.get(alert.device)
        return {
            "place": {name: getattr(alert.place, name) for name in alert.place.__struct_fields__},
            "from": alert.raised_at - AROUND_S,
            "until": alert.raised_at + AROUND_S,
            "readings": self._around([device] if device else [], alert.raised_at, missing).get(alert.device, {}),
            "passages": self._around(self._doors(alert), alert.raised_at, missing),
            "related": self._related(alert),
            "missing": missing,
        }

    def _around(self, devices: Iterable[Device], at: float, missing: list[str]) -> dict[str, Series]:
        found: dict[str, Series] = {}
        for device in devices:
            try:
                found[device.id] = self._query(device, max(at - AROUND_S, 0.0), at + AROUND_S, BUCKET_S)
            except Exception as error:  # each store has errors of its own; a case without readings is still a case
                missing.append(f"history of {device.id}: {error}")
        return found

    def _doors(self, alert: Alert) -> list[Device]:
        """The door itself, or those of the same building, on the same floor where there are any."""
        own = self._registry.get(alert.device)
        if own is not None and own.kind is DeviceKind.ACCESS_GATE:
            return [own]
        doors = list(self._registry.in_building(alert.place.building, DeviceKind.ACCESS_GATE))
        near = [door for door in doors if door.floor == alert.place.floor] if alert.place.building else []
        return (near or (doors if alert.place.building else []))[:MOST_DOORS]

    def _related(self, alert: Alert) -> dict[str, Any]:
        members = self._store.search(AlertFilter(incident=alert.incident, limit=MOST_ALERTS))
        cause = self._store.get(alert.cause) if alert.cause else None
        return {
            "incident": [self._view(each) for each in members if each.id != alert.id],
            "cause": self._view(cause) if cause else None,
            "device": [self._view(each) for each in self._earlier(alert)],
        }

    def _earlier(self, alert: Alert) -> list[Alert]:
        """What the same device raised in the thirty days before, newest first."""
        table = schema.alert
        window = table.c.raised_at.between(alert.raised_at - EARLIER_S, alert.raised_at)
        named = table.c.haystack.contains(rows.fold(alert.device)[: rows.HAYSTACK_LENGTH], autoescape=True)
        wanted = select(table.c.body).where(window, named, table.c.id != alert.id).order_by(*NEWEST_FIRST)
        found: list[Alert] = []
        with reading(self._store.engine) as connection:
            for body in connection.scalars(wanted):
                each = rows.to_alert(body)
                if each.device == alert.device:
                    found.append(each)
                if len(found) == MOST_ALERTS:
                    break
        return found

"""Alerts and changes for tests, made by the real moves."""

from typing import Any

from alert_rules.alert import Action, Alert, Entry, Place, Reason, Severity, Transition, open_alert
from devices.model import DeviceKind
from gateway.alerts.records import Changes, Message, Stranger

NOON = 1_750_000_000.0
HALL = Place(name="一号楼大厅", building="b1", floor="1", zone="hall")


def transition(device: str = "smoke-1", at: float = NOON, **changed: Any) -> Transition:
    fields: dict[str, Any] = {
        "action": Action.RAISE,
        "rule": "smoke_alarm",
        "kind": DeviceKind.SMOKE_DETECTOR,
        "severity": Severity.CRITICAL,
        "received_at": at + 0.25,
        "reason": Reason("smoke", {"smoke": True}, {}),
    }
    return Transition(device=device, at=at, **{**fields, **changed})


def raised(device: str = "smoke-1", at: float = NOON, place: Place = HALL, **changed: Any) -> tuple[Alert, Entry]:
    return open_alert(transition(device, at, **changed), place)


def alert(device: str = "smoke-1", at: float = NOON, place: Place = HALL, **changed: Any) -> Alert:
    return raised(device, at, place, **changed)[0]


def raising(*pairs: tuple[Alert, Entry]) -> Changes:
    return Changes(alerts=[alert for alert, _ in pairs], entries=[entry for _, entry in pairs])


def message(number: int = 1, severity: str = "critical", at: float = NOON) -> Message:
    payload = {"severity": severity, "place": {"name": "大厅 🔥"}}
    return Message(
        id=f"a{number}:wecom:raise", alert=f"a{number}", channel="wecom", stage="raise", created_at=at, payload=payload
    )


def stranger(device: str = "new-1", count: int = 1, **last: Any) -> Stranger:
    kind = DeviceKind.WATER_LEAK
    return Stranger(
        device=device, kind=kind, dialect="native", first_seen=NOON, last_seen=NOON + count, count=count, last=last
    )


def entry(number: int, **detail: Any) -> Entry:
    return Entry(NOON + number, "li", "comment", "a1", {"text": f"note {number}", **detail})

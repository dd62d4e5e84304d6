"""Between records and table rows. Pure."""

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Row

from alert_rules.alert import Alert, Handling, Severity
from alert_rules.escalation import Escalation
from alert_rules.reviewing import review_due
from devices.registry import Device
from gateway.alerts.audit import canonical
from gateway.alerts.records import AuditRow, Message, OutboxRow, Stranger

Values = dict[str, Any]

KEY_LENGTH = 200
HAYSTACK_LENGTH = 400
ERROR_LENGTH = 500

_alert = msgspec.json.Decoder(Alert)
_stranger = msgspec.json.Decoder(Stranger)
_escalation = msgspec.json.Decoder(Escalation)
_device = msgspec.json.Decoder(Device)
_PRIORITY = {severity.value: rank for rank, severity in enumerate(Severity)}


def alert_values(alert: Alert) -> Values:
    """The row of ``alert``: the whole record, and what queries need beside it."""
    return {
        "id": alert.id,
        "open_fingerprint": fingerprint_key(alert.fingerprint) if alert.handling is Handling.OPEN else None,
        "handling": alert.handling.value,
        "severity": alert.severity.value,
        "rule": key(alert.rule),
        "building": key(alert.place.building),
        "incident": alert.incident,
        "raised_at": alert.raised_at,
        "haystack": (text := haystack(alert)),
        "text_key": text_key(text),
        "review_due": review_due(alert),
        "body": to_json(alert),
    }


def ordered(alerts: Iterable[Alert]) -> list[Alert]:
    """The last word on each alert; resolved ones first, so that a fingerprint is free before it is taken again."""
    last = {alert.id: alert for alert in alerts}
    return sorted(last.values(), key=lambda alert: alert.handling is Handling.OPEN)


def key(text: str) -> str:
    """``text`` short enough for an index (PostgreSQL refuses index rows above 2704 bytes, and with them the alert)."""
    return text[:KEY_LENGTH]


def fingerprint_key(fingerprint: str) -> str:
    """``fingerprint``, or for a long one (its subject is the device's own text) its beginning and its digest."""
    if len(fingerprint) <= KEY_LENGTH:
        return fingerprint
    return f"{fingerprint[:100]}#{hashlib.sha256(fingerprint.encode()).hexdigest()}"


def text_key(text: str) -> int:
    """A number for ``text`` that fits 64 bits with sign."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def haystack(alert: Alert) -> str:
    """What free-text search looks through, folded so that case does not matter in either database."""
    return fold("\n".join((alert.device, alert.place.name, alert.place.building, alert.rule)))[:HAYSTACK_LENGTH]


def fold(text: str) -> str:
    return text.casefold()


def to_json(record: Any) -> str:
    return msgspec.json.encode(record).decode()


def to_alert(body: str) -> Alert:
    return _alert.decode(body)


def to_escalation(body: str) -> Escalation:
    return _escalation.decode(body)


def to_stranger(body: str) -> Stranger:
    return _stranger.decode(body)


def to_device(body: str) -> Device:
    return _device.decode(body)


def audit_values(row: AuditRow) -> Values:
    return {**{name: getattr(row, name) for name in row.__struct_fields__}, "detail": canonical(row.detail)}


def to_audit(row: Row[Any]) -> AuditRow:
    """Read an audit row as it stands, tampered or not: what cannot be read must fail its hash, not the reader."""
    at = row.at if isinstance(row.at, float) else math.nan
    return AuditRow(
        row.seq, at, str(row.actor), str(row.action), str(row.alert), _detail(row.detail), row.prev_hash, row.hash
    )


def _detail(text: Any) -> dict[str, Any]:
    try:
        detail = msgspec.json.decode(text)
    except (msgspec.DecodeError, TypeError, UnicodeError):
        detail = None
    readable = isinstance(detail, dict) and canonical(detail) == text
    return detail if readable else {"unreadable": str(text)}


def message_values(message: Message) -> Values:
    """A new outbox row, due at once; the alert's severity decides who goes first."""
    return {
        "id": message.id,
        "alert": message.alert,
        "channel": message.channel,
        "stage": message.stage,
        "priority": _PRIORITY.get(str(message.payload.get("severity")), len(_PRIORITY)),
        "created_at": message.created_at,
        "payload": to_json(message.payload),
        "attempts": 0,
        "next_at": message.created_at,
    }


def to_outbox(row: Row[Any]) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        alert=row.alert,
        channel=row.channel,
        stage=row.stage,
        created_at=row.created_at,
        payload=msgspec.json.decode(row.payload),
        attempts=row.attempts,
        next_at=row.next_at,
        last_error=row.last_error,
        sent_at=row.sent_at,
    )

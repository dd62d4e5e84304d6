"""Changes of alerts as CloudEvents 1.0, structured mode (https://cloudevents.io; JSON event format). Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
TYPES = {
    "raise": "raised",
    "repeat": "repeated",
    "clear": "cleared",
    "acknowledge": "acknowledged",
    "verdict": "judged",
    "comment": "commented",
    "resolve": "resolved",
}
"""The last word of an event's type, by the move that the audit chain records; another move keeps its own name."""

PREFIX = "community-gateway.alert"


def source_of(site: str) -> str:
    """Return the ``source`` of a site's events, a URI reference."""
    return f"/community-gateway/{site}"


def cloud_event(payload: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Make the event of ``payload``: an alert as the API shows it with its ``change`` (id, action, at, actor, detail).

    ``id`` is the change's: whoever gets an event twice knows it by ``source`` and ``id``.
    """
    change = dict(payload["change"])
    alert = {name: value for name, value in payload.items() if name not in ("change", "saved")}
    return {
        "specversion": "1.0",
        "id": change.pop("id"),
        "source": source,
        "type": f"{PREFIX}.{TYPES.get(change['action'], change['action'])}",
        "subject": alert["device"],
        "time": timestamp(change["at"]),
        "datacontenttype": "application/json",
        "data": {"change": change, "alert": alert},
    }


def encode(event: Mapping[str, Any]) -> bytes:
    """Write the event as JSON."""
    return msgspec.json.encode(event)


def timestamp(at: float) -> str:
    """``at`` (epoch seconds) by RFC 3339, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

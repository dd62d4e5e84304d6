"""Which channels an alert goes to. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.site import Channel

SEVERITIES = ("critical", "major", "minor", "notice")


def severity_rank(alert: Mapping[str, Any]) -> int:
    """0 for the most urgent. A test counts as a notice; an unknown word counts as critical, to err on the safe side."""
    if alert.get("test"):
        return SEVERITIES.index("notice")
    severity = alert.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0


def due_channels(alert: Mapping[str, Any], channels: Iterable[Channel], events: bool = False) -> list[str]:
    """Name the channels for people, or with ``events`` those for programs, whose threshold ``alert`` (as the API shows
    it) reaches.
    """
    rank = severity_rank(alert)
    return [
        channel.name
        for channel in channels
        if (channel.kind != "message") is events and rank <= SEVERITIES.index(channel.min_severity)
    ]

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


def due_channels(alert: Mapping[str, Any], channels: Iterable[Channel], level: int = 0) -> list[str]:
    """Name the channels for people that ``alert`` (as the API shows it) calls at an escalation ``level``.

    Level 0 is when it is raised. A level nobody is named for calls everybody whose threshold is reached: never nobody.
    """
    reached = [channel for channel in channels if channel.kind == "message" and _reached(alert, channel)]
    named = [channel for channel in reached if level in channel.levels]
    return [channel.name for channel in (named if named or level == 0 else reached)]


def event_channels(alert: Mapping[str, Any], channels: Iterable[Channel]) -> list[str]:
    """Name the channels for programs that are told of changes of ``alert``."""
    return [channel.name for channel in channels if channel.kind != "message" and _reached(alert, channel)]


def _reached(alert: Mapping[str, Any], channel: Channel) -> bool:
    return severity_rank(alert) <= SEVERITIES.index(channel.min_severity)

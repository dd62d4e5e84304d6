"""What a demonstration must show, and whether it did. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

RULES = ("smoke_alarm", "lift_entrapment", "gate_forced", "fire_lane_blocked", "falling_object")
LANE_DWELL_S = 10.0
"""How long a car must stand in the fire lane; short, so that a visitor need not wait two minutes."""

GOOD = "as expected"
NEVER_HAPPENED = "no incident"
MISSING = "no alert"
UNEXPECTED = "not expected"


class Happened(NamedTuple):
    """An incident of the community: ``device`` published it at ``published_at`` (epoch seconds)."""

    rule: str
    device: str
    published_at: float


class Raised(NamedTuple):
    """An alert as first seen by a client of the API, at ``seen_at`` (epoch seconds)."""

    rule: str
    device: str
    seen_at: float


class Row(NamedTuple):
    """One line of the comparison. ``waits_s`` is the part of ``seconds`` that the rule waits on purpose."""

    rule: str
    expected: str
    raised: str
    seconds: float | None
    waits_s: float
    finding: str


def compare(happened: Iterable[Happened], raised: Iterable[Raised]) -> list[Row]:
    """Match each alert with the incident that caused it; what remains on either side is a finding of its own."""
    causes = {incident.rule: incident for incident in happened}
    remaining = list(raised)
    rows = [_expected(rule, causes.get(rule), remaining) for rule in RULES]
    return rows + [Row(alert.rule, "", alert.device, None, 0.0, UNEXPECTED) for alert in remaining]


def is_good(rows: Iterable[Row]) -> bool:
    """Whether every expected alert was raised on its device, and none besides."""
    return all(row.finding == GOOD for row in rows)


def _expected(rule: str, cause: Happened | None, remaining: list[Raised]) -> Row:
    waits_s = LANE_DWELL_S if rule == "fire_lane_blocked" else 0.0
    if cause is None:
        return Row(rule, "", "", None, waits_s, NEVER_HAPPENED)
    for alert in remaining:
        if (alert.rule, alert.device) == (rule, cause.device):
            remaining.remove(alert)
            return Row(rule, cause.device, alert.device, alert.seen_at - cause.published_at, waits_s, GOOD)
    return Row(rule, cause.device, "", None, waits_s, MISSING)

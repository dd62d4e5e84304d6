"""What a demonstration must show, and whether it did. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from alert_rules.causes import LIFT_RECALL

RULES = ("smoke_alarm", "lift_entrapment", "gate_forced", "fire_lane_blocked", "falling_object")
LANE_DWELL_S = 10.0
"""How long a car must stand in the fire lane; short, so that a visitor need not wait two minutes."""

GOOD = "as expected"
NEVER_HAPPENED = "no incident"
MISSING = "no alert"
UNEXPECTED = "not expected"
FOLLOWS = "by the fire"
"""A lift in use where it burns is to be recalled: how many there are depends on who rides at that moment."""


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
    building: str = ""


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
    raised = list(raised)
    remaining = raised.copy()
    rows = [_expected(rule, causes.get(rule), remaining) for rule in RULES]
    fires = _fires(causes, raised)
    return rows + [Row(alert.rule, "", alert.device, None, 0.0, _besides(alert, fires)) for alert in remaining]


def is_good(rows: Iterable[Row]) -> bool:
    """Whether every expected alert was raised on its device, and none besides but what the fire calls for."""
    return all(row.finding in (GOOD, FOLLOWS) for row in rows)


def _fires(causes: dict[str, Happened], raised: Iterable[Raised]) -> set[str]:
    """The buildings where the fire that happened was raised."""
    fire = causes.get("smoke_alarm")
    return {each.building for each in raised if fire and (each.rule, each.device) == (fire.rule, fire.device)}


def _besides(alert: Raised, fires: set[str]) -> str:
    follows = alert.rule == LIFT_RECALL and alert.building and alert.building in fires
    return FOLLOWS if follows else UNEXPECTED


def _expected(rule: str, cause: Happened | None, remaining: list[Raised]) -> Row:
    waits_s = LANE_DWELL_S if rule == "fire_lane_blocked" else 0.0
    if cause is None:
        return Row(rule, "", "", None, waits_s, NEVER_HAPPENED)
    for alert in remaining:
        if (alert.rule, alert.device) == (rule, cause.device):
            remaining.remove(alert)
            return Row(rule, cause.device, alert.device, alert.seen_at - cause.published_at, waits_s, GOOD)
    return Row(rule, cause.device, "", None, waits_s, MISSING)

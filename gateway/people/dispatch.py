"""Who should go: a proposal with its reasons. A person decides. Pure."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from alert_rules.alert import Alert, Severity
from gateway.alerts.people import Person, Role
from gateway.people.duty import Duty

NEEDED = {Severity.CRITICAL: Role.GUARD, Severity.MAJOR: Role.GUARD, Severity.MINOR: Role.GUARD}
"""Guards go; a mere notice is the manager's to look into."""


class Candidate(Struct, frozen=True):
    """Somebody who could go, the best first. ``load`` counts open alerts in their hands; ``until`` ends their duty."""

    username: str
    name: str
    role: Role
    reasons: list[str]
    load: int
    until: float | None


def propose(
    alert: Alert, people: Iterable[Person], duties: Collection[Duty], open_alerts: Collection[Alert]
) -> list[Candidate]:
    """Rank the people who may work on ``alert``: on duty, right role, nearest, least loaded, then by name.

    Nearest is who works for the alert's building, before who works for all, before who works for another.
    """
    loads = _loads(open_alerts, besides=alert)
    ranked = []
    for person in people:
        building = alert.place.building
        if not person.active or person.role is Role.VIEWER or not _within(person, building):
            continue
        mine = [duty for duty in duties if duty.username == person.username]
        ranked.append(_rank(alert, person, mine, loads.get(person.username, 0)))
    return [candidate for _, candidate in sorted(ranked, key=lambda pair: pair[0])]


def _rank(
    alert: Alert, person: Person, duties: Collection[Duty], load: int
) -> tuple[tuple[int, int, int, int, str], Candidate]:
    right = NEEDED.get(alert.severity, Role.MANAGER)
    distance, near = min((_distance(alert, duty) for duty in duties), default=(3, ""))
    role = person.role is right or any(duty.role is right for duty in duties)
    reasons = ["on_duty" if duties else "off_duty", "right_role" if role else "other_role", near]
    reasons.append("free" if load == 0 else "busy")
    until = max((duty.until for duty in duties), default=None)
    order = (not duties, not role, distance, load, person.username)
    found = Candidate(person.username, person.name, person.role, [r for r in reasons if r], load, until)
    return order, found


def _distance(alert: Alert, duty: Duty) -> tuple[int, str]:
    if not duty.building:
        return 1, "whole_site"
    return (0, "same_building") if duty.building == alert.place.building else (2, "other_building")


def _within(person: Person, building: str) -> bool:
    return not person.buildings or not building or building in person.buildings


def _loads(open_alerts: Iterable[Alert], besides: Alert) -> Mapping[str, int]:
    """Alerts in somebody's hands: assigned to them, or claimed and assigned to nobody."""
    loads: dict[str, int] = {}
    for alert in open_alerts:
        who = alert.assigned_to or alert.acknowledged_by
        if who and alert.id != besides.id:
            loads[who] = loads.get(who, 0) + 1
    return loads

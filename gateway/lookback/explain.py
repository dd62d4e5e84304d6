"""Why an alert was raised, and which setting would have prevented it: found by trying it again."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

from alert_rules.alert import Alert
from alert_rules.rule import Rule
from devices.model import Reject, Report
from devices.registry import Device, Registry
from gateway.alerts.records import AuditRow
from gateway.config import registry_of
from gateway.lookback.messages import decoded
from gateway.lookback.past import SAME_S
from gateway.lookback.rehearsal import Rehearsal
from gateway.lookback.variations import variations
from gateway.site import Site

BEFORE_S = 86_400.0
"""How far back a device's messages may matter to a rule that judges it alone."""

BEFORE_GROUP_S = 3_600.0
"""The same for rules that judge several devices at once, where there is more to try again."""


class Prevention(Struct):
    """With ``parameter`` at ``value`` instead of ``was`` the same messages would not have raised the alert."""

    parameter: str
    was: float
    value: float


class Explanation(Struct):
    """One alert. ``values`` decided when they met ``thresholds``; ``reproduced`` tells whether trying again raises it.

    ``parameters`` are the rule's, as they hold for the device today.
    """

    alert: Alert
    about: str
    parameters: dict[str, Any]
    timeline: list[AuditRow]
    reproduced: bool
    prevented_by: list[Prevention] = field(default_factory=list)


def explain_alert(site: Site, rules: Sequence[Rule[Any, Any]], alert: Alert, timeline: list[AuditRow]) -> Explanation:
    """Say why ``alert`` was raised, and try which single setting would have prevented it.

    Raises:
        OperatorError: there is no journal, or it cannot be read.
    """
    registry = registry_of(site)
    device = registry.get(alert.device)
    rule = _in_force(rules, alert.rule, device)
    if rule is None:
        return Explanation(alert, "", {}, timeline, False)
    reports = _reports_before(site, registry, rule, alert, device)
    found = Explanation(
        alert, _about(rule), rule.params.model_dump(), timeline, _raises(rule, registry, reports, alert)
    )
    if found.reproduced:
        found.prevented_by = list(_preventions(rule, registry, reports, alert))
    return found


def _in_force(rules: Iterable[Rule[Any, Any]], name: str, device: Device | None) -> Rule[Any, Any] | None:
    rule = next((rule for rule in rules if rule.name == name), None)
    return rule.for_device(device) if rule is not None and device is not None else rule


def _about(rule: Rule[Any, Any]) -> str:
    return " ".join((type(rule).__doc__ or "").split("\n\n")[0].split())


def _reports_before(
    site: Site, registry: Registry, rule: Rule[Any, Any], alert: Alert, device: Device | None
) -> list[tuple[float, Report]]:
    """What the rule may have gone by: of the device, or for rules over groups of its building."""
    back = BEFORE_GROUP_S if rule.keyed else BEFORE_S
    kept: list[tuple[float, Report]] = []
    for message, found in decoded(site, registry, alert.received_at - back, alert.received_at + SAME_S):
        for report in () if isinstance(found, Reject) else found:
            other = registry.get(report.device)
            near = rule.keyed and other is not None and device is not None and other.building == device.building
            if report.device == alert.device or near:
                kept.append((message.at, report))
    return kept


def _raises(rule: Rule[Any, Any], registry: Registry, reports: list[tuple[float, Report]], alert: Alert) -> bool:
    rehearsal = Rehearsal([rule], registry, reports[0][0] if reports else 0.0)
    for at, report in reports:
        rehearsal.observe(report, at)
    rehearsal.advance(alert.received_at + SAME_S)
    return any(
        one.fingerprint == alert.fingerprint and abs(one.raised_at - alert.raised_at) <= SAME_S
        for one in rehearsal.alerts
    )


def _preventions(
    rule: Rule[Any, Any], registry: Registry, reports: list[tuple[float, Report]], alert: Alert
) -> Iterable[Prevention]:
    """Of each parameter the smallest step tried that makes the difference."""
    done: set[str] = set()
    for variation in variations(rule):
        if variation.parameter not in done and not _raises(variation.rule, registry, reports, alert):
            done.add(variation.parameter)
            yield Prevention(variation.parameter, variation.was, variation.value)

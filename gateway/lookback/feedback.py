"""What verdicts teach: false alarms and time to verdict by rule, device, zone and hour; and what would help."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from alert_rules.alert import Alert, Verdict
from alert_rules.calendar import Calendar
from alert_rules.rule import Rule
from gateway.config import registry_of
from gateway.lookback.backtest import Progress, compare, replayed
from gateway.lookback.past import Past
from gateway.lookback.rehearsal import Rehearsal
from gateway.lookback.variations import Variation, variations
from gateway.site import Site

DIMENSIONS = ("rule", "device", "zone", "hour")


class Share(Struct):
    """Alerts that have something in common. ``false_rate`` is of those judged true or false, ``None`` without any.

    ``to_verdict_s`` is the median from receipt to verdict, in seconds.
    """

    name: str
    alerts: int
    true: int
    false: int
    false_rate: float | None
    to_verdict_s: float | None


class Advice(Struct):
    """With ``parameter`` of ``rule`` at ``value``, ``removed`` of ``false`` false alarms had not been raised.

    None of the ``true`` alarms would have been lost.
    """

    rule: str
    parameter: str
    was: float
    value: float
    removed: int
    false: int
    true: int


def shares(alerts: Iterable[Alert], calendar: Calendar) -> dict[str, list[Share]]:
    """Group real alerts (no tests) by each of :data:`DIMENSIONS`, the worst first. Hours are the site's."""
    groups: dict[str, dict[str, list[Alert]]] = {dimension: {} for dimension in DIMENSIONS}
    for alert in alerts:
        if not alert.test:
            for dimension, name in zip(DIMENSIONS, _names(alert, calendar), strict=True):
                groups[dimension].setdefault(name, []).append(alert)
    return {name: sorted((_share(*group) for group in found.items()), key=_worst) for name, found in groups.items()}


def advise(site: Site, rules: Sequence[Rule[Any, Any]], since: float, past: Past, progress: Progress) -> list[Advice]:
    """Try other settings of every rule that gave false alarms, all at once, over the journal from ``since`` on.

    Of each rule the one setting that removes most false alarms and loses no true one; nothing where none helps.

    Raises:
        OperatorError: there is no journal, or it cannot be read.
    """
    wrong = {alert.rule for alert in past if alert.verdict is Verdict.FALSE_ALARM}
    registry = registry_of(site)
    suspects = [rule for rule in rules if rule.name in wrong]
    tried = [variation for rule in suspects for variation in variations(rule)]
    today = Rehearsal(suspects, registry, since, past.ids)
    others = [Rehearsal([variation.rule], registry, since, past.ids) for variation in tried]
    devices = {alert.device for alert in past if alert.rule in wrong}
    grouped = any(rule.keyed for rule in suspects)
    count = 0
    for at, reports in replayed(site, since, past.resolutions(), [today, *others]):
        count += 1
        for report in reports:
            if grouped or report.device in devices:
                for rehearsal in (today, *others):
                    rehearsal.observe(report, at)
        if count % 1_000 == 0:
            progress(count)
    progress(count)
    return list(_best(today, zip(tried, others, strict=True), past))


def _best(today: Rehearsal, tried: Iterable[tuple[Variation, Rehearsal]], past: Past) -> Iterable[Advice]:
    best: dict[str, Advice] = {}
    for variation, rehearsal in tried:
        name = variation.rule.name
        before = [alert for alert in today.alerts if alert.rule == name]
        found = {verdict: sum(past.verdict(alert) is verdict for alert in before) for verdict in Verdict}
        for change in compare(before, rehearsal.alerts, past):
            better = change.lost_false and not change.lost_true and not change.gained
            known = best.get(name)
            if better and (known is None or len(change.lost_false) > known.removed):
                best[name] = Advice(
                    name,
                    variation.parameter,
                    variation.was,
                    variation.value,
                    len(change.lost_false),
                    found[Verdict.FALSE_ALARM],
                    found[Verdict.TRUE_ALARM],
                )
    return best.values()


def _names(alert: Alert, calendar: Calendar) -> tuple[str, str, str, str]:
    place = alert.place
    zone = " ".join(filter(None, (place.building, place.zone or place.floor)))
    return alert.rule, alert.device, zone or "-", f"{calendar.local(alert.raised_at):%H}"


def _share(name: str, alerts: Sequence[Alert]) -> Share:
    true, false = (sum(a.verdict is v for a in alerts) for v in (Verdict.TRUE_ALARM, Verdict.FALSE_ALARM))
    waits = [a.verdict_at - a.received_at for a in alerts if a.verdict_at is not None]
    rate = false / (true + false) if true + false else None
    return Share(name, len(alerts), true, false, rate, statistics.median(waits) if waits else None)


def _worst(share: Share) -> tuple[int, int, str]:
    return -share.false, -share.alerts, share.name

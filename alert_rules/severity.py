"""Severity from the risk matrix: how likely an alert is true, by its reviewed history, times what it means. Pure.

The severity a rule declares is what its alert means when it is true (the impact). How likely it is true follows from
people's verdicts and can only lower it: a rule that is mostly right is not thereby graver. Fire stays critical.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from alert_rules.alert import Alert, Severity, Verdict
from alert_rules.calendar import Calendar
from devices.model import DeviceKind

HIGH, MEDIUM = 0.60, 0.30
"""A true share of at least this is a high, or a medium, likelihood."""
ENOUGH = 20
"""Fewer verdicts in a quarter change nothing."""
Z = 1.96
"""95 % confidence, two-sided."""


class Likelihood(StrEnum):
    """How likely an alert of a rule is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


MATRIX: dict[Severity, dict[Likelihood, Severity]] = {
    Severity.CRITICAL: {
        Likelihood.HIGH: Severity.CRITICAL,
        Likelihood.MEDIUM: Severity.CRITICAL,
        Likelihood.LOW: Severity.MAJOR,
    },
    Severity.MAJOR: {
        Likelihood.HIGH: Severity.MAJOR,
        Likelihood.MEDIUM: Severity.MAJOR,
        Likelihood.LOW: Severity.MINOR,
    },
    Severity.MINOR: {
        Likelihood.HIGH: Severity.MINOR,
        Likelihood.MEDIUM: Severity.NOTICE,
        Likelihood.LOW: Severity.NOTICE,
    },
    Severity.NOTICE: dict.fromkeys(Likelihood, Severity.NOTICE),
}
"""Impact (the declared severity) and likelihood to severity."""


class Estimate(Struct, frozen=True):
    """What a quarter's verdicts say of a rule: true and judged alerts, the band before and since."""

    rule: str
    true: int
    judged: int
    before: Likelihood
    likelihood: Likelihood

    @property
    def changed(self) -> bool:
        return self.before is not self.likelihood


class Review(Struct, frozen=True):
    """The estimates of one quarter, made at its end; ``quarter`` is the one looked back at, as 2026Q3."""

    quarter: str
    at: float
    estimates: list[Estimate]


def band(true: int, judged: int) -> Likelihood:
    """Place a true share in its band, in favour of the alert: by the upper end of its confidence interval.

    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference: the score interval,
    which stays sensible for few verdicts and for shares near 0 and 1.
    """
    share = true / judged
    middle = share + Z * Z / (2 * judged)
    spread = Z * math.sqrt(share * (1 - share) / judged + Z * Z / (4 * judged * judged))
    upper = (middle + spread) / (1 + Z * Z / judged)
    return Likelihood.HIGH if upper >= HIGH else Likelihood.MEDIUM if upper >= MEDIUM else Likelihood.LOW


def quarter_of(local: datetime) -> str:
    """Name the quarter of a local time, as 2026Q3."""
    return f"{local.year}Q{(local.month + 2) // 3}"


def quarter_before(at: float, calendar: Calendar) -> tuple[str, float, float]:
    """The last quarter that is over at ``at``: its name, first moment and first moment after (epoch seconds)."""
    local = calendar.local(at)
    end = datetime(local.year, 3 * ((local.month - 1) // 3) + 1, 1, tzinfo=calendar.zone)
    year, month = (end.year, end.month - 3) if end.month > 3 else (end.year - 1, 10)
    start = datetime(year, month, 1, tzinfo=calendar.zone)
    return quarter_of(start), start.timestamp(), end.timestamp()


def review(
    quarter: str, alerts: Iterable[Alert], before: Mapping[str, Likelihood], fire_rules: frozenset[str], now: float
) -> Review:
    """Estimate each rule's likelihood from the verdicts on ``alerts`` of ``quarter``.

    Tests, drills and undetermined alerts prove nothing. Rules of fire, and rules with too few verdicts, keep what they
    have; rules nobody judged are left out.
    """
    counted: dict[str, list[int]] = {}
    for alert in alerts:
        if alert.verdict in (Verdict.TRUE_ALARM, Verdict.FALSE_ALARM) and not alert.test:
            sums = counted.setdefault(alert.rule, [0, 0])
            sums[0] += alert.verdict is Verdict.TRUE_ALARM
            sums[1] += 1
    estimates = []
    for rule, (true, judged) in sorted(counted.items()):
        old = before.get(rule, Likelihood.HIGH)
        new = Likelihood.HIGH if rule in fire_rules else band(true, judged) if judged >= ENOUGH else old
        estimates.append(Estimate(rule, true, judged, old, new))
    return Review(quarter, now, estimates)


class RiskMatrix:
    """The severity of alerts, by what the reviews so far say."""

    def __init__(self, fire_rules: frozenset[str] = frozenset(), reviews: Iterable[Review] = ()) -> None:
        self._fire_rules = fire_rules
        self.likelihoods: dict[str, Likelihood] = {}
        for each in sorted(reviews, key=lambda each: each.at):
            self.learn(each)

    def learn(self, made: Review) -> None:
        """Go on with the likelihoods of ``made``."""
        self.likelihoods |= {each.rule: each.likelihood for each in made.estimates}

    def severity(self, rule: str, declared: Severity, kind: DeviceKind) -> Severity:
        """How grave an alert of ``rule`` is that the rule declares as ``declared``, on a device of ``kind``."""
        if rule in self._fire_rules or (kind is DeviceKind.SMOKE_DETECTOR and declared is Severity.CRITICAL):
            return declared
        return MATRIX[declared][self.likelihoods.get(rule, Likelihood.HIGH)]

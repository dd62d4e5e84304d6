"""A measurement that rises too fast, however noisy it is. Pure."""

from typing import ClassVar, TypeVar

from msgspec import field
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NOTHING, Params, Rule, RuleState
from alert_rules.timing import Samples, rate_per_min, sampled
from devices.model import Report
from devices.twin import UNDATED, Twin


class RisingParams(Params):
    """Over which time a rate is taken; subclasses add the rate."""

    window_s: float = Field(ge=1, description="seconds looked back on")
    min_span_s: float = Field(ge=1, description="seconds the readings must span")


P = TypeVar("P", bound=RisingParams)


class Course(RuleState, array_like=True, gc=False):
    """The readings of the window, oldest first."""

    samples: Samples = field(default_factory=list)
    raised: bool = False


class Rising(Rule[Course, P]):
    """Raise while ``quantity`` rises by ``rate_limit()`` a minute; clear once it rises by less than half of that.

    Readings count by the device's own time where it has one: what was held up and comes in a burst is no jump.
    """

    quantity: ClassVar[str]
    jitter: ClassVar[float]
    severity: ClassVar[Severity]
    code: ClassVar[str]
    auto_resolve: ClassVar[bool] = False
    State = Course

    def rate_limit(self) -> float:
        """The rise per minute that raises."""
        raise NotImplementedError

    def moot(self, twin: Twin) -> bool:
        """Tell whether an alert would say nothing new."""
        return False

    def step(
        self, state: Course | None, report: Report, twin: Twin, now: float
    ) -> tuple[Course | None, list[Transition]]:
        value = report.measurements.get(self.quantity)
        if value is None:
            return state, NOTHING
        at = report.received_at if report.time_quality in UNDATED else report.at
        known = state.samples if state is not None else []
        samples = sampled(known, at, value, self.params.window_s, self.jitter)
        if samples is known:
            return state, NOTHING
        raised = state is not None and state.raised
        rate = self._rate(samples, raised)
        if raised and rate < self.rate_limit() / 2:
            return Course(samples=samples), [self._say(Action.CLEAR, report, "rise_ended", rate)]
        if raised or rate < self.rate_limit() or self.moot(twin):
            return Course(samples=samples, raised=raised), NOTHING
        return Course(samples=samples, raised=True), [self._say(Action.RAISE, report, self.code, rate)]

    def reset(self, state: Course, subject: str) -> Course | None:
        return Course(samples=state.samples)

    def _rate(self, samples: Samples, raised: bool) -> float:
        """Cheap where nothing rose: that is nearly every report. Too few readings show no rise, but end none either."""
        risen = samples[-1][1] - min(value for _, value in samples)
        if not raised and risen < self.rate_limit() * self.params.min_span_s / 60:
            return 0.0
        rate = rate_per_min(samples, self.params.min_span_s)
        return rate if rate is not None else self.rate_limit() * raised * 0.75

    def _say(self, action: Action, report: Report, code: str, rate: float) -> Transition:
        values = {self.quantity: report.measurements[self.quantity], "rate_per_min": round(rate, 3)}
        reason = Reason(code, values, dict(self.params))
        return self.say(action, report, self.severity, reason, auto_resolve=self.auto_resolve)

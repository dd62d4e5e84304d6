"""A measurement that rises too fast, however noisy it is. Pure."""

from functools import cached_property
from typing import ClassVar, TypeVar

from msgspec.structs import replace
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NOTHING, Params, Rule
from alert_rules.timing import Course, rate_per_min, read_on
from devices.model import Report
from devices.twin import UNDATED, Twin


class RisingParams(Params):
    """Over which time a rate is taken; subclasses add the rate."""

    window_s: float = Field(ge=1, description="seconds looked back on")
    min_span_s: float = Field(ge=1, description="seconds the readings must span")


P = TypeVar("P", bound=RisingParams)


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
        course = read_on(state, at, value, self._window_s, self.jitter)
        if course is state or not (course.raised or value - min(course.values) >= self._least):
            return course, NOTHING
        rate = rate_per_min(course, self.params.min_span_s)
        if rate is None:
            return course, NOTHING
        if course.raised and rate < self.rate_limit() / 2:
            return replace(course, raised=False), [self._say(Action.CLEAR, report, "rise_ended", rate)]
        if course.raised or rate < self.rate_limit() or self.moot(twin):
            return course, NOTHING
        return replace(course, raised=True), [self._say(Action.RAISE, report, self.code, rate)]

    def reset(self, state: Course, subject: str) -> Course | None:
        return replace(state, raised=False)

    @cached_property
    def _window_s(self) -> float:
        return self.params.window_s

    @cached_property
    def _least(self) -> float:
        """What must have risen at all for the rate to be reached: cheap to see where nothing rises."""
        return self.rate_limit() * self.params.min_span_s / 60

    def _say(self, action: Action, report: Report, code: str, rate: float) -> Transition:
        values = {self.quantity: report.measurements[self.quantity], "rate_per_min": round(rate, 3)}
        reason = Reason(code, values, dict(self.params))
        return self.say(action, report, self.severity, reason, auto_resolve=self.auto_resolve)

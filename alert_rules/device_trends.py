"""What shows only over time: a battery that will be empty, a clock that is wrong, a value that never moves."""

from functools import cached_property
from math import inf, nextafter

from msgspec import field
from msgspec.structs import replace
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rest, Rule, RuleState
from alert_rules.signs import CLOCK
from alert_rules.timing import Course, rate_per_min, read_on
from devices.model import DeviceKind, Report
from devices.twin import UNDATED, Twin

EVERY = frozenset(DeviceKind)
DAY_S = 86_400.0
HOUR_S = 3_600.0
ALL = 101.0
"""More than a charge in percent can differ by: readings come by time alone."""


class BatteryTrendParams(Params):
    """When a battery will be empty soon."""

    warn_days: float = Field(30, gt=0, description="days left at which to warn: time to order and to come; chosen")
    window_days: float = Field(20, ge=4, description="days looked back on; five readings of them are kept")
    min_days: float = Field(10, ge=1, description="days the readings must span: temperature sways them daily; chosen")
    replaced_percent: float = Field(
        10, gt=0, description="% by which a charge must jump up to be a new battery; chosen"
    )


class BatteryTrend(Rule[Course, BatteryTrendParams]):
    """A battery loses charge so fast that it is empty within `warn_days`.

    The loss is the median over all pairs of readings (Theil-Sen), and must show even without any one of them.
    """

    name = "battery_trend"
    kinds = EVERY
    measurements = frozenset({"battery_percent"})
    severity = Severity.NOTICE
    State = Course
    Params = BatteryTrendParams

    def step(
        self, state: Course | None, report: Report, twin: Twin, now: float
    ) -> tuple[Course | None, list[Transition]]:
        percent = report.measurements.get("battery_percent")
        if percent is None:
            return state, NOTHING
        if state is not None:
            risen = percent - state.values[-1]
            if risen < self._replaced and now < state.times[-1] + self._every_s:
                return state, NOTHING
            if risen >= self._replaced:
                return self._replace(state, report, now, percent)
        course = read_on(state, now, percent, self._every_s * 4, ALL)
        if course is state:
            return state, NOTHING
        loss = -(rate_per_min(course, self.params.min_days * DAY_S) or 0.0) * 1440
        if course.raised or loss <= 0 or percent / loss > self.params.warn_days:
            return course, NOTHING
        values = {"battery_percent": percent, "days_left": round(percent / loss, 1), "percent_per_day": round(loss, 2)}
        reason = Reason("battery_ends_soon", values, dict(self.params))
        said = self.say(Action.RAISE, report, self.severity, reason, auto_resolve=True)
        return replace(course, raised=True), [said]

    def rest(self, state: Course | None, twin: Twin) -> Rest | None:
        """Until the next reading is due; a jump upwards is a new battery."""
        if state is None:
            return None
        jump = nextafter(state.values[-1] + self._replaced, -inf)
        return state.times[-1] + self._every_s, (("battery_percent", -inf, jump),)

    @cached_property
    def _every_s(self) -> float:
        """A quarter of the window: how often ``read_on`` takes a reading that shows no jump."""
        return self.params.window_days * DAY_S / 4

    @cached_property
    def _replaced(self) -> float:
        return self.params.replaced_percent

    def _replace(self, state: Course, report: Report, now: float, percent: float) -> tuple[Course, list[Transition]]:
        after = Course(times=[now], values=[percent])
        if not state.raised:
            return after, NOTHING
        reason = Reason("battery_replaced", {"battery_percent": percent})
        return after, [self.say(Action.CLEAR, report, self.severity, reason, auto_resolve=True)]

    def reset(self, state: Course, subject: str) -> Course | None:
        return replace(state, raised=False)


class ClockParams(Params):
    """When a device's clock is wrong."""

    dwell_s: float = Field(600, ge=0, description="seconds it must be wrong: clocks are unset right after a start")
    tolerance_s: float = Field(30, gt=0, description="seconds the error may sway: delay that varies is no wrong clock")
    calm_s: float = Field(3600, ge=60, description="seconds without a wrong time after which it ends")


class Skew(RuleState, array_like=True, gc=False):
    """``since``, ``last``: first and about last wrong time (epoch s of receipt); ``late_s``: how wrong, 0: unset."""

    since: float = 0.0
    last: float = 0.0
    late_s: float = 0.0
    raised: bool = False


class ClockSkew(Rule[Skew, ClockParams]):
    """A device's clock is unset, or off by more than 60 s back or 5 s ahead, and by the same amount each time.

    What was delayed on the way is late by differing amounts, and is not judged. Event times of such a device put its
    alarms in the wrong order.
    """

    name = "clock_skew"
    kinds = EVERY
    signs = frozenset({CLOCK})
    severity = Severity.NOTICE
    State = Skew
    Params = ClockParams

    def step(self, state: Skew | None, report: Report, twin: Twin, now: float) -> tuple[Skew | None, list[Transition]]:
        late_s = 0.0 if report.time_quality in UNDATED else report.received_at - report.at
        same = state is not None and (state.raised or abs(late_s - state.late_s) <= self._tolerance_s)
        if state is None or not same:
            state = Skew(self._due(now), now, now, round(late_s, 1))
        raises = not state.raised and now - state.since >= self.params.dwell_s
        if not raises:
            stale = now - state.last >= self._often_s
            return replace(state, due=self._due(now), last=now) if stale else state, NOTHING
        late_s = round(late_s, 1)
        values: dict[str, float | str] = {"late_s": late_s} if late_s else {"time_quality": str(report.time_quality)}
        reason = Reason("clock_wrong" if late_s else "clock_unset", values, dict(self.params))
        said = self.say(Action.RAISE, report, self.severity, reason, auto_resolve=True)
        return Skew(self._due(now), state.since, now, late_s, True), [said]

    @cached_property
    def _tolerance_s(self) -> float:
        return self.params.tolerance_s

    @cached_property
    def _often_s(self) -> float:
        """How old ``last`` may become: a whole backlog is late, and must not cost a change with each message."""
        return self.params.calm_s / 10

    def _due(self, now: float) -> float:
        return now + self.params.calm_s + self._often_s

    def tick(self, state: Skew, twin: Twin, kind: DeviceKind, now: float) -> tuple[Skew | None, list[Transition]]:
        """Calm: unless nothing else was heard meanwhile, which says nothing of the clock."""
        if not state.raised:
            return None, NOTHING
        if twin.last_seen <= state.last + self._often_s:
            return replace(state, due=now + self.params.calm_s), NOTHING
        reason = Reason("clock_right")
        return None, [self.say_later(Action.CLEAR, twin, kind, now, self.severity, reason, auto_resolve=True)]


class StuckParams(Params):
    """When a value that should move has not."""

    after_h: float = Field(72, gt=0, description="hours without any change; cellars keep a degree for two days, chosen")


class Still(RuleState, array_like=True, gc=False):
    """Values since the window began; those that moved are dropped. ``raised``: these are stuck."""

    values: dict[str, float] = field(default_factory=dict)
    raised: bool = False


class StuckValue(Rule[Still, StuckParams]):
    """A temperature or humidity has been exactly the same for `after_h`, in all reports: the sensor is broken.

    Judged in windows of that length, so that a value may stand still for nearly two of them.
    """

    name = "stuck_value"
    kinds = frozenset({DeviceKind.SMOKE_DETECTOR, DeviceKind.WATER_LEAK})
    measurements = frozenset({"temperature", "humidity"})
    severity = Severity.MINOR
    State = Still
    Params = StuckParams

    def step(
        self, state: Still | None, report: Report, twin: Twin, now: float
    ) -> tuple[Still | None, list[Transition]]:
        if state is None:
            return self._watch(twin, now), NOTHING
        values, measured = state.values, report.measurements
        for name, value in values.items():
            if measured.get(name, value) != value:
                break
        else:
            return state, NOTHING
        moved = [name for name, value in values.items() if measured.get(name, value) != value]
        left = {name: value for name, value in values.items() if name not in moved}
        if left or not state.raised:
            return Still(state.due, left, state.raised), NOTHING
        reason = Reason("value_moves", {name: report.measurements[name] for name in moved})
        clear = self.say(Action.CLEAR, report, self.severity, reason, auto_resolve=True)
        return self._watch(twin, now), [clear]

    def rest(self, state: Still | None, twin: Twin) -> Rest | None:
        """While what has stood still goes on to do so; nothing else is waited for before the window ends."""
        if state is None:
            return None
        return NEVER, tuple((name, value, value) for name, value in state.values.items())

    def tick(self, state: Still, twin: Twin, kind: DeviceKind, now: float) -> tuple[Still | None, list[Transition]]:
        """A device that was not heard in the last third of the window is silent rather than stuck."""
        if not state.values or twin.last_seen < now - self.params.after_h * HOUR_S / 3:
            return self._watch(twin, now), NOTHING
        reason = Reason("value_stuck", dict(state.values), dict(self.params))
        said = self.say_later(Action.RAISE, twin, kind, now, self.severity, reason, auto_resolve=True)
        return Still(NEVER, state.values, True), [said]

    def _watch(self, twin: Twin, now: float) -> Still:
        values = {name: value for name, value in twin.measurements.items() if name in self.measurements}
        return Still(now + self.params.after_h * HOUR_S, values)

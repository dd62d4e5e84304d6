"""Timing that many rules share: a dwell with its release, counting in a window, the rate of a noisy value. Pure."""

from enum import Enum, auto
from functools import cached_property
from itertools import combinations
from math import inf, nextafter
from statistics import median
from typing import ClassVar, TypeVar

from msgspec import field
from msgspec.structs import replace

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rest, Rule, RuleState
from devices.model import DeviceKind, Report
from devices.twin import Twin

P = TypeVar("P", bound=Params)


class Phase(RuleState, array_like=True, gc=False):
    """Where a condition stands. ``since``: it began, or, once raised, it began to end (``NEVER`` while it lasts)."""

    since: float = 0.0
    raised: bool = False


class Turn(Enum):
    """What a condition has just done."""

    NOTHING = auto()
    RAISE = auto()
    CLEAR = auto()


def follow(
    state: Phase | None, present: bool | None, now: float, dwell_s: float, release_s: float
) -> tuple[Phase | None, Turn]:
    """Move a condition on: present for ``dwell_s`` raises, absent for ``release_s`` clears, ``None`` changes nothing.

    An absence within the dwell begins it anew; a return within the release ends that. The very same state comes back
    where nothing changed. Hysteresis is the caller's: judge presence by another threshold once ``state.raised``.
    """
    if state is None:
        if not present:
            return None, Turn.NOTHING
        return (Phase(due=now + dwell_s, since=now), Turn.NOTHING) if dwell_s > 0 else _raised()
    if present is None:
        return state, Turn.NOTHING
    if not state.raised:
        return (state if present else None), Turn.NOTHING
    if present:
        return (state if state.due == NEVER else _raised()[0]), Turn.NOTHING
    if release_s <= 0:
        return None, Turn.CLEAR
    return (state if state.due != NEVER else Phase(due=now + release_s, since=now, raised=True)), Turn.NOTHING


def elapse(state: Phase) -> tuple[Phase | None, Turn]:
    """Act on ``state.due``: the dwell is over, or the release is."""
    return (None, Turn.CLEAR) if state.raised else _raised()


def _raised() -> tuple[Phase, Turn]:
    return Phase(since=NEVER, raised=True), Turn.RAISE


class Lasting(Rule[Phase, P]):
    """A condition of one device that must last: the base of rules that only say whether it is ``present``.

    A device that falls silent within the dwell has not taken back what it said: the alert is raised in time. Absence
    counts only from what the twin holds, so that a late report ends nothing.
    """

    severity: ClassVar[Severity]
    auto_resolve: ClassVar[bool] = True
    code: ClassVar[str]
    ended: ClassVar[str] = "condition_ended"
    State = Phase

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        """Tell whether the condition holds now; ``raised`` asks for the milder threshold. ``None``: cannot tell."""
        raise NotImplementedError

    def dwell_s(self) -> float:
        """Seconds the condition must last."""
        return float(getattr(self.params, "dwell_s", 0.0))

    def release_s(self) -> float:
        """Seconds it must be gone."""
        return float(getattr(self.params, "release_s", 0.0))

    def reason(self, twin: Twin, code: str) -> Reason:
        """Say what decided; the base gives the newest values of all that the rule listens to."""
        heard = {name: value for name, value in twin.states.items() if name in self.states and value is not None}
        measured = {name: value for name, value in twin.measurements.items() if name in self.measurements}
        return Reason(code, {**heard, **measured}, dict(self.params))

    def grade(self, kind: DeviceKind) -> Severity:
        """How bad it is on a device of ``kind``."""
        return self.severity

    def step(
        self, state: Phase | None, report: Report, twin: Twin, now: float
    ) -> tuple[Phase | None, list[Transition]]:
        raised = state is not None and state.raised
        present = self.present(report, twin, raised)
        if state is None and not present:
            return None, NOTHING
        after, turn = follow(state, present, now, self.dwell_s(), self.release_s())
        if turn is Turn.NOTHING:
            return after, NOTHING
        action, code = (Action.RAISE, self.code) if turn is Turn.RAISE else (Action.CLEAR, self.ended)
        reason, severity = self.reason(twin, code), self.grade(report.kind)
        return after, [self.say(action, report, severity, reason, auto_resolve=self.auto_resolve)]

    def tick(self, state: Phase, twin: Twin, kind: DeviceKind, now: float) -> tuple[Phase | None, list[Transition]]:
        after, turn = elapse(state)
        action, code = (Action.RAISE, self.code) if turn is Turn.RAISE else (Action.CLEAR, self.ended)
        reason, severity = self.reason(twin, code), self.grade(kind)
        return after, [self.say_later(action, twin, kind, now, severity, reason, auto_resolve=self.auto_resolve)]


class Limit(Lasting[P]):
    """A measurement at or above a limit. Subclasses give ``quantity`` and both limits."""

    quantity: ClassVar[str]

    def limits(self) -> tuple[float, float]:
        """The limit that raises and the lower one below which it clears."""
        raise NotImplementedError

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        value = twin.measurements.get(self.quantity)
        return None if value is None else value >= self._limits[raised]

    def step(
        self, state: Phase | None, report: Report, twin: Twin, now: float
    ) -> tuple[Phase | None, list[Transition]]:
        """Cheap where all is well: that is nearly every report."""
        if state is None and twin.measurements.get(self.quantity, -inf) < self._limits[0]:
            return None, NOTHING
        return super().step(state, report, twin, now)

    @cached_property
    def _limits(self) -> tuple[float, float]:
        return self.limits()

    def rest(self, state: Phase | None, twin: Twin) -> Rest | None:
        """Below the limit that raises."""
        return self._rest if state is None else None

    @cached_property
    def _rest(self) -> Rest:
        return NEVER, ((self.quantity, -inf, nextafter(self._limits[0], -inf)),)


class Tally(RuleState, array_like=True, gc=False):
    """How often something happened: its newest times, oldest first, in epoch seconds. ``on``: what lasts now."""

    times: list[float] = field(default_factory=list)
    raised: bool = False
    on: list[str] = field(default_factory=list)


class Recurring(Rule[Tally, P]):
    """Something that is nothing once but a trouble when it recurs: ``limit()`` = times, window in s, calm in s.

    Raised when it happened so many times within the window, cleared once it has not happened for the calm.
    """

    severity: ClassVar[Severity]
    code: ClassVar[str]
    ended: ClassVar[str] = "calm_again"
    State = Tally

    def limit(self) -> tuple[int, float, float]:
        """How many times, within how many seconds; and how many seconds without one end it."""
        raise NotImplementedError

    def count(self, report: Report, on: list[str]) -> tuple[list[str], bool]:
        """Tell what lasts now, ``on`` having lasted before, and whether this is one more time: the base says yes."""
        return on, True

    def settled(self, twin: Twin) -> bool:
        """Tell whether silence about it means calm: from a device that is not there it does not."""
        return twin.online is not False

    def step(
        self, state: Tally | None, report: Report, twin: Twin, now: float
    ) -> tuple[Tally | None, list[Transition]]:
        on, again = self.count(report, state.on if state is not None else [])
        if not again:
            return state if state is None or on == state.on else replace(state, on=on), NOTHING
        count, window_s, calm_s = self.limit()
        recent = [at for at in (state.times if state else ()) if at > now - window_s]
        times = [*recent[-count + 1 :], now]
        was = state is not None and state.raised
        raised = was or len(times) >= count
        after = Tally(due=now + (calm_s if raised else window_s), times=times, raised=raised, on=on)
        if was or not raised:
            return after, NOTHING
        reason = self.reason(times, report)
        return after, [self.say(Action.RAISE, report, self.severity, reason, auto_resolve=True)]

    def reason(self, times: list[float], report: Report) -> Reason:
        """Say how often in how long."""
        values = {"times": len(times), "within_s": round(times[-1] - times[0], 1)}
        return Reason(self.code, values, dict(self.params))

    def tick(self, state: Tally, twin: Twin, kind: DeviceKind, now: float) -> tuple[Tally | None, list[Transition]]:
        if not state.raised:
            return None, NOTHING
        calm_s = self.limit()[2]
        if not self.settled(twin):
            return Tally(due=now + calm_s, times=state.times, raised=True, on=state.on), NOTHING
        reason = Reason(self.ended, {"calm_s": calm_s})
        return None, [self.say_later(Action.CLEAR, twin, kind, now, self.severity, reason, auto_resolve=True)]


class Course(RuleState, array_like=True, gc=False):
    """Readings of a window, oldest first: ``times`` in epoch seconds, and the value at each."""

    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    raised: bool = False


MAX_READINGS = 8


def read_on(course: Course | None, at: float, value: float, window_s: float, jitter: float) -> Course:
    """Add a reading to those of the last ``window_s``; the very same course comes back if it adds nothing.

    Little is kept: no more than eight readings, and none that differs from the last by less than ``jitter`` before a
    quarter of the window has passed. A reading older than the last changes nothing, unless by more than the window:
    then the clock was set back, and what it said before counts no more.
    """
    if course is None or not course.times:
        return Course(times=[at], values=[value])
    times, values = course.times, course.values
    since = at - times[-1]
    if since <= 0:
        return course if since > -window_s else Course(times=[at], values=[value], raised=course.raised)
    if since < window_s / 4 and abs(value - values[-1]) < jitter:
        return course
    first, oldest, kept = 0, at - window_s, len(times)
    if kept >= MAX_READINGS:
        first = kept - MAX_READINGS + 1
    while first < kept and times[first] < oldest:
        first += 1
    return Course(NEVER, [*times[first:], at], [*values[first:], value], course.raised)


def rate_per_min(course: Course, min_span_s: float) -> float | None:
    """Return the rate that the course shows even without any one of its readings: the mildest of those rates, 0 where
    they differ in sign.

    Each is the median slope over all pairs of readings (Theil-Sen estimator). ``None``: fewer than three readings, or
    all within ``min_span_s``.
    """
    times = course.times
    if len(times) < 3 or times[-1] - times[0] < min_span_s:
        return None
    readings = list(zip(times, course.values, strict=True))
    rates = [60.0 * _slope([*readings[:without], *readings[without + 1 :]]) for without in range(len(readings))]
    mildest = min(rates, key=abs)
    return mildest if min(rates) * max(rates) > 0 else 0.0


def _slope(readings: list[tuple[float, float]]) -> float:
    return median((after - before) / (till - since) for (since, before), (till, after) in combinations(readings, 2))

"""Wear of a lift: more faults in a week than this lift is used to, and when and where they cluster. Pure."""

import math
from typing import Any

from msgspec import field
from msgspec.structs import replace
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Report
from devices.names import LIFT_FAULTS
from devices.twin import Twin

HOUR_S, DAY_S, WEEK_S = 3_600.0, 86_400.0, 604_800.0
DAYS = 7
MAX_FLOORS = 128
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MEMORY = 0.9
"""What a count of hours and floors keeps of itself each week: half is forgotten after six and a half weeks."""

POWER = frozenset({"power_failure"})
"""What comes from outside tells nothing about the lift."""


class WearParams(Params):
    """When a lift wears faster than it used to."""

    at_least: int = Field(5, ge=1, description="faults within 7 days; fewer prove nothing; chosen")
    sigma: float = Field(
        3, ge=1, le=6, description="standard deviations above the lift's usual week: the limit of Shewhart's c-chart"
    )
    learn_weeks: int = Field(4, ge=0, le=52, description="weeks of its own history before a lift is judged; chosen")
    lead_h: float = Field(
        24, ge=0, le=168, description="hours of notice that maintenance needs before the peak hour; chosen"
    )


class Wear(RuleState, array_like=True, gc=False):
    """One lift's history, bounded: ``days`` are faults per day, the newest last; ``due`` is when its day ends.

    ``usual`` is the mean of ``weeks`` past weeks, ``elapsed`` the days of the present one. ``hours`` (of the week,
    0 is Monday midnight, as text) and ``floors`` hold faded counts. ``active`` are the faults that last now.
    """

    days: list[int] = field(default_factory=lambda: [0] * DAYS)
    elapsed: int = 0
    usual: float = 0.0
    weeks: int = 0
    hours: dict[str, float] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)
    raised: bool = False


class LiftWear(Rule[Wear, WearParams]):
    """Faults of 7 days against the lift's own usual week; proposes maintenance before the hour at which most come.

    A fault counts when it begins. Weeks in which the alert is up teach nothing. Cleared when a week is usual again.
    """

    name = "lift_wear"
    kinds = frozenset({DeviceKind.LIFT})
    states = frozenset(LIFT_FAULTS) - POWER | {"entrapment"}
    events = frozenset({"unknown_fault"})
    severity = Severity.NOTICE
    State = Wear
    Params = WearParams

    def step(self, state: Wear | None, report: Report, twin: Twin, now: float) -> tuple[Wear | None, list[Transition]]:
        begun, active = self._news(state, report, twin)
        if not begun:
            return (state if state is None or active == state.active else replace(state, active=active)), NOTHING
        after = self._count(state or Wear(due=now + DAY_S), len(begun), active, twin, now)
        total, limit = sum(after.days), self._limit(after)
        if after.raised or after.weeks < self.params.learn_weeks or total < limit:
            return after, NOTHING
        raised = self.say(Action.RAISE, report, self.severity, self._reason(after, now), auto_resolve=True)
        return replace(after, raised=True), [raised]

    def tick(self, state: Wear, twin: Twin, kind: DeviceKind, now: float) -> tuple[Wear | None, list[Transition]]:
        after = self._day_over(state, now)
        if not state.raised or sum(after.days) >= self._limit(after):
            return after, NOTHING
        reason = Reason("wear_usual_again", {"faults": sum(after.days)}, {"limit": self._limit(after)})
        cleared = self.say_later(Action.CLEAR, twin, kind, now, self.severity, reason, auto_resolve=True)
        return replace(after, raised=False), [cleared]

    def reset(self, state: Wear, subject: str) -> Wear | None:
        """Maintenance was done: what led to it counts no more, what is usual stays known, what lasts counts anew."""
        return replace(state, days=[0] * DAYS, active=[], raised=False)

    def _news(self, state: Wear | None, report: Report, twin: Twin) -> tuple[list[str], list[str]]:
        """Return the faults that begin with ``report``, and all that last after it."""
        before = state.active if state else []
        begun = []
        for name, value in report.states.items():
            if value is True and name in self.states and name not in before:
                begun.append(name)
        if report.events:
            begun += [event.code for event in report.events if event.code in self.events and _begins(event.attributes)]
        if not (before or begun):
            return begun, before
        lasting = [name for name in before if twin.states.get(name) is not False]
        return begun, sorted({*lasting, *(name for name in begun if name in self.states)})

    def _count(self, state: Wear, count: int, active: list[str], twin: Twin, now: float) -> Wear:
        hours, floors = dict(state.hours), dict(state.floors)
        hour = str(self.calendar.hour_of_week(now))
        hours[hour] = hours.get(hour, 0.0) + count
        floor = str(twin.states.get("floor") or "")
        if floor and (floor in floors or len(floors) < MAX_FLOORS):
            floors[floor] = floors.get(floor, 0.0) + count
        days = [*state.days[:-1], state.days[-1] + count]
        return replace(state, days=days, hours=hours, floors=floors, active=active)

    def _day_over(self, state: Wear, now: float) -> Wear:
        after = replace(state, days=[*state.days[1:], 0], elapsed=state.elapsed + 1, due=now + DAY_S)
        if after.elapsed < DAYS:
            return after
        fade = {"hours": _faded(state.hours), "floors": _faded(state.floors), "elapsed": 0}
        if state.raised:
            return replace(after, **fade)
        weight = 1 / min(state.weeks + 1, 8)
        usual = state.usual + weight * (sum(state.days) - state.usual)
        return replace(after, **fade, usual=usual, weeks=state.weeks + 1)

    def _limit(self, state: Wear) -> float:
        return max(self.params.at_least, round(state.usual + self.params.sigma * math.sqrt(state.usual), 2))

    def _reason(self, state: Wear, now: float) -> Reason:
        hour = int(max(state.hours, key=lambda name: state.hours[name]))
        peak_at = self._next(hour, now + self.params.lead_h * HOUR_S)
        values: dict[str, Any] = {
            "faults": sum(state.days),
            "usual_week": round(state.usual, 1),
            "peak_weekday": WEEKDAYS[hour // 24],
            "peak_hour": hour % 24,
            "maintain_before_at": peak_at,
        }
        if state.floors:
            values["floor"] = max(state.floors, key=lambda name: state.floors[name])
        return Reason("wears_faster", values, {"limit": self._limit(state)})

    def _next(self, hour_of_week: int, now: float) -> float:
        """Find when the local hour of the week comes next, in epoch seconds (shifts of the clock may cost an hour)."""
        start = now // HOUR_S * HOUR_S
        ahead = (hour_of_week - self.calendar.hour_of_week(start)) % 168
        return start + (ahead or 168) * HOUR_S


def _begins(attributes: dict[str, object]) -> bool:
    return attributes.get("active") is not False


def _faded(counts: dict[str, float]) -> dict[str, float]:
    return {name: count * MEMORY for name, count in counts.items() if count * MEMORY >= 0.2}

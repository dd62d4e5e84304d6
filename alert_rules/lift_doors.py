"""Doors that open again and again, and what comes in through them. Pure."""

from msgspec import field
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.lift import doors_apart
from alert_rules.occurrence import Phased
from alert_rules.rule import NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Event, Report
from devices.twin import Twin


class CyclingParams(Params):
    """When doors open too often without a run."""

    times: int = Field(
        6, ge=2, le=50, description="openings without a run; a held door opens again twice or thrice; chosen"
    )
    window_s: float = Field(180, ge=10, description="seconds within which they count; chosen")


class Cycles(RuleState, array_like=True, gc=False):
    """``opened``: when the doors opened, in epoch seconds. ``raised`` by the "word", by the "signs", or not yet."""

    opened: list[float] = field(default_factory=list)
    apart: bool = False
    raised: str = ""


class LiftDoorCycling(Rule[Cycles, CyclingParams]):
    """The doors open and close again and again at one landing: an obstacle, a worn contact, a stuck button.

    Ended by a run, or by the window passing without an opening.
    """

    name = "lift_door_cycling"
    kinds = frozenset({DeviceKind.LIFT})
    states = frozenset({"door_closed", "door_state", "car_state", "door_repeated_cycling"})
    severity = Severity.MINOR
    State = Cycles
    Params = CyclingParams

    def step(
        self, state: Cycles | None, report: Report, twin: Twin, now: float
    ) -> tuple[Cycles | None, list[Transition]]:
        if report.states.get("door_repeated_cycling") is True and (state is None or not state.raised):
            raised = self.say(Action.RAISE, report, self.severity, self._reason("state_true", twin, {}))
            return Cycles(raised="word"), [raised]
        if state is not None and state.raised == "word":
            return self._end(state, report) if twin.states.get("door_repeated_cycling") is False else (state, NOTHING)
        if twin.states.get("car_state") == "running":
            return self._end(state, report) if state is not None else (None, NOTHING)
        apart = doors_apart(twin)
        if apart is None or apart is (state.apart if state else False):
            return state, NOTHING
        if not apart and state is not None:
            return Cycles(state.due, state.opened, False, state.raised), NOTHING
        return self._opened(state, report, twin, now)

    def tick(self, state: Cycles, twin: Twin, kind: DeviceKind, now: float) -> tuple[Cycles | None, list[Transition]]:
        if not state.raised:
            return None, NOTHING
        reason = Reason("doors_quiet", {}, {"window_s": self.params.window_s})
        return None, [self.say_later(Action.CLEAR, twin, kind, now, self.severity, reason, auto_resolve=True)]

    def _opened(
        self, state: Cycles | None, report: Report, twin: Twin, now: float
    ) -> tuple[Cycles | None, list[Transition]]:
        times, window_s = self.params.times, self.params.window_s
        before = [at for at in (state.opened if state else ()) if at > now - window_s]
        opened = [*before[-times + 1 :], now]
        was = state.raised if state else ""
        enough = "signs" if len(opened) >= times else was
        after = Cycles(now + window_s, opened, True, enough)
        if was or not enough:
            return after, NOTHING
        values = {"openings": len(opened), "within_s": round(now - opened[0], 1)}
        raised = self.say(Action.RAISE, report, self.severity, self._reason("doors_cycling", twin, values))
        return after, [raised]

    def _reason(self, code: str, twin: Twin, values: dict[str, float]) -> Reason:
        told = {"door_repeated_cycling": True} if code == "state_true" else values
        limits = {} if code == "state_true" else self.params.model_dump()
        return Reason(code, {**told, "floor": twin.states.get("floor")}, limits)

    def _end(self, state: Cycles, report: Report) -> tuple[Cycles | None, list[Transition]]:
        if not state.raised:
            return None, NOTHING
        return None, [self.say(Action.CLEAR, report, self.severity, Reason("doors_quiet"), auto_resolve=True)]


class EBikeParams(Params):
    """Which sightings of an electric bicycle are believed."""

    min_score: float = Field(
        0.6, ge=0, le=1, description="0 to 1; prams and wheelchairs look like it from above; chosen"
    )


class LiftEBike(Phased[EBikeParams]):
    """An electric bicycle in the car: its battery may burn in a flat or in the lift itself."""

    name = "lift_e_bike"
    kinds = frozenset({DeviceKind.LIFT, DeviceKind.CAMERA})
    events = frozenset({"e_bike_in_car"})
    severity = Severity.MAJOR
    code = "e_bike_in_car"
    forget_s = 60.0
    Params = EBikeParams

    def believed(self, event: Event) -> bool:
        score = event.attributes.get("score", 1.0)
        return isinstance(score, int | float) and score >= self.params.min_score

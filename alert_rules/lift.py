"""People shut in a lift. Pure."""

from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Report
from devices.twin import Twin


class EntrapmentParams(Params):
    """When a standing lift with people behind shut doors is an entrapment."""

    dwell_s: float = Field(
        45, ge=10, description="seconds of standing, shut and occupied; 30 s was found too short in the field"
    )
    flicker_s: float = Field(10, ge=0, description="seconds the presence sensor may drop out without ending the dwell")


class Entrapment(RuleState, array_like=True, gc=False):
    """``since``: the signs began. ``gone_at``: presence dropped out. ``raised_by``: what raised it, empty before."""

    since: float = 0.0
    gone_at: float = NEVER
    raised_by: str = ""


class LiftEntrapment(Rule[Entrapment, EntrapmentParams]):
    """People shut in: by the controller's own code at once, or by the signs lasting ``dwell_s``."""

    name = "lift_entrapment"
    kinds = frozenset({DeviceKind.LIFT})
    states = frozenset({"entrapment", "car_state", "passengers_present", "door_closed", "door_state"})
    severity = Severity.CRITICAL
    State = Entrapment
    Params = EntrapmentParams

    def step(
        self, state: Entrapment | None, report: Report, twin: Twin, now: float
    ) -> tuple[Entrapment | None, list[Transition]]:
        if report.states.get("entrapment") is True:
            return self._by_code(state, report, twin, now)
        if state is None:
            return self._begin(twin, report, now)
        if state.raised_by == "code":
            return self._end_by_code(state, report, twin)
        if standing_shut(twin) is False:
            return self._end(state, report)
        return self._follow(state, twin, now), NOTHING

    def tick(
        self, state: Entrapment, twin: Twin, kind: DeviceKind, now: float
    ) -> tuple[Entrapment | None, list[Transition]]:
        if now >= state.gone_at + self.params.flicker_s:
            return None, NOTHING
        values = {"stood_s": round(now - state.since, 1), "floor": twin.states.get("floor"), "at_landing": level(twin)}
        reason = Reason("entrapment_signs", values, {"dwell_s": self.params.dwell_s})
        raised = self.say_later(Action.RAISE, twin, kind, now, self.severity, reason)
        return Entrapment(since=state.since, raised_by="signs"), [raised]

    def _by_code(
        self, state: Entrapment | None, report: Report, twin: Twin, now: float
    ) -> tuple[Entrapment | None, list[Transition]]:
        if state is not None and state.raised_by == "code":
            return state, NOTHING
        values = {"entrapment": True, "floor": report.states.get("floor"), "at_landing": level(twin)}
        raised = self.say(Action.RAISE, report, self.severity, Reason("controller_code", values))
        return Entrapment(since=state.since if state else now, raised_by="code"), [raised]

    def _end_by_code(self, state: Entrapment, report: Report, twin: Twin) -> tuple[Entrapment | None, list[Transition]]:
        ended = report.states.get("entrapment") is False and twin.states.get("entrapment") is False
        return self._end(state, report) if ended else (state, NOTHING)

    def _begin(self, twin: Twin, report: Report, now: float) -> tuple[Entrapment | None, list[Transition]]:
        if not standing_shut(twin) or twin.states.get("passengers_present") is not True:
            return None, NOTHING
        return Entrapment(due=now + self.params.dwell_s, since=now), NOTHING

    def _follow(self, state: Entrapment, twin: Twin, now: float) -> Entrapment:
        """Keep the dwell; a drop-out of presence starts its own short clock, its return stops it."""
        present = twin.states.get("passengers_present")
        if state.raised_by or present is None or (present is False) == (state.gone_at != NEVER):
            return state
        gone_at = now if present is False else NEVER
        due = min(state.since + self.params.dwell_s, gone_at + self.params.flicker_s)
        return Entrapment(due=due, since=state.since, gone_at=gone_at)

    def _end(self, state: Entrapment, report: Report) -> tuple[Entrapment | None, list[Transition]]:
        if not state.raised_by:
            return None, NOTHING
        reason = Reason("entrapment_ended", dict(report.states))
        return None, [self.say(Action.CLEAR, report, self.severity, reason)]


def standing_shut(twin: Twin) -> bool | None:
    """Tell whether the car stands with its doors shut; ``None`` if nobody can know."""
    car, apart = twin.states.get("car_state"), doors_apart(twin)
    if car == "running" or apart:
        return False
    return None if car is None or apart is None else True


def doors_apart(twin: Twin) -> bool | None:
    """Tell whether the car doors are not shut: by their contact, or where that is missing by their position."""
    shut = twin.states.get("door_closed")
    if shut is not None:
        return shut is False
    if "door_closed" in twin.states:
        return None
    position = twin.states.get("door_state")
    return None if position is None else position != "closed"


def level(twin: Twin) -> bool | None:
    """Tell whether the car is level with a landing; ``None`` if the controller does not say."""
    at_landing = twin.states.get("at_landing")
    found = twin.states.get("door_zone") if at_landing is None else at_landing
    return found if isinstance(found, bool) else None

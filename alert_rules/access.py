"""Access rules."""

from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Event, Report
from devices.twin import Twin


class Forced(RuleState, array_like=True, gc=False):
    """The alert is up until the door is reported shut."""


class GateForced(Rule[Forced, Params]):
    """A door opened without release, or somebody was made to open it."""

    name = "gate_forced"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    states = frozenset({"door_state"})
    events = frozenset({"door_forced", "duress", "door_closed"})
    State = Forced

    def step(
        self, state: Forced | None, report: Report, twin: Twin, now: float
    ) -> tuple[Forced | None, list[Transition]]:
        said: list[Transition] = []
        for event in report.events:
            if event.code in ("door_forced", "duress"):
                said.append(self._raise(report, event))
        if said:
            return Forced(), said
        if state is not None and door_shut(report, twin):
            reason = Reason("door_closed")
            return None, [self.say(Action.CLEAR, report, Severity.MAJOR, reason)]
        return state, NOTHING

    def _raise(self, report: Report, event: Event) -> Transition:
        severity = Severity.CRITICAL if event.code == "duress" else Severity.MAJOR
        return self.say(Action.RAISE, report, severity, Reason(event.code, event.attributes))


class HeldOpenParams(Params):
    """When an open door is held open."""

    dwell_s: float = Field(60, ge=1, description="seconds a door may stand open; usual controllers allow 30 to 60")


class Open(RuleState, array_like=True, gc=False):
    """The door is open since ``since``; ``raised`` once the alert is up."""

    since: float = 0.0
    raised: bool = False


class GateHeldOpen(Rule[Open, HeldOpenParams]):
    """A door stands open longer than a passage needs."""

    name = "gate_held_open"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    states = frozenset({"door_state"})
    events = frozenset({"door_held_open", "door_closed"})
    State = Open
    Params = HeldOpenParams

    def step(self, state: Open | None, report: Report, twin: Twin, now: float) -> tuple[Open | None, list[Transition]]:
        if door_shut(report, twin):
            return self._shut(state, report)
        if any(event.code == "door_held_open" for event in report.events):
            raised = self.say(Action.RAISE, report, Severity.MINOR, Reason("door_held_open"))
            return Open(since=state.since if state else now, raised=True), [raised]
        if state is None and report.states.get("door_state") == "open":
            return Open(due=now + self.params.dwell_s, since=now), NOTHING
        return state, NOTHING

    def tick(self, state: Open, twin: Twin, kind: DeviceKind, now: float) -> tuple[Open | None, list[Transition]]:
        reason = Reason("door_open", {"open_s": round(now - state.since, 1)}, {"dwell_s": self.params.dwell_s})
        raised = self.say_later(Action.RAISE, twin, kind, now, Severity.MINOR, reason)
        return Open(since=state.since, raised=True, due=NEVER), [raised]

    def _shut(self, state: Open | None, report: Report) -> tuple[Open | None, list[Transition]]:
        if state is None or not state.raised:
            return None, NOTHING
        return None, [self.say(Action.CLEAR, report, Severity.MINOR, Reason("door_closed"), auto_resolve=True)]


def door_shut(report: Report, twin: Twin) -> bool:
    """Tell whether ``report`` says the door is shut, as an event or as a state that nothing newer contradicts."""
    if any(event.code == "door_closed" for event in report.events):
        return True
    return report.states.get("door_state") == "closed" == twin.states.get("door_state")

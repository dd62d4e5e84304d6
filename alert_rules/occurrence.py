"""Rules of one shape: an event raises by itself, once or for as long as its phases go on. Pure."""

from typing import ClassVar, TypeVar

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Event, Report
from devices.twin import Twin

P = TypeVar("P", bound=Params)


class Occurrence(Rule[RuleState, P]):
    """Each believed event raises: over when it is told, so that there is nothing to clear."""

    severity: ClassVar[Severity]
    code: ClassVar[str]
    State = RuleState

    def believed(self, event: Event) -> bool:
        """Tell whether ``event``, one of ``events``, counts."""
        return True

    def subject(self, report: Report, event: Event) -> str:
        """What tells the alert apart from others of the device."""
        return ""

    def thresholds(self) -> dict[str, object]:
        """The parameters that decided."""
        return {}

    def step(
        self, state: RuleState | None, report: Report, twin: Twin, now: float
    ) -> tuple[RuleState | None, list[Transition]]:
        said = [
            self.say(
                Action.RAISE,
                report,
                self.severity,
                Reason(self.code, dict(event.attributes), self.thresholds()),
                subject=self.subject(report, event),
                attributes=event.attributes,
            )
            for event in report.events
            if event.code in self.events and self.believed(event)
        ]
        return None, said or NOTHING


PULSE_S = 60.0


class Going(RuleState, array_like=True, gc=False):
    """The event goes on; at ``due`` it is forgotten for want of updates."""


class Phased(Rule[Going, P]):
    """An event with phases: raised at its first sight, cleared by its end.

    Updates that stop coming clear nothing (a lost camera is no proof), but after ``forget_s`` the next one raises
    again. So does an event without phases, which some devices repeat each second, after ``PULSE_S`` without one.
    """

    severity: ClassVar[Severity]
    code: ClassVar[str]
    forget_s: ClassVar[float] = NEVER
    State = Going

    def believed(self, event: Event) -> bool:
        """Tell whether ``event``, one of ``events``, counts."""
        return True

    def step(
        self, state: Going | None, report: Report, twin: Twin, now: float
    ) -> tuple[Going | None, list[Transition]]:
        said: list[Transition] = []
        for event in report.events:
            if event.code not in self.events:
                continue
            phase = event.attributes.get("phase", "pulse")
            if phase == "end":
                if state is not None:
                    said.append(self.say(Action.CLEAR, report, self.severity, Reason("event_ended")))
                state = None
            elif self.believed(event):
                if state is None:
                    said.append(self._raise(report, event))
                state = self._prolong(state, phase == "pulse", now)
        return state, said

    def tick(self, state: Going, twin: Twin, kind: DeviceKind, now: float) -> tuple[Going | None, list[Transition]]:
        return None, NOTHING

    def _prolong(self, state: Going | None, pulse: bool, now: float) -> Going:
        due = now + (min(self.forget_s, PULSE_S) if pulse else self.forget_s)
        return state if state is not None and state.due in (due, NEVER) else Going(due=due)

    def _raise(self, report: Report, event: Event) -> Transition:
        reason = Reason(self.code, dict(event.attributes), self.params.model_dump())
        return self.say(Action.RAISE, report, self.severity, reason, attributes=event.attributes)

"""Rules of one shape: a true state raises, and stays raised until it ends or a person resolves it."""

from typing import ClassVar

from msgspec import field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NOTHING, Params, Rule, RuleState
from devices.model import Report
from devices.twin import Twin


class Raised(RuleState, array_like=True, gc=False):
    """The alert is up. ``causes`` are the states that are true now; empty while only the latch holds it."""

    causes: list[str] = field(default_factory=list)


class StateAlarm(Rule[Raised, Params]):
    """Raise at once on any of ``states`` being true.

    A latching rule says nothing when the states end: only a person takes the alert down. Unknown (``None``) neither
    raises nor clears, and an end counts only if the twin holds nothing newer.
    """

    severity: ClassVar[Severity]
    latching: ClassVar[bool]
    auto_resolve: ClassVar[bool] = False
    State = Raised

    def step(
        self, state: Raised | None, report: Report, twin: Twin, now: float
    ) -> tuple[Raised | None, list[Transition]]:
        news = self._news(report)
        if state is None:
            return (Raised(causes=news), [self._raise(report, news)]) if news else (None, NOTHING)
        held = {name for name in state.causes if twin.states.get(name) is not False}
        causes = sorted(held.union(news))
        if causes == state.causes:
            return state, NOTHING
        if not set(causes) - set(state.causes):
            return self._lessen(causes, report)
        return Raised(causes=causes), [self._raise(report, news)]

    def _news(self, report: Report) -> list[str]:
        return [name for name, value in report.states.items() if value is True and name in self.states]

    def _lessen(self, causes: list[str], report: Report) -> tuple[Raised | None, list[Transition]]:
        if causes or self.latching:
            return Raised(causes=causes), NOTHING
        reason = Reason("state_ended", {name: report.states[name] for name in self.states & report.states.keys()})
        return None, [self.say(Action.CLEAR, report, self.severity, reason, auto_resolve=self.auto_resolve)]

    def _raise(self, report: Report, causes: list[str]) -> Transition:
        values = {**dict.fromkeys(causes, True), **report.measurements}
        return self.say(Action.RAISE, report, self.severity, Reason("state_true", values))

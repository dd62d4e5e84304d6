"""More people through a gate than credentials. Pure."""

from msgspec import field
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Report
from devices.twin import Twin

RELEASES = frozenset({"access_granted", "exit_button", "remote_open"})
MAX_RELEASES = 64
MAX_COUNT = 1e12
"""More passages than any gate ever counts: what lies beyond is no reading."""


class TailgatingParams(Params):
    """When passages without a credential are too many."""

    extra: int = Field(2, ge=1, le=50, description="people beyond the credentials; a child on the hand is one; chosen")
    settle_s: float = Field(
        5, ge=1, description="seconds to wait: the passage may be told before its credential; chosen"
    )
    unused_s: float = Field(30, ge=1, description="seconds a credential may wait for its passage; chosen")


class Passing(RuleState, array_like=True, gc=False):
    """``count``: the gate's counter, below zero while unknown. ``people``: passages to be matched with ``releases``.

    ``tells``: it has told a release before; one that only counts is not judged by its counter.
    """

    count: float = -1.0
    people: int = 0
    releases: list[float] = field(default_factory=list)
    tells: bool = False


class GateTailgating(Rule[Passing, TailgatingParams]):
    """People follow through on somebody else's credential: by the gate's own word, or its counter against its releases.

    A release is a credential accepted, the button inside, or the guard's remote opening. Releases since the counter was
    last told all count, so that a gate that tells it once a minute is judged fairly. One that counts people but never
    told a release is not judged by its counter: there is nothing to hold it against.
    """

    name = "gate_tailgating"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    events = RELEASES | {"tailgating"}
    measurements = frozenset({"passage_count"})
    severity = Severity.MINOR
    State = Passing
    Params = TailgatingParams

    def step(
        self, state: Passing | None, report: Report, twin: Twin, now: float
    ) -> tuple[Passing | None, list[Transition]]:
        count = report.measurements.get("passage_count")
        if not report.events:
            return self._counted(state, count, now), NOTHING
        said = [
            self.say(Action.RAISE, report, self.severity, Reason("followed_through", event.attributes))
            for event in report.events
            if event.code == "tailgating"
        ]
        after = self._released(state, report, now)
        return self._counted(after, count, now), said or NOTHING

    def tick(self, state: Passing, twin: Twin, kind: DeviceKind, now: float) -> tuple[Passing | None, list[Transition]]:
        used = min(state.people, len(state.releases))
        left = [at for at in state.releases[used:] if at > now - self.params.unused_s]
        after = Passing(count=state.count, releases=left, tells=state.tells)
        extra = state.people - used
        if extra < self.params.extra or not state.tells:
            return after, NOTHING
        values = {"passages": state.people, "credentials": used}
        reason = Reason("more_than_credentials", values, {"extra": self.params.extra})
        return after, [self.say_later(Action.RAISE, twin, kind, now, self.severity, reason)]

    def _released(self, state: Passing | None, report: Report, now: float) -> Passing | None:
        new = [now for event in report.events if event.code in RELEASES]
        if not new or state is None:
            return state
        return Passing(state.due, state.count, state.people, [*state.releases, *new][-MAX_RELEASES:], True)

    def _counted(self, state: Passing | None, count: float | None, now: float) -> Passing | None:
        """Take the counter; a gate without one needs no memory.

        One that runs backwards was reset. One that jumped by more than the releases remembered went on while the gate
        was not heard, and nobody knows for how many somebody opened.
        """
        if count is None or not 0 <= count <= MAX_COUNT or (state is not None and count == state.count):
            return state
        if state is None or state.count < 0 or count < state.count:
            return Passing(
                count=count, releases=state.releases if state else [], tells=state is not None and state.tells
            )
        if count - state.count > MAX_RELEASES:
            return Passing(count=count, tells=state.tells)
        due = min(state.due, now + self.params.settle_s) if state.due != NEVER else now + self.params.settle_s
        return Passing(due, count, state.people + round(count - state.count), state.releases, state.tells)

"""What shows only across doors: one credential's refusals and passages, one resident's absence. Pure."""

from collections.abc import Iterator
from typing import Any

from msgspec import field
from pydantic import Field

from alert_rules.access import whose
from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Event, Report
from devices.registry import Device
from devices.twin import Twin

GATES = frozenset({DeviceKind.ACCESS_GATE})
MAX_REFUSALS = 32


class RefusedParams(Params):
    """How many refusals of one credential, at how many doors, look like a search for a way in."""

    times: int = Field(3, ge=1, le=MAX_REFUSALS, description="refusals; at one door most people try twice; chosen")
    doors: int = Field(2, ge=1, le=10, description="different doors; one door alone is a wrong or expired card; chosen")
    window_s: float = Field(600, ge=10, description="seconds within which they count; chosen")


class Refusals(RuleState, array_like=True, gc=False):
    """One credential's newest refusals as (epoch seconds, door). ``raised_at_gate``: the gate the alert hangs on."""

    tries: list[tuple[float, str]] = field(default_factory=list)
    raised_at_gate: str = ""


class GateRefusedRepeatedly(Rule[Refusals, RefusedParams]):
    """One credential is refused at door after door. Further refusals within the window repeat the alert."""

    name = "gate_refused_repeatedly"
    kinds = GATES
    events = frozenset({"access_denied"})
    keyed = True
    severity = Severity.MINOR
    State = Refusals
    Params = RefusedParams

    def key(self, report: Report, device: Device | None) -> str:
        return next((whose(event) for event in _those(report, self.events) if whose(event)), "")

    def step(
        self, state: Refusals | None, report: Report, twin: Twin, now: float
    ) -> tuple[Refusals | None, list[Transition]]:
        ref = self.key(report, None)
        new = [(now, _door(report, event)) for event in _those(report, self.events) if whose(event) == ref]
        before = [] if state is None else [row for row in state.tries if row[0] > now - self.params.window_s]
        tries = [*before, *new][-MAX_REFUSALS:]
        gate = state.raised_at_gate if state and before else ""
        doors = len({door for _, door in tries})
        if len(tries) < self.params.times or doors < self.params.doors:
            return Refusals(now + self.params.window_s, tries, gate), NOTHING
        values = {"credential_ref": ref, "times": len(tries), "doors": doors}
        reason = Reason("refused_at_doors", values, self.params.model_dump())
        action = Action.REPEAT if gate else Action.RAISE
        said = on_gate(self.say(action, report, self.severity, reason, subject=ref), gate)
        return Refusals(now + self.params.window_s, tries, gate or report.device), [said]

    def tick(
        self, state: Refusals, twin: Twin, kind: DeviceKind, now: float
    ) -> tuple[Refusals | None, list[Transition]]:
        return None, NOTHING


class PassbackParams(Params):
    """Where and when a credential that enters twice was handed back."""

    buildings: tuple[str, ...] = Field(
        (),
        description="ids of buildings whose doors read credentials both ways; elsewhere people leave unread, and only "
        "the controller's own refusal counts",
    )
    window_s: float = Field(300, ge=10, description="seconds; the usual timed anti-passback is 1 to 10 minutes")
    again_s: float = Field(
        15, ge=0, description="seconds within which the same person tries the same door again; chosen"
    )


class Passage(RuleState, array_like=True, gc=False):
    """The credential's last passage: the way and when, in epoch seconds. Forgotten after the window."""

    direction: str = ""
    at: float = 0.0


class GatePassback(Rule[Passage, PassbackParams]):
    """A credential goes in twice without coming out: it was handed to somebody else."""

    name = "gate_passback"
    kinds = GATES
    events = frozenset({"access_granted", "access_denied"})
    keyed = True
    severity = Severity.MINOR
    State = Passage
    Params = PassbackParams

    def key(self, report: Report, device: Device | None) -> str:
        both_ways = device is not None and device.building in self.params.buildings
        for event in report.events:
            if self._refused(event) or (event.code == "access_granted" and both_ways):
                return whose(event)
        return ""

    def step(
        self, state: Passage | None, report: Report, twin: Twin, now: float
    ) -> tuple[Passage | None, list[Transition]]:
        for event in report.events:
            if self._refused(event):
                return state, [self._raise(report, event, "refused_passback", {})]
            if event.code == "access_granted":
                return self._passed(state, report, event, now)
        return state, NOTHING

    def tick(self, state: Passage, twin: Twin, kind: DeviceKind, now: float) -> tuple[Passage | None, list[Transition]]:
        return None, NOTHING

    def _refused(self, event: Event) -> bool:
        return event.code == "access_denied" and event.attributes.get("reason") == "anti_passback"

    def _passed(
        self, state: Passage | None, report: Report, event: Event, now: float
    ) -> tuple[Passage | None, list[Transition]]:
        way = str(event.attributes.get("direction", ""))
        if way not in ("in", "out"):
            return state, NOTHING
        after = Passage(now + self.params.window_s, way, now)
        since_s = now - state.at if state is not None and state.direction == way else NEVER
        if not self.params.again_s < since_s <= self.params.window_s:
            return after, NOTHING
        values = {"direction": way, "since_s": round(since_s, 1)}
        return after, [self._raise(report, event, "same_way_twice", values)]

    def _raise(self, report: Report, event: Event, code: str, values: dict[str, Any]) -> Transition:
        subject = whose(event)
        limits = {"window_s": self.params.window_s} if values else {}
        reason = Reason(code, {"credential_ref": subject, **values}, limits)
        return self.say(Action.RAISE, report, self.severity, reason, subject=subject)


class UnseenParams(Params):
    """Who asked to be looked after, and how long is too long."""

    persons: tuple[str, ...] = Field(
        (), description="person_ref of residents who live alone and agreed; nobody else's passages are looked at"
    )
    factor: float = Field(
        1.5,
        ge=1,
        le=10,
        description="times the longest but one of the person's last 20 absences: one journey is no habit; chosen",
    )
    at_least_h: float = Field(
        24, gt=0, le=720, description="hours below which nothing is said; a day indoors is usual; chosen"
    )
    learn: int = Field(
        10, ge=0, le=20, description="passages before the habit counts; until then twice at_least_h; chosen"
    )


class Seen(RuleState, array_like=True, gc=False):
    """Only when the person last passed and how long the last absences were, in seconds: no doors, no directions."""

    person: str = ""
    at: float = 0.0
    gaps: list[float] = field(default_factory=list)
    raised_at_gate: str = ""


class ResidentUnseen(Rule[Seen, UnseenParams]):
    """A resident living alone has passed no door for longer than is their habit. Only for those listed by consent.

    The habit is the longest but one of the last absences: a single journey must not make the next fall wait.
    """

    name = "resident_unseen"
    kinds = GATES
    events = frozenset({"access_granted"})
    keyed = True
    severity = Severity.MAJOR
    State = Seen
    Params = UnseenParams
    REMEMBERED = 20

    def key(self, report: Report, device: Device | None) -> str:
        if not self.params.persons:
            return ""
        return next((ref for ref in _persons(report, self.events) if ref in self.params.persons), "")

    def step(self, state: Seen | None, report: Report, twin: Twin, now: float) -> tuple[Seen | None, list[Transition]]:
        person = self.key(report, None)
        gaps = [*state.gaps, now - state.at][-self.REMEMBERED :] if state is not None else []
        after = Seen(now + self._limit(gaps), person, now, gaps)
        if state is None or not state.raised_at_gate:
            return after, NOTHING
        reason = Reason("seen_again", {"unseen_s": round(now - state.at, 1)})
        back = self.say(Action.CLEAR, report, self.severity, reason, subject=person, auto_resolve=True)
        return after, [on_gate(back, state.raised_at_gate)]

    def tick(self, state: Seen, twin: Twin, kind: DeviceKind, now: float) -> tuple[Seen | None, list[Transition]]:
        if state.person not in self.params.persons:
            return None, NOTHING
        values = {"last_seen": state.at, "unseen_s": round(now - state.at, 1)}
        reason = Reason("unseen_too_long", values, {"limit_s": round(self._limit(state.gaps), 1)})
        raised = self.say_later(Action.RAISE, twin, kind, now, self.severity, reason, subject=state.person)
        return Seen(NEVER, state.person, state.at, state.gaps, twin.device), [raised]

    def _limit(self, gaps: list[float]) -> float:
        least = self.params.at_least_h * 3_600
        if len(gaps) < self.params.learn:
            return 2 * least
        return max(least, self.params.factor * sum(sorted(gaps)[-2:-1]))


def on_gate(said: Transition, gate: str) -> Transition:
    """Hang ``said`` on the gate its alert was raised at, so that another door does not open a second alert."""
    if gate:
        said.device = gate
    return said


def _those(report: Report, codes: frozenset[str]) -> Iterator[Event]:
    return (event for event in report.events if event.code in codes)


def _persons(report: Report, codes: frozenset[str]) -> Iterator[str]:
    return (str(event.attributes.get("person_ref", "")) for event in _those(report, codes))


def _door(report: Report, event: Event) -> str:
    return f"{report.device}/{event.attributes.get('door_id', '')}"

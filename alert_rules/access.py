"""What happens at one door: forced, held open, opened under threat, refused, tampered with. Pure."""

from msgspec import field
from msgspec.structs import replace
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.occurrence import Occurrence
from alert_rules.rule import NEVER, NOTHING, Params, Rule, RuleState
from alert_rules.timing import Lasting
from devices.model import DeviceKind, Event, Report
from devices.twin import Twin


class Forced(RuleState, array_like=True, gc=False):
    """The alert is up until the ``doors`` are reported shut; "" where the controller names none."""

    doors: list[str] = field(default_factory=list)


class GateForced(Rule[Forced, Params]):
    """A door opened without release."""

    name = "gate_forced"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    states = frozenset({"door_state"})
    events = frozenset({"door_forced", "door_closed"})
    severity = Severity.MAJOR
    State = Forced

    def step(
        self, state: Forced | None, report: Report, twin: Twin, now: float
    ) -> tuple[Forced | None, list[Transition]]:
        said = [
            self.say(Action.RAISE, report, self.severity, Reason(event.code, event.attributes))
            for event in report.events
            if event.code == "door_forced"
        ]
        if said:
            return Forced(doors=sorted({*(state.doors if state else ()), *_doors(report, "door_forced")})), said
        if state is None:
            return None, NOTHING
        left = _still_open(state.doors, report, twin)
        if left:
            return (state if left == state.doors else Forced(doors=left)), NOTHING
        return None, [self.say(Action.CLEAR, report, self.severity, Reason("door_closed"))]


class HeldOpenParams(Params):
    """When an open door is held open."""

    dwell_s: float = Field(60, ge=1, description="seconds a door may stand open; usual controllers allow 30 to 60")


class Open(RuleState, array_like=True, gc=False):
    """``doors`` ("" where none is named) stand open since ``since``; ``raised`` once the alert is up."""

    since: float = 0.0
    raised: bool = False
    doors: list[str] = field(default_factory=lambda: [""])


class GateHeldOpen(Rule[Open, HeldOpenParams]):
    """A door stands open longer than a passage needs."""

    name = "gate_held_open"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    states = frozenset({"door_state"})
    events = frozenset({"door_held_open", "door_closed"})
    severity = Severity.MINOR
    State = Open
    Params = HeldOpenParams

    def step(self, state: Open | None, report: Report, twin: Twin, now: float) -> tuple[Open | None, list[Transition]]:
        held = _still_open(_doors(report, "door_held_open"), report, twin) if report.events else []
        if held:
            doors = sorted({*(state.doors if state and state.raised else ()), *held})
            raised = self.say(Action.RAISE, report, self.severity, Reason("door_held_open"))
            return Open(since=state.since if state else now, raised=True, doors=doors), [raised]
        if state is None:
            opened = report.states.get("door_state") == "open" and _still_open([""], report, twin)
            return (Open(due=now + self.params.dwell_s, since=now) if opened else None), NOTHING
        left = _still_open(state.doors, report, twin)
        if not left:
            return self._shut(state, report)
        return (state if left == state.doors else replace(state, doors=left)), NOTHING

    def tick(self, state: Open, twin: Twin, kind: DeviceKind, now: float) -> tuple[Open | None, list[Transition]]:
        reason = Reason("door_open", {"open_s": round(now - state.since, 1)}, {"dwell_s": self.params.dwell_s})
        raised = self.say_later(Action.RAISE, twin, kind, now, self.severity, reason)
        return replace(state, raised=True, due=NEVER), [raised]

    def _shut(self, state: Open, report: Report) -> tuple[Open | None, list[Transition]]:
        if not state.raised:
            return None, NOTHING
        return None, [self.say(Action.CLEAR, report, self.severity, Reason("door_closed"), auto_resolve=True)]


class GateDuress(Occurrence[Params]):
    """Somebody was made to open a door. No machine takes this down: the door shuts behind the intruder too."""

    name = "gate_duress"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    events = frozenset({"duress"})
    severity = Severity.CRITICAL
    code = "duress"


class GateBlocklist(Occurrence[Params]):
    """Somebody on the blocklist was refused: one alert per credential."""

    name = "gate_blocklist"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    events = frozenset({"access_denied"})
    severity = Severity.MAJOR
    code = "on_blocklist"

    def believed(self, event: Event) -> bool:
        return event.attributes.get("reason") == "blocklist"

    def subject(self, report: Report, event: Event) -> str:
        return whose(event)


class ExpiredParams(Params):
    """Whose expired passes are worth a look."""

    credential_types: tuple[str, ...] = Field(
        ("qr",), description="types of credential given to visitors; residents with an expired card need the office"
    )


class GateExpiredVisitor(Occurrence[ExpiredParams]):
    """A visitor came back after the pass had expired: one alert per credential."""

    name = "gate_expired_visitor"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    events = frozenset({"access_denied"})
    severity = Severity.NOTICE
    code = "pass_expired"
    Params = ExpiredParams

    def believed(self, event: Event) -> bool:
        seen = event.attributes
        return seen.get("reason") == "expired" and seen.get("credential_type") in self.params.credential_types

    def subject(self, report: Report, event: Event) -> str:
        return whose(event)


class GatePassRefused(Occurrence[Params]):
    """A visitor's pass was forged, expired, used up, revoked, too early or for another building: one alert per pass."""

    name = "gate_pass_refused"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    events = frozenset({"pass_refused"})
    severity = Severity.MINOR
    code = "pass_refused"

    def subject(self, report: Report, event: Event) -> str:
        return whose(event)


class ReaderTamper(Lasting[Params]):
    """A reader or controller says that it was opened or torn off."""

    name = "reader_tamper"
    kinds = frozenset({DeviceKind.ACCESS_GATE})
    states = frozenset({"tamper"})
    severity = Severity.MAJOR
    auto_resolve = False
    code = "reader_tampered"
    Params = Params

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        tampered = twin.states.get("tamper")
        return tampered if isinstance(tampered, bool) else None


def whose(event: Event) -> str:
    """Name the credential, else the person, behind ``event``: pseudonyms, never names. Empty if neither is told."""
    return str(event.attributes.get("credential_ref") or event.attributes.get("person_ref") or "")


def _doors(report: Report, code: str) -> list[str]:
    return [str(event.attributes.get("door_id", "")) for event in report.events if event.code == code]


def _still_open(doors: list[str], report: Report, twin: Twin) -> list[str]:
    """Leave out of ``doors`` what ``report`` says is shut, by an event or by a state that nothing newer contradicts.

    A door nobody names is taken for every door: most controllers have but one.
    """
    if report.states.get("door_state") == "closed" == twin.states.get("door_state"):
        return []
    shut = _doors(report, "door_closed") if report.events else []
    if not shut or "" in shut:
        return [] if shut else doors
    return [door for door in doors if door and door not in shut]

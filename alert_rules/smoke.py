"""Fire alarms that detectors give themselves: at once, confirmed by a second one, or passed on from a linked one."""

from typing import Any, TypeVar

from msgspec import field
from msgspec.structs import replace
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.latch import StateAlarm
from alert_rules.rule import NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Report
from devices.registry import Device
from devices.twin import Twin

FIRE_STATES = frozenset({"smoke", "heat", "carbon_monoxide", "gas", "manual_call_point"})
LINKED = "linked_alarm"
MAX_NAMED = 32


def sounding(twin: Twin) -> bool:
    """Tell whether the detector gives alarm itself: then what it measures needs no alert of its own."""
    states = twin.states
    return any(states.get(name) is True for name in FIRE_STATES)


def fire_zone(device: Device | None) -> str:
    """Name the zone of a detector; where none is known, its floor of its building. "": the place is not known."""
    if device is None or not (device.zone or device.building):
        return ""
    return f"{device.building}/{device.zone or device.floor}"


class SmokeAlarm(StateAlarm):
    """A detector sounds. Latching: smoke that thins has not put the fire out.

    One that says it only joins in (`linked_alarm`) is judged by the rule of that name.
    """

    name = "smoke_alarm"
    kinds = frozenset({DeviceKind.SMOKE_DETECTOR})
    states = FIRE_STATES
    judges_strangers = True
    fire = True
    severity = Severity.CRITICAL
    latching = True

    def _news(self, report: Report) -> list[str]:
        return [] if report.states.get(LINKED) is True else super()._news(report)


class DeviceTest(StateAlarm):
    """A detector is being tested: shown as a test, never dispatched as real."""

    name = "device_test"
    kinds = frozenset(DeviceKind)
    states = FIRE_STATES | {"water_leak", "entrapment"}
    judges_tests = True
    severity = Severity.NOTICE
    latching = False
    auto_resolve = True

    def _news(self, report: Report) -> list[str]:
        """Only a test begins a test; its end may come with the flag down already."""
        return super()._news(report) if report.test else []


Z = TypeVar("Z", bound=RuleState)
Q = TypeVar("Q", bound=Params)


class Zoned(Rule[Z, Q]):
    """Judges the detectors of one fire zone together. The alert stays on the device whose report raised it."""

    kinds = frozenset({DeviceKind.SMOKE_DETECTOR})
    keyed = True
    fire = True

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._zones: dict[str, str] = {}

    def placed(self, report: Report, zone: str) -> str:
        """Note ``zone`` as the key of the report's device: ``step`` is not told it."""
        self._zones[report.device] = zone
        return zone

    def say_of_zone(self, action: Action, report: Report, severity: Severity, reason: Reason, by: str) -> Transition:
        said = self.say(action, report, severity, reason, subject=self._zones[report.device])
        return replace(said, device=by)


class ConfirmedParams(Params):
    """When a fire counts as confirmed."""

    detectors: int = Field(2, ge=2, description="detectors of one zone that must give alarm; two, as GB 50116 asks for")
    within_s: float = Field(300, ge=1, description="seconds between their alarms; chosen: a fire reaches the next room")


class Alarms(RuleState, array_like=True, gc=False):
    """When the detectors of a zone last gave alarm (epoch s). ``by`` is whose report raised it, empty before."""

    alarms: dict[str, float] = field(default_factory=dict)
    by: str = ""


class FireConfirmed(Zoned[Alarms, ConfirmedParams]):
    """Several detectors of one zone give alarm of their own within `within_s`; where no zone is known, of one floor.

    A detector that only joins in with a linked one proves nothing. Latching, like the alarms themselves.
    """

    name = "fire_confirmed"
    states = FIRE_STATES
    severity = Severity.CRITICAL
    State = Alarms
    Params = ConfirmedParams

    def key(self, report: Report, device: Device | None) -> str:
        """Cheap where nothing is true: that is nearly every report."""
        if True not in report.states.values() or report.states.get(LINKED) is True:
            return ""
        fire = any(report.states.get(name) is True for name in FIRE_STATES)
        return self.placed(report, fire_zone(device)) if fire else ""

    def step(
        self, state: Alarms | None, report: Report, twin: Twin, now: float
    ) -> tuple[Alarms | None, list[Transition]]:
        known = state.alarms if state else {}
        by = state.by if state else ""
        if by and (report.device in known or len(known) >= MAX_NAMED):
            return state, NOTHING
        since = now - self.params.within_s
        alarms = {device: at for device, at in known.items() if by or at >= since} | {report.device: now}
        if not by and len(alarms) < self.params.detectors:
            return Alarms(due=now + self.params.within_s, alarms=alarms), NOTHING
        by = by or report.device
        values = {"detectors": ", ".join(alarms), "within_s": round(now - min(alarms.values()), 1)}
        reason = Reason("second_detector", values, dict(self.params))
        said = self.say_of_zone(Action.RAISE, report, self.severity, reason, by)
        return Alarms(alarms=alarms, by=by), [said]

    def tick(self, state: Alarms, twin: Twin, kind: DeviceKind, now: float) -> tuple[Alarms | None, list[Transition]]:
        """Nobody confirmed it in time."""
        return None, NOTHING


class LinkedParams(Params):
    """Whom linked alarms are traced to."""

    origin_s: float = Field(300, ge=1, description="seconds an alarm may be old to be the origin; chosen, as above")


class Chorus(RuleState, array_like=True, gc=False):
    """Who gave alarm of its own in a zone, and when (epoch s); who joins in; whose report raised it, empty before."""

    origins: dict[str, float] = field(default_factory=dict)
    linked: list[str] = field(default_factory=list)
    by: str = ""


class LinkedAlarm(Zoned[Chorus, LinkedParams]):
    """Detectors sound because one they are linked with does: one alert for a zone, pointing at the origin.

    Critical at once while no origin is known: the detector that found the fire may not reach the gateway. Clears when
    all that joined in say they have stopped.
    """

    name = "linked_alarm"
    states = FIRE_STATES | {LINKED}
    judges_strangers = True
    severity = Severity.CRITICAL
    State = Chorus
    Params = LinkedParams

    def key(self, report: Report, device: Device | None) -> str:
        """The zone; a device without one, or a stranger, is judged alone."""
        states = report.states
        if states.get(LINKED) is None and True not in states.values():
            return ""
        return self.placed(report, fire_zone(device) or report.device)

    def step(
        self, state: Chorus | None, report: Report, twin: Twin, now: float
    ) -> tuple[Chorus | None, list[Transition]]:
        joins = report.states.get(LINKED)
        if joins is True:
            return self._join(state or Chorus(), report, now)
        if any(report.states.get(name) is True for name in FIRE_STATES):
            return self._begin(state or Chorus(), report, now)
        if state is None or joins is None or report.device not in state.linked or twin.states.get(LINKED) is not False:
            return state, NOTHING
        linked = [device for device in state.linked if device != report.device]
        if linked:
            return Chorus(due=state.due, origins=state.origins, linked=linked, by=state.by), NOTHING
        reason = Reason("state_ended", {LINKED: False})
        return None, [self.say_of_zone(Action.CLEAR, report, Severity.MAJOR, reason, state.by)]

    def _join(self, state: Chorus, report: Report, now: float) -> tuple[Chorus, list[Transition]]:
        if report.device in state.linked or len(state.linked) >= MAX_NAMED:
            return state, NOTHING
        origins = {device: at for device, at in state.origins.items() if at >= now - self.params.origin_s}
        linked = [*state.linked, report.device]
        after = Chorus(origins=origins, linked=linked, by=state.by or report.device)
        return after, [self._tell(after, report)]

    def _begin(self, state: Chorus, report: Report, now: float) -> tuple[Chorus, list[Transition]]:
        """An alarm of its own: the origin of what is linked, or will be."""
        if report.device in state.origins and state.by:
            return state, NOTHING
        origins = {device: at for device, at in state.origins.items() if at >= now - self.params.origin_s}
        origins[report.device] = now
        if not state.by:
            return Chorus(due=now + self.params.origin_s, origins=origins), NOTHING
        after = Chorus(origins=origins, linked=state.linked, by=state.by)
        return after, [self._tell(after, report)]

    def tick(self, state: Chorus, twin: Twin, kind: DeviceKind, now: float) -> tuple[Chorus | None, list[Transition]]:
        """The origin was not followed by anyone."""
        return None, NOTHING

    def _tell(self, state: Chorus, report: Report) -> Transition:
        origin = min(state.origins, key=state.origins.__getitem__, default="")
        values = {"origin": origin, "linked": ", ".join(state.linked)}
        code, severity = ("linked", Severity.MAJOR) if origin else ("linked_origin_unknown", Severity.CRITICAL)
        return self.say_of_zone(Action.RAISE, report, severity, Reason(code, values), state.by)

"""Dangerous and lasting faults of a lift: by the controller's word at once, else by signs that last. Pure."""

from math import inf, nextafter
from typing import ClassVar, TypeVar

from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.lift import doors_apart, level, standing_shut
from alert_rules.rule import NEVER, NOTHING, Params, Rest
from alert_rules.timing import Lasting, Phase
from devices.model import DeviceKind, Report
from devices.twin import Twin

ATTENDED = frozenset({"inspection", "fire_return", "fireman", "emergency_power", "earthquake"})
"""Modes in which doors and speed follow other rules: signs count for nothing, the controller's word still does."""

P = TypeVar("P", bound=Params)


class LiftFault(Lasting[P]):
    """A fault the controller reports by one of ``words``, or that ``shows`` for the dwell where it has no such word.

    The word is believed at once, even where a newer report has withdrawn it already.
    """

    kinds = frozenset({DeviceKind.LIFT})
    auto_resolve = False
    words: ClassVar[tuple[str, ...]] = ()

    def shows(self, twin: Twin) -> bool | None:
        """Tell whether the signs are there; ``None``: cannot tell."""
        return False

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        states = twin.states
        unknown = False
        for name in self.words:
            said = states.get(name, False)
            if said is True:
                return True
            unknown = unknown or said is None
        if states.get("service_mode") in ATTENDED:
            return None if unknown else False
        shown = self.shows(twin)
        return None if unknown and not shown else shown

    def step(
        self, state: Phase | None, report: Report, twin: Twin, now: float
    ) -> tuple[Phase | None, list[Transition]]:
        for name in self.words:
            if report.states.get(name) is True and (state is None or not state.raised):
                return Phase(since=NEVER, raised=True), [self._by_word(name, report, twin)]
        if state is None and not self.shows(twin):
            return None, NOTHING
        return super().step(state, report, twin, now)

    def _by_word(self, name: str, report: Report, twin: Twin) -> Transition:
        values = {name: True, "floor": twin.states.get("floor"), **report.measurements}
        return self.say(
            Action.RAISE, report, self.severity, Reason("state_true", values), auto_resolve=self.auto_resolve
        )


class LiftOverrun(LiftFault[Params]):
    """The car ran past its last landing, at the top or at the bottom. A mechanic decides when it may run again."""

    name = "lift_overrun"
    words = ("overrun_top", "overrun_bottom")
    states = frozenset(words)
    severity = Severity.CRITICAL
    code = "overrun"


class SpeedParams(Params):
    """When a measured speed is too fast."""

    rated_mps: dict[str, float] = Field(
        default_factory=dict,
        description="rated speed in m/s by device id; a lift not listed is judged by its controller's word alone",
    )
    factor: float = Field(
        1.15, gt=1, le=2, description="times the rated speed; governors must trip from 115 % on (EN 81-20, 5.6.2.2.1)"
    )
    dwell_s: float = Field(1, ge=0, description="seconds it must last; one wild sample is no run; chosen")


class LiftOverspeed(LiftFault[SpeedParams]):
    """The car is faster than its governor may allow."""

    name = "lift_overspeed"
    words = ("overspeed",)
    states = frozenset(words)
    measurements = frozenset({"speed"})
    severity = Severity.CRITICAL
    code = "too_fast"
    Params = SpeedParams

    def shows(self, twin: Twin) -> bool | None:
        rated = self.params.rated_mps.get(twin.device)
        if rated is None:
            return False
        speed = twin.measurements.get("speed")
        return None if speed is None else speed >= rated * self.params.factor

    def rest(self, state: Phase | None, twin: Twin) -> Rest | None:
        """Below the limit, which not every lift has."""
        if state is not None:
            return None
        rated = self.params.rated_mps.get(twin.device)
        return NEVER, () if rated is None else (("speed", -inf, nextafter(rated * self.params.factor, -inf)),)

    def reason(self, twin: Twin, code: str) -> Reason:
        rated = self.params.rated_mps.get(twin.device)
        limit = {} if rated is None else {"limit_mps": round(rated * self.params.factor, 3)}
        return Reason(code, {"speed": twin.measurements.get("speed")}, limit)


MOVING = frozenset({"car_state", "door_closed", "door_state", "door_zone", "at_landing", "service_mode"})


class OpenDoorParams(Params):
    """How long the signs of a moving car with open doors must last."""

    dwell_s: float = Field(
        2, ge=0, description="seconds it must last: contact and movement may be told a second apart; chosen"
    )


class LiftUnintendedMovement(LiftFault[OpenDoorParams]):
    """The car leaves the landing with its doors open (UCM in EN 81-20, 5.6.7): people may be crushed or fall."""

    name = "lift_unintended_movement"
    words = ("unintended_car_movement",)
    states = MOVING.union(words)
    severity = Severity.CRITICAL
    code = "left_landing_open"
    Params = OpenDoorParams

    def shows(self, twin: Twin) -> bool | None:
        runs_open = _runs_open(twin)
        return level(twin) is False if runs_open else runs_open


class LiftDoorOpenRunning(LiftFault[OpenDoorParams]):
    """The doors open during a run.

    By signs only where the controller does not say whether the car is within the unlocking zone: inside it doors may
    open early, outside it the movement is an unintended one.
    """

    name = "lift_door_open_running"
    words = ("door_open_while_running",)
    states = MOVING.union(words)
    severity = Severity.MAJOR
    code = "ran_open"
    Params = OpenDoorParams

    def shows(self, twin: Twin) -> bool | None:
        runs_open = _runs_open(twin)
        return level(twin) is None if runs_open else runs_open


class LevellingParams(Params):
    """How long a car may stand beside a landing."""

    dwell_s: float = Field(
        60,
        ge=5,
        description="seconds it must stand off level; re-levelling takes a few, an entrapment comes first; chosen",
    )


class LiftLevelling(LiftFault[LevellingParams]):
    """The car stands off level or between floors. With people behind shut doors that is an entrapment instead."""

    name = "lift_levelling"
    words = ("stopped_outside_door_zone",)
    states = MOVING.union(words, {"passengers_present", "entrapment"})
    severity = Severity.MAJOR
    auto_resolve = True
    code = "off_level"
    Params = LevellingParams

    def shows(self, twin: Twin) -> bool | None:
        states = twin.states
        if states.get("car_state") != "stopped":
            return None if states.get("car_state") is None else False
        stands = level(twin)
        if stands is not False:
            return None if stands is None else False
        shut_in = states.get("passengers_present") is True and standing_shut(twin)
        return not (shut_in or states.get("entrapment") is True)


class LiftButtonStuck(LiftFault[Params]):
    """A landing button sticks: the lift answers calls nobody makes."""

    name = "lift_button_stuck"
    words = ("landing_button_stuck",)
    states = frozenset(words)
    severity = Severity.MINOR
    auto_resolve = True
    code = "button_stuck"


class OutOfServiceParams(Params):
    """How long a lift may take no calls."""

    dwell_s: float = Field(
        1800,
        ge=60,
        description="seconds; the 30 minutes TSG T5002 gives a mechanic in a city to arrive when people are shut in",
    )


class LiftOutOfService(Lasting[OutOfServiceParams]):
    """The lift takes no calls for too long: out of service, or stopped by its mode."""

    name = "lift_out_of_service"
    kinds = frozenset({DeviceKind.LIFT})
    states = frozenset({"out_of_service", "service_mode"})
    severity = Severity.MINOR
    code = "no_calls_taken"
    Params = OutOfServiceParams

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        out, mode = twin.states.get("out_of_service", False), twin.states.get("service_mode")
        if out or mode == "stopped":
            return True
        return None if out is None or mode == "unknown" else False


def _runs_open(twin: Twin) -> bool | None:
    car = twin.states.get("car_state")
    if car != "running":
        return None if car is None else False
    return doors_apart(twin)

"""What a detector, or the panel for it, says of its own condition: each a reason why a fire might go unsaid."""

from typing import TypeVar

from msgspec.structs import replace
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NOTHING, Params, Rule, RuleState
from alert_rules.timing import Lasting
from devices.model import DeviceKind, Report
from devices.twin import Twin

DETECTORS = frozenset({DeviceKind.SMOKE_DETECTOR})
DAY_S = 86_400.0
P = TypeVar("P", bound=Params)


class Condition(Lasting[P]):
    """Any of ``states`` is true for ``dwell_s``. Clears when none is true any more and none became unknown."""

    ended = "state_ended"

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        states = twin.states
        known: bool | None = False
        for name in self.states:
            value = states.get(name, False)
            if value is True:
                return True
            if value is None:
                known = None
        return known

    def reason(self, twin: Twin, code: str) -> Reason:
        values = {name: twin.states[name] for name in sorted(self.states) if twin.states.get(name) is not None}
        return Reason(code, values, dict(self.params))


class MutedParams(Params):
    """How long a detector may stay silenced."""

    dwell_s: float = Field(900, ge=0, description="seconds; by UL 217 a hush button may silence an alarm for 15 min")


class DetectorMuted(Condition[MutedParams]):
    """A detector stays silenced for longer than a hush button may."""

    name = "detector_muted"
    kinds = DETECTORS
    states = frozenset({"muted"})
    severity = Severity.MINOR
    code = "muted_too_long"
    Params = MutedParams


class SettleParams(Params):
    """How long a state must last."""

    dwell_s: float = Field(10, ge=0, description="seconds it must last: contacts chatter when touched; chosen")


class DeviceTampered(Condition[SettleParams]):
    """A housing was opened, or the device was taken off its base."""

    name = "device_tampered"
    kinds = frozenset({DeviceKind.SMOKE_DETECTOR, DeviceKind.WATER_LEAK, DeviceKind.LIFT})
    states = frozenset({"tamper"})
    severity = Severity.MAJOR
    code = "tampered"
    Params = SettleParams


class FaultParams(Params):
    """How long a fault must last."""

    dwell_s: float = Field(60, ge=0, description="seconds it must last: devices report faults while they start; chosen")
    release_s: float = Field(60, ge=0, description="seconds it must be gone; chosen")


class DeviceFault(Condition[FaultParams]):
    """A device says that it is broken. A fire detector that is broken guards nobody: graver than the others."""

    name = "device_fault"
    kinds = frozenset(DeviceKind)
    states = frozenset({"fault"})
    severity = Severity.MINOR
    code = "reports_fault"
    Params = FaultParams

    def grade(self, kind: DeviceKind) -> Severity:
        return Severity.MAJOR if kind is DeviceKind.SMOKE_DETECTOR else Severity.MINOR


class ShieldedParams(Params):
    """How long a detector may be shielded."""

    dwell_s: float = Field(0, ge=0, description="seconds a point may be shielded unsaid; 0: every shielding is shown")


class PanelShielded(Condition[ShieldedParams]):
    """The panel has a detector or a loop shielded: what it senses is not passed on."""

    name = "panel_shielded"
    kinds = DETECTORS
    states = frozenset({"shielded"})
    severity = Severity.MINOR
    code = "shielded"
    Params = ShieldedParams


class SupervisoryParams(Params):
    """How long a supervisory signal must last."""

    dwell_s: float = Field(10, ge=0, description="seconds it must last: pressure surges end sooner; chosen")


class PanelSupervisory(Condition[SupervisoryParams]):
    """The panel reports a supervisory signal, or equipment it controls has started or answers (pumps, fans)."""

    name = "panel_supervisory"
    kinds = DETECTORS
    states = frozenset({"supervised", "started", "feedback"})
    severity = Severity.MINOR
    code = "supervisory_signal"
    Params = SupervisoryParams


class PowerParams(Params):
    """How long the supply must be gone."""

    dwell_s: float = Field(60, ge=0, description="seconds it must last: change-over to the battery takes less; chosen")
    release_s: float = Field(60, ge=0, description="seconds it must be back; chosen")


class PanelPowerFault(Condition[PowerParams]):
    """A panel or transmitter has lost its mains or its battery: it has hours left, or none."""

    name = "panel_power_fault"
    kinds = DETECTORS
    states = frozenset({"main_power_fault", "backup_power_fault"})
    severity = Severity.MAJOR
    code = "power_fault"
    Params = PowerParams


class SelfTestParams(Params):
    """How often a detector must be tested."""

    every_days: float = Field(365, gt=0, description="days between tests; every detector once a year, after GB 25201")


class Tested(RuleState, array_like=True, gc=False):
    """``at``: the last test passed, in epoch seconds; ``raised``: by ``overdue`` or ``failed``."""

    at: float = 0.0
    raised: bool = False


class SelfTestOverdue(Rule[Tested, SelfTestParams]):
    """A detector failed its self-test, or has not been tested for `every_days`.

    Counted from the first test heard of: a detector that never tells of tests is not judged.
    """

    name = "self_test_overdue"
    kinds = DETECTORS
    states = frozenset({"test_active"})
    events = frozenset({"self_test"})
    judges_tests = True
    severity = Severity.MINOR
    State = Tested
    Params = SelfTestParams

    def step(
        self, state: Tested | None, report: Report, twin: Twin, now: float
    ) -> tuple[Tested | None, list[Transition]]:
        results = [event.attributes.get("passed") for event in report.events if event.code == "self_test"]
        if False in results:
            return self._fail(state, report)
        if not results and report.states.get("test_active") is not True:
            return state, NOTHING
        after = Tested(due=now + self.params.every_days * DAY_S, at=now)
        if state is None or not state.raised:
            return after, NOTHING
        clear = self.say(Action.CLEAR, report, self.severity, Reason("self_test_passed"), auto_resolve=True)
        return after, [replace(clear, test=False)]

    def _fail(self, state: Tested | None, report: Report) -> tuple[Tested, list[Transition]]:
        at = state.at if state is not None else 0.0
        failed = self.say(Action.RAISE, report, Severity.MAJOR, Reason("self_test_failed"), auto_resolve=True)
        return Tested(at=at, raised=True), [replace(failed, test=False)]

    def tick(self, state: Tested, twin: Twin, kind: DeviceKind, now: float) -> tuple[Tested | None, list[Transition]]:
        days = round((now - state.at) / DAY_S, 1)
        reason = Reason("self_test_overdue", {"days_since_test": days}, dict(self.params))
        overdue = self.say_later(Action.RAISE, twin, kind, now, self.severity, reason, auto_resolve=True)
        return Tested(at=state.at, raised=True), [overdue]

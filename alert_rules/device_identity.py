"""Who a device is: its firmware, and devices that nobody listed."""

from msgspec import field
from msgspec.structs import replace
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rule, RuleState
from alert_rules.signs import STRANGER
from devices.model import DeviceKind, Report
from devices.registry import Device
from devices.twin import Twin

EVERY = frozenset(DeviceKind)
MAX_NAMED = 32


class FirmwareParams(Params):
    """Which firmware may run."""

    approved: tuple[str, ...] = Field((), description="versions that may run; empty: any, and only changes are shown")
    shown_s: float = Field(86_400, ge=60, description="seconds a change is shown; a day: each shift sees it")


class Firmware(RuleState, array_like=True, gc=False):
    """The version last seen."""

    version: str = ""
    raised: bool = False


class FirmwareChanged(Rule[Firmware, FirmwareParams]):
    """A device runs another firmware than before, or one that is not approved: an update, an exchange, or an intruder.

    A change is shown for `shown_s`; a version that is not approved until it is gone.
    """

    name = "firmware_changed"
    kinds = EVERY
    states = frozenset({"firmware"})
    severity = Severity.NOTICE
    State = Firmware
    Params = FirmwareParams

    def step(
        self, state: Firmware | None, report: Report, twin: Twin, now: float
    ) -> tuple[Firmware | None, list[Transition]]:
        version = twin.states.get("firmware")
        before = state.version if state is not None else ""
        if not isinstance(version, str) or version == before:
            return state, NOTHING
        strange = bool(self.params.approved) and version not in self.params.approved
        values = {"firmware": version, "before": before}
        if strange:
            return Firmware(version=version, raised=True), [self._say(report, "firmware_not_approved", values)]
        if state is not None and state.raised and state.due == NEVER:
            clear = self.say(
                Action.CLEAR, report, self.severity, Reason("firmware_approved", values), auto_resolve=True
            )
            return Firmware(version=version), [clear]
        if not before:
            return Firmware(version=version), NOTHING
        after = Firmware(due=now + self.params.shown_s, version=version, raised=True)
        return after, [self._say(report, "firmware_changed", values)]

    def tick(
        self, state: Firmware, twin: Twin, kind: DeviceKind, now: float
    ) -> tuple[Firmware | None, list[Transition]]:
        reason = Reason("shown_long_enough", {"firmware": state.version})
        clear = self.say_later(Action.CLEAR, twin, kind, now, self.severity, reason, auto_resolve=True)
        return Firmware(version=state.version), [clear]

    def _say(self, report: Report, code: str, values: dict[str, str]) -> Transition:
        return self.say(Action.RAISE, report, self.severity, Reason(code, dict(values)), auto_resolve=True)


class UnknownParams(Params):
    """How unknown devices are shown."""

    calm_s: float = Field(86_400, ge=60, description="seconds without a new one after which the note ends")


class Unknown(RuleState, array_like=True, gc=False):
    """The unknown devices of a dialect, the first of which the alert is on."""

    dialect: str = ""
    devices: list[str] = field(default_factory=list)


class UnknownDevice(Rule[Unknown, UnknownParams]):
    """A device that is not in the site's list speaks: new and not entered yet, misspelt, or not ours.

    One note per dialect, however many there are; at most 32 are counted.
    """

    name = "unknown_device"
    kinds = EVERY
    signs = frozenset({STRANGER})
    keyed = True
    judges_strangers = True
    severity = Severity.NOTICE
    State = Unknown
    Params = UnknownParams

    def key(self, report: Report, device: Device | None) -> str:
        return report.dialect

    def step(
        self, state: Unknown | None, report: Report, twin: Twin, now: float
    ) -> tuple[Unknown | None, list[Transition]]:
        known = state.devices if state is not None else []
        if report.device in known or len(known) >= MAX_NAMED:
            return state, NOTHING
        after = Unknown(now + self.params.calm_s, report.dialect, [*known, report.device])
        values = {"device": report.device, "dialect": report.dialect, "count": len(after.devices)}
        reason = Reason("stranger_speaks", values)
        said = self.say(
            Action.REPEAT if known else Action.RAISE,
            report,
            self.severity,
            reason,
            subject=report.dialect,
            auto_resolve=True,
        )
        return after, [replace(said, device=after.devices[0])]

    def tick(self, state: Unknown, twin: Twin, kind: DeviceKind, now: float) -> tuple[Unknown | None, list[Transition]]:
        reason = Reason("no_new_stranger", {"count": len(state.devices)})
        said = self.say_later(
            Action.CLEAR, twin, kind, now, self.severity, reason, subject=state.dialect, auto_resolve=True
        )
        return None, [replace(said, device=state.devices[0], registered=False)]

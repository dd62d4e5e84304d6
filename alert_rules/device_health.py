"""The health of devices: what will make one fall silent, or makes what it says worth less. Silence is `presence`."""

from functools import cached_property
from math import inf, nextafter

from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rest, Rule, RuleState
from alert_rules.signs import BACK, GAP
from alert_rules.smoke import FIRE_STATES
from alert_rules.timing import Lasting, Phase, Recurring
from devices.model import DeviceKind, Report
from devices.twin import WINDOW, Twin

EVERY = frozenset(DeviceKind)


class BatteryParams(Params):
    """When a battery is low."""

    limit_percent: float = Field(15, ge=0, le=100, description="%; lithium cells fall steeply below 20 %, chosen")
    hysteresis_percent: float = Field(
        5, ge=0, description="% above the limit at which it ends: cold rooms sway it; chosen"
    )
    dwell_s: float = Field(0, ge=0, description="seconds it must last")


class BatteryLow(Lasting[BatteryParams]):
    """A device says that its battery is low, or the battery's charge is at the limit."""

    name = "battery_low"
    kinds = EVERY
    states = frozenset({"battery_low"})
    measurements = frozenset({"battery_percent"})
    severity = Severity.MINOR
    code = "battery_is_low"
    Params = BatteryParams

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        said = twin.states.get("battery_low", False)
        percent = twin.measurements.get("battery_percent", 100.0)
        if said is True or percent <= self.params.limit_percent + self.params.hysteresis_percent * raised:
            return True
        return None if said is None else False

    def rest(self, state: Phase | None, twin: Twin) -> Rest | None:
        """Above the limit."""
        return self._rest if state is None else None

    @cached_property
    def _rest(self) -> Rest:
        return NEVER, (("battery_percent", nextafter(self.params.limit_percent, inf), inf),)


class FlappingParams(Params):
    """When a device comes and goes too often."""

    times: int = Field(
        4, ge=2, description="returns from being offline; chosen: a weak link shows itself by repetition"
    )
    within_s: float = Field(3600, ge=60, description="seconds in which they happen")
    calm_s: float = Field(3600, ge=60, description="seconds without one after which it ends")


class DeviceFlapping(Recurring[FlappingParams]):
    """A device goes offline and comes back again and again: a weak link, or a failing supply."""

    name = "device_flapping"
    kinds = EVERY
    signs = frozenset({BACK})
    severity = Severity.MINOR
    code = "comes_and_goes"
    ended = "stays_online"
    Params = FlappingParams

    def limit(self) -> tuple[int, float, float]:
        return self.params.times, self.params.within_s, self.params.calm_s


class ChatterParams(Params):
    """When a state begins too often."""

    times: int = Field(6, ge=2, description="times the state begins; chosen: more than people testing a device cause")
    within_s: float = Field(3600, ge=60, description="seconds in which they happen")
    calm_s: float = Field(3600, ge=60, description="seconds without one after which it ends")


class StateChatter(Recurring[ChatterParams]):
    """An alarm or trouble of one device begins and ends again and again: a loose contact, a value at its threshold."""

    name = "state_chatter"
    kinds = EVERY
    states = FIRE_STATES | {"tamper", "fault", "water_leak", "main_power_fault", "backup_power_fault", "stream_lost"}
    severity = Severity.MINOR
    code = "begins_and_ends"
    Params = ChatterParams

    def limit(self) -> tuple[int, float, float]:
        return self.params.times, self.params.within_s, self.params.calm_s

    def count(self, report: Report, on: list[str]) -> tuple[list[str], bool]:
        if not on and True not in report.states.values():
            return on, False
        now = sorted(name for name in self.states if report.states.get(name, name in on) is True)
        return now, not set(now) <= set(on)


class GapParams(Params):
    """When messages are missing."""

    missing: int = Field(
        3, ge=1, le=WINDOW - 1, description="of the last 64 messages; chosen: a radio loses one or two"
    )
    settle_s: float = Field(30, ge=1, description="seconds to wait for what overtook each other on the way; chosen")
    calm_s: float = Field(3600, ge=60, description="seconds without a new gap after which it ends")


class Gaps(RuleState, array_like=True, gc=False):
    """A gap was seen and is being waited for, or was said."""

    raised: bool = False


class SequenceGap(Rule[Gaps, GapParams]):
    """Numbers are missing in what a device counts: messages were lost on the way. A note, once until it is calm."""

    name = "sequence_gap"
    kinds = EVERY
    signs = frozenset({GAP})
    severity = Severity.NOTICE
    State = Gaps
    Params = GapParams

    def step(self, state: Gaps | None, report: Report, twin: Twin, now: float) -> tuple[Gaps | None, list[Transition]]:
        if state is None:
            return Gaps(due=now + self.params.settle_s), NOTHING
        return (Gaps(due=now + self.params.calm_s, raised=True) if state.raised else state), NOTHING

    def tick(self, state: Gaps, twin: Twin, kind: DeviceKind, now: float) -> tuple[Gaps | None, list[Transition]]:
        if state.raised and twin.last_seen <= now - self.params.calm_s:
            return Gaps(due=now + self.params.calm_s, raised=True), NOTHING
        if state.raised:
            ended = Reason("calm_again", {"calm_s": self.params.calm_s})
            return None, [self.say_later(Action.CLEAR, twin, kind, now, self.severity, ended, auto_resolve=True)]
        missing = missing_of(twin)
        if missing < self.params.missing:
            return None, NOTHING
        reason = Reason("messages_missing", {"missing": missing, "of": WINDOW}, dict(self.params))
        said = self.say_later(Action.RAISE, twin, kind, now, self.severity, reason, auto_resolve=True)
        return Gaps(due=now + self.params.calm_s, raised=True), [said]


def missing_of(twin: Twin) -> int:
    """Count the sequence numbers not heard between the oldest and the newest of the twin's window."""
    return twin.seen_window.bit_length() - twin.seen_window.bit_count()

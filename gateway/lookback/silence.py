"""Why a device raised nothing: every message around a moment, and what each rule made of it."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from alert_rules.rule import NEVER, Rule
from devices.model import DeviceKind, Reject, Report
from devices.registry import Device
from gateway.config import registry_of
from gateway.lookback.messages import Message, decoded
from gateway.lookback.rehearsal import Rehearsal
from gateway.site import Site

BEFORE_S = 86_400.0
"""What a device said this long before may still be in a rule's memory."""

AROUND_S = 600.0


class Heard(Struct):
    """One message of a device, and what each rule made of it; ``refused`` where it was not understood."""

    at: float
    topic: str
    refused: str = ""
    set_aside: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)


class Silence(Struct):
    """Why a device raised nothing: what came from it, and rules that did not listen to any of it."""

    device: str
    heard: list[Heard]
    unconcerned: dict[str, str]


def explain_silence(site: Site, rules: Sequence[Rule[Any, Any]], device_id: str, at: float) -> Silence:
    """Follow every message of a device received within :data:`AROUND_S` of ``at`` (epoch seconds).

    Raises:
        KeyError: neither the inventory nor the journal knows the device.
        OperatorError: there is no journal, or it cannot be read.
    """
    registry = registry_of(site)
    device = registry.get(device_id)
    own = [r for rule in rules if (r := (rule.for_device(device) if device else rule)) is not None]
    rehearsal = Rehearsal(own, registry, at - BEFORE_S)
    follower = _Follower(device_id, device, own, rehearsal)
    for message, found in decoded(site, registry, at - BEFORE_S, at + AROUND_S):
        follower.hear(message, found, shown=message.at >= at - AROUND_S)
    if not follower.known:
        raise KeyError(device_id)
    judged = {name for one in follower.heard for name in one.rules}
    kind = device.kind if device else None
    unconcerned = {rule.name: _deafness(rule, kind) for rule in own if rule.name not in judged}
    return Silence(device_id, follower.heard, unconcerned)


class _Follower:
    """Plays a device's messages to the rules, and notes what they make of those to be shown."""

    def __init__(
        self, device_id: str, device: Device | None, rules: Sequence[Rule[Any, Any]], rehearsal: Rehearsal
    ) -> None:
        self.heard: list[Heard] = []
        self.known = device is not None
        self._id = device_id
        self._address = device.address if device and device.address else device_id
        self._rules = rules
        self._rehearsal = rehearsal

    def hear(self, message: Message, found: list[Report] | Reject, shown: bool) -> None:
        assert message.envelope is not None  # noqa: S101 - only such are decoded
        topic = message.envelope.topic
        if isinstance(found, Reject):
            if shown and self._address in topic:
                self.heard.append(Heard(message.at, topic, f"{found.reason}: {found.detail}"))
            return
        for report in found:
            if report.device == self._id:
                self.known = True
                one = self._judge(report, message.at, topic)
                self.heard += [one] if shown else []

    def _judge(self, report: Report, at: float, topic: str) -> Heard:
        engine = self._rehearsal.engine
        duplicates, raised = engine.duplicates, len(self._rehearsal.alerts)
        self._rehearsal.observe(report, at)
        said = {**report.measurements, **report.states, **{f"event {e.code}": e.attributes for e in report.events}}
        aside = _set_aside(report, engine.duplicates > duplicates)
        one = Heard(at, topic, set_aside=aside, said=said)
        if aside:
            return one
        new = {alert.rule for alert in self._rehearsal.alerts[raised:]}
        names = {*report.measurements, *report.states, *(event.code for event in report.events)}
        for rule in self._rules:
            if report.kind in rule.kinds and not names.isdisjoint(rule.states | rule.events | rule.measurements):
                one.rules[rule.name] = "raises" if rule.name in new else _remembered(self._rehearsal, rule, report)
        return one


def _set_aside(report: Report, duplicate: bool) -> str:
    if duplicate:
        return "a duplicate: this sequence or key was judged before"
    marks = {"retained or replayed state": report.snapshot, "stored on the device and sent late": report.historical}
    found = next((mark for mark, is_so in marks.items() if is_so), "")
    return f"{found}: sets the state, raises only while younger than a minute" if found else ""


def _remembered(rehearsal: Rehearsal, rule: Rule[Any, Any], report: Report) -> str:
    if report.test and not rule.judges_tests:
        return "not judged: a test"
    if not report.registered and not rule.judges_strangers:
        return "not judged: the device is not in the inventory"
    state = rehearsal.engine.state_of(rule.name, report)
    if state is None:
        return "judged: nothing to note"
    return f"judged: {state}" + (f", due {state.due:.0f}" if state.due != NEVER else "")


def _deafness(rule: Rule[Any, Any], kind: DeviceKind | None) -> str:
    if kind is not None and kind not in rule.kinds:
        return f"judges only {', '.join(sorted(rule.kinds))}"
    listens = ", ".join(sorted(rule.states | rule.events | rule.measurements))
    return f"waits for {listens}" if listens else "judges how reports come, not what they say"

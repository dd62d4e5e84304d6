"""A story told to the real engine in made-up time: who says what when, and what the rules must answer.

    story = Timeline(Device("g1", DeviceKind.ACCESS_GATE))
    story.at(0).says("g1", states={"door_state": "open"})
    story.expect("gate_held_open", "g1", between=(60, 60))
    story.at(90).says("g1", states={"door_state": "closed"})
    story.expect("gate_held_open", "g1", between=(90, 90), action=Action.CLEAR)
    story.expect_nothing()

Seconds count from the start of the story. Time passes only in ``at``, ``expect`` and ``restart``.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from alert_rules.alert import Action, Transition
from alert_rules.catalogue import build_rules
from alert_rules.engine import Engine
from devices.model import DeviceKind, Event, Report, StateValue
from devices.registry import Device, Registry

START = 1_790_000_000.0


class Said(Struct):
    """A transition, and the second of the story in which the engine said it."""

    second: float
    transition: Transition


class Timeline:
    """One story. What the rules say must be claimed with ``expect`` before ``expect_nothing`` holds."""

    def __init__(self, *devices: Device, rules: dict[str, dict[str, Any]] | None = None) -> None:
        self._parameters = rules or {}
        self._devices = {device.id: device for device in devices}
        self._kinds = {device.id: device.kind for device in devices}
        self._sequence: dict[str, int] = {}
        self.last: Report | None = None
        self._states: dict[tuple[str, str], bytes] = {}
        self._shards: dict[int, bytes] = {}
        self._checkpointed = START
        self.now = 0.0
        self.unclaimed: list[Said] = []
        self.engine = self._boot()

    def at(self, second: float) -> "Timeline":
        """Let time pass to ``second``, waking the engine whenever one of its timers is due."""
        assert second >= self.now, f"the story is at {self.now} already"
        while (due := self.engine.next_due() - START) <= second:
            self.now = max(self.now, due)
            self._hear(self.engine.advance(START + self.now))
        self.now = second
        self._hear(self.engine.advance(START + second))
        return self

    def says(
        self,
        device: str,
        states: Mapping[str, StateValue] | None = None,
        events: tuple[Event, ...] = (),
        *,
        kind: DeviceKind | None = None,
        age: float = 0.0,
        **changed: Any,
    ) -> "Timeline":
        """``device`` sends a report of what was true ``age`` seconds ago. Unknown devices need their ``kind``."""
        if "sequence" not in changed:
            self._sequence[device] = self._sequence.get(device, -1) + 1
        moment = START + self.now
        report = Report(
            device=device,
            kind=kind or self._kinds[device],
            at=moment - age,
            received_at=moment,
            states=dict(states or {}),
            events=events,
            registered=device in self._devices,
            sequence=self._sequence.get(device),
        )
        for name, value in changed.items():
            setattr(report, name, value)
        return self._observe(report)

    def again(self) -> "Timeline":
        """The last report arrives once more, as at-least-once delivery allows."""
        assert self.last is not None
        return self._observe(self.last)

    def replayed(self) -> "Timeline":
        """After a crash the last report is read from the journal, with the time it was received then."""
        assert self.last is not None
        self._hear(self.engine.observe(self.last, self.last.received_at))
        return self

    def status(self, device: str, online: bool, **changed: Any) -> "Timeline":
        """``device``, or the broker in its name, publishes its availability."""
        return self.says(device, availability=online, sequence=None, **changed)

    def hearing(self, able: bool) -> "Timeline":
        """The gateway loses or regains its broker."""
        self.engine.hearing(able, START + self.now)
        return self

    def resolve(self, rule: str, device: str, subject: str = "") -> "Timeline":
        """A person resolves the alert."""
        self.engine.reset(rule, device, subject)
        return self

    def checkpoint(self) -> "Timeline":
        """The engine's memory reaches the disk."""
        states, shards = self.engine.checkpoint()
        for rule, device, blob in states:
            if blob is None:
                self._states.pop((rule, device), None)
            else:
                self._states[rule, device] = blob
        self._shards.update(shards)
        self._checkpointed = START + self.now
        return self

    def crash(self, down_s: float = 0.0) -> "Timeline":
        """The gateway dies and comes back after ``down_s`` with what its last checkpoint held."""
        self.now += down_s
        self.engine = self._boot()
        states = [(rule, device, blob) for (rule, device), blob in self._states.items()]
        self.engine.restore(states, self._shards.items(), self._checkpointed, START + self.now)
        return self

    def restart(self, down_s: float = 0.0) -> "Timeline":
        """The gateway is stopped in order, and started ``down_s`` later."""
        return self.checkpoint().crash(down_s)

    def expect(
        self,
        rule: str,
        device: str,
        between: tuple[float, float],
        action: Action = Action.RAISE,
        **fields: Any,
    ) -> Transition:
        """Let time pass to the end of ``between`` and claim the one transition that fits."""
        first, last = between
        self.at(max(self.now, last))
        fitting = [
            said
            for said in self.unclaimed
            if (said.transition.rule, said.transition.device, said.transition.action) == (rule, device, action)
            and first <= round(said.second, 6) <= last
            and all(getattr(said.transition, name) == value for name, value in fields.items())
        ]
        assert len(fitting) == 1, f"expected one {action} of {rule} on {device} in {between}; said: {self._tell()}"
        self.unclaimed.remove(fitting[0])
        return fitting[0].transition

    def expect_nothing(self, until: float | None = None) -> None:
        """Let time pass to ``until``; nothing but what was claimed may have been said."""
        self.at(self.now if until is None else until)
        assert not self.unclaimed, self._tell()

    def _boot(self) -> Engine:
        return Engine(build_rules(self._parameters), Registry(self._devices.values()), START + self.now)

    def _observe(self, report: Report) -> "Timeline":
        self.last = report
        self._hear(self.engine.observe(report, START + self.now))
        return self

    def _hear(self, said: list[Transition]) -> None:
        self.unclaimed += [Said(self.now, transition) for transition in said]

    def _tell(self) -> str:
        lines = [f"{s.second:g}s {s.transition.action} {s.transition.fingerprint}" for s in self.unclaimed]
        return "; ".join(lines) or "nothing"

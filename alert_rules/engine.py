"""Dispatch reports to rules, run their timers, and checkpoint what they remember.

Time enters as an argument. The engine keeps the states; rules compute the next ones.
"""

import heapq
from collections.abc import Iterable
from typing import Any

import msgspec

from alert_rules.alert import Transition
from alert_rules.attention import EMPTY, SHARDS, AnyRule, Listening, Own, Subject
from alert_rules.memory import Heard, Memory
from alert_rules.presence import RULE as PRESENCE
from alert_rules.presence import Presence
from alert_rules.rule import NEVER, Rest, Rule, RuleState
from alert_rules.signs import BACK, signs_of
from devices.model import DeviceKind, Report
from devices.registry import Device, Registry
from devices.twin import UNDATED, Twin

YOUNG_S = 60.0
_MAX_CACHED = 20_000
_encode = msgspec.msgpack.Encoder().encode


class Engine:
    """All rules over all devices.

    A report that is a snapshot or historical sets the twin but is judged only while younger than 60 s. Duplicates are
    counted and not judged.
    """

    def __init__(self, rules: Iterable[Rule[Any, Any]], registry: Registry, now: float) -> None:
        self.rules = {rule.name: rule for rule in rules}
        self._owns: dict[tuple[tuple[str, int], ...], Own] = {}
        self.presence = Presence()
        self.now = now
        self.duplicates = 0
        self.subjects: dict[str, Subject] = {}
        self.memory = Memory()
        self.dirty_shards: set[int] = set()
        self._shards: list[list[Subject]] = [[] for _ in range(SHARDS)]
        self._silences: list[tuple[float, str]] = []
        self._timers = self.memory.timers
        self._rests: dict[Rest, Rest] = {}
        self._listeners: dict[tuple[DeviceKind, bool, tuple[str, ...]], Listening] = {}
        for device in registry:
            self.enrol(device)

    def enrol(self, device: Device, twin: Twin | None = None) -> None:
        """Start supervising ``device``; its silence counts from now."""
        subject = Subject(device, twin or Twin(device.id, last_seen=self.now))
        subject.own = self._own(device)
        self.subjects[device.id] = subject
        self._shards[subject.shard].append(subject)
        self._supervise(subject)

    def observe(self, report: Report, now: float) -> list[Transition]:
        """Judge one report received at ``now``."""
        said = self.advance(now, idle=False) if self._timers and self._timers[0][0] <= now else []
        subject = self.subjects.get(report.device) if report.registered else None
        if subject is None:
            stranger = Twin(report.device)
            stranger.fold(report)
            return said + self._judge(report, None, stranger, now, signs_of(report, stranger))
        twin = subject.twin
        self.dirty_shards.add(subject.shard)
        signs = signs_of(report, twin)
        if twin.is_duplicate(report):
            self.duplicates += 1
            return said
        unchanged = twin.fold(report)
        if (twin.online is not True or report.availability is not None) and _speaks_of_presence(report, twin):
            presence = self.presence.heard(twin, subject.device, report.availability, report.at, now)
            if presence and twin.online:
                signs = (*signs, BACK)
            said = said + presence
            self._supervise(subject)
        quiet = subject.quiet
        if (
            quiet is not None
            and unchanged
            and not report.events
            and signs == quiet.signs
            and quiet.measured == tuple(report.measurements)
            and not (report.test or report.snapshot or report.historical)
        ):
            if quiet.resting and not _at_rest(subject.rest, report, now):
                said = said + self._rouse(quiet, report, subject, now)
            elif quiet.waking:
                said = said + self._show(quiet.waking, report, subject, now)
            return said + self._show_groups(quiet, report, subject, now) if quiet.groups else said
        judged = self._judge(report, subject, twin, now, signs)
        return said + judged if judged else said

    def advance(self, now: float, idle: bool = True) -> list[Transition]:
        """Run the timers due until ``now``, each at its own due time.

        Silence is judged only while ``idle``: nothing waits that a device may have said meanwhile in the slower lane.
        """
        self.now = max(self.now, now)
        said: list[Transition] = []
        while self._timers and self._timers[0][0] <= now:
            due, rule, key = heapq.heappop(self._timers)
            said += self._tick(rule, key, due)
        while idle and self._silences and self._silences[0][0] <= now:
            said += self._silence(heapq.heappop(self._silences)[1], now)
        return said

    def hearing(self, able: bool, now: float) -> None:
        """Tell the engine whether the gateway hears its devices at all; silence counts only while it does."""
        self.presence.hearing(able, now)

    def twin_of(self, device: str) -> Twin | None:
        """What is known of a registered device."""
        subject = self.subjects.get(device)
        return subject.twin if subject else None

    def exchange(self, rules: Iterable[Rule[Any, Any]]) -> None:
        """Go on with ``rules``: what is remembered survives where the new rule understands it."""
        before, self.rules = self.rules, {rule.name: rule for rule in rules}
        for name, key in self.memory.all():
            if name not in self.rules or not self.rules[name].succeeds(before[name]):
                self.memory.put(name, key, None, self.memory.heard(name, key))
        self._listeners.clear()
        self._owns.clear()
        for subject in self.subjects.values():
            subject.own = self._own(subject.device)
            subject.quiet = subject.rest = None

    def state_of(self, rule: str, report: Report) -> RuleState | None:
        """What a rule remembers of the device, or of the group, that ``report`` speaks of."""
        known = self.rules[rule]
        subject = self.subjects.get(report.device) if report.registered else None
        return self.memory.of(_key(known, report, subject)).get(rule)

    def next_due(self) -> float:
        """Return when the next timer is due."""
        return min(timers[0][0] if timers else NEVER for timers in (self._timers, self._silences))

    def reset(self, rule: str, device: str, subject: str) -> None:
        """A person resolved the alert: the rule forgets its latch on ``subject``. The rule may be gone meanwhile."""
        if rule not in self.rules:
            return
        key = subject if self.rules[rule].keyed else device
        state = self.memory.of(key).get(rule)
        if state is not None:
            self._put(rule, key, self.rules[rule].reset(state, subject), self.memory.heard(rule, key))

    def checkpoint(self) -> tuple[list[tuple[str, str, bytes | None]], list[tuple[int, bytes]]]:
        """Encode what changed since the last call: rule states (``None``: forgotten) and twin shards."""
        states = [(rule, key, self.memory.encoded(rule, key)) for rule, key in self.memory.dirty]
        if self.presence.gaps:
            states.append((PRESENCE, "", _encode(self.presence.gaps)))
        shards = [(shard, _encode([s.twin for s in self._shards[shard]])) for shard in self.dirty_shards]
        self.memory.dirty.clear()
        self.dirty_shards.clear()
        return states, shards

    def restore(
        self,
        states: Iterable[tuple[str, str, bytes]],
        twins: Iterable[tuple[int, bytes]],
        checkpointed_at: float,
        now: float,
    ) -> None:
        """Load a checkpoint; the time since it was taken counts as nobody's silence.

        States of rules that no longer exist, or in a format of another version, are dropped.
        """
        self._timers.clear()
        self._silences.clear()
        if checkpointed_at < now:
            self.presence.gaps.append((checkpointed_at, now - checkpointed_at))
        for _, blob in twins:
            for twin in msgspec.msgpack.decode(blob, type=list[Twin]):
                if twin.device in self.subjects:
                    self.subjects[twin.device].twin = twin
        for name, key, blob in states:
            self._restore_state(name, key, blob)
        self.memory.dirty.clear()
        for subject in self.subjects.values():
            subject.timed = False
            subject.quiet = subject.rest = None
            self._supervise(subject)

    def _restore_state(self, name: str, key: str, blob: bytes) -> None:
        if name == PRESENCE:
            self.presence.gaps = msgspec.msgpack.decode(blob, type=list[tuple[float, float]]) + self.presence.gaps
            return
        rule = self.rules.get(name)
        if rule is not None:
            self.memory.load(rule, key, blob)

    def _rouse(self, quiet: Listening, report: Report, subject: Subject, now: float) -> list[Transition]:
        """Show a report that repeats all states to all who weigh it; ask those that rested how long they rest again."""
        said = self._show(quiet.alone, report, subject, now)
        rest = quiet.rest_of(self.memory.of(report.device), subject.own, subject.twin)
        if rest is not None:
            if len(self._rests) >= _MAX_CACHED:
                self._rests.clear()
            rest = self._rests.setdefault(rest, rest)
        subject.rest = rest
        return said

    def _show(self, rules: tuple[AnyRule, ...], report: Report, subject: Subject, now: float) -> list[Transition]:
        """Let rules that judge the device alone weigh a report that repeats all its states."""
        memory, own, twin = self.memory, subject.own, subject.twin
        states = memory.of(report.device)
        said: list[Transition] = []
        for shared in rules:
            rule = own.get(shared.name, shared) if own else shared
            if rule is None:
                continue
            before = states.get(rule.name)
            after, words = rule.step(before, report, twin, now)
            if after is not before:
                memory.put(rule.name, report.device, after, (report.device, report.kind))
                states = memory.of(report.device)
            if words:
                said += words
        return said

    def _show_groups(self, quiet: Listening, report: Report, subject: Subject, now: float) -> list[Transition]:
        """Let groups that weigh such a report, or remember what others of theirs said, see one that repeats itself."""
        said: list[Transition] = []
        for shared in quiet.groups:
            if not (self.memory.held.get(shared.name) or shared in quiet.weighing):
                continue
            rule = subject.own.get(shared.name, shared)
            key = rule.key(report, subject.device) if rule is not None else ""
            if rule is None or not key:
                continue
            before = self.memory.of(key).get(rule.name)
            after, words = rule.step(before, report, subject.twin, now)
            if after is not before:
                self.memory.put(rule.name, key, after, (report.device, report.kind))
            said += words
        return said

    def _judge(
        self, report: Report, subject: Subject | None, twin: Twin, now: float, signs: tuple[str, ...]
    ) -> list[Transition]:
        if (report.snapshot or report.historical) and not _is_young(report, now):
            return []
        names = (*report.states, *report.measurements, *signs)
        if report.events:
            names += tuple([event.code for event in report.events])
        listening = self._listeners.get((report.kind, report.test, names)) or self._listen(report, names, signs)
        own = subject.own if subject is not None else EMPTY
        said: list[Transition] = []
        busy, strange = False, not report.registered
        memory = self.memory
        states = memory.of(report.device)
        for shared in listening.rules:
            rule = own.get(shared.name, shared) if own else shared
            if rule is None or (strange and not rule.judges_strangers):
                continue
            key = report.device
            if rule.keyed and not (key := _key(rule, report, subject)):
                continue
            before = (memory.of(key) if rule.keyed else states).get(rule.name)
            after, words = rule.step(before, report, twin, now)
            if after is before is None and not words:
                continue
            if after is not before:
                memory.put(rule.name, key, after, (report.device, report.kind))
                states = memory.of(report.device)
            said += words
            busy = busy or shared not in listening.weighing
        if subject is not None:
            # Folding keeps the states of a report that said all of them as they are.
            shown = twin.states is report.states and not (report.test or report.snapshot or report.historical)
            subject.quiet = listening if shown and not (busy or report.events) else None
            subject.rest = None
        return said

    def _own(self, device: Device) -> Own:
        """The rules that ``device`` has to itself; devices of the same rules share one mapping."""
        own = {rule.name: rule.for_device(device) for rule in self.rules.values() if rule.varies}
        own = {name: rule for name, rule in own.items() if rule is not self.rules[name]}
        if not own:
            return EMPTY
        return self._owns.setdefault(tuple((name, id(rule)) for name, rule in own.items()), own)

    def _listen(self, report: Report, names: tuple[str, ...], signs: tuple[str, ...]) -> Listening:
        """Find the rules that such reports concern."""
        if len(self._listeners) >= _MAX_CACHED:
            self._listeners.clear()
        rules = tuple(
            rule
            for rule in self.rules.values()
            if report.kind in rule.kinds
            and (rule.judges_tests or not report.test)
            and not (rule.states | rule.events | rule.measurements | rule.signs).isdisjoint(names)
        )
        listening = Listening(rules, tuple(report.measurements), signs)
        self._listeners[report.kind, report.test, names] = listening
        return listening

    def _tick(self, rule: str, key: str, due: float) -> list[Transition]:
        state = self.memory.of(key).get(rule)
        if state is None or state.due != due:
            return []
        device, kind = heard = self.memory.heard(rule, key)
        subject = self.subjects.get(device)
        twin = subject.twin if subject else Twin(device)
        judge = (subject.own.get(rule) if subject else None) or self.rules[rule]
        after, said = judge.tick(state, twin, kind, due)
        self._put(rule, key, after, heard)
        return said

    def _put(self, rule: str, key: str, state: RuleState | None, heard: Heard) -> None:
        """Remember what no report of the device led to: until when its rules rest is no longer known."""
        self.memory.put(rule, key, state, heard)
        subject = self.subjects.get(key)
        if subject is not None:
            subject.rest = None

    def _supervise(self, subject: Subject) -> None:
        due = self.presence.deadline(subject.twin, subject.device)
        if due != NEVER and not subject.timed:
            subject.timed = True
            heapq.heappush(self._silences, (due, subject.device.id))

    def _silence(self, device: str, now: float) -> list[Transition]:
        """Act on the deadline set when the device was last looked at; it may have spoken since."""
        subject = self.subjects[device]
        subject.timed = False
        if subject.twin.online is False:
            return []
        due = self.presence.deadline(subject.twin, subject.device)
        if self.presence.deaf_since is not None:
            due = max(due, now + subject.device.expect_every_s)
        if due > now:
            subject.timed = True
            heapq.heappush(self._silences, (due, device))
            return []
        self.dirty_shards.add(subject.shard)
        return self.presence.silent(subject.twin, subject.device, due)


def _speaks_of_presence(report: Report, twin: Twin) -> bool:
    """Tell whether ``report`` may change ``twin.online``: what the broker kept proves death (a will), but no life."""
    if report.snapshot and report.availability is not False:
        return twin.online is None and report.availability is True
    return True


def _is_young(report: Report, now: float) -> bool:
    """Tell whether what was kept is fresh enough to be news; without the device's own time nobody knows its age."""
    return report.time_quality not in UNDATED and now - report.at <= YOUNG_S


def _key(rule: AnyRule, report: Report, subject: Subject | None) -> str:
    """What ``rule`` keeps its state of ``report`` under; "": the report is none of its business."""
    return rule.key(report, subject.device if subject else None) if rule.keyed else report.device


def _at_rest(rest: Rest | None, report: Report, now: float) -> bool:
    if rest is None or now >= rest[0]:
        return False
    measured = report.measurements
    for name, low, high in rest[1]:  # noqa: SIM110 - a generator would double the cost
        if not low <= measured[name] <= high:
            return False
    return True

"""Rules without code: the site's own conditions, compiled to the contract of every other rule. Pure.

Conditions follow Kleene's logic of three values: unknown is neither true nor false, and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, cast

from msgspec import Struct, field

from alert_rules.alert import Action, Reason, Transition
from alert_rules.calendar import UTC, Calendar
from alert_rules.custom import CustomRule, When
from alert_rules.rule import NEVER, NOTHING, Rule, RuleState
from alert_rules.schedule import Schedule
from alert_rules.timing import Phase, Turn, elapse, follow
from devices.model import DeviceKind, Report
from devices.names import EVENTS, QUANTITIES, STATES
from devices.registry import Device
from devices.twin import Twin

BUCKETS = 30
"""A rate keeps one extreme for each thirtieth of its window, so that a chatty device costs no more than a calm one."""

Marks = list[tuple[float, float]]


class Memory(RuleState, array_like=True, gc=False):
    """What a rule of the site remembers of a device: its phase, and per condition marks (epoch seconds, value)."""

    phase: Phase | None = None
    marks: list[Marks] = field(default_factory=list)


class Seen(Struct, gc=False):
    """One condition's answer. ``wake``: when time alone may change it; ``shown``: the value that decided."""

    holds: bool | None
    marks: Marks
    wake: float = NEVER
    shown: Any = None


Judge = Callable[[Marks, Report | None, Twin, float], Seen]


def compile_rules(
    specs: Iterable[CustomRule], schedules: Iterable[Schedule] = (), calendar: Calendar = UTC
) -> list[Rule[Any, Any]]:
    """Turn the site's rules into rules.

    Raises:
        KeyError: a schedule that does not exist.
    """
    by_name = {schedule.name: schedule for schedule in schedules}
    return [_compile(spec, by_name, calendar) for spec in specs]


def _compile(spec: CustomRule, schedules: Mapping[str, Schedule], calendar: Calendar) -> Rule[Any, Any]:
    leaves = list(spec.when.leaves())
    heard = {name for leaf in leaves for name in (leaf.measurement, leaf.state, leaf.event, leaf.absent) if name}
    body = {
        "name": spec.name,
        "kinds": spec.kinds(),
        "measurements": frozenset(heard & QUANTITIES.keys()),
        "states": frozenset(heard & STATES.keys()),
        "events": frozenset(heard & EVENTS.keys()),
        "__doc__": spec.title.en,
    }
    judges = [_judge_of(leaf, schedules, calendar) for leaf in leaves]
    # A class per rule: the contract keeps what a rule listens to on its class.
    return cast(type[SiteRule], type(spec.name, (SiteRule,), body))(spec, judges, calendar)


class SiteRule(Rule[Memory, Any]):
    """A rule of the site file."""

    State = Memory
    Params: ClassVar[Any] = CustomRule

    def __init__(self, spec: CustomRule, judges: list[Judge], calendar: Calendar) -> None:
        super().__init__(spec, calendar)
        self._spec = spec
        self._judges = judges
        self._labels = [_label(leaf) for leaf in spec.when.leaves()]
        self._thresholds = _thresholds(spec.when)
        self._title = {"title": spec.title.model_dump()}

    @property
    def varies(self) -> bool:
        return not self._spec.where.everything

    def for_device(self, device: Device) -> Rule[Memory, Any] | None:
        return self if self._spec.where.holds(device) else None

    def succeeds(self, before: Rule[Any, Any]) -> bool:
        return isinstance(before, SiteRule) and before._spec.when == self._spec.when

    def step(
        self, state: Memory | None, report: Report, twin: Twin, now: float
    ) -> tuple[Memory | None, list[Transition]]:
        after, turn, seen = self._move(state, report, twin, now)
        if turn is Turn.NOTHING:
            return after, NOTHING
        reason, more = self._reason(turn, seen), self._more()
        return after, [self.say(_ACTION[turn], report, self._spec.severity, reason, **more)]

    def tick(self, state: Memory, twin: Twin, kind: DeviceKind, now: float) -> tuple[Memory | None, list[Transition]]:
        after, turn, seen = self._move(state, None, twin, now)
        if turn is Turn.NOTHING:
            return after, NOTHING
        reason, more = self._reason(turn, seen), self._more()
        return after, [self.say_later(_ACTION[turn], twin, kind, now, self._spec.severity, reason, **more)]

    def _move(
        self, state: Memory | None, report: Report | None, twin: Twin, now: float
    ) -> tuple[Memory | None, Turn, list[Seen]]:
        marks = state.marks if state is not None and state.marks else [[] for _ in self._judges]
        seen = [judge(old, report, twin, now) for judge, old in zip(self._judges, marks, strict=True)]
        phase, turn = self._follow(state.phase if state else None, seen, now)
        after = self._remember(phase, seen)
        return (state if after == state else after), turn, seen

    def _follow(self, phase: Phase | None, seen: list[Seen], now: float) -> tuple[Phase | None, Turn]:
        holds = decide(self._spec.when, iter([s.holds for s in seen]))
        if phase is not None and phase.due <= now and (holds is None or holds is not phase.raised):
            return elapse(phase)
        return follow(phase, holds, now, self._spec.for_s, self._spec.release_s)

    def _remember(self, phase: Phase | None, seen: list[Seen]) -> Memory | None:
        due = min([self._wake(seen), phase.due if phase else NEVER])
        marked = any(one.marks for one in seen)
        if phase is None and not marked and due == NEVER:
            return None
        return Memory(due=due, phase=phase, marks=[one.marks for one in seen] if marked else [])

    def _wake(self, seen: list[Seen]) -> float:
        """When time may change the decision: a schedule counts only where the rest leaves the decision to it."""
        wake = min((one.wake for one in seen if one.marks), default=NEVER)
        clocks = [one.wake for one in seen if not one.marks and one.wake != NEVER]
        if not clocks:
            return wake
        rest = [None if one.wake != NEVER and not one.marks else one.holds for one in seen]
        return min(wake, *clocks) if decide(self._spec.when, iter(rest)) is None else wake

    def _reason(self, turn: Turn, seen: list[Seen]) -> Reason:
        code = "condition_met" if turn is Turn.RAISE else "condition_ended"
        values = {label: one.shown for label, one in zip(self._labels, seen, strict=True) if one.shown is not None}
        return Reason(code, values, self._thresholds | {"for_s": self._spec.for_s, "release_s": self._spec.release_s})

    def _more(self) -> dict[str, Any]:
        return {"auto_resolve": self._spec.auto_resolve, "attributes": self._title}


_ACTION = {Turn.RAISE: Action.RAISE, Turn.CLEAR: Action.CLEAR}


def decide(when: When, answers: Iterable[bool | None]) -> bool | None:
    """Combine the answers of the conditions without parts, in the order of :meth:`When.leaves`."""
    return _decide(when, iter(answers))


def _decide(when: When, answers: Any) -> bool | None:
    if when.all is not None:
        return _kleene([_decide(part, answers) for part in when.all], decisive=False)
    if when.any is not None:
        return _kleene([_decide(part, answers) for part in when.any], decisive=True)
    return cast(bool | None, next(answers))


def _kleene(parts: list[bool | None], decisive: bool) -> bool | None:
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _judge_of(leaf: When, schedules: Mapping[str, Schedule], calendar: Calendar) -> Judge:
    if leaf.measurement is not None:
        return _rate(leaf, leaf.measurement) if leaf.within_s is not None else _level(leaf, leaf.measurement)
    if leaf.state is not None:
        return _equals(leaf.state, leaf.value)
    if leaf.event is not None:
        return _times(leaf.event, leaf.times or 1, leaf.within_s or 0.0)
    if leaf.absent is not None:
        return _absent(leaf.absent, leaf.for_s or 0.0)
    return _during(schedules[leaf.during or ""], calendar)


def _level(leaf: When, quantity: str) -> Judge:
    sign, limit = (1.0, leaf.above) if leaf.above is not None else (-1.0, leaf.below)
    clear = limit if leaf.clear is None else leaf.clear
    assert limit is not None  # noqa: S101 - the model saw to it
    assert clear is not None  # noqa: S101

    def judge(marks: Marks, _report: Report | None, twin: Twin, _now: float) -> Seen:
        value = twin.measurements.get(quantity)
        if value is None:
            return Seen(None, marks)
        beyond = sign * value > sign * (clear if marks else limit)
        return Seen(beyond, ON if beyond else [], shown=value)

    return judge


ON: Marks = [(0.0, 0.0)]
"""The mark of a threshold that was crossed."""


def _equals(state: str, wanted: bool | str) -> Judge:
    def judge(_marks: Marks, _report: Report | None, twin: Twin, _now: float) -> Seen:
        value = twin.states.get(state)
        return Seen(None if value is None else value == wanted, [], shown=value)

    return judge


def _times(code: str, times: int, within_s: float) -> Judge:
    def judge(marks: Marks, report: Report | None, _twin: Twin, now: float) -> Seen:
        new = [(now, 0.0) for event in report.events if event.code == code] if report is not None else []
        recent = [mark for mark in (*marks, *new) if mark[0] + within_s > now][-times:]
        holds = len(recent) >= times
        return Seen(holds, recent, recent[0][0] + within_s if recent else NEVER, len(recent))

    return judge


def _absent(name: str, for_s: float) -> Judge:
    def judge(marks: Marks, report: Report | None, _twin: Twin, now: float) -> Seen:
        if report is not None and _mentions(report, name):
            marks = [(now, 0.0)]
        if not marks:
            return Seen(None, marks)
        due = marks[0][0] + for_s
        return Seen(now >= due, marks, due if now < due else NEVER, round(now - marks[0][0], 1))

    return judge


def _mentions(report: Report, name: str) -> bool:
    return name in report.states or name in report.measurements or any(event.code == name for event in report.events)


def _rate(leaf: When, quantity: str) -> Judge:
    within_s = leaf.within_s or 0.0
    sign, change = (1.0, leaf.rises_by) if leaf.rises_by is not None else (-1.0, leaf.falls_by)
    assert change is not None  # noqa: S101 - the model saw to it

    def judge(marks: Marks, report: Report | None, _twin: Twin, now: float) -> Seen:
        value = report.measurements.get(quantity) if report is not None else None
        if value is None:
            return Seen(None, marks)
        kept = _bucketed([mark for mark in marks if mark[0] + within_s > now], now, sign * value, within_s / BUCKETS)
        moved = sign * value - min(low for _, low in kept)
        return Seen(moved >= change, kept, shown=round(sign * moved, 6))

    return judge


def _bucketed(marks: Marks, now: float, low: float, width: float) -> Marks:
    if marks and now - marks[-1][0] < width:
        at, before = marks[-1]
        return [*marks[:-1], (at, min(before, low))]
    return [*marks, (now, low)]


def _during(schedule: Schedule, calendar: Calendar) -> Judge:
    known = [0.0, 0.0, False]

    def judge(_marks: Marks, _report: Report | None, _twin: Twin, now: float) -> Seen:
        # Asked at every report: the answer is kept for as long as it holds.
        if not known[0] <= now < known[1]:
            known[:] = now, schedule.next_change(now, calendar), schedule.active(now, calendar)
        return Seen(bool(known[2]), [], known[1])

    return judge


def _label(leaf: When) -> str:
    return leaf.measurement or leaf.state or leaf.event or leaf.absent or leaf.during or ""


def _thresholds(when: When) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    for leaf in when.leaves():
        asked = leaf.model_dump(exclude_none=True, exclude={"measurement", "state", "event", "absent"})
        found.setdefault(_label(leaf), {}).update(asked)
    return found

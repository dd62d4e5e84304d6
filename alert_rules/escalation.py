"""Who is called when nobody acts: three levels, each due unless the alert has come far enough by then. Pure.

Times are seconds of a clock that never jumps: nobody is called early or late because somebody set the time of day.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct, field
from pydantic import BaseModel, ConfigDict, Field, model_validator

from alert_rules.alert import Alert, Handling, Response, Severity, Verdict
from alert_rules.moves import ORDER
from alert_rules.rule import NEVER

LAPSE = 0
"""The number of the step that takes back a claim nobody used; levels count from 1."""


class Until(StrEnum):
    """How far an alert must have come for a level not to be called."""

    CLAIMED = "claimed"
    JUDGED = "judged"
    HANDLED = "handled"
    RESOLVED = "resolved"


class Level(BaseModel):
    """One level: called ``after_s`` unless the alert is ``until`` by then, and reminded while it is not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after_s: float = Field(gt=0, le=2_592_000, description="seconds after the alert was raised")
    until: Until = Field(description="claimed, judged, handled or resolved: once it is, this level is not called")
    remind_every_s: float = Field(default=0, ge=0, description="seconds between reminders; 0: called once")


def _levels(first: float, second: float, third: float) -> tuple[Level, ...]:
    stages = (Until.CLAIMED, Until.JUDGED, Until.HANDLED)
    return tuple(Level(after_s=s, until=u) for s, u in zip((first, second, third), stages, strict=True))


class Policy(BaseModel):
    """Levels per severity: the guard's, the manager's, the authority's above them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    critical: tuple[Level, ...] = Field(default=_levels(60, 180, 600), max_length=9, description="red alerts")
    major: tuple[Level, ...] = Field(default=_levels(300, 900, 3_600), max_length=9, description="orange alerts")
    minor: tuple[Level, ...] = Field(default=_levels(1_800, 14_400, 86_400), max_length=9, description="yellow alerts")
    notice: tuple[Level, ...] = Field(default=(), max_length=9, description="blue alerts")
    claim_s: float = Field(default=120, gt=0, description="seconds until a claim that nobody used lapses")

    @model_validator(mode="after")
    def _rising(self) -> "Policy":
        for severity in Severity:
            times = [level.after_s for level in self.of(severity)]
            if times != sorted(set(times)):
                raise ValueError(f"{severity}: each level must be called later than the one before")
        return self

    def of(self, severity: Severity) -> tuple[Level, ...]:
        """The levels of alerts of ``severity``."""
        return getattr(self, severity.value)  # type: ignore[no-any-return]


NOBODY = Policy(critical=(), major=(), minor=(), notice=())
"""Nobody is called again; claims lapse all the same."""


class Escalation(Struct, kw_only=True):
    """How far one alert was passed on. ``since`` is when its time began to run; ``done`` the levels called since.

    ``calls`` counts everything ever sent for it, so that no two messages bear one number. ``last`` is when the latest
    level was called or reminded, ``claimed`` when somebody took the alert.
    """

    alert: str
    severity: Severity
    since: float
    done: list[int] = field(default_factory=list)
    last: float = 0.0
    claimed: float | None = None
    calls: int = 0


class Step(Struct, frozen=True):
    """What is due: call ``level`` (or remind it), or let the claim lapse (level :data:`LAPSE`)."""

    alert: str
    level: int
    due: float
    reminder: bool = False


def reached(alert: Alert, until: Until) -> bool:
    """Tell whether people have come this far. What was judged no real alarm needs nobody to go there."""
    if alert.handling is Handling.RESOLVED:
        return True
    match until:
        case Until.CLAIMED:
            return alert.acknowledged_by is not None
        case Until.JUDGED:
            return alert.verdict is not None
        case Until.HANDLED:
            harmless = alert.verdict in (Verdict.FALSE_ALARM, Verdict.DRILL)
            return harmless or ORDER[alert.response] >= ORDER[Response.DISPATCHED]
        case Until.RESOLVED:
            return False


def waits(alert: Alert) -> bool:
    """Tell whether time runs for ``alert``: open, and nothing keeps it from calling people."""
    return alert.handling is Handling.OPEN and alert.suppressed_by is None


def next_step(policy: Policy, alert: Alert, e: Escalation) -> Step | None:
    """The step due first, or ``None`` where nothing more will come of it."""
    steps = [*_lapses(policy, alert, e), *_calls(policy, alert, e), *_reminders(policy, alert, e)]
    return min(steps, key=lambda step: step.due, default=None) if waits(alert) else None


def _lapses(policy: Policy, alert: Alert, e: Escalation) -> Iterator[Step]:
    if alert.acknowledged_by is not None and not alert.claim_used and e.claimed is not None:
        yield Step(alert.id, LAPSE, e.claimed + policy.claim_s)


def _calls(policy: Policy, alert: Alert, e: Escalation) -> Iterator[Step]:
    for number, level in enumerate(policy.of(alert.severity), 1):
        if number not in e.done and not reached(alert, level.until):
            yield Step(alert.id, number, e.since + level.after_s)


def _reminders(policy: Policy, alert: Alert, e: Escalation) -> Iterator[Step]:
    levels = policy.of(alert.severity)
    for number in e.done[-1:]:
        level = levels[number - 1] if number <= len(levels) else None
        if level is not None and level.remind_every_s and not reached(alert, level.until):
            yield Step(alert.id, number, e.last + level.remind_every_s, reminder=True)


class Escalations:
    """The escalation of every open alert, and which step is due next. The caller keeps ``take_changed`` on disk."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.of: dict[str, Escalation] = {}
        self._timers: list[tuple[float, str]] = []
        self._planned: dict[str, float] = {}
        self._changed: set[str] = set()

    def load(self, stored: Iterable[Escalation], alerts: Mapping[str, Alert]) -> None:
        """Go on with what was stored; escalations of alerts that are no longer open are dropped."""
        for e in stored:
            if e.alert in alerts:
                self.of[e.alert] = e
                self._plan(alerts[e.alert])
            else:
                self._changed.add(e.alert)

    def note(self, alert: Alert, now: float) -> None:
        """The alert was opened or changed at ``now``."""
        if not waits(alert):
            self._planned.pop(alert.id, None)
            if self.of.pop(alert.id, None) is not None:
                self._changed.add(alert.id)
            return
        e = self.of.get(alert.id)
        if e is None or e.severity is not alert.severity:
            e = Escalation(alert=alert.id, severity=alert.severity, since=now, calls=e.calls if e else 0)
        claimed = None if alert.acknowledged_by is None else (e.claimed if e.claimed is not None else now)
        if self.of.get(alert.id) is not e or claimed != e.claimed:
            e.claimed = claimed
            self.of[alert.id] = e
            self._changed.add(alert.id)
        self._plan(alert)

    def claimed_anew(self, alert: Alert, now: float) -> None:
        """Another person took the alert over: their time begins."""
        if (e := self.of.get(alert.id)) is not None:
            e.claimed = now
            self._changed.add(alert.id)
            self._plan(alert)

    def next_due(self) -> float:
        """When a step may be due."""
        return self._timers[0][0] if self._timers else NEVER

    def act(self, alerts: Mapping[str, Alert], now: float) -> Iterator[Step]:
        """Hand out the steps due by ``now``, the earliest first; each is noted as done before it is handed out.

        The caller makes a lapse come true before asking for the next step.
        """
        while self._timers and self._timers[0][0] <= now:
            due, id_ = heapq.heappop(self._timers)
            alert, e = alerts.get(id_), self.of.get(id_)
            if self._planned.get(id_) != due or alert is None or e is None:
                continue
            del self._planned[id_]
            step = next_step(self.policy, alert, e)
            if step is not None and step.due <= now:
                self._do(e, step, now)
                yield step
            self._plan(alert)

    def stuck(self, alerts: Mapping[str, Alert]) -> list[Alert]:
        """Open alerts that should have a step ahead and have no timer for it: an audit of this class by another way."""
        timed = {id_ for due, id_ in self._timers if self._planned.get(id_) == due}
        sound = timed & self.of.keys()
        return [alert for alert in alerts.values() if self._owes(alert) and alert.id not in sound]

    def repair(self, alert: Alert, now: float) -> None:
        """Set right what :meth:`stuck` found."""
        if alert.id not in self.of:
            self.of[alert.id] = Escalation(alert=alert.id, severity=alert.severity, since=now)
        self._planned.pop(alert.id, None)
        self._changed.add(alert.id)
        self._plan(alert)

    def take_changed(self) -> dict[str, Escalation | None]:
        """What is to be stored; ``None``: to be forgotten."""
        changed, self._changed = self._changed, set()
        return {id_: self.of.get(id_) for id_ in changed}

    def give_back(self, ids: Iterable[str]) -> None:
        """The store refused these."""
        self._changed |= set(ids)

    def _owes(self, alert: Alert) -> bool:
        e = self.of.get(alert.id) or Escalation(alert=alert.id, severity=alert.severity, since=0.0)
        return next_step(self.policy, alert, e) is not None

    def _do(self, e: Escalation, step: Step, now: float) -> None:
        self._changed.add(e.alert)
        if step.level == LAPSE:
            e.claimed = None
            claims = [n for n, level in enumerate(self.policy.of(e.severity), 1) if level.until is Until.CLAIMED]
            e.done = [number for number in e.done if number not in claims]
            return
        if not step.reminder:
            e.done.append(step.level)
        e.last = now
        e.calls += 1

    def _plan(self, alert: Alert) -> None:
        e = self.of.get(alert.id)
        step = next_step(self.policy, alert, e) if e is not None else None
        if step is None:
            self._planned.pop(alert.id, None)
        elif self._planned.get(alert.id) != step.due:
            self._planned[alert.id] = step.due
            heapq.heappush(self._timers, (step.due, alert.id))

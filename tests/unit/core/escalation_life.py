"""Lives of escalating alerts on the real store, with processes that are killed in the middle of a commit.

A schedule is what happens at which second: alerts come, people act, somebody sets the time of day. ``expected`` walks
it second by second with a few lines of its own; ``live`` lets processes walk it, each until it is killed.
"""

import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import sqlalchemy.event

from alert_rules.alert import Action, Alert, Place, Reason, Response, Severity, Transition, Verdict
from alert_rules.escalation import Escalations, Level, Policy, Until
from alert_rules.moves import respond
from devices.model import DeviceKind
from gateway.alerts.book import AlertBook
from gateway.alerts.records import AlertFilter, Checkpoint
from gateway.alerts.store import AlertStore
from gateway.clock import SteadyTime
from gateway.evaluate import STEADY

NOON = 1_750_000_000.0
SECONDS = 900
CRITICAL = (
    Level(after_s=60, until=Until.CLAIMED, remind_every_s=50),
    Level(after_s=180, until=Until.JUDGED),
    Level(after_s=600, until=Until.HANDLED, remind_every_s=70),
)
MAJOR = (Level(after_s=90, until=Until.CLAIMED), Level(after_s=300, until=Until.JUDGED, remind_every_s=120))
POLICY = Policy(critical=CRITICAL, major=MAJOR, minor=(), notice=())
MOVES = ("claim", "claim", "judge", "dispatch", "resolve")


class Event(NamedTuple):
    """At second ``at`` alert ``number`` is raised, or moved."""

    at: int
    number: int
    move: str


class Schedule(NamedTuple):
    """What happens. ``severities`` by alert; ``jumps``: from which second on the time of day is off by how much."""

    severities: list[Severity]
    events: list[Event]
    jumps: list[tuple[int, float]]


class Called(NamedTuple):
    """One step as it was taken, in whole seconds since the beginning; level 0 is a claim that lapsed."""

    at: int
    number: int
    level: int
    reminder: bool


def schedule(seed: int) -> Schedule:
    """Make a schedule of a few alerts."""
    chance = random.Random(seed)
    severities = [chance.choice([Severity.CRITICAL, Severity.CRITICAL, Severity.MAJOR]) for _ in range(4)]
    events = []
    for number in range(len(severities)):
        start = chance.randrange(200)
        events.append(Event(start, number, "raise"))
        # No two of them two minutes apart: nobody claims an alert in the very second in which another claim lapses.
        when = [start + 120 * chance.randrange(5) + rest for rest in chance.sample(range(1, 120), chance.randrange(6))]
        events += [Event(at, number, chance.choice(MOVES)) for at in when]
    jumps = [(chance.randrange(SECONDS), chance.choice([-3_600.0, 3_600.0])) for _ in range(2)]
    return Schedule(severities, sorted(events), jumps)


class _Told:
    """One alert, as the oracle keeps it."""

    def __init__(self, levels: tuple[Level, ...], since: int) -> None:
        self.levels, self.since = levels, since
        self.done: list[int] = []
        self.last = 0
        self.claimed: int | None = None
        self.reached: set[Until] = set()
        self.used = False

    def happens(self, move: str, now: int) -> None:
        if move == "claim" and self.claimed is None:
            self.claimed, self.used = now, False
            self.reached.add(Until.CLAIMED)
        if move == "judge":
            self.reached |= {Until.CLAIMED, Until.JUDGED}
            self.claimed, self.used = now, True
        if move == "dispatch" and Until.HANDLED not in self.reached:
            self.reached.add(Until.HANDLED)
            self.used = True


def expected(plan: Schedule) -> list[Called]:
    """Every step, by walking the seconds."""
    told: dict[int, _Told] = {}
    found: list[Called] = []
    for now in range(SECONDS + 1):
        for _, number, move in (event for event in plan.events if event.at == now):
            if move == "raise":
                told[number] = _Told(POLICY.of(plan.severities[number]), now)
            elif move == "resolve" and number in told and _may_resolve(plan, number, told[number]):
                del told[number]
            elif number in told:
                told[number].happens(move, now)
        for number, one in told.items():
            found += [Called(now, number, *step) for step in _steps(one, now)]
    return sorted(found)


def _may_resolve(plan: Schedule, number: int, one: _Told) -> bool:
    return plan.severities[number] is not Severity.CRITICAL or Until.JUDGED in one.reached


def _steps(one: _Told, now: int) -> Iterable[tuple[int, bool]]:
    if one.claimed is not None and not one.used and now - one.claimed >= POLICY.claim_s:
        one.claimed = None
        one.reached.discard(Until.CLAIMED)
        one.done = [n for n in one.done if one.levels[n - 1].until is not Until.CLAIMED]
        yield 0, False
    for n, level in enumerate(one.levels, 1):
        if n not in one.done and now >= one.since + level.after_s and level.until not in one.reached:
            one.done.append(n)
            one.last = now
            yield n, False
    if one.done:
        level = one.levels[one.done[-1] - 1]
        if level.remind_every_s and level.until not in one.reached and now >= one.last + level.remind_every_s:
            one.last = now
            yield one.done[-1], True


class PlanClock:
    """The schedule's clock: one machine that stays up, whose time of day somebody sets wrong."""

    def __init__(self, plan: Schedule) -> None:
        self.second = 0.0
        self._plan = plan

    def now(self) -> float:
        return NOON + self.second + sum(by for at, by in self._plan.jumps if at <= self.second)

    def monotonic(self) -> float:
        return 5_000.0 + self.second

    def epoch(self) -> str:
        return "one"


class Life:
    """What a gateway does between two kills: load, take what comes, call, save."""

    def __init__(self, url: str, plan: Schedule, second: int) -> None:
        self.clock = PlanClock(plan)
        self.clock.second = second
        self.store = AlertStore(url)
        self.steady = SteadyTime(self.clock)
        self.book = AlertBook(
            lambda _: Place(),
            lambda _alert, _level: ["guards"],
            lambda alert: {"id": alert.id, "severity": alert.severity},
            escalations=Escalations(POLICY),
            steady=self.steady.now,
        )
        restored = self.store.load()
        saved = {name.removeprefix(STEADY): v for name, v in restored.cursors.items() if name.startswith(STEADY)}
        self.steady.restore(saved)
        self.book.load(restored.alerts, self.store.lately_resolved(100), restored.escalations)
        self._plan = plan

    def walk(self, until: int, at_second: Callable[[int], None]) -> None:
        """Live from the second the clock stands at; nobody does again what was saved before."""
        for second in range(int(self.clock.second), until + 1):
            at_second(second)
            self.clock.second = second
            for event in (event for event in self._plan.events if event.at == second):
                self.happens(event)
                self.save()
            if self.book.next_escalation() <= self.steady.now():
                self.book.escalate(self.clock.now())
                self.save()

    def happens(self, event: Event) -> None:
        """Let one event happen, unless somebody sees that it did."""
        alert = next((a for a in self.book.open_alerts() if a.device == f"d{event.number}"), None)
        if event.move == "raise":
            if alert is None:
                self.book.apply([self._raised(event)])
        elif alert is not None:
            self._move(alert, event.move)

    def _move(self, alert: Alert, move: str) -> None:
        now = self.clock.now()
        if move == "claim" and alert.acknowledged_by is None:
            self.book.acknowledge(alert.id, alert.version, "wang", now)
        elif move == "judge":
            self.book.judge(alert.id, alert.version, Verdict.TRUE_ALARM, "", alert.acknowledged_by or "wang", now)
        elif move == "dispatch" and alert.response is Response.NONE:
            self.book.move(alert, alert.version, lambda a, at: respond(a, "wang", Response.DISPATCHED, at), now)
        elif move == "resolve" and (alert.severity is not Severity.CRITICAL or alert.verdict):
            self.book.resolve(alert.id, alert.version, "", "wang", now)

    def _raised(self, event: Event) -> Transition:
        return Transition(
            action=Action.RAISE,
            rule="smoke_alarm",
            device=f"d{event.number}",
            kind=DeviceKind.SMOKE_DETECTOR,
            severity=self._plan.severities[event.number],
            at=NOON + event.at,
            received_at=self.clock.now(),
            reason=Reason("smoke", {}, {}),
        )

    def save(self) -> None:
        """Commit what is pending, with the steady time, as the evaluation does."""
        if not self.book.changed:
            return
        changes = self.book.take()
        changes.checkpoint = Checkpoint(cursors={STEADY + n: v for n, v in self.steady.save().items()})
        self.store.commit(changes)
        self.book.saved()


def die_at(store: AlertStore, statement: int) -> None:
    """End this process, as a power cut would, before ``statement``-th statement or commit."""
    left = [statement]

    def count(*_: Any, **__: Any) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sqlalchemy.event.listen(store.engine, "before_cursor_execute", count)
    sqlalchemy.event.listen(store.engine, "commit", count)


def _process(url: str, seed: int, second: int, statement: int, out: Connection) -> None:
    life = Life(url, schedule(seed), second)
    die_at(life.store, statement)
    life.walk(SECONDS, out.send)
    out.send("done")


def live(url: str, seed: int) -> int:
    """Let killed processes live the schedule to its end; return how many it took."""
    chance = random.Random(f"kills {seed}")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    second, processes, said = 0, 0, None
    while said != "done":
        theirs, ours = context.Pipe()
        statement = chance.randrange(1, 60) if processes < 12 else 1_000_000
        child = context.Process(target=_process, args=(url, seed, second, statement, ours), daemon=True)
        child.start()
        ours.close()
        processes += 1
        while (said := _heard(theirs)) is not None and said != "done":
            second = said
        child.join(60)
        theirs.close()
        if child.exitcode not in (0, -signal.SIGKILL):
            raise AssertionError(f"seed {seed}: a process ended with {child.exitcode}")
    return processes


def _heard(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        return None


def taken(store: AlertStore, plan: Schedule) -> list[Called]:
    """The steps in the audit chain; a step's second is known by its row's time, less what the clock was off by."""
    numbers = {alert.id: int(alert.device[1:]) for alert in store.search(AlertFilter(limit=1000))}
    found = []
    for row in store.audit_rows():
        if row.action in ("escalate", "lapse"):
            level, reminder = row.detail.get("level", 0), row.detail.get("reminder", False)
            found.append(Called(_second(row.at, plan), numbers[row.alert], level, reminder))
    return sorted(found)


def _second(at: float, plan: Schedule) -> int:
    clock = PlanClock(plan)
    for second in range(SECONDS + 1):
        clock.second = second
        if clock.now() == at:
            return second
    raise AssertionError(f"no second of the schedule shows {at}")


def messages(store: AlertStore) -> list[tuple[str, str]]:
    """What was queued for people about steps: alert, and the level called or reminded."""
    rows = store.due_messages(float("inf"), 100_000)
    return sorted((row.alert, row.stage.split("-")[0]) for row in rows if row.stage.startswith(("level", "reminder")))


def announced(store: AlertStore) -> list[tuple[str, str]]:
    """What should have been queued, by the audit chain."""
    rows = [row for row in store.audit_rows() if row.action == "escalate"]
    words = {False: "level", True: "reminder"}
    return sorted((row.alert, f"{words[row.detail['reminder']]}{row.detail['level']}") for row in rows)

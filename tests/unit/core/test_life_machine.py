"""People, timers, restarts and full disks against one rule book, through the desk and on the real store.

Whatever they do together: only legal moves are made, each is in the audit chain once, and no alert ends without a
person. ``python -m tests.unit.core.test_life_machine 100000`` takes so many steps.
"""

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from alert_rules.alert import MACHINE, Action, Alert, Handling, IllegalMove, Reason, Response, Severity, Verdict
from alert_rules.escalation import LAPSE
from alert_rules.moves import acknowledge, assign, close, judge, resolve, respond
from gateway.alerts import people
from gateway.alerts.book import Move
from gateway.alerts.records import AlertFilter, AuditRow
from gateway.api.ports import Conflict, Unsaved
from tests.contract.test_alert_store import Postgres, postgres
from tests.unit.alerts.making import transition
from tests.unit.core.world import ManualClock, World, site_in

__all__ = ["postgres"]

PEOPLE = st.sampled_from(["li", "wang", "zhao"])
DEVICES = st.sampled_from([f"d{number}" for number in range(4)])
SEVERITIES = st.sampled_from(Severity)
TEXT = st.sampled_from(["", " ", "steam"])
BEHIND = st.sampled_from([0, 0, 0, 1])
EXPECTED = (Conflict, IllegalMove)
ENDS = ("resolve", "close")


def moves(actor: str, verdict: Verdict, response: Response, text: str) -> dict[str, Move]:
    """Every move there is, as ``actor`` would make it."""
    return {
        "claim": lambda alert, now: acknowledge(alert, actor, now),
        "take_over": lambda alert, now: acknowledge(alert, actor, now, over=True),
        "judge": lambda alert, now: judge(alert, actor, verdict, text, now),
        "assign": lambda alert, now: assign(alert, actor, "guard", now),
        "respond": lambda alert, now: respond(alert, actor, response, now),
        "resolve": lambda alert, now: resolve(alert, actor, text, now),
        "close": lambda alert, now: close(alert, actor, text, now),
    }


MOVES = st.builds(
    lambda name, *how: (name, moves(*how)[name]),
    st.sampled_from(sorted(moves("", Verdict.DRILL, Response.ARRIVED, ""))),
    PEOPLE,
    st.sampled_from(Verdict),
    st.sampled_from([Response.ASSIGNED, Response.DISPATCHED, Response.ARRIVED]),
    TEXT,
)


def _deed(name: str, **how: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(how))


ACTIONS = st.sampled_from([Action.RAISE, Action.RAISE, Action.CLEAR])
PAUSES = st.sampled_from([30.0, 130.0, 700.0, 100_000.0])
SPEAK = _deed("speak", device=DEVICES, severity=SEVERITIES, action=ACTIONS)
ACT = _deed("act", device=DEVICES, move=MOVES, behind=BEHIND)
AT_ONCE = _deed("act_at_once", device=DEVICES, one=MOVES, other=MOVES)
FULL = _deed("act_before_a_full_disk", device=DEVICES, one=MOVES, other=MOVES)
RARE = _deed("wait", seconds=PAUSES) | _deed("comment", device=DEVICES, actor=PEOPLE, text=TEXT) | FULL
RESTART = _deed("restart")
DEED = st.integers(0, 39).flatmap(
    lambda n: RESTART if n == 17 else SPEAK if n < 10 else ACT if n < 22 else AT_ONCE if n < 31 else RARE
)


class Told:
    """One alert as its audit rows alone tell it; ``hear`` refuses an edge that the lifecycle does not have."""

    def __init__(self) -> None:
        self.owner: str | None = None
        self.verdict: str | None = None
        self.response = Response.NONE
        self.resolved = self.closed = False
        self.severity = ""
        self.called: list[int] = []

    def hear(self, row: AuditRow) -> None:
        by_machine = row.action in ("raise", "repeat", "clear", "escalate", "lapse", "repair")
        assert (row.actor == MACHINE) == by_machine, row
        getattr(self, f"_{row.action}")(row)

    def _raise(self, row: AuditRow) -> None:
        assert not self.severity
        self.severity = row.detail["severity"]

    def _repeat(self, row: AuditRow) -> None:
        assert self.severity
        assert not self.resolved
        self.severity = row.detail.get("severity", self.severity)

    def _clear(self, row: AuditRow) -> None:
        assert not self.resolved

    def _acknowledge(self, row: AuditRow) -> None:
        assert not self.resolved
        assert self.owner in (None, row.actor)
        self.owner = row.actor

    def _take_over(self, row: AuditRow) -> None:
        assert not self.resolved
        assert self.owner == row.detail["earlier"] != row.actor
        self.owner = row.actor

    def _lapse(self, row: AuditRow) -> None:
        assert not self.resolved
        assert self.owner == row.detail["earlier"] is not None
        self.owner = None

    def _escalate(self, row: AuditRow) -> None:
        assert not self.resolved
        assert row.detail["level"] > LAPSE
        self.called.append(row.detail["level"])

    def _verdict(self, row: AuditRow) -> None:
        assert not self.closed
        assert row.detail["earlier"] == self.verdict
        assert row.detail["verdict"] != Verdict.FALSE_ALARM or row.detail["reason"]
        self.verdict = row.detail["verdict"]
        if not self.resolved:
            self.owner = self.owner or row.actor

    def _assign(self, row: AuditRow) -> None:
        assert not self.resolved
        assert self.response in (Response.NONE, Response.ASSIGNED)
        self.response = Response.ASSIGNED

    def _respond(self, row: AuditRow) -> None:
        assert not self.resolved
        stages = [str(response) for response in Response]
        assert stages.index(row.detail["response"]) > stages.index(self.response)
        self.response = Response(row.detail["response"])

    def _resolve(self, row: AuditRow) -> None:
        assert not self.resolved
        assert self.severity != Severity.CRITICAL or self.verdict
        self.resolved = True

    def _close(self, row: AuditRow) -> None:
        assert self.resolved
        assert not self.closed
        assert self.severity != Severity.CRITICAL or self.verdict
        assert self.severity not in (Severity.CRITICAL, Severity.MAJOR) or row.detail["review"]
        self.closed = True

    def _comment(self, row: AuditRow) -> None:
        assert row.detail["text"].strip()

    def agrees(self, alert: Alert) -> bool:
        """Tell whether the alert, as stored, is where its rows lead."""
        ends = (alert.handling is Handling.RESOLVED, alert.closed_by is not None)
        return (self.owner, self.verdict, self.response) == (
            alert.acknowledged_by, alert.verdict, alert.response
        ) and ends == (self.resolved, self.closed)  # fmt: skip


class Life(RuleBasedStateMachine):
    """A gateway and the people before it. ``fresh`` makes an empty database."""

    fresh: Callable[[], str]
    steps = 0
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.clock = ManualClock()
        self.site = site_in(Path(self.folder.name), database=type(self).fresh())
        self.told: dict[str, Told] = {}
        self.heard = 0
        self.start()

    def start(self) -> None:
        self.world = World(self.site, self.clock)

    def end(self) -> None:
        self.world.evaluator._thread.shutdown()
        self.world.gateway._close()

    def teardown(self) -> None:
        self.flush()
        assert self.world.store.verify_audit() is None
        self.end()
        self.runner.close()
        self.folder.cleanup()

    def run(self, *works: Any) -> list[Any]:
        async def together() -> list[Any]:
            return await asyncio.gather(*works, return_exceptions=True)

        answers = self.runner.run(together())
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, (*EXPECTED, Unsaved)):
                raise answer
        return answers

    def flush(self) -> None:
        self.runner.run(self.world.evaluator.flush())

    def one(self, device: str) -> Alert | None:
        """The newest alert of a device, as a console that just looked has it."""
        opened = next((each for each in self.world.alerts() if each.device == device), None)
        found = self.world.store.search(AlertFilter(q=device, limit=1))
        return opened or next((self.world.book.latest(each.id) or each for each in found), None)

    def move(self, device: str, move: tuple[str, Move], behind: int) -> Any:
        """Make a move by the version that was last seen, or by an older one."""
        alert = self.one(device)
        if alert is None:
            return asyncio.sleep(0)
        name, how = move
        version = alert.version - behind
        if name == "resolve":
            who = how(copy(alert), 0.0).actor if _legal(alert, how) else "li"
            return self.world.desk.resolve(alert.id, version, "", who)
        return self.world.desk.move(alert.id, version, how)

    @rule(deeds=st.lists(DEED, min_size=5, max_size=5))
    def live(self, deeds: list[tuple[str, dict[str, Any]]]) -> None:
        """Hypothesis leaves whole rules out of a run, so what may happen is one rule: every run tries all of it."""
        for name, how in deeds:
            getattr(self, name)(**how)
            self.the_chain_tells_a_legal_life()
            self.memory_and_disk_agree()

    def speak(self, device: str, severity: Severity, action: Action) -> None:
        self.clock.time += 1
        said = transition(
            device, self.clock.time, severity=severity, action=action, reason=Reason("smoke", {"smoke": True})
        )
        self.world.evaluator._apply(self.world.book.apply([said]))
        self.flush()

    def act(self, device: str, move: tuple[str, Move], behind: int) -> None:
        self.run(self.move(device, move, behind))

    def act_at_once(self, device: str, one: tuple[str, Move], other: tuple[str, Move]) -> None:
        """Two people press at the same moment, both having seen the same: at most one of them succeeds."""
        if self.one(device) is None:
            return
        answers = self.run(self.move(device, one, 0), self.move(device, other, 0))
        assert sum(isinstance(answer, Alert) for answer in answers) <= 1
        self.seen["together"] += any(isinstance(answer, Conflict) for answer in answers)

    def comment(self, device: str, actor: str, text: str) -> None:
        if alert := self.one(device):
            self.run(self.world.desk.comment(alert.id, text, actor))

    def wait(self, seconds: float) -> None:
        self.clock.time += seconds
        if self.world.book.next_escalation() <= self.world.evaluator._steady.now():
            self.world.evaluator._apply(self.world.book.escalate(self.clock.now()))
        self.flush()

    def act_before_a_full_disk(self, device: str, one: tuple[str, Move], other: tuple[str, Move]) -> None:
        """What the disk refused is written later, once, whatever was tried meanwhile."""
        if self.world.store.engine.dialect.name != "sqlite":
            return
        with self.world.refusing_store():
            self.seen["unsaved"] += any(isinstance(each, Unsaved) for each in self.run(self.move(device, one, 0)))
            self.run(self.move(device, other, 0))
        self.flush()

    def restart(self) -> None:
        before = sorted(self.world.alerts(), key=lambda alert: alert.id)
        due = self.world.book.next_escalation()
        self.end()
        self.start()
        assert sorted(self.world.alerts(), key=lambda alert: alert.id) == before
        assert self.world.book.audit_escalations(self.clock.now()) == []
        self.seen["timers"] += due < float("inf")

    def the_chain_tells_a_legal_life(self) -> None:
        type(self).steps += 1
        rows = self.world.store._audit_slice(self.heard)
        for row in rows:
            if row.alert:
                self.told.setdefault(row.alert, Told()).hear(row)
            self.seen[row.action] += 1
            self.heard = row.seq
        for id_ in {row.alert for row in rows if row.alert}:
            alert = self.world.store.get(id_)
            assert alert is not None
            assert self.told[id_].agrees(alert), (alert, vars(self.told[id_]))
            _ended_by_a_person(alert)

    def memory_and_disk_agree(self) -> None:
        stored = {alert.id: alert for alert in self.world.store.load().alerts}
        assert {alert.id: alert for alert in self.world.alerts()} == stored
        assert len({alert.fingerprint for alert in stored.values()}) == len(stored)
        assert self.world.book._unwritten == {}


def _legal(alert: Alert, move: Move) -> bool:
    with suppress(IllegalMove):
        move(copy(alert), 0.0)
        return True
    return False


def _ended_by_a_person(alert: Alert) -> None:
    if alert.handling is Handling.RESOLVED:
        assert alert.resolved_by not in (None, MACHINE)
        assert alert.severity is not Severity.CRITICAL or alert.verdict is not None
        assert alert.severity is not Severity.CRITICAL or alert.verdict_by not in (None, MACHINE)
    assert alert.closed_by is None or alert.handling is Handling.RESOLVED


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[type[Life]]:
    if request.param == "sqlite":
        yield _machine(tmp_path)
    else:
        server: Postgres = request.getfixturevalue("postgres")
        yield type("Served", (Life,), {"fresh": staticmethod(server.fresh), "seen": Counter()})


def _machine(folder: Path) -> type[Life]:
    numbers = count()
    fresh = staticmethod(lambda: f"sqlite:///{folder}/{next(numbers)}.db")
    return type("InFile", (Life,), {"fresh": fresh, "seen": Counter()})


def _run(machine: type[Life], lives: int, steps: int) -> None:
    how = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)  # type: ignore[no-untyped-call]


def test_no_illegal_edge(machine: type[Life]) -> None:
    _run(machine, lives=4, steps=20)
    assert machine.steps >= 300
    assert {"raise", "acknowledge", "verdict", "resolve", "escalate", "together"} <= {
        k for k, n in machine.seen.items() if n
    }


if __name__ == "__main__":
    people.PasswordHasher = lambda: PasswordHasher(1, 8, 1)  # type: ignore[misc,assignment]
    with tempfile.TemporaryDirectory() as folder:
        tried = _machine(Path(folder))
        _run(tried, lives=max(int(sys.argv[1]) // 500, 1), steps=100)
    print(f"{tried.steps} steps: no illegal edge; {dict(tried.seen)}")

"""Rules, people, redelivery and restarts in any order: the alerts stay legal, and there is one open per fingerprint."""

import contextlib
from copy import copy

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alert_rules.alert import MACHINE, Alert, Condition, Handling, IllegalMove, Place, Severity, Verdict
from devices.registry import Device
from gateway.alerts.book import AlertBook, Conflict
from tests.unit.rules.cases import CASES, Case
from tests.unit.rules.timeline import START, Timeline

RULES = st.sampled_from(sorted(CASES))
PEOPLE = st.sampled_from(["li", "wang"])
WORST_FIRST = list(Severity)


def book() -> AlertBook:
    return AlertBook(lambda device: Place(), lambda *_: ["guards"], lambda alert: {})


class Life(RuleBasedStateMachine):
    """One device per rule. The store is a dictionary: what ``take`` handed over survives a restart, nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Timeline(*(Device(rule, case.kind) for rule, case in CASES.items()))
        self.book = book()
        self.stored: dict[str, Alert] = {}
        self.seen: dict[str, Alert] = {}
        self.known: dict[str, Alert] = {}
        self.messages: list[str] = []

    @rule(name=RULES, share=st.sampled_from([0.0, 0.5, 1.0]))
    def says_signs(self, name: str, share: float) -> None:
        case: Case = CASES[name]
        self.story.says(name, **case.signs)
        self.story.at(self.story.now + case.dwell_s * share + 0.01)
        self.hear()

    @rule(name=RULES)
    def says_end(self, name: str) -> None:
        self.story.says(name, **(CASES[name].end or {"states": {"tamper": False}}))
        self.hear()

    @rule(name=RULES, online=st.booleans())
    def says_status(self, name: str, online: bool) -> None:
        self.story.status(name, online)
        self.hear()

    @precondition(lambda self: self.story.last is not None)
    @rule()
    def is_redelivered(self) -> None:
        assert self.story.last is not None
        before = self.story.engine.duplicates
        self.story.again()
        counted = self.story.last.sequence is not None and self.story.last.registered
        assert self.story.engine.duplicates == before + counted
        self.hear()

    @precondition(lambda self: self.book.open_alerts())
    @rule(data=st.data(), who=PEOPLE, stale=st.booleans())
    def acknowledged(self, data: st.DataObject, who: str, stale: bool) -> None:
        alert = data.draw(st.sampled_from(self.book.open_alerts()))
        before = copy(alert)
        try:
            self.book.acknowledge(alert.id, alert.version - stale, who, self.moment)
        except (IllegalMove, Conflict):
            assert stale or before.acknowledged_by not in (None, who)
            assert alert == before
        else:
            assert not stale
        self.look()

    @precondition(lambda self: self.book.open_alerts())
    @rule(data=st.data(), who=PEOPLE, verdict=st.sampled_from(Verdict), reason=st.sampled_from(["", "steam"]))
    def judged(self, data: st.DataObject, who: str, verdict: Verdict, reason: str) -> None:
        alert = data.draw(st.sampled_from(self.book.open_alerts()))
        with contextlib.suppress(IllegalMove):
            self.book.judge(alert.id, alert.version, verdict, reason, who, self.moment)
        assert alert.verdict is not Verdict.FALSE_ALARM or alert.verdict_reason
        self.look()

    @precondition(lambda self: self.book.open_alerts())
    @rule(data=st.data(), who=PEOPLE)
    def resolved(self, data: st.DataObject, who: str) -> None:
        alert = data.draw(st.sampled_from(self.book.open_alerts()))
        may = alert.severity is not Severity.CRITICAL or alert.verdict is not None
        try:
            self.book.resolve(alert.id, alert.version, "", who, self.moment)
        except IllegalMove:
            assert not may
        else:
            assert may
            if alert.rule in self.story.engine.rules:
                self.story.resolve(alert.rule, alert.device, alert.subject)
        self.look()

    @rule(refused=st.booleans())
    def is_saved(self, refused: bool) -> None:
        changes = self.book.take()
        if refused:
            self.book.give_back(changes)
            assert self.book.unsaved == {alert.id for alert in changes.alerts}
            return
        self.book.saved()
        self.story.checkpoint()
        self.stored.update({alert.id: alert for alert in changes.alerts})
        self.messages += [message.id for message in changes.messages]

    @rule(down_s=st.sampled_from([0.0, 30.0]))
    def restarts(self, down_s: float) -> None:
        """In order: everything pending is saved first, as the evaluator does."""
        self.is_saved(False)
        before = {alert.fingerprint: copy(alert) for alert in self.book.open_alerts()}
        self.story.crash(down_s)
        self.book = book()
        held = [copy(alert) for alert in self.stored.values()]
        self.book.load(
            (alert for alert in held if alert.handling is Handling.OPEN),
            (alert.id for alert in held if alert.handling is Handling.RESOLVED),
        )
        assert {alert.fingerprint: alert for alert in self.book.open_alerts()} == before

    @invariant()
    def holds(self) -> None:
        alerts = self.book.open_alerts()
        assert len({alert.fingerprint for alert in alerts}) == len(alerts)
        assert all(alert.handling is Handling.OPEN for alert in alerts)
        for alert in self.known.values():
            self.is_legal(alert)
        assert len(set(self.messages)) == len(self.messages), "somebody is told the same twice"

    @property
    def moment(self) -> float:
        return START + self.story.now

    def hear(self) -> None:
        moved = self.book.apply(said.transition for said in self.story.unclaimed)
        self.seen.update({alert.id: alert for alert in moved})
        self.story.unclaimed.clear()
        self.look()

    def look(self) -> None:
        """Compare every alert with what it was: axes only move forward."""
        self.seen.update({alert.id: alert for alert in self.book.open_alerts()})
        for alert in self.seen.values():
            before = self.known.get(alert.id)
            if before is not None:
                assert WORST_FIRST.index(alert.severity) <= WORST_FIRST.index(before.severity)
                assert alert.version >= before.version
                assert before.handling is Handling.OPEN or alert.handling is Handling.RESOLVED
                assert alert.repeats >= before.repeats
            self.known[alert.id] = copy(alert)

    def is_legal(self, alert: Alert) -> None:
        if alert.handling is Handling.RESOLVED:
            assert alert.resolved_at is not None
            if alert.severity is Severity.CRITICAL:
                assert alert.verdict is not None
            if alert.resolved_by == MACHINE:
                assert alert.severity is not Severity.CRITICAL
                assert alert.condition is Condition.NORMAL
        if alert.verdict is not None:
            assert alert.acknowledged_by
            assert alert.verdict_by
        assert alert.last_at >= alert.raised_at


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

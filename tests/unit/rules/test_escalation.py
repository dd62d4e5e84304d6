"""Who is called when nobody acts: at which second, how often, and what stops it."""

import random
from typing import Any

import pytest
from pydantic import ValidationError

from alert_rules.alert import Response, Severity, Verdict
from alert_rules.escalation import LAPSE, NOBODY, Escalation, Escalations, Level, Policy, Step, Until, reached
from alert_rules.moves import acknowledge, assign, comment, judge, lapse, resolve, respond
from tests.unit.rules.test_alert import NOON, raised


class Watch:
    """One alert and its escalation, on a clock that only the test moves; seconds count from the raise."""

    def __init__(self, severity: Severity = Severity.CRITICAL, policy: Policy | None = None) -> None:
        self.alert = raised(severity)
        self.alerts = {self.alert.id: self.alert}
        self.escalations = Escalations(policy or Policy())
        self.now = 0.0
        self.note()

    def note(self) -> None:
        self.escalations.note(self.alert, self.now)

    def until(self, second: float) -> list[tuple[float, int]]:
        """Let time pass in steps as small as the timers ask; (second, level) of what was due."""
        said = []
        while (due := self.escalations.next_due()) <= second:
            self.now = max(self.now, due)
            for step in self.escalations.act(self.alerts, self.now):
                said.append((self.now, step.level))
                if step.level == LAPSE:
                    lapse(self.alert, NOON)
                self.note()
        self.now = second
        return said

    def restart(self) -> None:
        stored = list(self.escalations.of.values())
        self.escalations = Escalations(self.escalations.policy)
        self.escalations.load(stored, self.alerts)


@pytest.mark.parametrize(
    ("severity", "times"),
    [
        (Severity.CRITICAL, [60, 180, 600]),
        (Severity.MAJOR, [300, 900, 3_600]),
        (Severity.MINOR, [1_800, 14_400, 86_400]),
        (Severity.NOTICE, []),
    ],
)
def test_nobody_acts_and_each_level_is_called_once_when_due(severity: Severity, times: list[float]) -> None:
    assert Watch(severity).until(1e6) == [(time, level) for level, time in enumerate(times, 1)]


def test_a_claim_that_is_used_spares_the_first_level_only() -> None:
    watch = Watch()
    acknowledge(watch.alert, "li", NOON)
    comment(watch.alert, "li", "looking", NOON)
    watch.note()
    assert watch.until(1e6) == [(180, 2), (600, 3)]


def test_a_verdict_spares_the_second_and_help_on_its_way_the_third() -> None:
    watch = Watch()
    judge(watch.alert, "li", Verdict.TRUE_ALARM, "", NOON)
    watch.note()
    assert watch.until(599) == []
    respond(watch.alert, "li", Response.DISPATCHED, NOON)
    watch.note()
    assert watch.until(1e6) == []


@pytest.mark.parametrize("verdict", [Verdict.FALSE_ALARM, Verdict.DRILL])
def test_what_is_no_real_alarm_needs_nobody_there(verdict: Verdict) -> None:
    watch = Watch()
    judge(watch.alert, "li", verdict, "steam", NOON)
    watch.note()
    assert watch.until(1e6) == []


@pytest.mark.parametrize("verdict", [Verdict.TRUE_ALARM, Verdict.UNDETERMINED])
def test_what_may_be_real_needs_somebody_there(verdict: Verdict) -> None:
    watch = Watch()
    judge(watch.alert, "li", verdict, "", NOON)
    assign(watch.alert, "li", "wang", NOON)
    watch.note()
    assert watch.until(1e6) == [(600, 3)]


def test_a_claim_nobody_uses_lapses_and_its_level_is_called_at_once() -> None:
    watch = Watch()
    watch.until(30)
    acknowledge(watch.alert, "li", NOON)
    watch.note()
    assert watch.until(1e6) == [(150, LAPSE), (150, 1), (180, 2), (600, 3)]
    assert watch.alert.acknowledged_by is None


def test_a_level_called_before_the_claim_is_called_again_when_it_lapses() -> None:
    watch = Watch()
    assert watch.until(70) == [(60, 1)]
    acknowledge(watch.alert, "li", NOON)
    watch.note()
    assert watch.until(200) == [(180, 2), (190, LAPSE), (190, 1)]


def test_taking_over_starts_the_claim_anew() -> None:
    watch = Watch()
    acknowledge(watch.alert, "li", NOON)
    watch.note()
    watch.until(100)
    acknowledge(watch.alert, "chief", NOON, over=True)
    watch.escalations.claimed_anew(watch.alert, watch.now)
    assert watch.until(221) == [(180, 2), (220, LAPSE), (220, 1)]


def test_a_graver_alert_starts_over_with_the_times_of_its_new_severity() -> None:
    watch = Watch(Severity.MINOR)
    assert watch.until(2_000) == [(1_800, 1)]
    watch.alert.severity = Severity.CRITICAL
    watch.note()
    assert watch.until(2_100) == [(2_060, 1)]


def test_suppressed_nobody_is_called_and_afterwards_time_begins_anew() -> None:
    watch = Watch()
    watch.alert.suppressed_by = "silence:1"
    watch.note()
    assert watch.until(5_000) == []
    watch.alert.suppressed_by = None
    watch.note()
    assert watch.until(5_060) == [(5_060, 1)]


def test_resolved_nobody_is_called() -> None:
    watch = Watch()
    judge(watch.alert, "li", Verdict.TRUE_ALARM, "", NOON)
    resolve(watch.alert, "li", "", NOON)
    watch.note()
    assert watch.until(1e6) == []
    assert watch.escalations.take_changed() == {watch.alert.id: None}


def test_reminders_go_on_until_the_next_level_and_stop_when_people_act() -> None:
    levels = (
        Level(after_s=60, until=Until.CLAIMED, remind_every_s=30),
        Level(after_s=150, until=Until.RESOLVED, remind_every_s=100),
    )
    watch = Watch(policy=Policy(critical=levels))
    assert watch.until(400) == [(60, 1), (90, 1), (120, 1), (150, 2), (250, 2), (350, 2)]
    judge(watch.alert, "li", Verdict.DRILL, "", NOON)
    watch.note()
    assert watch.until(460) == [(450, 2)]
    resolve(watch.alert, "li", "", NOON)
    watch.note()
    assert watch.until(1e6) == []


def test_what_was_missed_while_away_is_done_at_once_in_order() -> None:
    watch = Watch()
    watch.restart()
    watch.now = 10_000
    steps = list(watch.escalations.act(watch.alerts, watch.now))
    assert steps == [Step(watch.alert.id, level, due) for level, due in ((1, 60), (2, 180), (3, 600))]


def test_what_is_stored_of_alerts_that_are_gone_is_dropped() -> None:
    escalations = Escalations(Policy())
    escalations.load([Escalation(alert="gone", severity=Severity.MAJOR, since=0)], {})
    assert escalations.take_changed() == {"gone": None}


def test_what_the_store_refused_is_changed_still() -> None:
    watch = Watch()
    taken = watch.escalations.take_changed()
    assert list(taken) == [watch.alert.id]
    assert watch.escalations.take_changed() == {}
    watch.escalations.give_back(taken)
    assert list(watch.escalations.take_changed()) == [watch.alert.id]


def test_an_alert_without_a_timer_is_found_and_set_right() -> None:
    watch = Watch()
    assert watch.escalations.stuck(watch.alerts) == []
    watch.escalations._timers.clear()
    (stuck,) = watch.escalations.stuck(watch.alerts)
    watch.escalations.repair(stuck, 50.0)
    assert watch.escalations.stuck(watch.alerts) == []
    assert watch.until(100) == [(60, 1)]


def test_an_alert_without_an_escalation_is_found_and_its_time_begins() -> None:
    watch = Watch()
    watch.escalations.of.clear()
    (stuck,) = watch.escalations.stuck(watch.alerts)
    watch.escalations.repair(stuck, 1_000.0)
    assert watch.until(1_100) == [(1_060, 1)]


def test_nothing_is_stuck_where_nothing_is_due() -> None:
    watch = Watch(Severity.NOTICE)
    assert watch.escalations.stuck(watch.alerts) == []
    assert Watch(policy=NOBODY).until(1e6) == []


def test_many_changes_leave_one_timer() -> None:
    watch = Watch()
    for _ in range(1_000):
        watch.note()
    assert len(watch.escalations._timers) == 1


@pytest.mark.parametrize(
    "levels",
    [
        [{"after_s": 60, "until": "claimed"}, {"after_s": 60, "until": "judged"}],
        [{"after_s": 90, "until": "claimed"}, {"after_s": 60, "until": "judged"}],
        [{"after_s": 0, "until": "claimed"}],
        [{"after_s": 60, "until": "asleep"}],
    ],
)
def test_levels_that_make_no_sense_are_refused(levels: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate({"critical": levels})


def test_every_stage_is_reached_by_its_move() -> None:
    alert = raised(Severity.CRITICAL)
    assert not any(reached(alert, until) for until in Until)
    acknowledge(alert, "li", NOON)
    assert reached(alert, Until.CLAIMED)
    judge(alert, "li", Verdict.TRUE_ALARM, "", NOON)
    assert reached(alert, Until.JUDGED)
    assert not reached(alert, Until.HANDLED)
    respond(alert, "li", Response.ARRIVED, NOON)
    assert reached(alert, Until.HANDLED)
    assert not reached(alert, Until.RESOLVED)
    resolve(alert, "li", "", NOON)
    assert all(reached(alert, until) for until in Until)


@pytest.mark.parametrize("seed", range(50))
def test_restarts_change_nothing(seed: int) -> None:
    """The same random moves, with and without restarts in between, call the same levels at the same seconds."""
    assert story(seed, restarts=True) == story(seed, restarts=False)


def story(seed: int, restarts: bool) -> list[tuple[float, int]]:
    dice = random.Random(seed)
    watch, said, second = Watch(dice.choice(list(Severity)[:3])), [], 0.0
    for _ in range(12):
        second += dice.choice([1.0, 40.0, 100.0, 400.0, 3_000.0])
        said += watch.until(second)
        act = dice.randrange(5)
        alert = watch.alert
        if act == 0 and alert.acknowledged_by is None:
            acknowledge(alert, "li", NOON)
        elif act == 1 and alert.acknowledged_by:
            comment(alert, "li", "hm", NOON)
        elif act == 2:
            alert.suppressed_by = None if alert.suppressed_by else "silence:1"
        elif act == 3 and dice.random() < 0.3:
            judge(alert, "li", Verdict.TRUE_ALARM, "", NOON)
        watch.note()
        if restarts:
            watch.restart()
    return said


def test_no_two_calls_bear_one_number() -> None:
    watch = Watch()
    numbers = []
    acknowledge(watch.alert, "li", NOON)
    watch.note()
    for second in range(0, 2_000, 10):
        if watch.until(second):
            numbers.append(watch.escalations.of[watch.alert.id].calls)
    assert numbers == sorted(numbers)
    assert numbers[-1] == 3

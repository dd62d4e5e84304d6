"""What every rule of the catalogue must do, on the table of cases; a rule without a case fails the first test."""

from typing import Any

import pytest

from alert_rules.alert import Action
from alert_rules.catalogue import RULES, build_rules
from alert_rules.signs import STRANGER
from devices.model import DeviceKind
from tests.unit.rules.cases import CASES, THING, Case
from tests.unit.rules.tales import TALES
from tests.unit.rules.timeline import Timeline


def those(cases: dict[str, Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("rule", "case"), cases.items(), ids=list(cases))


each = those(CASES)
each_real = those({rule: case for rule, case in CASES.items() if not RULES[rule].judges_tests})
each_that_ends = those({rule: case for rule, case in CASES.items() if case.end})
each_that_waits = those({rule: case for rule, case in CASES.items() if case.end and case.dwell_s})
each_late = pytest.mark.parametrize(
    "late", [{"snapshot": True}, {"historical": True}], ids=lambda late: next(iter(late))
)
OLD_S = 61.0
YOUNG_S = 59.0


def fire(rule: str, case: Case, story: Timeline | None = None) -> Timeline:
    """Bring the rule to raise, from wherever the story is."""
    story = story or case.story()
    due = story.says(THING, **case.signs).now + case.dwell_s
    told = {"severity": case.severity, "subject": case.subject, "test": case.test, "registered": case.registered}
    said = story.expect(rule, THING, between=(due, due), **told)
    assert said.reason.code
    return story


def test_every_rule_has_its_case() -> None:
    """What takes several reports to decide has a tale instead."""
    assert CASES.keys() | TALES.keys() == RULES.keys()
    assert not CASES.keys() & TALES.keys()


@each
def test_it_fires(rule: str, case: Case) -> None:
    story = fire(rule, case)
    story.expect_nothing(until=10_000)


@each
def test_it_does_not_fire_just_below(rule: str, case: Case) -> None:
    story = case.story()
    story.says(THING, **case.almost)
    story.expect_nothing(until=10_000)


@each
def test_it_fires_no_moment_early(rule: str, case: Case) -> None:
    story = case.story().at(5)
    story.expect_nothing()
    story.says(THING, **case.signs)
    if case.dwell_s:
        story.expect_nothing(until=5 + case.dwell_s - 0.001)
    story.expect(rule, THING, between=(5 + case.dwell_s, 5 + case.dwell_s))


@each_that_ends
def test_it_clears_once_and_can_fire_again(rule: str, case: Case) -> None:
    assert case.end is not None
    story = fire(rule, case)
    story.at(500).says(THING, **case.end)
    story.expect(
        rule, THING, between=(500, 500), action=Action.CLEAR, auto_resolve=case.auto_resolve, subject=case.subject
    )
    story.at(510).says(THING, **case.end)
    story.expect_nothing(until=600)
    fire(rule, case, story)


@each_that_waits
def test_what_ends_in_time_raises_nothing(rule: str, case: Case) -> None:
    assert case.end is not None
    story = case.story()
    story.says(THING, **case.signs)
    story.at(case.dwell_s - 0.001).says(THING, **case.end)
    story.expect_nothing(until=10_000)


@each
def test_a_restart_in_the_middle_changes_nothing(rule: str, case: Case) -> None:
    story = case.story()
    story.says(THING, **case.signs)
    if case.dwell_s:
        story.at(case.dwell_s * 0.6).restart(down_s=case.dwell_s * 0.2)
        story.expect_nothing()
    story.expect(rule, THING, between=(case.dwell_s, case.dwell_s), severity=case.severity, subject=case.subject)
    story.restart(down_s=30)
    story.expect_nothing(until=300)
    if case.end is not None:
        story.says(THING, **case.end)
        story.expect(rule, THING, between=(300, 300), action=Action.CLEAR, subject=case.subject)
    story.expect_nothing(until=1_000)


@each_that_ends
def test_a_second_restart_forgets_what_ended(rule: str, case: Case) -> None:
    assert case.end is not None
    story = case.story()
    story.says(THING, **case.signs)
    story.expect(rule, THING, between=(0, case.dwell_s))
    story.checkpoint().says(THING, **case.end)
    story.expect(rule, THING, between=(case.dwell_s, case.dwell_s), action=Action.CLEAR)
    story.restart().at(500).says(THING, **case.end)
    story.expect_nothing(until=1_000)


@each
def test_a_redelivery_raises_nothing_new(rule: str, case: Case) -> None:
    story = case.story()
    story.says(THING, **case.signs).again()
    story.expect(rule, THING, between=(0, case.dwell_s))
    story.again().restart(down_s=1).again()
    story.expect_nothing(until=1_000)
    assert story.engine.duplicates == case.registered


@each
@each_late
def test_old_news_raises_nothing(rule: str, case: Case, late: dict[str, Any]) -> None:
    story = case.story()
    story.says(THING, **case.signs, age=OLD_S, **late)
    story.expect_nothing(until=10_000)


@each
@each_late
def test_old_news_does_not_deafen_to_fresh_news(rule: str, case: Case, late: dict[str, Any]) -> None:
    story = case.story()
    for _ in range(3):
        story.says(THING, **case.signs, age=OLD_S, **late)
    story.at(10)
    fire(rule, case, story)


@each
@each_late
def test_young_kept_messages_are_news(rule: str, case: Case, late: dict[str, Any]) -> None:
    story = case.story()
    story.says(THING, **case.signs, age=YOUNG_S, **late)
    story.expect(rule, THING, between=(0, case.dwell_s))
    story.expect_nothing(until=1_000)


@each_real
def test_a_test_is_judged_by_no_real_rule(rule: str, case: Case) -> None:
    story = case.story()
    story.says(THING, **{**case.signs, "test": True}).at(9_000)
    assert all(said.transition.rule == "device_test" for said in story.unclaimed)


@each_real
def test_a_test_does_not_deafen_to_the_real_thing(rule: str, case: Case) -> None:
    story = case.story()
    for second in range(0, 9, 3):
        story.at(second).says(THING, **{**case.signs, "test": True})
    story.at(10).unclaimed.clear()
    fire(rule, case, story)


@each
def test_strangers_are_judged_for_fire_only(rule: str, case: Case) -> None:
    story = case.story()
    story.says("stranger-1", **case.signs, kind=case.kind)
    if not case.test:
        story.expect("unknown_device", "stranger-1", between=(0, 0), registered=False)
    if case.judges_strangers and case.registered:
        story.expect(rule, "stranger-1", between=(0, 0), registered=False, severity=case.severity)
    story.expect_nothing(until=10_000)


@each
def test_a_stranger_speaks_for_no_registered_device(rule: str, case: Case) -> None:
    story = case.story()
    story.says(THING, **{**case.signs, "registered": False})
    twin = story.engine.subjects[THING].twin
    assert (twin.states, twin.online) == ({}, None)


@each
def test_resolving_frees_the_latch(rule: str, case: Case) -> None:
    story = fire(rule, case)
    story.at(500).resolve(rule, THING, case.subject)
    story.expect_nothing(until=600)
    fire(rule, case, story)


@each
def test_what_was_resolved_stays_resolved_after_a_restart(rule: str, case: Case) -> None:
    story = fire(rule, case)
    story.checkpoint().resolve(rule, THING, case.subject).restart(down_s=10).at(500)
    story.expect_nothing()
    fire(rule, case, story)


@each
def test_the_resolved_fire_still_burning_is_raised_again(rule: str, case: Case) -> None:
    """Also when what the device says in between leaves the states of this rule out."""
    story = fire(rule, case)
    story.at(500).resolve(rule, THING, case.subject)
    story.says(THING, {"tamper": None}).at(510).says(THING, {"tamper": None}).at(520)
    story.says(THING, **{**case.signs, "states": {"tamper": None, **case.signs.get("states", {})}})
    story.expect(rule, THING, between=(520, 520 + case.dwell_s), severity=case.severity)


@each
def test_other_kinds_of_device_do_not_move_it(rule: str, case: Case) -> None:
    for kind in DeviceKind:
        if kind in RULES[rule].kinds:
            continue
        story = Timeline()
        story.says("other-1", **{**case.signs, "registered": True}, kind=kind).at(1_000)
        assert all(said.transition.rule != rule for said in story.unclaimed)


@each
def test_an_offline_device_clears_nothing(rule: str, case: Case) -> None:
    story = fire(rule, case)
    story.status(THING, False)
    story.expect("device_offline", THING, between=(case.dwell_s, case.dwell_s))
    story.expect_nothing(until=1_000)


@each
def test_it_declares_what_it_listens_to(rule: str, case: Case) -> None:
    (built,) = (one for one in build_rules({}) if one.name == rule)
    heard = {e.code for e in case.signs.get("events", ())} | ({STRANGER} if not case.registered else set())
    heard = heard.union(case.signs.get("states", {}), case.signs.get("measurements", {}))
    assert heard & (built.states | built.events | built.measurements | built.signs)
    assert case.kind in built.kinds

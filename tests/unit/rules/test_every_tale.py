"""What every rule that needs several reports must do, on the table of tales."""

from typing import Any

import pytest

from tests.unit.rules.case import THING
from tests.unit.rules.tales import TALES, Tale
from tests.unit.rules.timeline import Timeline

each = pytest.mark.parametrize(("rule", "tale"), TALES.items(), ids=list(TALES))
each_late = pytest.mark.parametrize(
    "late", [{"snapshot": True}, {"historical": True}, {"test": True}], ids=lambda late: next(iter(late))
)
each_weighing = pytest.mark.parametrize(
    ("rule", "tale"), [(rule, tale) for rule, tale in TALES.items() if not tale.by_life]
)
AFTER_S = 50.0


def raise_it(rule: str, tale: Tale, story: Timeline) -> Timeline:
    tale.told(story).says(THING, **tale.decides)
    tale.hush(story)
    due = story.now + tale.wait_s
    said = story.expect(rule, THING, between=(due, due), severity=tale.severity, subject=tale.subject)
    assert said.reason.code
    assert said.reason.values
    return tale.hush(story)


@each
def test_it_fires_once(rule: str, tale: Tale) -> None:
    story = raise_it(rule, tale, tale.story())
    tale.hush(story.at(story.now + AFTER_S)).expect_nothing()


@each
def test_the_lead_alone_raises_nothing(rule: str, tale: Tale) -> None:
    story = tale.told(tale.story())
    story.expect_nothing()


@each
def test_it_does_not_fire_just_below(rule: str, tale: Tale) -> None:
    story = tale.told(tale.story()).says(THING, **tale.almost)
    tale.hush(story.at(story.now + tale.wait_s + AFTER_S)).expect_nothing()


@each
def test_it_fires_no_moment_early(rule: str, tale: Tale) -> None:
    story = tale.told(tale.story()).says(THING, **tale.decides)
    if tale.wait_s:
        story.expect_nothing(until=story.now + tale.wait_s - 0.001)


@each
def test_a_restart_before_the_decision_changes_nothing(rule: str, tale: Tale) -> None:
    story = tale.told(tale.story()).restart()
    story.says(THING, **tale.decides).restart(down_s=tale.wait_s / 2)
    tale.hush(story)
    due = story.now + tale.wait_s / 2
    story.expect(rule, THING, between=(due, due), severity=tale.severity)
    tale.hush(story.restart(down_s=5)).expect_nothing()


@each_weighing
@each_late
def test_old_news_and_tests_decide_nothing(rule: str, tale: Tale, late: dict[str, Any]) -> None:
    story = tale.told(tale.story())
    story.says(THING, **{"age": 61.0, **tale.decides, **late})
    story.at(story.now + tale.wait_s + AFTER_S)
    assert rule not in {said.transition.rule for said in story.unclaimed}


@each
def test_a_device_going_offline_clears_nothing(rule: str, tale: Tale) -> None:
    story = raise_it(rule, tale, tale.story())
    story.status(THING, False).at(story.now + 100_000)
    assert {said.transition.rule for said in story.unclaimed} - tale.beside <= {"device_offline"}


@each
def test_resolving_makes_way_for_the_next(rule: str, tale: Tale) -> None:
    story = raise_it(rule, tale, tale.story())
    story.resolve(rule, THING, tale.subject).restart(down_s=1)
    story.expect_nothing()
    story.at(story.now + 30 * 86_400)
    story.unclaimed.clear()
    raise_it(rule, tale, story)

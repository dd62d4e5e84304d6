"""Across doors: refusals of one credential, credentials handed back, residents not seen, people who follow through."""

from typing import Any

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind, Event
from devices.registry import Device
from tests.unit.rules.case import event
from tests.unit.rules.timeline import Timeline

REFUSED, PASSBACK, UNSEEN, TAIL = "gate_refused_repeatedly", "gate_passback", "resident_unseen", "gate_tailgating"
HOUR, DAY = 3_600.0, 86_400.0


def gates(**rules: dict[str, Any]) -> Timeline:
    devices = [Device(f"gate-{name}", DeviceKind.ACCESS_GATE, building=f"b{name}") for name in (1, 2, 3)]
    return Timeline(*devices, rules=rules)


def denied(ref: str = "c1", **more: Any) -> dict[str, Any]:
    return event("access_denied", **{"reason": "no_right", "credential_ref": ref, **more})


def granted(**attributes: Any) -> dict[str, Any]:
    return event("access_granted", **attributes)


def test_the_third_refusal_at_a_second_door_raises() -> None:
    story = gates()
    story.says("gate-1", **denied()).at(60).says("gate-1", **denied()).at(120).says("gate-2", **denied())
    said = story.expect(REFUSED, "gate-2", between=(120, 120), severity=Severity.MINOR, subject="c1")
    assert said.reason.values == {"credential_ref": "c1", "times": 3, "doors": 2}
    assert said.reason.thresholds == {"times": 3, "doors": 2, "window_s": 600.0}
    story.expect_nothing(until=2_000)


def test_one_door_alone_is_a_wrong_card() -> None:
    story = gates()
    for second in range(10):
        story.at(second).says("gate-1", **denied(door_id="d1"))
    story.expect_nothing()


def test_two_doors_of_one_controller_are_two_doors() -> None:
    story = gates()
    for second, door in enumerate(("d1", "d1", "d2")):
        story.at(second).says("gate-1", **denied(door_id=door))
    story.expect(REFUSED, "gate-1", between=(2, 2))


def test_refusals_of_different_credentials_do_not_add_up() -> None:
    story = gates()
    for number in range(9):
        story.at(number).says(f"gate-{number % 3 + 1}", **denied(f"c{number}"))
    story.expect_nothing(until=100)


def test_refusals_older_than_the_window_do_not_count() -> None:
    story = gates()
    story.says("gate-1", **denied()).at(599).says("gate-2", **denied()).at(601).says("gate-3", **denied())
    story.expect_nothing(until=2_000)


def test_further_doors_repeat_the_same_alert_until_the_window_is_quiet() -> None:
    story = gates()
    for second, gate in enumerate(("gate-1", "gate-1", "gate-2")):
        story.at(second).says(gate, **denied())
    first = story.expect(REFUSED, "gate-2", between=(2, 2))
    story.at(300).says("gate-3", **denied())
    more = story.expect(REFUSED, "gate-2", between=(300, 300), action=Action.REPEAT)
    assert (more.fingerprint, more.reason.values["doors"]) == (first.fingerprint, 3)
    story.at(900)
    for second, gate in enumerate(("gate-1", "gate-3", "gate-3")):
        story.at(901 + second).says(gate, **denied())
    story.expect(REFUSED, "gate-3", between=(903, 903))


def test_refusals_survive_a_restart_and_leave_nothing_behind() -> None:
    story = gates()
    story.says("gate-1", **denied()).says("gate-1", **denied()).restart(down_s=60).says("gate-2", **denied())
    story.expect(REFUSED, "gate-2", between=(60, 60))
    story.at(700)
    assert {rule for rule, _ in story.checkpoint()._states} <= {"device_offline"}


def test_many_refusals_are_remembered_in_bounded_room() -> None:
    story = gates()
    for number in range(200):
        story.at(number).says("gate-1", **denied())
    story.says("gate-2", **denied()).checkpoint()
    assert max(len(blob) for blob in story._states.values()) < 1_500
    story.expect(REFUSED, "gate-2", between=(199, 199))


def test_the_same_way_twice_is_a_card_handed_back() -> None:
    story = gates(gate_passback={"buildings": ["b1", "b2"]})
    story.says("gate-1", **granted(credential_ref="c1", direction="in"))
    story.at(120).says("gate-2", **granted(credential_ref="c1", direction="in"))
    said = story.expect(PASSBACK, "gate-2", between=(120, 120), subject="c1", severity=Severity.MINOR)
    assert said.reason.values == {"credential_ref": "c1", "direction": "in", "since_s": 120.0}
    assert said.reason.thresholds == {"window_s": 300.0}


@pytest.mark.parametrize(
    ("second", "direction", "gate"),
    [
        (120, "out", "gate-1"),
        (15, "in", "gate-1"),
        (301, "in", "gate-1"),
        (120, "unknown", "gate-1"),
        (120, "in", "gate-3"),
    ],
    ids=["came out", "tried again", "long ago", "no direction", "a building without exit readers"],
)
def test_what_is_no_passback(second: float, direction: str, gate: str) -> None:
    story = gates(gate_passback={"buildings": ["b1"]})
    story.says("gate-1", **granted(credential_ref="c1", direction="in"))
    story.at(second).says(gate, **granted(credential_ref="c1", direction=direction))
    story.expect_nothing(until=1_000)


def test_nobody_is_judged_where_people_leave_unread() -> None:
    story = gates()
    for second in (0, 60, 120):
        story.at(second).says("gate-1", **granted(credential_ref="c1", direction="in"))
    story.expect_nothing()


def test_the_controllers_own_refusal_counts_everywhere() -> None:
    story = gates()
    story.says("gate-3", **denied(reason="anti_passback"))
    assert story.expect(PASSBACK, "gate-3", between=(0, 0)).reason.code == "refused_passback"


def test_a_passage_survives_a_restart() -> None:
    story = gates(gate_passback={"buildings": ["b1"]})
    story.says("gate-1", **granted(credential_ref="c1", direction="in")).restart(down_s=60)
    story.at(100).says("gate-1", **granted(credential_ref="c1", direction="in"))
    story.expect(PASSBACK, "gate-1", between=(100, 100))


def lone(**more: Any) -> Timeline:
    return gates(resident_unseen={"persons": ["p1"], **more})


def live(story: Timeline, days: int, every_h: float, person: str = "p1") -> float:
    """Let the person go out and in; return when they were last seen."""
    end = story.now + days * DAY
    while story.now + every_h * HOUR <= end:
        story.at(story.now + every_h * HOUR).says("gate-1", **granted(person_ref=person))
    return story.now


def test_the_limit_is_the_persons_own_habit() -> None:
    story = lone()
    last = live(story, 40, every_h=47)
    story.expect_nothing(until=last + 70.5 * HOUR - 1)
    said = story.expect(UNSEEN, "gate-1", between=(last + 70.5 * HOUR, last + 70.5 * HOUR), severity=Severity.MAJOR)
    assert (said.subject, said.reason.thresholds) == ("p1", {"limit_s": 70.5 * HOUR})
    assert said.reason.values["unseen_s"] == 70.5 * HOUR
    story.expect_nothing(until=last + 30 * DAY)


def test_a_day_indoors_alarms_nobody() -> None:
    story = lone()
    last = live(story, 10, every_h=4)
    story.expect_nothing(until=last + DAY - 1)
    story.expect(UNSEEN, "gate-1", between=(last + DAY, last + DAY))


def test_until_the_habit_is_known_two_days_must_pass() -> None:
    story = lone()
    last = live(story, 1, every_h=12)
    story.expect_nothing(until=last + 2 * DAY - 1)
    story.expect(UNSEEN, "gate-1", between=(last + 2 * DAY, last + 2 * DAY))


def test_the_alert_ends_at_whatever_door_and_a_journey_teaches_nothing() -> None:
    story = lone()
    last = live(story, 10, every_h=4)
    story.expect(UNSEEN, "gate-1", between=(last + DAY, last + DAY))
    story.at(last + 14 * DAY).says("gate-2", **granted(person_ref="p1"))
    back = story.expect(UNSEEN, "gate-1", between=(story.now, story.now), action=Action.CLEAR, auto_resolve=True)
    assert (back.subject, back.reason.values) == ("p1", {"unseen_s": 14 * DAY})
    story.expect(UNSEEN, "gate-2", between=(last + 15 * DAY, last + 15 * DAY))


def test_what_recurs_is_a_habit_though_it_raised_before() -> None:
    story = lone()
    live(story, 40, every_h=60)
    assert len([said for said in story.unclaimed if said.transition.action is Action.RAISE]) < 12
    story.unclaimed.clear()
    live(story, 40, every_h=60)
    story.expect_nothing()


def test_nobody_else_is_looked_at_and_nothing_is_kept_of_them() -> None:
    story = lone()
    live(story, 3, every_h=4, person="p2")
    story.expect_nothing(until=30 * DAY)
    assert story.checkpoint()._states == {}


def test_only_the_listed_persons_absences_are_kept_and_no_doors() -> None:
    story = lone()
    live(story, 30, every_h=4)
    (((rule, key), blob),) = story.checkpoint()._states.items()
    assert (rule, key) == (UNSEEN, "p1")
    assert len(blob) < 400


def test_whoever_withdraws_consent_is_forgotten() -> None:
    story = lone()
    live(story, 3, every_h=4)
    story._parameters[UNSEEN] = {"persons": []}
    story.restart()
    story.expect_nothing(until=60 * DAY)
    assert {rule for rule, _ in story.checkpoint()._states} <= {"device_offline"}


def test_the_habit_survives_a_restart() -> None:
    story = lone()
    last = live(story, 40, every_h=47)
    story.restart(down_s=HOUR)
    story.expect_nothing(until=last + 70.5 * HOUR - 1)
    story.expect(UNSEEN, "gate-1", between=(last + 70.5 * HOUR, last + 70.5 * HOUR))


def counts(story: Timeline, second: float, passages: float) -> None:
    story.at(second).says("gate-1", measurements={"passage_count": passages})


def telling() -> Timeline:
    """A gate that counts people and has told a release before."""
    story = gates()
    counts(story, 0, 500)
    story.says("gate-1", **granted())
    counts(story, 1, 501)
    return story


def test_a_gate_that_never_told_a_release_is_not_judged_by_its_counter() -> None:
    story = gates()
    for minute in range(20):
        counts(story, minute * 60, 500 + 4 * minute)
    story.expect_nothing(until=2_000)


def test_two_more_people_than_credentials_are_told_after_a_moment() -> None:
    story = gates()
    counts(story, 0, 500)
    story.at(10).says("gate-1", **granted())
    counts(story, 12, 503)
    story.expect_nothing(until=16.9)
    said = story.expect(TAIL, "gate-1", between=(17, 17), severity=Severity.MINOR)
    assert (said.reason.values, said.reason.thresholds) == ({"passages": 3, "credentials": 1}, {"extra": 2})
    story.expect_nothing(until=600)


@pytest.mark.parametrize("release", ["access_granted", "exit_button", "remote_open"])
def test_everybody_let_through_counts_also_when_told_late(release: str) -> None:
    story = gates()
    counts(story, 0, 500)
    counts(story, 10, 503)
    for second in (11, 12, 13):
        story.at(second).says("gate-1", **event(release))
    story.expect_nothing(until=600)


def test_one_child_on_the_hand_is_nobodys_business() -> None:
    story = gates()
    counts(story, 0, 500)
    story.at(10).says("gate-1", **granted())
    counts(story, 12, 502)
    story.expect_nothing(until=600)


def test_a_gate_that_tells_its_count_once_a_minute_is_judged_fairly() -> None:
    story = gates()
    for minute in range(20):
        counts(story, minute * 60, 500 + 4 * minute)
        for number in range(4):
            story.at(minute * 60 + 10 + number * 12).says("gate-1", **granted())
    story.expect_nothing(until=2_000)


def test_credentials_nobody_used_do_not_pay_for_later_followers() -> None:
    story = gates()
    counts(story, 0, 500)
    for second in range(5):
        story.at(second).says("gate-1", **granted())
    counts(story, 10, 501)
    counts(story, 100, 503)
    story.at(115).says("gate-1", **granted())
    counts(story, 120, 506)
    story.expect(TAIL, "gate-1", between=(125, 125))


@pytest.mark.parametrize("jump", [0, 499, 500])
def test_a_counter_that_was_reset_or_stands_still_proves_nothing(jump: float) -> None:
    story = gates()
    counts(story, 0, 500)
    counts(story, 60, jump)
    story.expect_nothing(until=600)


def test_passages_of_a_day_not_heard_are_nobodys_followers() -> None:
    story = telling()
    counts(story, 86_400, 1_500)
    story.expect_nothing(until=90_000)
    counts(story, 90_002, 1_503)
    assert story.expect(TAIL, "gate-1", between=(90_007, 90_007)).reason.values["passages"] == 3


@pytest.mark.parametrize(("people", "told"), [(64, True), (65, False)])
def test_no_more_people_are_judged_than_releases_are_remembered(people: float, told: bool) -> None:
    story = telling()
    counts(story, 60, 501 + people)
    if told:
        story.expect(TAIL, "gate-1", between=(65, 65))
    story.expect_nothing(until=600)


def test_followers_after_a_reset_of_the_counter_are_seen() -> None:
    story = telling()
    counts(story, 60, 0)
    counts(story, 62, 3)
    assert story.expect(TAIL, "gate-1", between=(67, 67)).reason.values == {"passages": 3, "credentials": 0}


def test_the_gates_own_word_is_believed_at_once() -> None:
    story = gates()
    story.says("gate-2", events=(Event("tailgating", {"door_id": "d1"}),))
    said = story.expect(TAIL, "gate-2", between=(0, 0))
    assert (said.reason.code, said.reason.values) == ("followed_through", {"door_id": "d1"})


def test_followers_are_told_after_a_restart_in_the_middle() -> None:
    story = telling()
    counts(story, 10, 504)
    story.at(12).restart(down_s=2)
    story.expect(TAIL, "gate-1", between=(15, 15))

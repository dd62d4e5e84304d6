"""What mutes an alert, what never mutes fire, how long it lasts, and who may prolong it."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alert_rules.alert import Alert, IllegalMove, Place, Reason, Severity
from alert_rules.flapping import FLAPPING, Flapping, FlappingLimits
from alert_rules.schedule import Schedule
from alert_rules.suppressing import FIRE_PAUSE_S, MAX_AHEAD_S, MOST, create, end, extend, shelve
from alert_rules.suppression import Draft, Limits, Matcher, Means, Suppression, Suppressions
from devices.model import DeviceKind

NOW = 1_790_000_000.0
HOUR = 3_600.0
FIRE = frozenset({"smoke_alarm"})


def alert(rule: str = "water_leak", **changes: Any) -> Alert:
    fields: dict[str, Any] = {
        "id": changes.pop("id", "a1"),
        "fingerprint": f"{rule}/d1",
        "rule": rule,
        "device": "d1",
        "kind": DeviceKind.WATER_LEAK,
        "subject": "",
        "severity": Severity.MAJOR,
        "place": Place("Pit", "b1", "B1", "garage"),
        "raised_at": NOW,
        "received_at": NOW,
        "last_at": NOW,
        "reason": Reason("leak"),
    }
    return Alert(**{**fields, **changes})


SMOKE = alert("smoke_alarm", kind=DeviceKind.SMOKE_DETECTOR, severity=Severity.CRITICAL, id="f1")


def draft(**changes: Any) -> Draft:
    fields = {"means": "silence", "matcher": {"building": "b1"}, "starts_at": NOW, "ends_at": NOW + HOUR, "reason": "x"}
    return Draft.model_validate({**fields, **changes})


def raised(book: Suppressions, actor: str = "wang", now: float = NOW, **changes: Any) -> Suppression:
    made, entry = create(book, draft(**changes), actor, now)
    assert (entry.actor, entry.action, entry.at) == (actor, "suppression_create", now)
    book.put(made)
    return made


@pytest.fixture
def book() -> Suppressions:
    return Suppressions(FIRE)


@pytest.mark.parametrize(
    ("matcher", "matches"),
    [
        ({"rule": "water_leak"}, True),
        ({"rule": ["gate_forced", "water_leak"], "building": "b1"}, True),
        ({"severity": "major"}, True),
        ({"device": "d1", "kind": "water_leak", "floor": "B1", "zone": "garage"}, True),
        ({"rule": "gate_forced"}, False),
        ({"building": "b2"}, False),
        ({"building": "b1", "severity": "critical"}, False),
    ],
    ids=str,
)
def test_a_matcher_needs_all_its_fields(book: Suppressions, matcher: dict[str, Any], matches: bool) -> None:
    made = raised(book, matcher=matcher)
    assert (book.by(alert(), NOW) == made.label) is matches


def test_it_holds_from_its_start_to_its_end(book: Suppressions) -> None:
    made = raised(book, starts_at=NOW + 10)
    assert [book.by(alert(), NOW + at) for at in (9.9, 10, HOUR - 0.1, HOUR)] == [None, made.label, made.label, None]


def test_exceptions_stay_live_while_the_rest_is_under_test(book: Suppressions) -> None:
    raised(book, means="maintenance", exceptions=[{"rule": "lift_entrapment"}, {"zone": "lobby"}])
    assert book.by(alert(), NOW)
    assert not book.by(alert("lift_entrapment"), NOW)
    assert not book.by(alert(place=Place("", "b1", "1", "lobby")), NOW)


def test_of_several_the_one_that_ends_last_is_named(book: Suppressions) -> None:
    raised(book)
    longer = raised(book, means="maintenance", ends_at=NOW + 2 * HOUR)
    assert book.by(alert(), NOW) == longer.label == f"maintenance:{longer.id}"


def test_a_schedule_turns_it_on_and_off() -> None:
    night = Schedule.model_validate({"name": "night", "periods": [{"start": "22:00", "end": "06:00"}]})
    book = Suppressions(FIRE, schedules=[night])
    midnight = NOW - NOW % 86_400
    made = raised(
        book, now=midnight, means="maintenance", during="night", starts_at=midnight, ends_at=midnight + 86_400
    )
    assert [bool(book.by(alert(), midnight + at * HOUR)) for at in (5, 7, 21, 23)] == [True, False, False, True]
    assert book.next_change(midnight + HOUR) == midnight + 6 * HOUR
    assert book.next_change(midnight + 7 * HOUR) == midnight + 22 * HOUR
    book.configure(Limits(), [], book.calendar)
    assert not book.on(made, midnight), "a schedule that went mutes nothing"


@pytest.mark.parametrize(
    "fire",
    [
        SMOKE,
        alert("own_rule", kind=DeviceKind.SMOKE_DETECTOR, severity=Severity.CRITICAL),
        alert("smoke_alarm", kind=DeviceKind.CAMERA),
    ],
    ids=["alarm", "critical of a detector", "by its rule"],
)
def test_fire_is_muted_only_by_what_says_so(book: Suppressions, fire: Alert) -> None:
    raised(book, matcher={"building": "b1", "rule": fire.rule})
    assert book.by(fire, NOW) is None
    made = raised(book, actor="li", fire=True)
    assert book.by(fire, NOW) == made.label


def test_a_detectors_own_trouble_is_no_fire(book: Suppressions) -> None:
    raised(book)
    assert book.by(alert("device_offline", kind=DeviceKind.SMOKE_DETECTOR), NOW)


@pytest.mark.parametrize(
    ("changes", "longest_h"),
    [
        ({"means": "maintenance"}, 72),
        ({"means": "silence"}, 24),
        ({"means": "maintenance", "fire": True}, 4),
        ({"means": "silence", "fire": True}, 4),
    ],
    ids=str,
)
def test_each_means_has_its_longest_time(book: Suppressions, changes: dict[str, Any], longest_h: float) -> None:
    start = NOW + 600
    raised(book, starts_at=start, ends_at=start + longest_h * HOUR, **changes)
    with pytest.raises(IllegalMove, match=rf"may last {longest_h} h at most"):
        raised(book, actor="li", starts_at=start, ends_at=start + longest_h * HOUR + 60, **changes)


def test_limits_come_from_the_site_and_fire_never_exceeds_its_own() -> None:
    limits = Limits(silence_max_h=1, fire_max_h=12)
    assert limits.longest_s(Means.SILENCE, False) == HOUR
    assert limits.longest_s(Means.SILENCE, True) == HOUR
    assert limits.longest_s(Means.MAINTENANCE, True) == 12 * HOUR
    with pytest.raises(ValidationError):
        Limits(fire_max_h=13)


def test_one_alert_is_shelved_and_no_other(book: Suppressions) -> None:
    made, entry = shelve(book, alert(), NOW + HOUR, "plumber comes", "wang", NOW)
    book.put(made)
    assert (entry.alert, made.fire) == ("a1", False)
    assert book.by(alert(), NOW) == made.label == f"shelve:{made.id}"
    assert book.by(alert(id="a2"), NOW) is None
    with pytest.raises(IllegalMove, match="8 h at most"):
        shelve(book, alert(), NOW + 9 * HOUR, "x", "wang", NOW)


def test_a_fire_is_shelved_for_a_shorter_time(book: Suppressions) -> None:
    made, _ = shelve(book, SMOKE, NOW + HOUR, "cooking, window open", "wang", NOW)
    assert made.fire
    with pytest.raises(IllegalMove, match="4 h at most"):
        shelve(book, SMOKE, NOW + 5 * HOUR, "x", "wang", NOW)


def test_whoever_muted_fire_cannot_prolong_it_alone(book: Suppressions) -> None:
    made = raised(book, fire=True)
    with pytest.raises(IllegalMove, match="another person"):
        extend(book, made.id, NOW + 2 * HOUR, "wang", NOW + 60)
    after, entry = extend(book, made.id, NOW + 2 * HOUR, "li", NOW + 60)
    book.put(after)
    assert (after.extended_by, entry.detail["earlier"]) == (("li",), NOW + HOUR)
    with pytest.raises(IllegalMove, match="another person"):
        extend(book, made.id, NOW + 3 * HOUR, "li", NOW + 120)
    book.put(extend(book, made.id, NOW + 3 * HOUR, "wang", NOW + 120)[0])
    with pytest.raises(IllegalMove, match="4 h at most"):
        extend(book, made.id, NOW + 5 * HOUR, "li", NOW + 180)


@pytest.mark.parametrize("passed", [60.0, HOUR, HOUR + FIRE_PAUSE_S - 1])
def test_nor_raise_it_anew_under_another_name(book: Suppressions, passed: float) -> None:
    made = raised(book, fire=True)
    if passed < HOUR:
        book.put(end(book, made.id, "wang", NOW + passed)[0])
    again: dict[str, Any] = {"fire": True, "starts_at": NOW + passed, "ends_at": NOW + passed + HOUR}
    with pytest.raises(IllegalMove, match="another person must go on"):
        raised(
            book, now=NOW + passed, means="maintenance", matcher={"rule": "smoke_alarm", "building": ["b1"]}, **again
        )
    raised(book, now=NOW + passed, matcher={"building": "b2"}, **again)
    raised(book, actor="li", now=NOW + passed, **again)


def test_after_a_pause_the_same_person_may(book: Suppressions) -> None:
    raised(book, fire=True)
    later = NOW + HOUR + FIRE_PAUSE_S
    raised(book, now=later, fire=True, starts_at=later, ends_at=later + HOUR)


def test_what_mutes_no_fire_anybody_prolongs(book: Suppressions) -> None:
    made = raised(book)
    book.put(extend(book, made.id, NOW + 2 * HOUR, "wang", NOW)[0])
    assert book.by(alert(), NOW + 1.5 * HOUR)
    with pytest.raises(IllegalMove, match="lasts longer than that already"):
        extend(book, made.id, NOW + HOUR, "wang", NOW)
    with pytest.raises(KeyError):
        extend(book, "none", NOW + HOUR, "wang", NOW)


def test_an_end_before_its_time(book: Suppressions) -> None:
    made = raised(book)
    after, entry = end(book, made.id, "li", NOW + 60)
    book.put(after)
    assert (after.ended_by, entry.action) == ("li", "suppression_end")
    assert book.by(alert(), NOW + 60) is None
    for late in (end, lambda *a: extend(a[0], a[1], NOW + 9 * HOUR, a[2], a[3])):
        with pytest.raises(IllegalMove, match="it is over"):
            late(book, made.id, "li", NOW + 61)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"matcher": {}}, "whole site"),
        ({"ends_at": NOW}, "over before it begins"),
        ({"starts_at": NOW - 99, "ends_at": NOW - 1}, "over before it begins"),
        ({"starts_at": NOW + MAX_AHEAD_S + 1, "ends_at": NOW + MAX_AHEAD_S + HOUR}, "90 days"),
        ({"during": "night"}, "no schedule 'night'"),
        ({"alert": "a1"}, "shelving is about one alert"),
        ({"means": "shelve"}, "shelving is about one alert"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(book: Suppressions, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(IllegalMove, match=says):
        raised(book, **changes)


def test_their_number_is_bounded(book: Suppressions) -> None:
    for number in range(MOST):
        raised(book, matcher={"device": f"d{number}"})
    with pytest.raises(IllegalMove, match="500 suppressions already"):
        raised(book, matcher={"device": "one more"})


def test_a_start_in_the_past_counts_from_now(book: Suppressions) -> None:
    assert raised(book, starts_at=NOW - 60).starts_at == NOW


def test_the_next_change_is_the_next_start_or_end(book: Suppressions) -> None:
    assert book.next_change(NOW) == math.inf
    raised(book, starts_at=NOW + 10)
    raised(book, ends_at=NOW + 2 * HOUR)
    assert [book.next_change(NOW + at) for at in (0, 10, HOUR)] == [NOW + 10, NOW + HOUR, NOW + 2 * HOUR]


def test_it_reads_back_as_it_was_written(book: Suppressions) -> None:
    made = raised(book, exceptions=[{"rule": "x"}], matcher={"kind": "lift", "severity": ["minor"]})
    assert Suppression.model_validate_json(made.model_dump_json()) == made


def test_old_ones_are_forgotten(book: Suppressions) -> None:
    raised(book)
    book.forget(NOW + HOUR)
    assert len(list(book)) == 1
    book.forget(NOW + HOUR + 1)
    assert not list(book)


NAMES = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)
MATCHERS = st.builds(Matcher, building=NAMES, zone=NAMES, rule=NAMES)


@given(MATCHERS, MATCHERS, st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from("abc"))
def test_what_both_match_they_overlap_on(one: Matcher, other: Matcher, rule: str, building: str, zone: str) -> None:
    some = alert(rule, place=Place("", building, "", zone))
    if one.matches(some) and other.matches(some):
        assert one.overlaps(other)
    assert one.overlaps(other) == other.overlaps(one)


def flap(book: Suppressions, some: Alert, *seconds: float) -> list[str | None]:
    said = []
    for second in seconds:
        book.note(some, NOW + second)
        said.append(book.by(some, NOW + second))
    return said


def test_the_fifth_raise_within_ten_minutes_flaps_until_it_is_calm(book: Suppressions) -> None:
    assert flap(book, alert(), 0, 100, 200, 300, 400) == [None, None, None, None, FLAPPING]
    assert book.next_change(NOW + 400) == NOW + 1_000
    assert flap(book, alert(), 900) == [FLAPPING]
    assert book.by(alert(), NOW + 1_499) == FLAPPING
    assert book.by(alert(), NOW + 1_500) is None
    assert book.next_change(NOW + 1_500) == math.inf
    assert flap(book, alert(), 1_600) == [None]


def test_slow_comings_and_goings_do_not_flap(book: Suppressions) -> None:
    assert not any(flap(book, alert(), *(150.0 * n for n in range(20))))


@pytest.mark.parametrize("grave", [SMOKE, alert("lift_entrapment", severity=Severity.CRITICAL)], ids=["fire", "lift"])
def test_the_grave_never_flaps(book: Suppressions, grave: Alert) -> None:
    assert not any(flap(book, grave, *range(50)))


def test_flapping_can_be_turned_off_and_is_counted_per_alert() -> None:
    off = Suppressions(FIRE, Limits(flapping=FlappingLimits(times=0)))
    assert not any(flap(off, alert(), *range(50)))
    book = Suppressions(FIRE)
    for number in range(50):
        book.note(alert(fingerprint=f"falling_object/c1/{number}"), NOW + number)
    assert book.by(alert(fingerprint="falling_object/c1/0"), NOW + 50) is None


def test_memory_of_flapping_is_bounded() -> None:
    flapping = Flapping(FlappingLimits())
    for number in range(25_000):
        flapping.note(f"f{number}", NOW + number)
    assert len(flapping._raises) <= 10_001

"""Who is on duty, by the rota and what differs from it; and when nobody is."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alert_rules.calendar import Calendar
from alert_rules.schedule import Schedule
from gateway.alerts.people import Role
from gateway.people.duty import Gap, Override, Rota, Turn, gaps, on_duty

CALENDAR = Calendar("Asia/Shanghai")
DAY_S, HOUR_S = 86_400.0, 3_600.0
SHIFTS = {
    "early": Schedule.model_validate({"name": "early", "periods": [{"start": "06:00", "end": "18:00"}]}),
    "night": Schedule.model_validate({"name": "night", "periods": [{"start": "18:00", "end": "06:00"}]}),
    "office": Schedule.model_validate(
        {"name": "office", "periods": [{"days": "workday", "start": "09:00", "end": "17:00"}]}
    ),
}


def at(day: int, hour: float) -> float:
    """The moment on the ``day``-th of March 2026, by the site's clock."""
    return datetime(2026, 3, day, tzinfo=CALENDAR.zone).timestamp() + hour * HOUR_S


def turn(username: str, shift: str, **more: Any) -> Turn:
    return Turn.model_validate({"username": username, "shift": shift, "role": "guard", **more})


def override(username: str, starts: float, ends: float, **more: Any) -> Override:
    return Override.model_validate(
        {"username": username, "starts_at": starts, "ends_at": ends, "role": "guard", **more}
    )


def rota(*turns: Turn, overrides: tuple[Override, ...] = (), away: tuple[str, ...] = ()) -> Rota:
    return Rota(calendar=CALENDAR, shifts=SHIFTS, turns=turns, overrides=overrides, away=frozenset(away))


def names(r: Rota, moment: float, role: Role | None = None, building: str | None = None) -> list[str]:
    return [duty.username for duty in on_duty(r, moment, role, building)]


def test_shifts_follow_each_other_without_overlap() -> None:
    r = rota(turn("li", "early"), turn("wu", "night"))
    assert names(r, at(2, 5.99)) == ["wu"]
    assert names(r, at(2, 6)) == ["li"]
    assert names(r, at(2, 17.99)) == ["li"]
    assert names(r, at(2, 18)) == ["wu"]
    assert names(r, at(3, 2)) == ["wu"]
    assert on_duty(r, at(3, 2))[0].until == at(3, 6)


def test_a_night_belongs_to_the_day_on_which_it_starts() -> None:
    r = rota(turn("wu", "night", starts_on="2026-03-02", ends_on="2026-03-02"))
    assert [names(r, moment) for moment in (at(2, 5), at(2, 19), at(3, 5), at(3, 19))] == [[], ["wu"], ["wu"], []]


def test_working_days_only() -> None:
    r = rota(turn("ma", "office", role="manager"))
    assert names(r, at(6, 10)) == ["ma"]
    assert names(r, at(7, 10)) == []


def test_a_cycle_of_two_days_on_and_two_off() -> None:
    r = rota(turn("li", "early", starts_on="2026-03-02", cycle_days=4, on_days=[0, 1]))
    assert [names(r, at(day, 12)) != [] for day in range(2, 10)] == [True, True, False, False] * 2
    assert names(r, at(1, 12)) == []


def test_role_and_building_narrow_and_who_works_for_all_works_for_each() -> None:
    r = rota(turn("li", "early", building="b1"), turn("wu", "early"), turn("ma", "early", role="manager"))
    assert names(r, at(2, 12), Role.GUARD) == ["li", "wu"]
    assert names(r, at(2, 12), Role.GUARD, "b1") == ["li", "wu"]
    assert names(r, at(2, 12), Role.GUARD, "b2") == ["wu"]
    assert names(r, at(2, 12), building="") == ["wu", "ma"]


def test_one_comes_instead_of_the_other_for_a_while() -> None:
    swap = override("chen", at(2, 8), at(2, 12), instead_of="li")
    r = rota(turn("li", "early"), overrides=(swap,))
    assert [names(r, at(2, hour)) for hour in (7, 8, 11.99, 12)] == [["li"], ["chen"], ["chen"], ["li"]]


def test_somebody_stays_away_or_comes_in_addition() -> None:
    ill, help_ = override("", at(2, 0), at(3, 0), instead_of="li"), override("chen", at(2, 7), at(2, 9))
    r = rota(turn("li", "early"), overrides=(ill, help_))
    assert [names(r, at(2, hour)) for hour in (6.5, 8, 10)] == [[], ["chen"], []]


def test_an_override_of_one_building_leaves_the_other_alone() -> None:
    ill = override("", at(2, 0), at(3, 0), instead_of="li", building="b1")
    r = rota(turn("li", "early", building="b1"), turn("li", "early", building="b2"), overrides=(ill,))
    assert [duty.building for duty in on_duty(r, at(2, 12))] == ["b2"]


def test_a_closed_account_is_on_no_duty_and_leaves_a_gap() -> None:
    r = rota(turn("li", "early"), away=("li",))
    assert names(r, at(2, 12)) == []
    assert gaps(r, at(2, 6), at(2, 18), [(Role.GUARD, "")]) == [Gap(Role.GUARD, "", at(2, 6), at(2, 18))]


def test_gaps_are_seen_where_they_begin_and_end() -> None:
    ill = override("", at(3, 20), at(3, 23), instead_of="wu")
    r = rota(turn("li", "early"), turn("wu", "night"), overrides=(ill,))
    assert gaps(r, at(2, 0), at(5, 0), [(Role.GUARD, ""), (Role.GUARD, "b1")]) == [
        Gap(Role.GUARD, "", at(3, 20), at(3, 23)),
        Gap(Role.GUARD, "b1", at(3, 20), at(3, 23)),
    ]


def test_neighbouring_gaps_are_one() -> None:
    r = rota(turn("li", "early"))
    night = gaps(r, at(2, 12), at(3, 12), [(Role.GUARD, "b2")])
    assert night == [Gap(Role.GUARD, "b2", at(2, 18), at(3, 6))]
    assert gaps(rota(), at(2, 0), at(4, 0), [(Role.GUARD, "")]) == [Gap(Role.GUARD, "", at(2, 0), at(4, 0))]


@given(
    st.lists(
        st.builds(
            turn,
            st.sampled_from(["li", "wu"]),
            st.sampled_from(sorted(SHIFTS)),
            building=st.sampled_from(["", "b1"]),
        ),
        max_size=3,
    ),
    st.lists(
        st.tuples(st.sampled_from(["", "chen"]), st.integers(0, 60), st.integers(1, 30)).map(
            lambda t: override(t[0], at(2, t[1]), at(2, t[1] + t[2]), instead_of="li")
        ),
        max_size=2,
    ),
    st.integers(0, 71),
)
def test_a_moment_is_in_a_gap_exactly_when_nobody_is_on_duty(
    turns: list[Turn], overrides: list[Override], quarter: int
) -> None:
    r = rota(*turns, overrides=tuple(overrides))
    found = gaps(r, at(2, 0), at(5, 0), [(Role.GUARD, "b1")])
    moment = at(2, quarter + 0.5)
    assert any(gap.start <= moment < gap.end for gap in found) == (not names(r, moment, Role.GUARD, "b1"))
    assert all(before.end < after.start for before, after in pairwise(found))


@pytest.mark.parametrize(
    "wrong",
    [
        {"cycle_days": 4},
        {"cycle_days": 4, "on_days": [0]},
        {"starts_on": "2026-03-03", "ends_on": "2026-03-02"},
    ],
)
def test_a_turn_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"cycle needs|before starts_on"):
        turn("li", "early", **wrong)


@pytest.mark.parametrize("wrong", [{"username": ""}, {"ends_at": 1.0}])
def test_an_override_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"name who comes|later than starts_at"):
        Override.model_validate({"starts_at": 1.0, "ends_at": 2.0, "role": "guard", "username": "li", **wrong})

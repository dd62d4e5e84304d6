"""Schedules in local time: nights over midnight, working days, holidays, and the two odd days of daylight saving."""

import math
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alert_rules.calendar import Calendar
from alert_rules.schedule import HORIZON_DAYS, Schedule

NATIONAL_DAY = (date(2026, 10, 1), date(2026, 10, 2))
EXCHANGED = (date(2026, 10, 10),)  # a Saturday that is worked
SITE = Calendar("Asia/Shanghai", NATIONAL_DAY, EXCHANGED)


def at(text: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def schedule(*periods: dict[str, Any]) -> Schedule:
    return Schedule.model_validate({"name": "s", "periods": periods})


NIGHT = schedule({"start": "22:00", "end": "06:00"})
OFFICE = schedule({"days": "workday", "start": "08:30", "end": "18:00"})


@pytest.mark.parametrize(
    ("moment", "active"),
    [
        ("2026-09-07 21:59:59", False),
        ("2026-09-07 22:00", True),
        ("2026-09-08 00:00", True),
        ("2026-09-08 05:59:59", True),
        ("2026-09-08 06:00", False),
    ],
)
def test_a_night_reaches_over_midnight(moment: str, active: bool) -> None:
    assert NIGHT.active(at(moment), SITE) is active


def test_a_period_belongs_to_the_day_on_which_it_starts() -> None:
    friday = schedule({"days": "fri", "start": "22:00", "end": "06:00"})
    assert friday.active(at("2026-09-12 03:00"), SITE), "Saturday early: Friday's night"
    assert not friday.active(at("2026-09-11 03:00"), SITE), "Friday early: Thursday's night"


@pytest.mark.parametrize(
    ("moment", "active"),
    [
        ("2026-09-30 10:00", True),
        ("2026-10-01 10:00", False),
        ("2026-10-05 10:00", True),
        ("2026-10-10 10:00", True),
        ("2026-10-17 10:00", False),
    ],
    ids=["wednesday", "holiday", "monday", "worked saturday", "saturday"],
)
def test_holidays_and_exchanged_days(moment: str, active: bool) -> None:
    assert OFFICE.active(at(moment), SITE) is active
    rest = schedule({"days": "weekend"})
    assert rest.active(at(moment), SITE) is not active


def test_a_holiday_can_have_hours_of_its_own() -> None:
    parking = schedule({"days": "holiday", "start": "10:00", "end": "12:00"})
    assert parking.active(at("2026-10-02 11:00"), SITE)
    assert not parking.active(at("2026-10-03 11:00"), SITE)


def test_a_whole_day_ends_at_midnight() -> None:
    sunday = schedule({"days": "sun"})
    assert sunday.active(at("2026-09-13 23:59:59"), SITE)
    assert not sunday.active(at("2026-09-14 00:00"), SITE)
    assert sunday.next_change(at("2026-09-13 12:00"), SITE) == at("2026-09-14 00:00")


def test_equal_ends_mean_a_day_and_a_night() -> None:
    shift = schedule({"days": "mon", "start": "08:00", "end": "08:00"})
    assert shift.active(at("2026-09-15 07:59"), SITE)
    assert not shift.active(at("2026-09-15 08:00"), SITE)


def test_the_next_change_begins_or_ends_it() -> None:
    assert OFFICE.next_change(at("2026-09-30 10:00"), SITE) == at("2026-09-30 18:00")
    assert OFFICE.next_change(at("2026-09-30 18:00"), SITE) == at("2026-10-05 08:30"), "the holidays are skipped"


def test_periods_that_touch_are_one() -> None:
    both = schedule({"start": "08:00", "end": "12:00"}, {"start": "12:00", "end": "20:00"})
    assert both.next_change(at("2026-09-07 09:00"), SITE) == at("2026-09-07 20:00")


def test_what_never_changes_says_so() -> None:
    assert schedule({}).next_change(at("2026-09-07 09:00"), SITE) == math.inf
    assert schedule({"days": "holiday"}).next_change(at("2027-09-07 09:00"), SITE) == math.inf


def test_a_night_of_daylight_saving_ends_by_the_clock_on_the_wall() -> None:
    berlin = Calendar("Europe/Berlin")
    spring, autumn = at("2026-03-28 22:00", "Europe/Berlin"), at("2026-10-24 22:00", "Europe/Berlin")
    assert NIGHT.next_change(spring, berlin) - spring == 7 * 3600
    assert NIGHT.next_change(autumn, berlin) - autumn == 9 * 3600


@pytest.mark.parametrize(
    "period",
    [
        {"start": "24:00"},
        {"end": "25:00"},
        {"start": "8:00"},
        {"start": 480},
        {"days": "monday"},
        {"days": []},
        {"hours": "22-6"},
    ],
    ids=str,
)
def test_bad_periods_are_refused(period: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        schedule(period)


CLOCKS = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
DAYS = st.lists(st.sampled_from(["mon", "wed", "sat", "sun", "workday", "weekend", "holiday"]), min_size=1, max_size=3)
PERIODS = st.lists(st.fixed_dictionaries({"days": DAYS, "start": CLOCKS, "end": CLOCKS}), min_size=1, max_size=3)


@given(PERIODS, st.integers(0, 14 * 86_400), st.lists(st.floats(0, 1), max_size=5))
def test_nothing_changes_before_the_next_change(periods: list[dict[str, Any]], offset: int, parts: list[float]) -> None:
    some = schedule(*periods)
    now = at("2026-09-28 00:00") + offset
    change = some.next_change(now, SITE)
    before = some.active(now, SITE)
    assert change > now
    end = min(change, now + 3 * 86_400)
    for part in parts:
        moment = now + (end - now) * part
        assert moment >= change or some.active(moment, SITE) is before
    if change < math.inf:
        assert some.active(change, SITE) is not before
        assert change < now + HORIZON_DAYS * 86_400

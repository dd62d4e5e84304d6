"""When: hours on weekdays, working days and holidays, in the site's local time. Pure."""

import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from alert_rules.calendar import Calendar
from alert_rules.scope import listed

HORIZON_DAYS = 400
"""A schedule that neither starts nor ends within this time is treated as constant: longer than any holiday is away."""

Start = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
End = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Day(StrEnum):
    """Days a period may name; ``weekend`` is every day that is not worked, holidays included."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


WEEK = tuple(Day)[:7]


class Period(BaseModel):
    """Hours on certain days. It belongs to the day on which it starts: fri 22:00 to 06:00 ends on Saturday."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[tuple[Day, ...], BeforeValidator(listed, json_schema_input_type=Day | list[Day])] = Field(
        default=WEEK, min_length=1, description="mon to sun, workday, weekend (every day not worked), holiday"
    )
    start: Start = Field(default="00:00", description="first minute, HH:MM local time, in quotes")
    end: End = Field(default="24:00", description="first minute after; not later than start: on the next day")

    def on(self, day: date, calendar: Calendar) -> bool:
        """Tell whether the period starts on ``day``."""
        return (
            WEEK[day.weekday()] in self.days
            or (Day.WORKDAY in self.days and calendar.works(day))
            or (Day.WEEKEND in self.days and not calendar.works(day))
            or (Day.HOLIDAY in self.days and day in calendar.holidays)
        )

    def bounds(self, day: date, calendar: Calendar) -> tuple[float, float]:
        """First moment and first moment after, in epoch seconds, of the period that starts on ``day``."""
        overnight = self.end <= self.start
        return _moment(day, self.start, calendar), _moment(day + timedelta(days=overnight), self.end, calendar)


class Schedule(BaseModel):
    """Hours under a name that rules and suppressions refer to: the union of its periods."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$", description="name that rules refer to")
    periods: tuple[Period, ...] = Field(min_length=1, description="the hours; any of them counts")

    def active(self, at: float, calendar: Calendar) -> bool:
        """Tell whether ``at`` (epoch seconds) lies in one of the periods."""
        today = calendar.local(at).date()
        days = (today - timedelta(days=1), today)
        return any(start <= at < end for day in days for start, end in self._on(day, calendar))

    def next_change(self, at: float, calendar: Calendar) -> float:
        """When the schedule next begins or ends after ``at``; infinity if not within :data:`HORIZON_DAYS`."""
        before = self.active(at, calendar)
        today = calendar.local(at).date()
        for offset in range(HORIZON_DAYS):
            for moment in self._moments(today + timedelta(days=offset), calendar):
                if moment > at and self.active(moment, calendar) is not before:
                    return moment
        return math.inf

    def _moments(self, day: date, calendar: Calendar) -> list[float]:
        """When periods begin and end on ``day``, in order; those of the evening before may end on it."""
        midnight = _moment(day, "24:00", calendar)
        days = (day - timedelta(days=1), day)
        return sorted(
            moment for d in days for bounds in self._on(d, calendar) for moment in bounds if moment <= midnight
        )

    def _on(self, day: date, calendar: Calendar) -> Iterator[tuple[float, float]]:
        return (period.bounds(day, calendar) for period in self.periods if period.on(day, calendar))


def _moment(day: date, clock: str, calendar: Calendar) -> float:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), calendar.zone).timestamp()

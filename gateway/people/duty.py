"""Who is on duty, and when nobody is. Pure functions of the rota, its overrides and a moment."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from alert_rules.calendar import Calendar
from alert_rules.schedule import Schedule
from gateway.alerts.people import Role

DAY = timedelta(days=1)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Anybody = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class Turn(BaseModel):
    """One person's place in the rota: a shift, day after day. Days are those on which the shift starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shift: Name = Field(description="name of the shift")
    username: Name = Field(description="who works it")
    role: Role = Field(description="as what")
    building: Anybody = Field(default="", description="id of the building; empty: all of them")
    starts_on: date | None = Field(default=None, description="first day; absent: always was")
    ends_on: date | None = Field(default=None, description="last day; absent: until further notice")
    cycle_days: int = Field(default=0, ge=0, le=366, description="length of a repeating cycle in days; 0: every day")
    on_days: tuple[Annotated[int, Field(ge=0, lt=366)], ...] = Field(
        default=(), max_length=366, description="days of the cycle that are worked, 0 being starts_on"
    )

    @model_validator(mode="after")
    def _whole(self) -> "Turn":
        if bool(self.cycle_days) != bool(self.on_days) or (self.cycle_days and self.starts_on is None):
            raise ValueError("a cycle needs cycle_days, on_days and starts_on")
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on")
        return self

    def covers(self, day: date) -> bool:
        """Tell whether the shift that starts on ``day`` is worked."""
        if (self.starts_on and day < self.starts_on) or (self.ends_on and day > self.ends_on):
            return False
        if not self.cycle_days or self.starts_on is None:
            return True
        return (day - self.starts_on).days % self.cycle_days in self.on_days


class Override(BaseModel):
    """What differs from the rota for once: somebody comes, somebody does not, or one comes instead of the other."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    starts_at: float = Field(ge=0, description="epoch seconds")
    ends_at: float = Field(ge=0, description="epoch seconds")
    role: Role = Field(description="as what")
    building: Anybody = Field(default="", description="id of the building; empty: all of them")
    username: Anybody = Field(default="", description="who comes; empty: nobody")
    instead_of: Anybody = Field(default="", description="who does not come; empty: somebody comes in addition")
    reason: Anybody = Field(default="", description="why")

    @model_validator(mode="after")
    def _whole(self) -> "Override":
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        if not self.username and not self.instead_of:
            raise ValueError("name who comes (username), who does not (instead_of), or both")
        return self


class Duty(Struct, frozen=True):
    """Somebody works now, until ``until`` (epoch seconds). ``building`` empty: for all of them."""

    username: str
    role: Role
    building: str
    shift: str
    until: float


class Gap(Struct, frozen=True):
    """Nobody with ``role`` is on duty for ``building`` (empty: for the whole site) between two epoch seconds."""

    role: Role
    building: str
    start: float
    end: float


class Rota(Struct, kw_only=True):
    """Everything that decides who is on duty; ``away`` are people who cannot be, their accounts being closed."""

    calendar: Calendar
    shifts: Mapping[str, Schedule]
    turns: Collection[Turn]
    overrides: Collection[Override]
    away: frozenset[str] = frozenset()


def on_duty(rota: Rota, at: float, role: Role | None = None, building: str | None = None) -> list[Duty]:
    """Who works at ``at``, by role and name; for ``building`` also those who work for all of them."""
    found = list(_by_turns(rota, at))
    now = [override for override in rota.overrides if override.starts_at <= at < override.ends_at]
    found = [duty for duty in found if not any(_replaces(override, duty) for override in now)]
    found += [Duty(o.username, o.role, o.building, "", o.ends_at) for o in now if o.username]
    last: dict[tuple[str, Role, str], Duty] = {}
    for duty in found:
        fits = role in (None, duty.role) and (building is None or duty.building in ("", building))
        key = (duty.username, duty.role, duty.building)
        if fits and duty.username not in rota.away and (key not in last or last[key].until < duty.until):
            last[key] = duty
    return sorted(last.values(), key=lambda duty: (duty.role, duty.username, duty.building))


def gaps(rota: Rota, start: float, end: float, needs: Iterable[tuple[Role, str]]) -> list[Gap]:
    """When between ``start`` and ``end`` a role that ``needs`` names is not filled for its building."""
    found: list[Gap] = []
    wanted = sorted(set(needs))
    moments = sorted({start, end, *(moment for moment in _changes(rota, start, end) if start < moment < end)})
    last: dict[tuple[Role, str], Gap] = {}
    for since, until in pairwise(moments):
        working = on_duty(rota, since)
        for role, building in wanted:
            if any(duty.role is role and duty.building in ("", building) for duty in working):
                continue
            before = last.get((role, building))
            joined = before is not None and before.end == since
            last[role, building] = Gap(role, building, before.start if before and joined else since, until)
            if before is not None and joined:
                found.remove(before)
            found.append(last[role, building])
    return sorted(found, key=lambda gap: (gap.start, gap.role, gap.building))


def _by_turns(rota: Rota, at: float) -> Iterator[Duty]:
    today = rota.calendar.local(at).date()
    for turn in rota.turns:
        for start, end in _hours(rota, turn.shift, (today - DAY, today), turn):
            if start <= at < end:
                yield Duty(turn.username, turn.role, turn.building, turn.shift, end)


def _hours(rota: Rota, shift: str, days: Iterable[date], turn: Turn) -> Iterator[tuple[float, float]]:
    schedule = rota.shifts.get(shift)
    for day in days if schedule else ():
        if turn.covers(day):
            yield from (p.bounds(day, rota.calendar) for p in schedule.periods if p.on(day, rota.calendar))  # type: ignore[union-attr]


def _replaces(override: Override, duty: Duty) -> bool:
    where = override.building in ("", duty.building)
    return where and override.role is duty.role and override.instead_of == duty.username


def _changes(rota: Rota, start: float, end: float) -> Iterator[float]:
    """Every moment at which somebody may come or go."""
    for override in rota.overrides:
        yield from (override.starts_at, override.ends_at)
    first, last = (rota.calendar.local(at).date() for at in (start, end))
    used = {turn.shift for turn in rota.turns}
    for name in sorted(used & rota.shifts.keys()):
        day = first - DAY
        while day <= last:
            for period in rota.shifts[name].periods:
                if period.on(day, rota.calendar):
                    yield from period.bounds(day, rota.calendar)
            day += DAY

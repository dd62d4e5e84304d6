"""What keeps an alert from calling people: maintenance windows, silences, shelving and flapping. Pure.

A suppressed alert is raised, stored, shown and counted like any other; nobody is called for it. Fire is muted only by
a suppression that says so: that one ends soon, and whoever raised it cannot prolong it alone.
"""

import math
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from alert_rules.alert import Alert, Severity
from alert_rules.calendar import UTC, Calendar
from alert_rules.flapping import FLAPPING, Flapping, FlappingLimits
from alert_rules.schedule import Schedule
from alert_rules.scope import Names, Scope, listed
from devices.model import DeviceKind

Severities = Annotated[tuple[Severity, ...], BeforeValidator(listed, json_schema_input_type=Severity | list[Severity])]


class Means(StrEnum):
    """Why nobody is called: work is going on, by matcher and time, or one alert is put aside for a while."""

    MAINTENANCE = "maintenance"
    SILENCE = "silence"
    SHELVE = "shelve"


class Matcher(Scope):
    """Which alerts: by rule, severity, device, kind and place. An absent field restricts nothing."""

    rule: Names = Field(default=(), description="names of rules")
    severity: Severities = Field(default=(), description="severities")

    def matches(self, alert: Alert) -> bool:
        """Tell whether ``alert`` is meant."""
        place = alert.place
        return (
            (not self.rule or alert.rule in self.rule)
            and (not self.severity or alert.severity in self.severity)
            and self.covers(alert.device, alert.kind, place.building, place.floor, place.zone)
        )

    def overlaps(self, other: "Matcher") -> bool:
        """Tell whether some alert could be meant by both."""
        mine = ((getattr(self, name), getattr(other, name)) for name in type(self).model_fields)
        return all(not ours or not theirs or set(ours) & set(theirs) for ours, theirs in mine)


class Draft(BaseModel):
    """A suppression as a person asks for it. Times are epoch seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    means: Means = Field(description="maintenance, silence or shelve")
    matcher: Matcher = Field(default=Matcher(), description="the alerts it is about")
    exceptions: tuple[Matcher, ...] = Field(default=(), max_length=20, description="alerts that stay live all the same")
    alert: str = Field(default="", max_length=64, description="shelve only: id of the one alert")
    fire: bool = Field(default=False, description="mute fire too: it ends sooner, and another person must prolong it")
    during: str | None = Field(default=None, max_length=64, description="only while this schedule is on")
    starts_at: float = Field(ge=0, description="epoch seconds")
    ends_at: float = Field(ge=0, description="epoch seconds")
    reason: str = Field(min_length=1, max_length=500, description="why, for those who wonder at the silence")


class Suppression(Draft):
    """A suppression as it stands. ``extended_by`` names who prolonged it, the last one last."""

    id: str
    created_by: str
    created_at: float
    extended_by: tuple[str, ...] = ()
    ended_by: str | None = None

    @property
    def label(self) -> str:
        """What :attr:`Alert.suppressed_by` says."""
        return f"{self.means}:{self.id}"

    @property
    def last_by(self) -> str:
        """Who raised it or prolonged it last."""
        return self.extended_by[-1] if self.extended_by else self.created_by


class Limits(BaseModel):
    """How long alerts may be kept from calling people."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    maintenance_max_h: float = Field(default=72, gt=0, le=720, description="longest maintenance window, hours")
    silence_max_h: float = Field(default=24, gt=0, le=168, description="longest silence, hours")
    shelve_max_h: float = Field(default=8, gt=0, le=24, description="longest time one alert is shelved, hours")
    fire_max_h: float = Field(default=4, gt=0, le=12, description="longest time anything mutes fire, hours")
    flapping: FlappingLimits = Field(default=FlappingLimits(), description="when an alert comes and goes too often")

    def longest_s(self, means: Means, fire: bool) -> float:
        """Seconds a suppression may last."""
        hours = float(getattr(self, f"{means}_max_h"))
        return 3600 * (min(hours, self.fire_max_h) if fire else hours)


def speaks_of_fire(alert: Alert, fire_rules: frozenset[str]) -> bool:
    """Tell whether muting ``alert`` is muting a fire: by its rule, or a critical alert of a fire detector."""
    if alert.rule in fire_rules:
        return True
    return alert.kind is DeviceKind.SMOKE_DETECTOR and alert.severity is Severity.CRITICAL


class Suppressions:
    """All suppressions and the alerts that flap; answers what keeps an alert from calling people."""

    def __init__(
        self,
        fire_rules: frozenset[str],
        limits: Limits | None = None,
        schedules: Iterable[Schedule] = (),
        calendar: Calendar = UTC,
    ) -> None:
        self.fire_rules = fire_rules
        self.flapping = Flapping(FlappingLimits())
        self._all: dict[str, Suppression] = {}
        self.configure(limits or Limits(), schedules, calendar)

    def configure(self, limits: Limits, schedules: Iterable[Schedule], calendar: Calendar) -> None:
        """Take limits and schedules of a changed site file. A schedule that went mutes nothing."""
        self.limits = limits
        self.schedules = {schedule.name: schedule for schedule in schedules}
        self.calendar = calendar
        self.flapping.limits = limits.flapping

    def __iter__(self) -> Iterator[Suppression]:
        return iter(self._all.values())

    def get(self, id_: str) -> Suppression | None:
        return self._all.get(id_)

    def put(self, suppression: Suppression) -> None:
        """Add or replace a suppression."""
        self._all[suppression.id] = suppression

    def forget(self, before: float) -> None:
        """Drop suppressions that ended before ``before``."""
        self._all = {id_: each for id_, each in self._all.items() if each.ends_at >= before}

    def on(self, suppression: Suppression, now: float) -> bool:
        """Tell whether ``suppression`` holds at ``now``."""
        if not suppression.starts_at <= now < suppression.ends_at:
            return False
        if suppression.during is None:
            return True
        schedule = self.schedules.get(suppression.during)
        return schedule is not None and schedule.active(now, self.calendar)

    def covers(self, suppression: Draft, alert: Alert) -> bool:
        """Tell whether ``alert`` is one that ``suppression`` mutes while it is on."""
        if not suppression.fire and speaks_of_fire(alert, self.fire_rules):
            return False
        if suppression.means is Means.SHELVE:
            return alert.id == suppression.alert
        return suppression.matcher.matches(alert) and not any(each.matches(alert) for each in suppression.exceptions)

    def by(self, alert: Alert, now: float) -> str | None:
        """What keeps ``alert`` from calling people: of several suppressions the one that ends last."""
        found = [each for each in self._all.values() if self.on(each, now) and self.covers(each, alert)]
        if found:
            return max(found, key=lambda each: (each.ends_at, each.id)).label
        return FLAPPING if self.flapping.holds(alert.fingerprint, now) else None

    def note(self, alert: Alert, now: float) -> None:
        """``alert`` was raised or came back. Fire, and what is critical, never flaps."""
        if alert.severity is not Severity.CRITICAL and not speaks_of_fire(alert, self.fire_rules):
            self.flapping.note(alert.fingerprint, now)

    def next_change(self, now: float) -> float:
        """When :meth:`by` may next answer differently, without anybody having done anything."""
        moments = [moment for each in self._all.values() for moment in self._changes(each, now)]
        return min([moment for moment in moments if moment > now] + [self.flapping.next_change(now)], default=math.inf)

    def _changes(self, each: Suppression, now: float) -> Iterator[float]:
        yield each.starts_at
        yield each.ends_at
        if each.during in self.schedules and each.starts_at <= now < each.ends_at:
            yield self.schedules[each.during].next_change(now, self.calendar)

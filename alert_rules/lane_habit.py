"""Fire lanes blocked at the same place and hour day after day. Pure."""

from msgspec import field
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Event, Report
from devices.twin import Twin

DAY_MIN = 1_440
MAX_STANDING = 64
MAX_STAYS = 64
MAX_ZONES = 16


class HabitParams(Params):
    """When blocking a lane is a habit."""

    dwell_s: float = Field(120, ge=0, description="seconds something must stand to count; as in fire_lane_blocked")
    days: int = Field(3, ge=1, le=14, description="different days on which it happened; chosen")
    within_days: int = Field(
        14, ge=1, le=60, description="days looked back: two weeks show a weekly delivery twice; chosen"
    )
    spread_min: float = Field(60, ge=1, le=720, description="minutes by which the times of day may differ; chosen")


class Habit(RuleState, array_like=True, gc=False):
    """``standing``: since when, by zone and object, for what has not counted yet. ``past``: (day, minute) by zone."""

    standing: dict[str, float] = field(default_factory=dict)
    past: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


class FireLaneHabit(Rule[Habit, HabitParams]):
    """A lane is blocked around the same hour on several days: a talk, a bollard or a loading bay helps, no guard does.

    Objects count once, at the first sight after they have stood for the dwell.
    """

    name = "fire_lane_habit"
    kinds = frozenset({DeviceKind.CAMERA})
    events = frozenset({"stationary_object"})
    severity = Severity.NOTICE
    State = Habit
    Params = HabitParams

    def step(
        self, state: Habit | None, report: Report, twin: Twin, now: float
    ) -> tuple[Habit | None, list[Transition]]:
        said: list[Transition] = []
        after = state
        for event in report.events:
            if event.code == "stationary_object":
                after = self._see(after, report, event, now, said)
        return after, said or NOTHING

    def _see(
        self, state: Habit | None, report: Report, event: Event, now: float, said: list[Transition]
    ) -> Habit | None:
        zone = str(event.attributes.get("zone", ""))
        key = f"{zone}/{event.attributes.get('object_id', '')}"
        ended = event.attributes.get("phase") == "end"
        since = state.standing.get(key) if state else None
        if since is None and ended:
            return state
        standing = dict(state.standing) if state else {}
        past = state.past if state else {}
        if since is None:
            since = standing[key] = now
            if len(standing) > MAX_STANDING:
                del standing[next(iter(standing))]
        if since >= 0 and now - since >= self.params.dwell_s:
            standing[key] = -1.0
            past = self._count(past, zone, since, report, said)
        elif not ended and state is not None and key in state.standing:
            return state
        if ended:
            del standing[key]
        return Habit(standing=standing, past=past) if standing or past else None

    def _count(
        self,
        past: dict[str, list[tuple[int, int]]],
        zone: str,
        since: float,
        report: Report,
        said: list[Transition],
    ) -> dict[str, list[tuple[int, int]]]:
        local = self.calendar.local(since)
        day, minute = local.toordinal(), local.hour * 60 + local.minute
        if zone not in past and len(past) >= MAX_ZONES:
            return past
        recent = [stay for stay in past.get(zone, ()) if day - stay[0] < self.params.within_days]
        stays = [*recent, (day, minute)][-MAX_STAYS:]
        alike = {stay[0] for stay in stays if _apart(stay[1], minute) <= self.params.spread_min}
        if len(alike) >= self.params.days:
            values = {"zone": zone, "days": len(alike), "around": f"{local:%H:%M}"}
            reason = Reason("blocked_again_and_again", values, self.params.model_dump(exclude={"dwell_s"}))
            said.append(self.say(Action.RAISE, report, self.severity, reason, subject=zone))
        return {**past, zone: stays}

    def reset(self, state: Habit, subject: str) -> Habit | None:
        """Something was done about it: the days before count no more."""
        past = {zone: stays for zone, stays in state.past.items() if zone != subject}
        standing = {key: since for key, since in state.standing.items() if not key.startswith(f"{subject}/")}
        return Habit(standing=standing, past=past) if standing or past else None


def _apart(minute: int, other: int) -> int:
    """Minutes between two times of day, over midnight where that is shorter."""
    return min((minute - other) % DAY_MIN, (other - minute) % DAY_MIN)

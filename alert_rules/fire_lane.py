"""Fire lanes, judged on what cameras detect: blocked now, in whole or in part. Pure."""

from collections.abc import Iterator
from operator import itemgetter

from msgspec import Struct, field
from pydantic import BaseModel, ConfigDict, Field

from alert_rules.alert import RANK, Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Event, Report
from devices.twin import Twin

MAX_OBJECTS = 16
"""Per zone. A lane is blocked by the first; the bound guards against objects whose end is never told."""
MAX_ZONES = 16


class ZoneTimes(BaseModel):
    """The times of one zone; what is left out keeps the rule's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dwell_s: float | None = Field(default=None, ge=1, description="seconds until the first alert")
    major_s: float | None = Field(default=None, ge=1, description="seconds until it is major")
    critical_s: float | None = Field(default=None, ge=1, description="seconds until it is critical")


class LaneParams(Params):
    """When something standing in a fire lane blocks it, and how bad that is."""

    dwell_s: float = Field(
        120, ge=1, description="seconds something may stand; loading and unloading takes less; chosen"
    )
    major_s: float = Field(
        300, ge=1, description="seconds until it is major: the driver is not coming back at once; chosen"
    )
    critical_s: float = Field(
        900,
        ge=1,
        description="seconds until it is critical; a fire engine is mostly here 15 minutes after a call; chosen",
    )
    zones: dict[str, ZoneTimes] = Field(
        default_factory=dict, description="other dwell_s, major_s and critical_s by zone; a turning area bears less"
    )
    partly_below: float = Field(
        0.5,
        ge=0,
        le=1,
        description="share of the lane covered, 0 to 1, below which it is partly blocked: a notice at most; chosen",
    )


class Stay(Struct, array_like=True, gc=False):
    """One object in one zone. ``steps`` alerts were said of it; ``due`` is when the next would be."""

    since: float
    due: float
    object_class: str = ""
    steps: int = 0
    coverage: float = 1.0


Stays = dict[str, dict[str, Stay]]


class Lanes(RuleState, array_like=True, gc=False):
    """What stands in the zones of one camera, by zone and object id. ``grave``: zones of which more than a notice was
    said since they were last free."""

    stays: Stays = field(default_factory=dict)
    grave: list[str] = field(default_factory=list)


class FireLaneBlocked(Rule[Lanes, LaneParams]):
    """Something stands in a fire lane: a notice at first, major and critical as it goes on standing.

    The time counts from the first sight to the end phase. A camera that stops reporting ends nothing: what was seen
    standing still stands until it is seen to leave. A zone that was never worse than a notice resolves by itself.
    """

    name = "fire_lane_blocked"
    kinds = frozenset({DeviceKind.CAMERA})
    events = frozenset({"stationary_object"})
    State = Lanes
    Params = LaneParams

    def step(
        self, state: Lanes | None, report: Report, twin: Twin, now: float
    ) -> tuple[Lanes | None, list[Transition]]:
        before = state.stays if state else {}
        stays, grave, said = before, list(state.grave) if state else [], list[Transition]()
        for event in report.events:
            if event.code == "stationary_object" and _is_news(stays, event):
                if stays is before:
                    stays = {zone: dict(objects) for zone, objects in before.items()}
                self._see(stays, grave, report, event, now, said)
        return (state, NOTHING) if stays is before else (_pack(stays, grave), said)

    def tick(self, state: Lanes, twin: Twin, kind: DeviceKind, now: float) -> tuple[Lanes | None, list[Transition]]:
        said: list[Transition] = []
        stays = {zone: dict(objects) for zone, objects in state.stays.items()}
        grave = set(state.grave)
        for zone, key, stay in _due(state.stays, now):
            steps = self._steps(zone, stay.coverage)
            count = sum(after <= now - stay.since + 1e-6 for after, _ in steps)
            severity = steps[count - 1][1]
            up = any(other.steps for other in stays[zone].values())
            said.append(self._say_blocked(zone, stay, severity, up, twin, kind, now))
            stays[zone][key] = _at_step(stay, count, steps)
            if severity is not Severity.NOTICE:
                grave.add(zone)
        return _pack(stays, sorted(grave)), said

    def reset(self, state: Lanes, subject: str) -> Lanes | None:
        stays = {zone: objects for zone, objects in state.stays.items() if zone != subject}
        return _pack(stays, [zone for zone in state.grave if zone != subject])

    def _see(
        self, stays: Stays, grave: list[str], report: Report, event: Event, now: float, said: list[Transition]
    ) -> None:
        zone, key = _where(event)
        if event.attributes.get("phase") == "end":
            self._leave(stays, grave, report, zone, key, now, said)
            return
        coverage = _coverage(event)
        known = stays.get(zone, {}).get(key)
        if known is not None:
            steps = self._steps(zone, coverage)
            wider = Stay(known.since, NEVER, known.object_class, known.steps, coverage)
            stays[zone][key] = _at_step(wider, known.steps, steps)
        elif zone in stays or len(stays) < MAX_ZONES:
            object_class = str(event.attributes.get("object_class", "unknown"))
            first = self._steps(zone, coverage)[0][0]
            objects = stays.setdefault(zone, {})
            _make_room(objects)
            objects[key] = Stay(now, now + first, object_class, 0, coverage)

    def _leave(
        self,
        stays: Stays,
        grave: list[str],
        report: Report,
        zone: str,
        key: str,
        now: float,
        said: list[Transition],
    ) -> None:
        objects = stays[zone]
        left = objects.pop(key)
        if not objects:
            del stays[zone]
        if not left.steps or any(stay.steps for stay in objects.values()):
            return
        reason = Reason("zone_free", {"zone": zone, "stood_s": round(now - left.since, 1)})
        mild = zone not in grave
        severity = Severity.NOTICE if mild else Severity.MAJOR
        said.append(self.say(Action.CLEAR, report, severity, reason, subject=zone, auto_resolve=mild))
        if not mild:
            grave.remove(zone)

    def _say_blocked(
        self, zone: str, stay: Stay, severity: Severity, up: bool, twin: Twin, kind: DeviceKind, now: float
    ) -> Transition:
        partly = stay.coverage < self.params.partly_below
        stood_s = round(now - stay.since, 1)
        values: dict[str, object] = {"zone": zone, "stood_s": stood_s, "object_class": stay.object_class}
        if stay.coverage < 1:
            values["coverage"] = stay.coverage
        limits = {
            f"{name}_s": after
            for name, after in zip(("dwell", "major", "critical"), self._times(zone), strict=True)
            if name == "dwell" or after <= stood_s
        }
        reason = Reason("partly_blocked" if partly else "stood_too_long", values, limits)
        action = Action.REPEAT if up else Action.RAISE
        return self.say_later(action, twin, kind, now, severity, reason, subject=zone)

    def _times(self, zone: str) -> tuple[float, float, float]:
        own, usual = self.params.zones.get(zone, _USUAL), self.params
        return (
            own.dwell_s or usual.dwell_s,
            own.major_s or usual.major_s,
            own.critical_s or usual.critical_s,
        )

    def _steps(self, zone: str, coverage: float) -> list[tuple[float, Severity]]:
        """When something is said, in seconds of standing, and how bad it is then. Nothing is said before the dwell."""
        dwell_s, major_s, critical_s = self._times(zone)
        if coverage < self.params.partly_below:
            return [(dwell_s, Severity.NOTICE)]
        steps = [(dwell_s, Severity.NOTICE)]
        graver = ((max(major_s, dwell_s), Severity.MAJOR), (max(critical_s, dwell_s), Severity.CRITICAL))
        for after, severity in sorted(graver, key=itemgetter(0)):
            if RANK[severity] < RANK[steps[-1][1]]:
                steps = [*(step for step in steps if step[0] < after), (after, severity)]
        return steps


_USUAL = ZoneTimes()


def _at_step(stay: Stay, count: int, steps: list[tuple[float, Severity]]) -> Stay:
    due = stay.since + steps[count][0] if count < len(steps) else NEVER
    return Stay(stay.since, due, stay.object_class, count, stay.coverage)


def _where(event: Event) -> tuple[str, str]:
    return str(event.attributes.get("zone", "")), str(event.attributes.get("object_id", ""))


def _coverage(event: Event) -> float:
    """Share of the lane covered; one that is not told counts as all of it."""
    told = event.attributes.get("coverage", 1.0)
    return float(told) if isinstance(told, int | float) and 0 <= told <= 1 else 1.0


def _is_news(stays: Stays, event: Event) -> bool:
    """Tell whether ``event`` changes what stands where: most updates do not."""
    zone, key = _where(event)
    known = stays.get(zone, {}).get(key)
    if event.attributes.get("phase") == "end":
        return known is not None
    return known is None or _coverage(event) > known.coverage


def _make_room(objects: dict[str, Stay]) -> None:
    if len(objects) >= MAX_OBJECTS:
        del objects[min(objects, key=lambda key: (objects[key].steps > 0, objects[key].since))]


def _due(stays: Stays, now: float) -> Iterator[tuple[str, str, Stay]]:
    return ((zone, key, stay) for zone, objects in stays.items() for key, stay in objects.items() if stay.due <= now)


def _pack(stays: Stays, grave: list[str]) -> Lanes | None:
    due = min((stay.due for objects in stays.values() for stay in objects.values()), default=NEVER)
    return Lanes(due, stays, grave) if stays else None

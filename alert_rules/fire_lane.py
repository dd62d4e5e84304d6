"""Fire lane rules, judged on what cameras detect."""

from msgspec import Struct, field
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER, Params, Rule, RuleState
from devices.model import DeviceKind, Event, Report
from devices.twin import Twin


class LaneParams(Params):
    """When something standing in a fire lane blocks it."""

    dwell_s: float = Field(120, ge=1, description="seconds something may stand; loading and unloading takes less")


class Stay(Struct, array_like=True, gc=False):
    """One object in one zone. ``due`` is when it has stood too long, or never once raised."""

    since: float
    due: float
    object_class: str = ""
    raised: bool = False


class Lanes(RuleState, array_like=True, gc=False):
    """What stands in the zones of one camera, by zone and object id."""

    stays: dict[str, dict[str, Stay]] = field(default_factory=dict)


class FireLaneBlocked(Rule[Lanes, LaneParams]):
    """Something stands in a fire lane for ``dwell_s``. The dwell counts from the first sight to the end phase.

    A camera that stops reporting ends nothing: what was seen standing still stands until it is seen to leave.
    """

    name = "fire_lane_blocked"
    kinds = frozenset({DeviceKind.CAMERA})
    events = frozenset({"stationary_object"})
    State = Lanes
    Params = LaneParams

    def step(
        self, state: Lanes | None, report: Report, twin: Twin, now: float
    ) -> tuple[Lanes | None, list[Transition]]:
        stays = {zone: dict(objects) for zone, objects in state.stays.items()} if state else {}
        said: list[Transition] = []
        for event in report.events:
            if event.code == "stationary_object":
                self._see(stays, report, event, now, said)
        return _pack(stays), said

    def tick(self, state: Lanes, twin: Twin, kind: DeviceKind, now: float) -> tuple[Lanes | None, list[Transition]]:
        said: list[Transition] = []
        stays = {zone: dict(objects) for zone, objects in state.stays.items()}
        for zone, objects in stays.items():
            for key, stay in objects.items():
                if stay.due > now:
                    continue
                objects[key] = Stay(stay.since, NEVER, stay.object_class, True)
                values = {"zone": zone, "stood_s": round(now - stay.since, 1), "object_class": stay.object_class}
                reason = Reason("stood_too_long", values, {"dwell_s": self.params.dwell_s})
                said.append(self.say_later(Action.RAISE, twin, kind, now, Severity.MAJOR, reason, subject=zone))
        return _pack(stays), said

    def reset(self, state: Lanes, subject: str) -> Lanes | None:
        return _pack({zone: objects for zone, objects in state.stays.items() if zone != subject})

    def _see(
        self, stays: dict[str, dict[str, Stay]], report: Report, event: Event, now: float, said: list[Transition]
    ) -> None:
        zone = str(event.attributes.get("zone", ""))
        key = str(event.attributes.get("object_id", ""))
        objects = stays.setdefault(zone, {})
        if event.attributes.get("phase") != "end":
            object_class = str(event.attributes.get("object_class", "unknown"))
            objects.setdefault(key, Stay(now, now + self.params.dwell_s, object_class))
            return
        left = objects.pop(key, None)
        if not objects:
            del stays[zone]
        if left is not None and left.raised and not any(stay.raised for stay in objects.values()):
            reason = Reason("zone_free", {"zone": zone, "stood_s": round(now - left.since, 1)})
            said.append(self.say(Action.CLEAR, report, Severity.MAJOR, reason, subject=zone))


def _pack(stays: dict[str, dict[str, Stay]]) -> Lanes | None:
    due = min((stay.due for objects in stays.values() for stay in objects.values()), default=NEVER)
    return Lanes(due=due, stays=stays) if stays else None

"""Rules that one report cannot decide: the tale that makes each raise, told before the last report decides."""

from typing import Any

from msgspec import Struct, field

from alert_rules.alert import Severity
from devices.model import DeviceKind
from devices.registry import Device
from tests.unit.rules.case import THING
from tests.unit.rules.timeline import Timeline

OTHER = "thing-2"
DAY_S = 86_400.0


class Tale(Struct, kw_only=True):
    """``lead`` holds what is said before, as (seconds before the decision, device, what); it alone raises nothing.

    ``decides`` makes the rule raise ``wait_s`` later; ``almost``, in its place, must not. ``beside`` are rules that may
    speak too. ``by_life``: that it is heard at all decides.
    """

    kind: DeviceKind
    lead: list[tuple[float, str, dict[str, Any]]]
    decides: dict[str, Any]
    almost: dict[str, Any]
    severity: Severity
    wait_s: float = 0.0
    subject: str = ""
    by_life: bool = False
    beside: frozenset[str] = frozenset()
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def length_s(self) -> float:
        return max(before for before, _, _ in self.lead)

    def story(self) -> Timeline:
        return Timeline(
            *(Device(name, self.kind, building="b1", zone="z1") for name in (THING, OTHER)), rules=self.rules
        )

    def told(self, story: Timeline) -> Timeline:
        """Tell the lead from now on, up to the moment of the decision."""
        end = story.now + self.length_s
        for before, device, what in self.lead:
            story.at(end - before).says(device, **what)
        return self.hush(story.at(end))

    def hush(self, story: Timeline) -> Timeline:
        story.unclaimed = [said for said in story.unclaimed if said.transition.rule not in self.beside]
        return story


def measured(quantity: str, values: list[float], every_s: float, last_s: float = 0.0) -> list[tuple[float, str, Any]]:
    """Readings in even steps, the last of them ``last_s`` before the decision (0: a step before it)."""
    last_s = last_s or every_s
    return [
        (last_s + (len(values) - 1 - index) * every_s, THING, {"measurements": {quantity: value}})
        for index, value in enumerate(values)
    ]


OFFLINE: dict[str, Any] = {"availability": False}
ONLINE: dict[str, Any] = {"availability": True}
SMOKE, WATER = DeviceKind.SMOKE_DETECTOR, DeviceKind.WATER_LEAK

TALES: dict[str, Tale] = {
    "fire_confirmed": Tale(
        kind=SMOKE,
        lead=[(299, OTHER, {"states": {"smoke": True}})],
        decides={"states": {"heat": True}},
        almost={"states": {"heat": True, "linked_alarm": True}},
        severity=Severity.CRITICAL,
        subject="b1/z1",
        beside=frozenset({"smoke_alarm", "linked_alarm"}),
    ),
    "heat_rising": Tale(
        kind=SMOKE,
        lead=measured("temperature", [20.0, 20.1, 28.5], 60),
        decides={"measurements": {"temperature": 37.0}},
        almost={"measurements": {"temperature": 36.5}},
        severity=Severity.CRITICAL,
    ),
    "water_rising": Tale(
        kind=WATER,
        lead=measured("water_level", [0.0, 0.0, 0.016, 0.032], 60),
        decides={"measurements": {"water_level": 0.048}},
        almost={"measurements": {"water_level": 0.032}},
        severity=Severity.CRITICAL,
    ),
    "battery_trend": Tale(
        kind=WATER,
        lead=measured("battery_percent", [60.0, 50.0], 5.5 * DAY_S),
        decides={"measurements": {"battery_percent": 40.0}},
        almost={"measurements": {"battery_percent": 50.0}},
        severity=Severity.NOTICE,
    ),
    "device_flapping": Tale(
        kind=WATER,
        lead=[(700 - 100 * turn, THING, ONLINE if turn % 2 else OFFLINE) for turn in range(7)],
        decides=ONLINE,
        almost=OFFLINE,
        severity=Severity.MINOR,
        beside=frozenset({"device_offline"}),
    ),
    "state_chatter": Tale(
        kind=WATER,
        lead=[(500 - 10 * turn, THING, {"states": {"fault": turn % 2 == 0}}) for turn in range(10)],
        decides={"states": {"fault": True}},
        almost={"states": {"fault": None}},
        severity=Severity.MINOR,
        beside=frozenset({"device_fault"}),
    ),
    "clock_skew": Tale(
        kind=WATER,
        lead=[(600, THING, {"age": 7_200.0}), (300, THING, {"age": 7_220.0})],
        decides={"age": 7_190.0},
        almost={"age": 7_240.0},
        severity=Severity.NOTICE,
    ),
    "sequence_gap": Tale(
        kind=WATER,
        lead=[(10, THING, {"sequence": 7}), (5, THING, {"sequence": 8})],
        decides={"sequence": 12},
        almost={"sequence": 11},
        severity=Severity.NOTICE,
        wait_s=30,
    ),
    "stuck_value": Tale(
        kind=WATER,
        lead=[(3_000, THING, {"measurements": {"temperature": 21.5, "humidity": 40.0}})],
        decides={"measurements": {"temperature": 21.5, "humidity": 41.0}},
        almost={"measurements": {"temperature": 21.4, "humidity": 41.0}},
        severity=Severity.MINOR,
        wait_s=600,
        by_life=True,
        rules={"stuck_value": {"after_h": 1}},
    ),
}

"""Each incident of the demonstration: on a fitting device, saying what its rule listens for, and ending in order."""

import itertools
from random import Random

import pytest

from devices.model import DeviceKind
from simulators.camera import Camera
from simulators.community import Community, build
from simulators.gate import Gate
from simulators.lift import Lift
from simulators.scenario import demo
from simulators.script import Behaviour
from simulators.smoke import SmokeDetector
from simulators.water import WaterSensor
from tests.unit.simulators.hour import START, Heard, Life

FLOORS = ("B1", "1F", "2F", "3F")
RULES = {"smoke_alarm", "lift_entrapment", "gate_forced", "fire_lane_blocked", "falling_object"}


def victim(community: Community, shown: dict[str, Life], rule: str) -> tuple[list[Heard], float]:
    """The messages of the device that suffers ``rule``, from then on, and the moment."""
    incident = next(each for each in demo(community) if each.rule == rule)
    moment = START + incident.at_s
    return [each for each in shown[incident.device].messages if each.at >= moment], moment


def test_the_five_happen_within_fifteen_seconds_of_each_other_on_five_devices(community: Community) -> None:
    incidents = demo(community)
    assert {incident.rule for incident in incidents} == RULES
    assert len({incident.device for incident in incidents}) == 5
    assert all(0 < incident.at_s <= 15 for incident in incidents)


@pytest.mark.parametrize("seed", range(5))
def test_the_cast_depends_on_the_seed_alone(seed: int) -> None:
    assert demo(build(200, seed)) == demo(build(200, seed))


def test_different_seeds_cast_different_devices() -> None:
    assert len({tuple(demo(build(200, seed))) for seed in range(5)}) > 1


def test_a_smallest_community_can_suffer_them_all() -> None:
    assert {incident.rule for incident in demo(build(10, 1))} == RULES


def test_smoke(community: Community, shown: dict[str, Life]) -> None:
    messages, moment = victim(community, shown, "smoke_alarm")
    first = messages[0]
    assert (first.at, first.channel, first.states) == (moment, "event", {"smoke": True})
    assert first.measurements["smoke_density"] > 5
    burning = [message for message in messages if message.states.get("smoke")]
    assert len(burning) == 30
    after = next(message for message in messages if message.states.get("smoke") is False)
    assert after.channel == "event"
    assert after.at - moment == pytest.approx(300)


def test_smoke_thickens_while_it_burns(community: Community, shown: dict[str, Life]) -> None:
    messages, _ = victim(community, shown, "smoke_alarm")
    density = [message.measurements["smoke_density"] for message in messages if message.states.get("smoke")]
    assert density == sorted(density)
    assert density[-1] > 2 * density[0]


def test_entrapment(community: Community, shown: dict[str, Life]) -> None:
    messages, moment = victim(community, shown, "lift_entrapment")
    first = messages[0]
    assert (first.at, first.channel, first.codes) == (moment, "event", ["alarm_button"])
    expected = {"entrapment": True, "car_state": "stopped", "passengers_present": True, "door_closed": True}
    assert first.states.items() >= expected.items()
    assert first.states["door_zone"] is False


def test_entrapment_ends_with_the_doors_open(community: Community, shown: dict[str, Life]) -> None:
    messages, moment = victim(community, shown, "lift_entrapment")
    freed = next(message for message in messages if not message.states["entrapment"])
    assert freed.at - moment == pytest.approx(250)
    assert (freed.channel, freed.states["door_state"]) == ("event", "open")
    assert freed.states["passengers_present"] is False


def test_forced_gate_shuts_before_it_counts_as_held_open(community: Community, shown: dict[str, Life]) -> None:
    messages, moment = victim(community, shown, "gate_forced")
    forced, shut = messages[:2]
    assert (forced.at, forced.channel, forced.codes) == (moment, "event", ["door_forced"])
    assert forced.states == {"door_state": "open", "lock_state": "locked"}
    assert (shut.codes, shut.states["door_state"]) == (["door_closed"], "closed")
    assert shut.at - moment < 60


def test_blocked_lane(community: Community, shown: dict[str, Life]) -> None:
    messages, moment = victim(community, shown, "fire_lane_blocked")
    seen = [message for message in messages if message.events][:49]
    assert [message.events[-1]["phase"] for message in seen] == ["start", *["update"] * 47, "end"]
    assert len({message.events[-1]["object_id"] for message in seen}) == 1
    assert seen[0].at == moment
    assert seen[-1].at - moment == pytest.approx(240)


def test_blocked_lane_is_updated_more_often_than_the_dialect_asks(community: Community, shown: dict[str, Life]) -> None:
    messages, moment = victim(community, shown, "fire_lane_blocked")
    moments = [message.at for message in messages if message.at - moment <= 240]
    assert max(later - earlier for earlier, later in itertools.pairwise(moments)) <= 30


def test_falling_object(community: Community, shown: dict[str, Life]) -> None:
    messages, moment = victim(community, shown, "falling_object")
    (thrown,) = [message for message in messages if message.events]
    (event,) = thrown.events
    assert (thrown.at, event["code"], event["phase"]) == (moment, "falling_object", "end")
    assert event["floor_low"] < event["floor_high"]
    assert event["column"] in "ABCD"


def test_an_unfinished_stop_ends_when_the_lane_gets_blocked() -> None:
    camera = Camera(Random(1), "lane", "lane-1", 10)
    ordinary = camera.ordinary()
    first = next(say for say, _ in ordinary if say.events)
    blocked, _ = next(camera.incident("fire_lane_blocked"))
    assert [event["phase"] for event in blocked.events] == ["end", "start"]
    assert blocked.events[0]["object_id"] == first.events[0]["object_id"] != blocked.events[1]["object_id"]


def test_nobody_is_left_standing_after_an_ordinary_stop() -> None:
    camera = Camera(Random(1), "lane", "lane-1", 10)
    ordinary = camera.ordinary()
    next(say for say, _ in ordinary if say.events and say.events[0]["phase"] == "end")
    blocked, _ = next(camera.incident("fire_lane_blocked"))
    assert [event["phase"] for event in blocked.events] == ["start"]


def test_a_lift_with_fewer_people_than_two_gets_two_before_it_sticks() -> None:
    stuck, _ = next(Lift(Random(1), FLOORS).incident("lift_entrapment"))
    assert stuck.measurements["load_percent"] == 14


DEVICES: dict[str, Behaviour] = {
    "smoke detector": SmokeDetector(Random(1)),
    "lift": Lift(Random(1), FLOORS),
    "gate": Gate(Random(1)),
    "water sensor": WaterSensor(Random(1)),
    "camera over a lane": Camera(Random(1), "lane", "z", 9),
    "camera over a facade": Camera(Random(1), "facade", "z", 9),
    "camera over a lobby": Camera(Random(1), "lobby", "z", 9),
}
CAN = {
    "smoke detector": "smoke_alarm",
    "lift": "lift_entrapment",
    "gate": "gate_forced",
    "camera over a lane": "fire_lane_blocked",
    "camera over a facade": "falling_object",
}


@pytest.mark.parametrize("rule", sorted({*RULES, "no_such_rule"}))
@pytest.mark.parametrize("name", DEVICES)
def test_a_device_only_suffers_what_it_can(name: str, rule: str) -> None:
    if CAN.get(name) == rule:
        say, pause = next(DEVICES[name].incident(rule))
        assert say.channel == "event"
        assert pause > 0
    else:
        with pytest.raises(ValueError, match=f"a {name} cannot cause '{rule}'"):
            DEVICES[name].incident(rule)


def test_incidents_happen_to_the_right_kinds(community: Community) -> None:
    kinds = {member.id: member.kind for member in community.members}
    assert {incident.rule: kinds[incident.device] for incident in demo(community)} == {
        "smoke_alarm": DeviceKind.SMOKE_DETECTOR,
        "lift_entrapment": DeviceKind.LIFT,
        "gate_forced": DeviceKind.ACCESS_GATE,
        "fire_lane_blocked": DeviceKind.CAMERA,
        "falling_object": DeviceKind.CAMERA,
    }

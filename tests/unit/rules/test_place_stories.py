"""Lifts, gates and cameras that say anything in any order: no rule breaks, forgets or contradicts itself."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest

from alert_rules.alert import Action, Transition
from alert_rules.catalogue_place import ACCESS, CAMERAS, FACADES, LANES, LIFTS
from devices.model import DeviceKind, Event
from devices.names import EVENTS, STATES
from devices.registry import Device
from tests.unit.rules.timeline import Timeline

KINDS: dict[DeviceKind, tuple[Any, ...]] = {
    DeviceKind.LIFT: LIFTS,
    DeviceKind.ACCESS_GATE: ACCESS,
    DeviceKind.CAMERA: (*LANES, *FACADES, *CAMERAS),
}
NAMES = {rule.name for rules in KINDS.values() for rule in rules}
PARAMETERS: dict[str, dict[str, Any]] = {
    "lift_overspeed": {"rated_mps": {"d1": 1.75}},
    "lift_wear": {"at_least": 1, "learn_weeks": 0},
    "gate_passback": {"buildings": ["b1"]},
    "gate_refused_repeatedly": {"times": 2, "doors": 1},
    "resident_unseen": {"persons": ["r1", "r2"], "at_least_h": 0.1, "learn": 1},
    "fire_lane_habit": {"days": 1},
    "falling_series": {"times": 2},
}
"""So that few reports are enough to raise."""

WILD: tuple[Any, ...] = (None, True, -5, 10**20, 1e300, float("nan"), "", "漏", [1, 2], {"a": 1}, {})
TAME: dict[str, Callable[[Random], Any]] = {
    "phase": lambda rng: rng.choice(("start", "update", "update", "end", "pulse")),
    "zone": lambda rng: rng.choice(("l1", "l2")),
    "object_id": lambda rng: rng.choice(("o1", "o2", "o3")),
    "coverage": lambda rng: rng.random(),
    "score": lambda rng: rng.choice((0.4, 0.7, 1.0)),
    "column": lambda rng: rng.choice("AB"),
    "floor_low": lambda rng: rng.randrange(1, 9),
    "floor_high": lambda rng: rng.randrange(9, 20),
    "reason": lambda rng: rng.choice(("expired", "blocklist", "anti_passback", "no_right")),
    "credential_type": lambda rng: rng.choice(("card", "qr")),
    "credential_ref": lambda rng: rng.choice(("r1", "r3")),
    "person_ref": lambda rng: rng.choice(("r1", "r2")),
    "direction": lambda rng: rng.choice(("in", "out")),
    "door_id": lambda rng: rng.choice(("d1", "d2")),
}
GAPS = (0.0, 0.5, 1.0, 5.0, 14.0, 31.0, 61.0, 130.0, 400.0, 2_000.0, 90_000.0)
SEEDS = range(60)
LENGTH = 60

Line = tuple[float, str, dict[str, Any]]


def an_event(rng: Random, code: str) -> Event:
    """An event with most of its attributes: sensible ones, and now and then what nobody would send."""
    told: dict[str, Any] = {}
    for name in EVENTS[code].attributes:
        if name in TAME and rng.random() < 0.9:
            told[name] = TAME[name](rng)
        elif rng.random() < 0.2:
            told[name] = rng.choice(WILD)
    return Event(code, told)


def a_line(rng: Random, kind: DeviceKind) -> Line:
    """What some rules of ``kind`` listen to, a little of it at a time."""
    states: dict[str, Any] = {}
    measurements: dict[str, float] = {}
    events: list[Event] = []
    for rule in rng.sample(KINDS[kind], 2):
        for name in sorted(rule.states):
            if kind in STATES[name].kinds and rng.random() < 0.5:
                states[name] = rng.choice((*(STATES[name].values or (True, False)), None))
        measurements |= {name: rng.choice((0.0, 1.0, 5.0, 9.0, float("nan"))) for name in sorted(rule.measurements)}
        codes = sorted(code for code in rule.events if kind in EVENTS[code].kinds)
        events += [an_event(rng, rng.choice(codes)) for _ in range(rng.randrange(3)) if codes]
    told = {"states": states, "measurements": measurements, "events": tuple(events)}
    return rng.choice(GAPS), rng.choice(("d1", "d2", "d3")), told


def tell(kind: DeviceKind, told: list[Line], restart_before: frozenset[int] = frozenset()) -> list[Transition]:
    """Tell a story, with the gateway stopped and started in the middle where asked; return what the rules said."""
    devices = [Device("d1", kind, building="b1"), Device("d2", kind, building="b1"), Device("d3", kind)]
    story = Timeline(*devices, rules=PARAMETERS)
    for number, (gap, device, report) in enumerate(told):
        if number in restart_before:
            story.restart()
        story.at(story.now + gap).says(device, **report)
    story.at(story.now + 10_000)
    return [said.transition for said in story.unclaimed if said.transition.rule in NAMES]


@pytest.fixture(scope="module", params=KINDS, ids=[kind.value for kind in KINDS])
def stories(request: pytest.FixtureRequest) -> list[tuple[DeviceKind, list[Line], list[Transition]]]:
    found = []
    for seed in SEEDS:
        rng = Random(seed)
        told = [a_line(rng, request.param) for _ in range(LENGTH)]
        found.append((request.param, told, tell(request.param, told)))
    return found


Stories = list[tuple[DeviceKind, list[Line], list[Transition]]]


def test_every_rule_has_its_say(stories: Stories) -> None:
    """Otherwise what follows would hold of nothing."""
    reached = {transition.rule for _, _, said in stories for transition in said}
    assert {rule.name for rule in KINDS[stories[0][0]]} == reached


def test_alerts_begin_before_they_go_on_or_end(stories: Stories) -> None:
    for _, _, said in stories:
        raised: set[str] = set()
        for transition in said:
            assert transition.action is Action.RAISE or transition.fingerprint in raised
            raised.add(transition.fingerprint)
            if transition.action is Action.CLEAR:
                raised.remove(transition.fingerprint)


def test_restarts_change_nothing(stories: Stories) -> None:
    for seed, (kind, told, said) in enumerate(stories[:20]):
        restarts = frozenset(Random(seed).sample(range(LENGTH), 5))
        assert shown(tell(kind, told, restarts)) == shown(said)


def test_every_word_can_be_stored(stories: Stories) -> None:
    for _, _, said in stories:
        assert all(msgspec.json.decode(one)["reason"]["code"] for one in shown(said))
        assert all(len(transition.fingerprint) < 100 for transition in said)


def shown(said: list[Transition]) -> list[bytes]:
    return [msgspec.json.encode(each) for each in said]

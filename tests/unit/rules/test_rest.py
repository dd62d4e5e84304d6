"""Calls that the engine spares change nothing: two engines, one of which shows every report to every rule."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from alert_rules.catalogue import build_rules
from alert_rules.engine import Engine
from devices.model import DeviceKind, Event, Report
from devices.registry import Device, Registry

START = 1_790_000_000.0
DEVICES = (
    Device("smoke", DeviceKind.SMOKE_DETECTOR, building="b", zone="z", expect_every_s=7_200),
    Device("water", DeviceKind.WATER_LEAK, building="b"),
    Device("lift", DeviceKind.LIFT, building="b"),
    Device("gate", DeviceKind.ACCESS_GATE, building="b"),
)
PARAMETERS: dict[str, dict[str, Any]] = {
    "lift_overspeed": {"rated_mps": {"lift": 2.0}},
    "battery_trend": {"window_days": 4, "min_days": 1},
    "stuck_value": {"after_h": 2},
    "battery_low": {"overrides": [{"kind": "access_gate", "limit_percent": 30}]},
}
READINGS = {
    "smoke_density": (0.0, 12.4, 12.5, 30.0),
    "temperature": (20.0, 20.5, 45.0, 56.9, 57.0, 90.0),
    "water_level": (0.0, 0.05, 0.1, 0.15, 0.4),
    "battery_percent": (100.0, 60.0, 40.0, 30.0, 15.1, 15.0, 5.0),
    "speed": (0.0, 2.0, 2.3, 2.4),
    "passage_count": (0.0, 1.0, 4.0, 9.0),
}
OF_KIND: dict[DeviceKind, tuple[tuple[str, ...], tuple[dict[str, Any], ...]]] = {
    DeviceKind.SMOKE_DETECTOR: (
        ("smoke_density", "temperature", "battery_percent"),
        (
            {"smoke": False, "battery_low": False, "muted": False},
            {"smoke": True, "battery_low": False, "muted": False},
            {"smoke": False, "battery_low": True, "muted": False},
            {"smoke": False, "battery_low": False, "muted": True},
        ),
    ),
    DeviceKind.WATER_LEAK: (
        ("water_level", "temperature"),
        (
            {"water_leak": False, "pump_running": False, "pump_commanded": False},
            {"water_leak": False, "pump_running": False, "pump_commanded": True},
            {"water_leak": True, "pump_running": True, "pump_commanded": True},
        ),
    ),
    DeviceKind.LIFT: (
        ("speed",),
        ({"car_state": "running", "door_closed": True}, {"car_state": "stopped", "door_closed": False}),
    ),
    DeviceKind.ACCESS_GATE: (("passage_count", "battery_percent"), ({"door_state": "closed"}, {"door_state": "open"})),
}


def walk(device: Device, seed: int, reports: int) -> Iterator[Report]:
    """One device's day: mostly what it said before with readings that sway, now and then a jump, a change, a delay."""
    chance = random.Random(seed)
    quantities, states = OF_KIND[device.kind]
    now, said = START, states[0]
    values = {name: READINGS[name][0] for name in quantities}
    for number in range(reports):
        now += chance.choice((1.0, 1.0, 20.0, 60.0, 60.0, 3_600.0, 50_000.0 if seed % 2 else 60.0))
        if chance.random() < 0.4:
            name = chance.choice(quantities)
            values = values | {name: chance.choice(READINGS[name] if chance.random() < 0.5 else READINGS[name][:1])}
        if chance.random() < 0.1:
            said = chance.choice(states) if said is states[0] else states[0]
        late = chance.choice((90.0, 500.0)) if chance.random() < 0.03 else 0.0
        told = values if chance.random() < 0.95 else {quantities[0]: values[quantities[0]]}
        event = device.kind is DeviceKind.ACCESS_GATE and chance.random() < 0.2
        events = (Event("access_granted", {"credential_ref": "c"}),) if event else ()
        yield Report(
            device.id,
            device.kind,
            now - late,
            now,
            measurements=told,
            states=dict(said),
            events=events,
            sequence=number,
        )


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.id)
def test_what_is_spared_would_have_changed_nothing(device: Device) -> None:
    assert sum(_spared(device, seed) for seed in range(12)) > 100


def _spared(device: Device, seed: int) -> int:
    """After how many reports rules rested, having seen that they miss nothing."""
    sparing, showing = (Engine(build_rules(PARAMETERS), Registry([device]), START) for _ in range(2))
    spared = 0
    for report in walk(device, seed, 250):
        now = report.received_at
        showing.subjects[device.id].quiet = None
        heard = [engine.advance(now) + engine.observe(report, now) for engine in (sparing, showing)]
        assert heard[0] == heard[1]
        spared += sparing.subjects[device.id].rest is not None
    assert _remembered(sparing) == _remembered(showing)
    return spared


def _remembered(engine: Engine) -> dict[tuple[str, str], Any]:
    return {(rule, key): engine.memory.of(key)[rule] for rule, key in engine.memory.all()}

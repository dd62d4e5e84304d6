"""Faults of one lane alone, played on the rules without processes."""

import pytest

from alert_rules.alert import Action
from alert_rules.catalogue import build_rules
from alert_rules.engine import Engine
from devices.model import DeviceKind, Report
from devices.registry import Device, Registry

NOW = 1_790_000_000.0
LIFT = Device(id="lift-1", kind=DeviceKind.LIFT)


def said(sequence: int, **states: bool) -> Report:
    """What the lift says ``sequence``-th, ten times a second; everything is received at the end."""
    return Report(
        device=LIFT.id,
        kind=LIFT.kind,
        at=NOW - 60 + sequence / 10,
        received_at=NOW,
        states=dict(states),
        sequence=sequence,
    )


@pytest.mark.parametrize("behind", [1, 60, 65, 500])
def test_an_alarm_behind_its_devices_telemetry_is_raised(behind: int) -> None:
    """The alarm lane came back later than the telemetry lane, so the telemetry after the alarm is judged before it."""
    registry = Registry([LIFT])
    engine = Engine(build_rules({}), registry, NOW - 120)
    for sequence in range(101, 101 + behind):
        assert engine.observe(said(sequence, door_closed=True), NOW) == []
    raised = engine.observe(said(100, entrapment=True), NOW)
    assert [(t.action, t.rule) for t in raised] == [(Action.RAISE, "lift_entrapment")]

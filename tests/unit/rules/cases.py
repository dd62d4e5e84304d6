"""How each rule fires, just fails to, and ends: the table behind the tests that every rule must pass."""

from typing import Any

from alert_rules.alert import Severity
from devices.model import DeviceKind, StateValue
from tests.unit.rules.case import THING, Case, event

__all__ = ["CASES", "STUCK", "THING", "Case", "event", "standing"]


def standing(phase: str, object_id: str = "car-7", zone: str = "lane-1") -> dict[str, Any]:
    return event("stationary_object", zone=zone, object_id=object_id, phase=phase, object_class="car")


STUCK: dict[str, StateValue] = {"car_state": "stopped", "door_closed": True, "passengers_present": True}

CASES: dict[str, Case] = {
    "smoke_alarm": Case(
        kind=DeviceKind.SMOKE_DETECTOR,
        signs={"states": {"smoke": True}},
        almost={"states": {"smoke": None, "muted": True, "fault": True}},
        severity=Severity.CRITICAL,
        judges_strangers=True,
    ),
    "device_test": Case(
        kind=DeviceKind.SMOKE_DETECTOR,
        signs={"states": {"heat": True}, "test": True},
        almost={"states": {"heat": False}, "test": True},
        severity=Severity.NOTICE,
        end={"states": {"heat": False}, "test": True},
        auto_resolve=True,
        test=True,
    ),
    "lift_entrapment": Case(
        kind=DeviceKind.LIFT,
        signs={"states": STUCK},
        almost={"states": {**STUCK, "passengers_present": None}},
        severity=Severity.CRITICAL,
        dwell_s=45,
        end={"states": {"door_closed": False}},
    ),
    "gate_forced": Case(
        kind=DeviceKind.ACCESS_GATE,
        signs=event("door_forced", door_id="d1"),
        almost=event("door_opened", door_id="d1"),
        severity=Severity.MAJOR,
        end={"states": {"door_state": "closed"}},
    ),
    "gate_held_open": Case(
        kind=DeviceKind.ACCESS_GATE,
        signs={"states": {"door_state": "open"}},
        almost={"states": {"door_state": "opening"}},
        severity=Severity.MINOR,
        dwell_s=60,
        end={"states": {"door_state": "closed"}},
        auto_resolve=True,
    ),
    "fire_lane_blocked": Case(
        kind=DeviceKind.CAMERA,
        signs=standing("start"),
        almost=standing("end"),
        severity=Severity.MAJOR,
        dwell_s=120,
        end=standing("end"),
        subject="lane-1",
    ),
    "falling_object": Case(
        kind=DeviceKind.CAMERA,
        signs=event("falling_object", object_id="t1", phase="end", score=0.5),
        almost=event("falling_object", object_id="t1", phase="end", score=0.49),
        severity=Severity.MAJOR,
        subject="t1",
    ),
    "water_leak": Case(
        kind=DeviceKind.WATER_LEAK,
        signs={"states": {"water_leak": True}},
        almost={"states": {"water_leak": None, "tamper": True}},
        severity=Severity.MAJOR,
        end={"states": {"water_leak": False}},
    ),
}

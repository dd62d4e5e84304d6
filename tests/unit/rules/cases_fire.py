"""The cases of the rules about fire, water and the health of devices."""

from alert_rules.alert import Severity
from devices.model import DeviceKind
from tests.unit.rules.case import THING, Case, event

SMOKE, WATER = DeviceKind.SMOKE_DETECTOR, DeviceKind.WATER_LEAK

ALARMS: dict[str, Case] = {
    "smoke_alarm": Case(
        kind=SMOKE,
        signs={"states": {"smoke": True}},
        almost={"states": {"smoke": None, "delay": True}},
        severity=Severity.CRITICAL,
        judges_strangers=True,
    ),
    "linked_alarm": Case(
        kind=SMOKE,
        signs={"states": {"linked_alarm": True, "smoke": True}},
        almost={"states": {"linked_alarm": None, "smoke": False}},
        severity=Severity.CRITICAL,
        end={"states": {"linked_alarm": False, "smoke": False}},
        subject=THING,
        judges_strangers=True,
    ),
    "smoke_density": Case(
        kind=SMOKE,
        signs={"measurements": {"smoke_density": 12.5}},
        almost={"measurements": {"smoke_density": 12.4}},
        severity=Severity.CRITICAL,
        dwell_s=15,
        end={"measurements": {"smoke_density": 9.9}},
        rules={"smoke_density": {"release_s": 0}},
    ),
    "heat_alarm": Case(
        kind=SMOKE,
        signs={"measurements": {"temperature": 57.0}},
        almost={"measurements": {"temperature": 56.9}},
        severity=Severity.CRITICAL,
        dwell_s=10,
        end={"measurements": {"temperature": 51.9}},
        rules={"heat_alarm": {"release_s": 0}},
    ),
    "device_test": Case(
        kind=SMOKE,
        signs={"states": {"heat": True}, "test": True},
        almost={"states": {"heat": False}, "test": True},
        severity=Severity.NOTICE,
        end={"states": {"heat": False}, "test": True},
        auto_resolve=True,
        test=True,
    ),
}

CONDITIONS: dict[str, Case] = {
    "detector_muted": Case(
        kind=SMOKE,
        signs={"states": {"muted": True}},
        almost={"states": {"muted": None}},
        severity=Severity.MINOR,
        dwell_s=120,
        end={"states": {"muted": False}},
        auto_resolve=True,
        rules={"detector_muted": {"dwell_s": 120}},
    ),
    "panel_shielded": Case(
        kind=SMOKE,
        signs={"states": {"shielded": True}},
        almost={"states": {"shielded": None}},
        severity=Severity.MINOR,
        end={"states": {"shielded": False}},
        auto_resolve=True,
    ),
    "panel_supervisory": Case(
        kind=SMOKE,
        signs={"states": {"feedback": True}},
        almost={"states": {"feedback": False, "supervised": None, "delay": True}},
        severity=Severity.MINOR,
        dwell_s=10,
        end={"states": {"feedback": False}},
        auto_resolve=True,
    ),
    "panel_power_fault": Case(
        kind=SMOKE,
        signs={"states": {"main_power_fault": True}},
        almost={"states": {"main_power_fault": None, "backup_power_fault": False}},
        severity=Severity.MAJOR,
        dwell_s=60,
        end={"states": {"main_power_fault": False}},
        auto_resolve=True,
        rules={"panel_power_fault": {"release_s": 0}},
    ),
    "self_test_overdue": Case(
        kind=SMOKE,
        signs=event("self_test", passed=False),
        almost=event("self_test", passed=True),
        severity=Severity.MAJOR,
        end=event("self_test", passed=True),
        auto_resolve=True,
    ),
    "device_tampered": Case(
        kind=SMOKE,
        signs={"states": {"tamper": True}},
        almost={"states": {"tamper": None}},
        severity=Severity.MAJOR,
        dwell_s=10,
        end={"states": {"tamper": False}},
        auto_resolve=True,
    ),
    "device_fault": Case(
        kind=WATER,
        signs={"states": {"fault": True}},
        almost={"states": {"fault": None}},
        severity=Severity.MINOR,
        dwell_s=60,
        end={"states": {"fault": False}},
        auto_resolve=True,
        rules={"device_fault": {"release_s": 0}},
    ),
    "battery_low": Case(
        kind=WATER,
        signs={"measurements": {"battery_percent": 15.0}},
        almost={"measurements": {"battery_percent": 15.1}},
        severity=Severity.MINOR,
        end={"measurements": {"battery_percent": 20.1}},
        auto_resolve=True,
    ),
    "firmware_changed": Case(
        kind=SMOKE,
        signs={"states": {"firmware": "9.9"}},
        almost={"states": {"firmware": "1.0"}},
        severity=Severity.NOTICE,
        end={"states": {"firmware": "1.0"}},
        auto_resolve=True,
        rules={"firmware_changed": {"approved": ["1.0"]}},
    ),
    "unknown_device": Case(
        kind=SMOKE,
        signs={"states": {"tamper": None}, "registered": False},
        almost={"states": {"tamper": None}},
        severity=Severity.NOTICE,
        subject="native",
        judges_strangers=True,
        registered=False,
        rules={"unknown_device": {"calm_s": 100_000}},
    ),
}

WATERS: dict[str, Case] = {
    "water_leak": Case(
        kind=WATER,
        signs={"states": {"water_leak": True}},
        almost={"states": {"water_leak": None, "pump_running": True}},
        severity=Severity.MAJOR,
        end={"states": {"water_leak": False}},
    ),
    "water_level_high": Case(
        kind=WATER,
        signs={"measurements": {"water_level": 0.15}},
        almost={"measurements": {"water_level": 0.149}},
        severity=Severity.MAJOR,
        dwell_s=30,
        end={"measurements": {"water_level": 0.119}},
        rules={"water_level_high": {"release_s": 0}},
    ),
    "pump_not_answering": Case(
        kind=WATER,
        signs={"states": {"pump_commanded": True, "pump_running": False}},
        almost={"states": {"pump_commanded": True, "pump_running": None}},
        severity=Severity.MAJOR,
        dwell_s=30,
        end={"states": {"pump_running": True}},
    ),
}

CASES: dict[str, Case] = ALARMS | CONDITIONS | WATERS

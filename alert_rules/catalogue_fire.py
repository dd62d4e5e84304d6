"""The rules about fire, water and the health of devices."""

from typing import Any

from alert_rules.air import HeatAlarm, HeatRising, SmokeDensity
from alert_rules.detector import (
    DetectorMuted,
    DeviceFault,
    DeviceTampered,
    PanelPowerFault,
    PanelShielded,
    PanelSupervisory,
    SelfTestOverdue,
)
from alert_rules.device_health import BatteryLow, DeviceFlapping, SequenceGap, StateChatter
from alert_rules.device_identity import FirmwareChanged, UnknownDevice
from alert_rules.device_trends import BatteryTrend, ClockSkew, StuckValue
from alert_rules.rule import Rule
from alert_rules.smoke import DeviceTest, FireConfirmed, LinkedAlarm, SmokeAlarm
from alert_rules.water import PumpSilent, WaterLeak, WaterLevel, WaterRising

FIRE: tuple[type[Rule[Any, Any]], ...] = (
    SmokeAlarm,
    FireConfirmed,
    LinkedAlarm,
    SmokeDensity,
    HeatAlarm,
    HeatRising,
    DeviceTest,
    DetectorMuted,
    PanelShielded,
    PanelSupervisory,
    PanelPowerFault,
    SelfTestOverdue,
)
WATER: tuple[type[Rule[Any, Any]], ...] = (WaterLeak, WaterLevel, WaterRising, PumpSilent)
HEALTH: tuple[type[Rule[Any, Any]], ...] = (
    DeviceTampered,
    DeviceFault,
    BatteryLow,
    BatteryTrend,
    DeviceFlapping,
    StateChatter,
    ClockSkew,
    StuckValue,
    FirmwareChanged,
    SequenceGap,
    UnknownDevice,
)

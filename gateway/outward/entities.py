"""What each canonical name is in Home Assistant: device class, unit, state class. Data only.

Classes and the units they allow: Home Assistant's documentation of binary sensors and sensors (device classes).
"""

from msgspec import Struct

BINARY: dict[str, str] = {
    "smoke": "smoke",
    "heat": "heat",
    "carbon_monoxide": "carbon_monoxide",
    "gas": "gas",
    "manual_call_point": "safety",
    "linked_alarm": "safety",
    "visual_fire": "safety",
    "entrapment": "safety",
    "passengers_present": "occupancy",
    "occupancy": "occupancy",
    "motion": "motion",
    "water_leak": "moisture",
    "tamper": "tamper",
    "battery_low": "battery",
    "fault": "problem",
    "main_power_fault": "problem",
    "backup_power_fault": "problem",
    "out_of_service": "problem",
    "storage_fault": "problem",
    "stream_lost": "problem",
    "overrun_top": "problem",
    "overrun_bottom": "problem",
    "overspeed": "problem",
    "speed_abnormal": "problem",
    "door_open_while_running": "problem",
    "unintended_car_movement": "problem",
    "stopped_outside_door_zone": "problem",
    "door_open_fault": "problem",
    "door_close_fault": "problem",
    "door_repeated_cycling": "problem",
    "safety_circuit_open": "problem",
    "door_lock_circuit_open": "problem",
    "landing_button_stuck": "problem",
    "motor_run_time_limiter": "problem",
    "floor_position_lost": "problem",
    "restart_inhibited": "problem",
    "power_failure": "problem",
}
"""True means "on" in each of these classes. A state that is not here is a binary sensor without class."""


class Numeric(Struct, frozen=True):
    """A sensor of numbers; ``unit`` as Home Assistant spells it, empty where there is none."""

    unit: str = ""
    device_class: str = ""
    state_class: str = "measurement"


NUMERIC: dict[str, Numeric] = {
    "battery_percent": Numeric("%", "battery"),
    "battery_voltage": Numeric("V", "voltage"),
    "rssi": Numeric("dBm", "signal_strength"),
    "snr": Numeric("dB", "signal_strength"),
    "temperature": Numeric("°C", "temperature"),
    "humidity": Numeric("%", "humidity"),
    "speed": Numeric("m/s", "speed"),
    "water_level": Numeric("m", "distance"),
    "run_time_h": Numeric("h", "duration", "total_increasing"),
    "run_count": Numeric(state_class="total_increasing"),
    "door_cycles": Numeric(state_class="total_increasing"),
    "passage_count": Numeric(state_class="total_increasing"),
}
"""A quantity that is not here is a sensor with the canonical unit and no class."""

DIAGNOSTIC = frozenset(
    {"battery_percent", "battery_voltage", "battery_low", "rssi", "snr", "link_quality", "fault", "frame_rate"}
)
"""Shown among a device's diagnostics, not on the front."""

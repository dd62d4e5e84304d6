"""The one table of canonical names. Dialects may emit nothing else; the docs are generated from it.

Names follow Home Assistant device classes and ONVIF event topics where those exist.
"""

import math
from typing import Literal

from msgspec import Struct

from devices.model import DeviceKind

S, L, A, C, W = (
    DeviceKind.SMOKE_DETECTOR,
    DeviceKind.LIFT,
    DeviceKind.ACCESS_GATE,
    DeviceKind.CAMERA,
    DeviceKind.WATER_LEAK,
)
EVERY = frozenset(DeviceKind)


class Quantity(Struct, frozen=True):
    """A number a device measures; outside ``low`` to ``high`` it is a fault of the sender, not a reading."""

    unit: str
    kinds: frozenset[DeviceKind]
    meaning: str
    low: float = -math.inf
    high: float = math.inf


class State(Struct, frozen=True):
    """A condition a device is in; ``values`` lists the words of a text state, empty for true/false or free text."""

    type: Literal["bool", "text"]
    kinds: frozenset[DeviceKind]
    meaning: str
    values: tuple[str, ...] = ()


class EventCode(Struct, frozen=True):
    """Something that happens at a moment; ``attributes`` are the members it may carry."""

    kinds: frozenset[DeviceKind]
    meaning: str
    attributes: tuple[str, ...] = ()


SERVICE_MODES = (
    "normal",
    "inspection",
    "fire_return",
    "fireman",
    "emergency_power",
    "earthquake",
    "independent",
    "stopped",
    "unknown",
)
PLATE = ("plate_text", "credential_ref", "direction", "lane", "plate_color", "confidence")
PASSAGE = ("credential_type", "credential_ref", "person_ref", "direction", "door_id", "reader_id", "confidence")

LIFT_FAULTS = {
    "overrun_top": "ran past the top landing (冲顶)",
    "overrun_bottom": "ran past the bottom landing (蹲底)",
    "overspeed": "faster than allowed (超速)",
    "speed_abnormal": "speed not as commanded (速度异常)",
    "door_open_while_running": "door opened during a run (运行中开门)",
    "unintended_car_movement": "moved with the door open (开门走车)",
    "stopped_outside_door_zone": "stopped between floors (门区外停梯)",
    "door_open_fault": "door does not open (开门故障)",
    "door_close_fault": "door does not close (关门故障)",
    "door_repeated_cycling": "door opens and closes again and again (反复开关门)",
    "safety_circuit_open": "safety circuit broken (安全回路断路)",
    "door_lock_circuit_open": "door lock circuit broken (门锁回路断路)",
    "landing_button_stuck": "landing button stuck (层站按钮粘连)",
    "motor_run_time_limiter": "motor run time limiter acted (电动机运转时间限制器动作)",
    "floor_position_lost": "floor position lost (楼层信息丢失)",
    "restart_inhibited": "restart inhibited after a fault (防止电梯再运行故障)",
    "power_failure": "no power (停电)",
}

QUANTITIES: dict[str, Quantity] = {
    "battery_percent": Quantity("%", EVERY, "remaining battery", 0, 100),
    "battery_voltage": Quantity("V", EVERY, "battery voltage"),
    "rssi": Quantity("dBm", EVERY, "received signal strength"),
    "link_quality": Quantity("1", EVERY, "link quality, 0 to 255", 0, 255),
    "temperature": Quantity("degC", frozenset({S, L, W, C}), "temperature at the device", -60, 1000),
    "humidity": Quantity("%", frozenset({S, W}), "relative humidity", 0, 100),
    "smoke_density": Quantity("%/m", frozenset({S}), "obscuration per metre", 0, 100),
    "gas_concentration": Quantity("%LEL", frozenset({S}), "gas, percent of the lower explosive limit"),
    "speed": Quantity("m/s", frozenset({L}), "car speed, unsigned", 0, 30),
    "load_percent": Quantity("%", frozenset({L}), "load of the car", 0, 300),
    "floor_index": Quantity("1", frozenset({L}), "landing counted from 0 at the lowest"),
    "run_count": Quantity("1", frozenset({L}), "runs since commissioning"),
    "door_cycles": Quantity("1", frozenset({L, A}), "door openings since commissioning"),
    "passage_count": Quantity("1", frozenset({A}), "passages since commissioning"),
    "frame_rate": Quantity("1/s", frozenset({C}), "frames decoded per second", 0, 1000),
    "restart_count": Quantity("1", frozenset({C}), "times the camera's worker had to be started again"),
    "object_count": Quantity("1", frozenset({C}), "objects in view"),
    "snr": Quantity("dB", EVERY, "signal to noise ratio"),
    "run_time_h": Quantity("h", frozenset({L}), "running hours since commissioning", 0),
    "water_level": Quantity("m", frozenset({W}), "water level above the floor"),
}

STATES: dict[str, State] = {
    "smoke": State("bool", frozenset({S}), "smoke alarm sounding"),
    "heat": State("bool", frozenset({S}), "heat alarm sounding"),
    "carbon_monoxide": State("bool", frozenset({S}), "carbon monoxide alarm sounding"),
    "gas": State("bool", frozenset({S}), "gas alarm sounding"),
    "manual_call_point": State("bool", frozenset({S}), "call point pressed"),
    "linked_alarm": State("bool", frozenset({S}), "sounding because another detector of its group alarms"),
    "test_active": State("bool", frozenset({S}), "being tested"),
    "shielded": State("bool", frozenset({S}), "taken out of service at the panel (屏蔽)"),
    "supervised": State("bool", frozenset({S}), "supervisory signal (监管)"),
    "started": State("bool", frozenset({S}), "controlled equipment started (启动)"),
    "feedback": State("bool", frozenset({S}), "controlled equipment confirms (反馈)"),
    "delay": State("bool", frozenset({S}), "waiting before it acts (延时)"),
    "main_power_fault": State("bool", frozenset({S, L}), "mains failed (主电故障)"),
    "backup_power_fault": State("bool", frozenset({S, L}), "battery supply failed (备电故障)"),
    "valve_state": State("text", frozenset({S, W}), "shut-off valve", ("open", "closed")),
    "muted": State("bool", frozenset({S}), "sounder silenced at the device"),
    "tamper": State("bool", EVERY, "housing opened or device removed"),
    "fault": State("bool", EVERY, "device reports a fault of its own"),
    "battery_low": State("bool", EVERY, "device says its battery is low"),
    "firmware": State("text", EVERY, "version of the software the device runs"),
    "service_mode": State(
        "text",
        frozenset({L}),
        "operating mode of the lift",
        SERVICE_MODES,
    ),
    "car_state": State("text", frozenset({L}), "movement of the car", ("running", "stopped")),
    "direction": State("text", frozenset({L}), "direction of travel", ("up", "down", "none")),
    "floor": State("text", frozenset({L}), "floor label as shown in the car"),
    "door_state": State("text", frozenset({L, A}), "door position", ("open", "opening", "closed", "closing")),
    "door_zone": State("bool", frozenset({L}), "car is within the unlocking zone"),
    "door_closed": State("bool", frozenset({L}), "car doors shut"),
    "passengers_present": State("bool", frozenset({L}), "someone is in the car"),
    "entrapment": State("bool", frozenset({L}), "controller reports people shut in (困人)"),
    "at_landing": State("bool", frozenset({L}), "car stands level with a landing (平层)"),
    "out_of_service": State("bool", frozenset({L}), "not taking calls"),
    **{name: State("bool", frozenset({L}), meaning) for name, meaning in LIFT_FAULTS.items()},
    "lock_state": State("text", frozenset({A}), "lock position", ("locked", "unlocked")),
    "barrier_state": State("text", frozenset({A}), "barrier position", ("up", "down", "moving")),
    "motion": State("bool", frozenset({C}), "motion in view"),
    "occupancy": State("bool", frozenset({C}), "somebody or something in the watched field"),
    "stream_lost": State("bool", frozenset({C}), "no picture arrives"),
    "view_covered": State("bool", frozenset({C}), "something covers the lens"),
    "view_moved": State("bool", frozenset({C}), "camera looks elsewhere than it was set up to"),
    "image_black": State("bool", frozenset({C}), "picture is black or nearly so"),
    "image_frozen": State("bool", frozenset({C}), "the same picture again and again"),
    "image_blurred": State("bool", frozenset({C}), "picture has no sharp edges any more"),
    "storage_fault": State("bool", frozenset({C}), "recording medium failed"),
    "visual_fire": State("bool", frozenset({C}), "flames or smoke seen by the camera"),
    "input_state": State("bool", frozenset({C, A}), "digital input active"),
    "relay_state": State("bool", frozenset({C, A}), "relay output active"),
    "water_leak": State("bool", frozenset({W}), "water where none should be"),
    "pump_running": State("bool", frozenset({W}), "the pump of the sump runs (水泵运行)"),
    "pump_commanded": State("bool", frozenset({W}), "the pump is told to run (水泵启动命令)"),
}

EVIDENCE = ("snapshot_ref", "snapshot_sha256", "clip_ref", "clip_sha256", "composite_ref", "composite_sha256")
DETECTION = ("object_id", "object_class", "phase", "zones", "score", "box", *EVIDENCE)

EVENTS: dict[str, EventCode] = {
    "self_test": EventCode(frozenset({S}), "self test finished", ("passed",)),
    "alarm_button": EventCode(frozenset({L}), "alarm button pressed in the car (用户报警)"),
    "e_bike_in_car": EventCode(frozenset({L, C}), "electric bicycle in the car (电动车入梯)", DETECTION),
    "unknown_fault": EventCode(
        frozenset({L, S}), "fault code without a table entry", ("raw_code", "code_system", "active", "correlation_id")
    ),
    "access_granted": EventCode(
        frozenset({A}),
        "credential accepted",
        PASSAGE,
    ),
    "access_denied": EventCode(
        frozenset({A}),
        "credential refused",
        ("reason", *PASSAGE),
    ),
    "pass_refused": EventCode(
        frozenset({A}),
        "the gateway found a visitor's pass forged, early, expired, used, revoked or for another building",
        ("reason", *PASSAGE),
    ),
    "door_forced": EventCode(frozenset({A}), "door opened without release", ("door_id",)),
    "door_held_open": EventCode(frozenset({A}), "door open longer than the controller allows", ("door_id",)),
    "door_opened": EventCode(frozenset({A}), "door opened", ("door_id",)),
    "door_closed": EventCode(frozenset({A}), "door closed", ("door_id",)),
    "tailgating": EventCode(
        frozenset({A}), "more people passed than were let through (尾随)", ("door_id", "direction")
    ),
    "doorbell": EventCode(frozenset({A}), "somebody rings", ("door_id",)),
    "exit_button": EventCode(frozenset({A}), "opened from inside by button", ("door_id",)),
    "remote_open": EventCode(frozenset({A}), "opened from afar", ("door_id", "person_ref")),
    "plate_recognised": EventCode(
        frozenset({A, C}),
        "number plate read",
        PLATE,
    ),
    "no_plate_read": EventCode(frozenset({A, C}), "a vehicle without a readable plate", ("direction", "lane")),
    "vehicle_lingering": EventCode(frozenset({A, C}), "a vehicle stays at the barrier", ("lane", "credential_ref")),
    "vehicle_reversed": EventCode(frozenset({A, C}), "a vehicle backed out", ("lane", "credential_ref")),
    "object_detected": EventCode(frozenset({C}), "an object is tracked", (*DETECTION, "rule_name")),
    "line_crossed": EventCode(frozenset({C}), "an object crossed a line", (*DETECTION, "rule_name", "direction")),
    "intrusion": EventCode(frozenset({C}), "an object is in a forbidden field", (*DETECTION, "rule_name")),
    "loitering": EventCode(frozenset({C}), "somebody lingers", (*DETECTION, "rule_name")),
    "duress": EventCode(frozenset({A}), "opened under threat", ("door_id", "credential_ref")),
    "falling_object": EventCode(
        frozenset({C}),
        "object fell along a facade",
        (*DETECTION, "floor_low", "floor_high", "column", "landing", "speed"),
    ),
    "stationary_object": EventCode(
        frozenset({C}), "something stands in a watched zone", (*DETECTION, "zone", "coverage", "stood_s", "confirmed")
    ),
    "evidence_stored": EventCode(
        frozenset({C}), "a clip promised by a detection is finished", ("object_id", *EVIDENCE)
    ),
    "camera_tamper": EventCode(frozenset({C}), "view covered, moved or blurred", ("phase",)),
}

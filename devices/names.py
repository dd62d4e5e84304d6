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
PASSAGE = ("credential_type", "credential_ref", "person_ref", "direction", "door_id", "reader_id", "confidence")

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
    "object_count": Quantity("1", frozenset({C}), "objects in view"),
    "water_level": Quantity("m", frozenset({W}), "water level above the floor"),
}

STATES: dict[str, State] = {
    "smoke": State("bool", frozenset({S}), "smoke alarm sounding"),
    "heat": State("bool", frozenset({S}), "heat alarm sounding"),
    "carbon_monoxide": State("bool", frozenset({S}), "carbon monoxide alarm sounding"),
    "gas": State("bool", frozenset({S}), "gas alarm sounding"),
    "manual_call_point": State("bool", frozenset({S}), "call point pressed"),
    "muted": State("bool", frozenset({S}), "sounder silenced at the device"),
    "tamper": State("bool", EVERY, "housing opened or device removed"),
    "fault": State("bool", EVERY, "device reports a fault of its own"),
    "battery_low": State("bool", EVERY, "device says its battery is low"),
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
    "entrapment": State("bool", frozenset({L}), "controller reports people shut in"),
    "lock_state": State("text", frozenset({A}), "lock position", ("locked", "unlocked")),
    "barrier_state": State("text", frozenset({A}), "barrier position", ("up", "down", "moving")),
    "motion": State("bool", frozenset({C}), "motion in view"),
    "water_leak": State("bool", frozenset({W}), "water where none should be"),
}

DETECTION = ("object_id", "object_class", "phase", "zones", "score", "box", "snapshot_ref", "clip_ref")

EVENTS: dict[str, EventCode] = {
    "self_test": EventCode(frozenset({S}), "self test finished", ("passed",)),
    "alarm_button": EventCode(frozenset({L}), "alarm button pressed in the car"),
    "unknown_fault": EventCode(frozenset({L, S}), "fault code without a table entry", ("raw_code",)),
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
    "door_forced": EventCode(frozenset({A}), "door opened without release", ("door_id",)),
    "door_held_open": EventCode(frozenset({A}), "door open longer than the controller allows", ("door_id",)),
    "door_opened": EventCode(frozenset({A}), "door opened", ("door_id",)),
    "door_closed": EventCode(frozenset({A}), "door closed", ("door_id",)),
    "duress": EventCode(frozenset({A}), "opened under threat", ("door_id", "credential_ref")),
    "falling_object": EventCode(
        frozenset({C}),
        "object fell along a facade",
        (*DETECTION, "floor_low", "floor_high", "column", "landing", "speed"),
    ),
    "stationary_object": EventCode(frozenset({C}), "something stands in a watched zone", (*DETECTION, "zone")),
    "camera_tamper": EventCode(frozenset({C}), "view covered, moved or blurred", ("phase",)),
}

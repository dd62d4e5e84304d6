"""Field tables: how a vendor's field becomes a canonical name, and the names that many makers agree on.

A table is data: ``{vendor field: Field}``. Site files add to it where a dialect's options say so.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from devices.dialects import values
from devices.dialects.reading import Reading
from devices.model import DeviceKind, StateValue
from devices.names import EVENTS, LIFT_FAULTS, QUANTITIES, SERVICE_MODES, STATES

MAX_PLAIN = 1_000_000_000
MAX_RAW = 32
YES = values.YES | {"alarm", "detected", "active", "leak", "fault", "abnormal"}
NO = values.NO | {"normal", "ok", "none", "inactive", "clear"}


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """One vendor field: its canonical name, the factor to the canonical unit, what its words mean.

    For ``unknown_fault`` the field holds a fault code; ``words`` then turns codes into the names of lift faults.
    """

    name: str
    scale: float = 1.0
    words: dict[str, StateValue] = {}

    def __post_init__(self) -> None:
        if not any(self.name in table for table in (QUANTITIES, STATES, EVENTS)):
            raise ValueError(f"{self.name!r} is no canonical name; docs/names.md lists them")


SKIP = Field("fault")  # by identity: a field that is dealt with elsewhere, or says nothing
DIRECTIONS: dict[str, StateValue] = {"0": "none", "1": "up", "2": "down", "stop": "none"}
CAR_STATES: dict[str, StateValue] = {"0": None, "1": "stopped", "2": "running", "stop": "stopped", "run": "running"}
# The order of GB/T 24476: 0 out of service, then the modes, 7 unknown.
MODES: dict[str, StateValue] = {"0": "stopped", **{str(n): mode for n, mode in enumerate(SERVICE_MODES[:6], 1)}}
MODES["7"] = "unknown"
DOOR_WORDS: dict[str, StateValue] = {"0": "closed", "1": "open", "close": "closed"}
INVERTED: dict[str, StateValue] = {"1": False, "true": False, "open": False, "0": True, "false": True, "closed": True}

_SYNONYMS: tuple[tuple[Field, str], ...] = (
    (Field("floor"), "floor currentfloor carposition floormarking floorlabel displayfloor"),
    (Field("direction", words=DIRECTIONS), "direction cardirection traveldirection movingdirection"),
    (Field("car_state", words=CAR_STATES), "carstate carstatus movestate"),
    (Field("service_mode", words=MODES), "servicemode operatingmode"),
    (Field("door_state", words=DOOR_WORDS), "doorstate doorstatus"),
    (Field("door_closed"), "doorclosed doorsclosed"),
    (Field("door_closed", words=INVERTED), "dooropen doorsopen"),
    (Field("passengers_present"), "passengerpresent passengerspresent peoplepresent havepeople"),
    (Field("speed"), "speed carspeed"),
    (Field("load_percent"), "loadpercent loadrate"),
    (Field("run_count"), "totaltrips tripcount runcount totalruns"),
    (Field("door_cycles"), "doorcycles dooropencount"),
    (Field("run_time_h"), "runtimeh runninghours runhours"),
    (Field("entrapment"), "trapped entrapment persontrapped passengertrapped"),
    (Field("unknown_fault"), "faultcode errorcode"),
    (Field("smoke"), "smokealarm smokestate smokestatus smokedetected smokesensorstate smokesensorstatus"),
    (Field("gas"), "gasalarm gasstate gassensorstate"),
    (Field("carbon_monoxide"), "coalarm"),
    (Field("heat"), "heatalarm"),
    (
        Field("water_leak"),
        "leak leakage waterleakage leakstate leakagestatus waterleakstate waterleakalarm",
    ),
    (Field("water_leak"), "watersensorstate waterimmersion waterimmersionstate"),
    (Field("temperature"), "temp currenttemperature environmenttemperature"),
    (Field("humidity"), "relativehumidity currenthumidity"),
    (Field("battery_percent"), "battery batterylevel batterypercentage batteryremaining"),
    (Field("battery_low"), "lowbattery lowbatteryalarm"),
    (Field("tamper"), "tamperalarm tamperstate tamperstatus"),
    (Field("fault"), "trouble faultstate faultstatus"),
)
COMMON: dict[str, Field] = {
    **{name.replace("_", ""): Field(name) for name in (*QUANTITIES, *STATES)},
    **{name.replace("_", ""): Field(name) for name in ("alarm_button", "door_forced", "duress", "unknown_fault")},
    **{key: field for field, keys in _SYNONYMS for key in keys.split()},
}
# A bare "alarm" means what the device is there for.
ALARMS = {DeviceKind.SMOKE_DETECTOR: Field("smoke"), DeviceKind.WATER_LEAK: Field("water_leak")}
ALARM_KEYS = frozenset({"alarm", "alarmstate", "alarmstatus"})

_KINDS = tuple(DeviceKind)
_EVERY_KIND = frozenset(_KINDS)
_LIMITS = {name: (quantity.low, quantity.high) for name, quantity in QUANTITIES.items()}
_NUMBERS = (float, int)
_FLAGS = (int, bool)
_FLAGS_MEANT = (0, 1)
_BOOLS = frozenset(name for name, state in STATES.items() if state.type == "bool")
_HINTS = (
    (DeviceKind.LIFT, ("lift", "elevator", "电梯"), ()),
    (DeviceKind.SMOKE_DETECTOR, ("smoke", "烟感", "消防", "gs524"), ("fire", "heat", "gas")),
    (DeviceKind.WATER_LEAK, ("leak", "flood", "水浸", "漏水", "em300-sld", "em300-zld", "ws303"), ("water",)),
    (
        DeviceKind.ACCESS_GATE,
        ("turnstile", "barrier", "门禁", "道闸", "ws301", "em300-mcs"),
        ("gate", "door", "access"),
    ),
    (DeviceKind.CAMERA, ("camera", "摄像"), ("cam", "ipc")),
)


@lru_cache(maxsize=4096)
def key_of(name: str) -> str:
    """Return ``name`` without case and punctuation: ``Lift_Speed`` and ``liftSpeed`` are one."""
    return "".join(c for c in name.lower() if c.isalnum())


@lru_cache(maxsize=8192)
def common(name: str, kind: DeviceKind | None = None) -> Field | None:
    """Find the field that ``name`` usually means; ``alarm`` depends on the kind of device."""
    key = key_of(name)
    if key in ALARM_KEYS:
        return ALARMS.get(kind) if kind else None
    return COMMON.get(key)


@lru_cache(maxsize=4096)
def hinted(*names: str) -> DeviceKind | None:
    """Guess a kind from what people called a device, its product or its service."""
    for name in names:
        lowered = name.lower()
        words = set(re.split(r"[^a-z]+", lowered))
        for kind, parts, exact in _HINTS:
            if any(part in lowered for part in parts) or not words.isdisjoint(exact):
                return kind
    return None


def guess(fields: Iterable[Field | None], *names: str) -> DeviceKind | None:
    """Guess what a stranger is: by a field only one kind has, by its names, or by the few kinds that have them all."""
    possible = _EVERY_KIND
    for field in fields:
        if field is not None:
            kinds = kinds_of(field.name)
            if len(kinds) == 1:
                return next(iter(kinds))
            possible &= kinds
    return hinted(*names) or (next(k for k in _KINDS if k in possible) if 0 < len(possible) <= 2 else None)


def kinds_of(name: str) -> frozenset[DeviceKind]:
    """Return the kinds of device that may use a canonical name."""
    return (QUANTITIES.get(name) or STATES.get(name) or EVENTS[name]).kinds


def put(reading: Reading, field: Field, value: Any, news: bool = True) -> None:
    """Note one vendor value under its canonical name. ``news`` is false where a message only repeats what is so."""
    name = field.name
    if name == "floor" and isinstance(value, _NUMBERS) and str(value) not in field.words:
        name = "floor_index"
    if name in QUANTITIES:
        read = values.number(value, field.scale)
        reading.measure(name, read, None if read is not None or value is None else plain(value))
        if value is None:
            reading.raw[name] = None
    elif name in STATES:
        meant = meaning(field, name, value)
        reading.state(name, meant, plain(value) if meant is None and value is not None else None)
    elif name == "unknown_fault":
        _fault(reading, field, value, news)
    elif values.truth(value, YES, NO) and news:
        reading.event(name)


def doubt(reading: Reading, field: Field, value: Any) -> None:
    """Note that a value cannot be trusted: the state is unknown, what was written is kept aside."""
    if field.name in STATES and field.name != "floor":
        reading.states[field.name] = None
    elif field.name == "floor" and isinstance(value, str | None):
        reading.states["floor"] = None
    reading.raw[field.name] = plain(value)


def meaning(field: Field, name: str, value: Any) -> StateValue:
    """Read a state by its field's words; what nobody agreed on is unknown."""
    if value is None:
        return None
    word = word_of(value)
    if word in field.words:
        return field.words[word]
    state = STATES[name]
    if state.type == "bool":
        return values.truth(value, YES, NO)
    if state.values:
        return word if word in state.values else None
    return str(value).strip()[:MAX_RAW] or None


def word_of(value: Any) -> str:
    """Return ``value`` as a lower-case word: truth as ``true``, whole numbers without a point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value).strip().lower()


def take(reading: Reading, table: Mapping[str, Field], given: Mapping[str, Any]) -> None:
    """Note all of a vendor's fields; what no table knows is kept aside."""
    for name, value in given.items():
        field = table.get(name) or common(name, reading.kind)
        if field is None:
            if len(reading.raw) < MAX_RAW:
                reading.raw[name[:MAX_RAW]] = anonymous(value)
            continue
        if field is SKIP:
            continue
        canonical = field.name
        limit = _LIMITS.get(canonical)
        if limit is not None:  # the usual cases need no function
            if type(value) in _NUMBERS and limit[0] <= (scaled := value * field.scale) <= limit[1]:
                reading.measurements[canonical] = float(scaled)
                continue
        elif type(value) in _FLAGS and not field.words and value in _FLAGS_MEANT and canonical in _BOOLS:
            reading.states[canonical] = value == 1
            continue
        put(reading, field, value)


def plain(value: Any) -> Any:
    """Return what a report may carry of an odd value of a known field."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, _NUMBERS) and abs(value) < MAX_PLAIN:
        return value
    return str(value)[:MAX_RAW]


def anonymous(value: Any) -> Any:
    """Return what may be kept of a field nobody knows: it might be a person's name or telephone number."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, _NUMBERS) and abs(value) < MAX_PLAIN:
        return value
    return f"({type(value).__name__})"


def _fault(reading: Reading, field: Field, value: Any, news: bool) -> None:
    """Read a fault code; several are separated by commas. No code says that the faults we know of are gone."""
    if value is None:
        return reading.state("fault", None)
    codes = [code for part in str(value).replace(";", ",").split(",") if (code := part.strip()) not in ("", "0")]
    reading.state("fault", bool(codes))
    known = {code: name for code, name in field.words.items() if isinstance(name, str) and name in LIFT_FAULTS}
    if not codes:
        for name in known.values():
            reading.state(name, False)
    for code in codes[:MAX_RAW]:
        if code in known:
            reading.state(known[code], True)
        elif news:
            reading.event("unknown_fault", raw_code=code[:MAX_RAW], code_system=reading.dialect, active=True)
        else:
            reading.raw["unknown_fault"] = code[:MAX_RAW]
    return None

"""ES1000 lift terminals: ``TerminalData/ID/real_alarm`` and ``real_ok``; and the elevatorcloud JSON of their kin.

Every number and flag is text. An alarm is raised on one topic and cleared on the other, so both travel in one lane and
``real_ok`` counts as "no" to whatever alarm it does not mention. Elevatorcloud terminals speak TCP framed by ``#10#``
and ``#13#``; a bridge publishes their JSON below ``elevatorcloud/ID``, with or without the frame.
"""

from typing import Any, ClassVar

from msgspec import Raw, Struct, convert, field, json, structs

from devices.dialects.body import BROKEN, decode_json, mapping
from devices.dialects.dialect import Context, Lane, Route
from devices.dialects.reading import Reading
from devices.dialects.typed import typed
from devices.dialects.values import local, number, truth, whole
from devices.model import DeviceKind, Envelope, Event, Ignored, Reject, RejectReason, Report, StateValue

# The same flags by the names of firmware V2.0 and of what went before it.
ALARMS = {
    "PersonTrapped": "entrapment",
    "Kunren": "entrapment",
    "Stuck": "stopped_outside_door_zone",
    "Kaceng": "stopped_outside_door_zone",
    "UpAlarm": "overrun_top",
    "UP_Alarm": "overrun_top",
    "DownAlarm": "overrun_bottom",
    "Down_Alarm": "overrun_bottom",
    "RunDoor": "door_open_while_running",
    "Run_door": "door_open_while_running",
    "Speed": "overspeed",
    "Speeding": "overspeed",
    "StpDoorUnOpen": "door_open_fault",
    "Stp_DoorUnopen": "door_open_fault",
    "StpDoorUnClose": "door_close_fault",
    "Stp_DoorUnclose": "door_close_fault",
    "StpDoorRepeat": "door_repeated_cycling",
    "Stp_Reapet": "door_repeated_cycling",
    "SafeLoop": "safety_circuit_open",
    "Power_Down": "main_power_fault",
    "Voltage": "battery_low",
}
EVENTS = {
    "ManualAlarm": "alarm_button",
    "Manual_Alarm": "alarm_button",
    "Ebike": "e_bike_in_car",
    "Electromobile": "e_bike_in_car",
}
# What every firmware can raise: real_ok denies these even where it does not list them.
CLEARED_BY_OK = (
    "entrapment",
    "stopped_outside_door_zone",
    "overrun_top",
    "overrun_bottom",
    "door_open_while_running",
    "overspeed",
    "door_open_fault",
    "door_close_fault",
    "door_repeated_cycling",
)
SUMMARY = frozenset({"HasAlarm", "Y_N", "Maintain", "ErrorCode"})
MEASURED = {"Speed": "speed", "Temp": "temperature"}
COUNTED = {"RunNum": "run_count", "DoorOpenedCnt": "door_cycles"}
# Fault numbers of elevatorcloud terminals: canonical name, and whether the car is level with a landing.
ELEVATORCLOUD: dict[int, tuple[str, bool | None]] = {
    1: ("entrapment", False),
    2: ("entrapment", True),
    3: ("door_open_while_running", None),
    6: ("overrun_top", None),
}
MOVES = {"0": ("stopped", "none"), "1": ("running", "up"), "2": ("running", "down")}
ALIVE = frozenset({"heartbeat", "heart", "login", "online", "hb"})
LIFT = DeviceKind.LIFT


Flags = tuple[dict[str, StateValue], list[Event], dict[str, Any]]
Car = tuple[dict[str, StateValue], dict[str, float], dict[str, Any]]
MAX_KNOWN = 1024


class _Parameters(Struct):
    Id: Any = None
    ID: Any = None
    Time: Any = None


class _Body(Struct):
    Parameters: _Parameters = field(default_factory=_Parameters)
    Alarm: Raw = Raw(b"{}")
    State: Raw = Raw(b"null")
    Count: dict[str, Any] | None = None
    data: Any = None


_decode = json.Decoder(_Body).decode


class Options(Struct, forbid_unknown_fields=True):
    """``base`` and ``elevatorcloud`` are the first levels of the two families' topics."""

    base: str = "TerminalData"
    elevatorcloud: str = "elevatorcloud"


class Es1000:
    """Decoder of ES1000 and elevatorcloud lift terminals."""

    name: ClassVar[str] = "es1000"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        given = convert(context.options, Options)
        self._known_flags: dict[tuple[bytes, bool], Flags] = {}
        self._known_cars: dict[bytes, Car] = {}
        self._prefixes = (given.base + "/", given.elevatorcloud + "/")

    def filters(self) -> dict[str, Lane]:
        return {f"{prefix}#": Lane.ALARM for prefix in self._prefixes}

    def owns(self, topic: str) -> bool:
        return topic.startswith(self._prefixes) or "elevatorcloud" in topic.lower() or "websocket" in topic.lower()

    def route(self, topic: str) -> Route | Reject:
        levels = topic.split("/")
        if not topic.startswith(self._prefixes):
            return Route(self.name, "", LIFT, self._read_elevatorcloud)
        if len(levels) < 2 or not levels[1]:
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} names no terminal after {levels[0]!r}")
        if levels[-1].lower() in ALIVE:
            return Route(self.name, levels[1], LIFT, self._read_alive)
        ours = topic.startswith(self._prefixes[0])
        return Route(self.name, levels[1], LIFT, self._read if ours else self._read_elevatorcloud)

    def _read_alive(self, route: Route, envelope: Envelope) -> Report | Ignored:
        return _alive(self._context, envelope, Reading(self.name, route.sender, LIFT))

    def _read(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        body = typed(_decode, envelope)
        if isinstance(body, Reject):
            return body
        if body.data is not None:
            return self._read_elevatorcloud(route, envelope)
        claimed = body.Parameters.Id if body.Parameters.ID is None else body.Parameters.ID
        if claimed is not None and str(claimed).strip() != route.sender:
            return _mismatch(route, claimed)
        reading = Reading(self.name, route.sender, LIFT)
        flags, car = self._flags(bytes(body.Alarm), envelope.topic), self._car(bytes(body.State), envelope.topic)
        if isinstance(flags, Reject):
            return flags
        if isinstance(car, Reject):
            return car
        reading.states, reading.measurements = flags[0] | car[0], car[1].copy()
        reading.events += flags[1]
        reading.raw = flags[2] | car[2]
        for name, count in body.Count.items() if body.Count else ():
            if name in COUNTED:
                reading.measure(COUNTED[name], number(count), count)
        if reading.empty:
            return Reject(
                RejectReason.WRONG_SHAPE,
                f"{envelope.topic[:120]!r} has none of Alarm, State and Count; is the terminal an ES1000?",
            )
        return reading.report(self._context, envelope, local(body.Parameters.Time, self._context.zone), local=True)

    def _flags(self, raw: bytes, topic: str) -> Flags | Reject:
        """Read ``Alarm``. Its flags hardly ever change, so equal text is read once; the memory of it is bounded."""
        ok = topic.endswith("/real_ok")
        found = self._known_flags.get((raw, ok))
        if found is None:
            try:
                given = decode_json(raw)
            except BROKEN as error:
                return Reject(RejectReason.MALFORMED, f"{topic[:120]!r}: Alarm is no text: {error}")
            reading = Reading(self.name, "", LIFT)
            _alarms(reading, given if isinstance(given, dict) else {}, ok)
            if len(self._known_flags) >= MAX_KNOWN:
                self._known_flags.clear()
            found = self._known_flags[raw, ok] = (reading.states, reading.events, reading.raw)
        return found

    def _car(self, raw: bytes, topic: str) -> Car | Reject:
        """Read ``State``. A car that stands says the same each time, so equal text is read once, like the flags."""
        found = self._known_cars.get(raw)
        if found is None:
            try:
                given = decode_json(raw)
            except BROKEN as error:
                return Reject(RejectReason.MALFORMED, f"{topic[:120]!r}: State is no text: {error}")
            reading = Reading(self.name, "", LIFT)
            _state(reading, given if isinstance(given, dict) else {})
            if len(self._known_cars) >= MAX_KNOWN:
                self._known_cars.clear()
            found = self._known_cars[raw] = (reading.states, reading.measurements, reading.raw)
        return found

    def _read_elevatorcloud(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        body = mapping(_unframed(envelope))
        if isinstance(body, Reject):
            return body
        data = _part(body, "data")
        claimed = body.get("eid", data.get("eid"))
        if claimed is not None and route.sender and str(claimed).strip() != route.sender:
            return _mismatch(route, claimed)
        reading = Reading(self.name, route.sender or str(claimed or "elevatorcloud"), LIFT)
        told = str(body.get("type", "info")).lower()
        if told in ALIVE:
            return _alive(self._context, envelope, reading)
        if told != "info" or not data:
            return Reject(RejectReason.WRONG_SHAPE, f"elevatorcloud says type {told[:40]!r}; info and login are known")
        _elevatorcloud(reading, data)
        return reading.report(self._context, envelope)


def _alive(context: Context, envelope: Envelope, reading: Reading) -> Report | Ignored:
    if envelope.retained:
        return Ignored("a kept heartbeat is no sign of life")
    reading.availability = True
    return reading.report(context, envelope)


def _mismatch(route: Route, claimed: Any) -> Reject:
    return Reject(
        RejectReason.IDENTITY_MISMATCH,
        f"payload says terminal {str(claimed)[:64]!r}, topic says {route.sender[:64]!r}; the topic decides who speaks",
    )


def _part(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _unframed(envelope: Envelope) -> Envelope:
    payload = envelope.payload
    if not payload.startswith(b"#10#"):
        return envelope
    return structs.replace(envelope, payload=payload.removeprefix(b"#10#").removesuffix(b"#13#"))


def _alarms(reading: Reading, given: dict[str, Any], ok: bool) -> None:
    """Read the flags. A flag that is set is believed on either topic: rather one alarm too many."""
    if ok:
        reading.states.update(dict.fromkeys(CLEARED_BY_OK, False))
    for name, raw in given.items():
        value = truth(raw)
        state = ALARMS.get(name)
        if state is not None:
            reading.state(state, value, raw)
        elif name in EVENTS:
            if value:
                reading.event(EVENTS[name])
        elif value and name not in SUMMARY:
            _unknown(reading, name)
    codes = given.get("ErrorCode")
    for code in codes[:32] if isinstance(codes, list) else ():
        _unknown(reading, code)
    told = reading.events or any(value is True for value in reading.states.values())
    if not told and truth(given.get("HasAlarm", given.get("Y_N"))):
        _unknown(reading, "HasAlarm")


def _unknown(reading: Reading, code: Any) -> None:
    reading.event("unknown_fault", raw_code=str(code)[:64], code_system="es1000", active=True)


def _state(reading: Reading, given: dict[str, Any]) -> None:
    """Read where the car is and what it does, by either firmware's names."""
    for name, canonical in MEASURED.items():
        if name in given:
            reading.measure(canonical, number(given[name]), given[name])
    floor = given.get("Floor", given.get("Lou_Ceng"))
    if floor is not None:
        below = "DS_DX" in given and truth(given["DS_DX"]) is False
        reading.state("floor", f"-{floor}" if below else str(floor).strip()[:16])
    _moves(reading, given.get("Status", given.get("status")))
    if "Door" in given:
        _door(reading, truth(given["Door"]), given["Door"])
    if "People" in given:
        reading.state("passengers_present", _people(given["People"]), given["People"])
    if "Maintain" in given:
        serviced = truth(given["Maintain"])
        reading.state("service_mode", None if serviced is None else "inspection" if serviced else "normal")


def _moves(reading: Reading, raw: Any) -> None:
    if raw is None:
        return
    car, direction = MOVES.get(str(raw).strip(), (None, None))
    reading.state("car_state", car, raw)
    reading.state("direction", direction, raw)


def _door(reading: Reading, is_open: bool | None, raw: Any) -> None:
    word: StateValue = None if is_open is None else "open" if is_open else "closed"
    reading.state("door_state", word, raw)
    reading.state("door_closed", None if is_open is None else not is_open, raw)


def _people(raw: Any) -> bool | None:
    """Read a flag or a count of people."""
    present = truth(raw)
    if present is None and (count := whole(raw)) is not None and count > 0:
        return True
    return present


def _elevatorcloud(reading: Reading, data: dict[str, Any]) -> None:
    """Read ``info``. The fault list is complete: what it lacks is over. What ``door`` 0 and 1 mean is not public."""
    if data.get("floor") is not None:
        reading.state("floor", str(data["floor"]).strip()[:16])
    _moves(reading, data.get("direction"))
    if "haspeople" in data:
        reading.state("passengers_present", _people(data["haspeople"]), data["haspeople"])
    if "inposition" in data:
        reading.state("at_landing", truth(data["inposition"]), data["inposition"])
    if "door" in data:
        reading.unknown("door", data["door"])
    # One firmware misspells it, a later one does not.
    serviced = [truth(data[name]) for name in ("reparing", "repairing", "inmaintenance") if name in data]
    if serviced:
        known = None if None in serviced else "normal"
        reading.state("service_mode", "inspection" if True in serviced else known)
    faults = data.get("fault")
    if isinstance(faults, list):
        _elevatorcloud_faults(reading, faults)
    elif faults is not None:
        reading.unknown("fault", faults)


def _elevatorcloud_faults(reading: Reading, faults: list[Any]) -> None:
    codes = [whole(raw) for raw in faults[:64]]
    for name, _ in ELEVATORCLOUD.values():
        reading.state(name, None if None in codes else False)
    level = set()
    for raw, code in zip(faults, codes, strict=False):
        known = ELEVATORCLOUD.get(code) if code is not None else None
        if known is None:
            reading.event("unknown_fault", raw_code=str(raw)[:64], code_system="elevatorcloud", active=True)
            continue
        reading.state(known[0], True)
        level.add(known[1])
    level.discard(None)
    if len(level) == 1:
        reading.state("at_landing", level.pop())

"""Houqi lift terminals: ``/API/V1/Up/{LiftFault,LiftState,LiftRunInfo,HeartBeat}``, JSON.

All terminals share the topics; the payload says who speaks: ``elevatorNo``, the lift, or ``macAddr``, the box. A fault
opens with an empty ``faultEndTime`` and closes by the same list with the time filled in, joined by ``keyId``. Times are
local. Fault numbers are this maker's own.
"""

from typing import Any, ClassVar

from devices.dialects.body import mapping
from devices.dialects.dialect import Context, Lane, NoOptions, Read, Route
from devices.dialects.reading import Reading
from devices.dialects.values import local, number, whole
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

# Only what public documents name; every other number is reported as ``unknown_fault`` with the number.
FAULTS = {1: "entrapment", 4: "overrun_top"}
NO_FAULT = 0
MOVES = {0: ("stopped", "none"), 1: ("running", "up"), 2: ("running", "down")}
# Members change their names between firmware versions; only mannedNum was seen, the other second spellings are
# tolerated. The first one present counts.
LIST = ("ErrorListBean", "errorListBean", "ErrorList", "errorList")
PEOPLE = ("personInLift", "mannedNum", "personNum")
FLOOR = ("currentFloor", "floor")
SPEED = ("currentSpeed", "speed")
DIRECTION = ("runningDirection", "direction")
DOOR = ("doorStatus", "doorState")
OPENED = ("faultBeginTime", "faultStartTime")
_PHASES = {True: "open", False: "closed", None: "unknown"}
BASE = "/API/V1/Up/"
LIFT = DeviceKind.LIFT


class Houqi:
    """Decoder of Houqi lift terminals."""

    name: ClassVar[str] = "houqi"
    Options: ClassVar[Any] = NoOptions

    def __init__(self, context: Context) -> None:
        self._context = context
        self._readers: dict[str, Read] = {
            "liftfault": self._read_fault,
            "liftstate": self._read_state,
            "heartbeat": self._read_alive,
            "liftruninfo": self._ignore_run,
        }

    def filters(self) -> dict[str, Lane]:
        return {
            BASE + "LiftFault": Lane.ALARM,
            BASE + "LiftState": Lane.TELEMETRY,
            BASE + "HeartBeat": Lane.TELEMETRY,
        }

    def owns(self, topic: str) -> bool:
        """Tell by the levels; some firmware loses the leading slash or puts a space behind it."""
        return "API/V1/Up/" in topic or "API/V1/Down/" in topic

    def route(self, topic: str) -> Route | Reject:
        leaf = topic.rpartition("/")[2].strip().lower()
        read = self._ignore_command if "/Down/" in topic else self._readers.get(leaf)
        if read is None:
            return Reject(
                RejectReason.BAD_TOPIC,
                f"topic {topic[:120]!r} is none of {BASE}LiftFault, LiftState, LiftRunInfo and HeartBeat",
            )
        return Route(self.name, topic, LIFT, read)

    def _read_fault(self, route: Route, envelope: Envelope) -> Report | list[Report] | Reject:
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        faults = _first(body, LIST)
        address = self._address(body)
        if address is None or not isinstance(faults, list):
            return _shapeless(envelope, "ErrorListBean and elevatorNo or macAddr")
        beans = [bean for bean in faults[:64] if isinstance(bean, dict)]
        if not beans:
            return self._report(body, envelope, address)
        reports = [self._fault(body, bean, envelope, address) for bean in beans]
        return reports[0] if len(reports) == 1 else reports

    def _fault(self, body: dict[str, Any], bean: dict[str, Any], envelope: Envelope, address: str) -> Report:
        """Read one fault: open while its end is empty. One report each, for each has its own time."""
        reading = Reading(self.name, address, LIFT)
        _car(reading, body)
        began, ended = _first(bean, OPENED), bean.get("faultEndTime")
        is_open = _open(ended)
        key, raw = bean.get("keyId"), bean.get("faultType")
        code = whole(raw)
        name = FAULTS.get(code) if code is not None else None
        if name is not None:
            reading.state(name, is_open)
        elif code != NO_FAULT:
            attributes = {"raw_code": _text(raw), "correlation_id": _text(key), "active": is_open is not False}
            reading.event("unknown_fault", code_system="houqi", **attributes)
        if key is not None:
            reading.unknown("correlation_id", _text(key))
        at = local(ended if is_open is False else began, self._context.zone)
        if at is not None:
            reading.dedup_key = f"{_text(key)}:{_text(raw)}:{_PHASES[is_open]}:{at:.0f}"
        return reading.report(self._context, envelope, at, local=True)

    def _read_state(self, route: Route, envelope: Envelope) -> Report | Reject:
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        address = self._address(body)
        return (
            _shapeless(envelope, "elevatorNo or macAddr") if address is None else self._report(body, envelope, address)
        )

    def _report(self, body: dict[str, Any], envelope: Envelope, address: str) -> Report:
        reading = Reading(self.name, address, LIFT)
        _car(reading, body)
        return reading.report(self._context, envelope)

    def _read_alive(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        address = self._address(body)
        if address is None:
            return _shapeless(envelope, "elevatorNo or macAddr")
        if envelope.retained:
            return Ignored("a kept heartbeat is no sign of life")
        reading = Reading(self.name, address, LIFT)
        reading.availability = True
        return reading.report(self._context, envelope)

    def _ignore_run(self, route: Route, envelope: Envelope) -> Ignored:
        return Ignored("statistics of a finished run")

    def _ignore_command(self, route: Route, envelope: Envelope) -> Ignored:
        return Ignored("a command to the terminal, not its word")

    def _address(self, body: dict[str, Any]) -> str | None:
        """Return the address that is registered, else the lift's number, else the box's."""
        given = [str(v).strip() for v in (body.get("elevatorNo"), body.get("macAddr")) if v not in (None, "")]
        known = self._context.registry.resolve
        return next((a for a in given if known(self.name, a)), given[0] if given else None)


def _open(ended: Any) -> bool | None:
    """A fault is open while its end is empty or all zeros; an end without a figure is no time: nobody knows."""
    word = "" if ended is None else str(ended)
    if not word or word.isspace():
        return True
    figures = set(filter(str.isdigit, word))
    return None if not figures else figures == {"0"}


def _car(reading: Reading, body: dict[str, Any]) -> None:
    """Read where the car is and what it does."""
    floor = _first(body, FLOOR)
    if floor is not None:
        reading.state("floor", str(floor).strip()[:16])
    speed = _first(body, SPEED)
    if speed is not None:
        value = number(speed)
        reading.measure("speed", None if value is None else abs(value), speed)
    if body.get("temperature") is not None:
        reading.measure("temperature", number(body["temperature"]), body["temperature"])
    raw = _first(body, DIRECTION)
    if raw is not None:
        car, direction = MOVES.get(_code(raw), (None, None))
        reading.state("car_state", car, raw)
        reading.state("direction", direction, raw)
    raw = _first(body, DOOR)
    if raw is not None:
        reading.unknown("door", raw)
    raw = _first(body, PEOPLE)
    if raw is not None:
        count = _code(raw)
        reading.state("passengers_present", count > 0 if count >= 0 else None, raw)


def _first(body: dict[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if name in body:
            return body[name]
    return None


def _code(raw: Any) -> int:
    code = whole(raw)
    return -1 if code is None else code


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:64]


def _shapeless(envelope: Envelope, members: str) -> Reject:
    return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} lacks {members}")

"""Houqi lift terminals: ``/API/V1/Up/{LiftFault,LiftState,LiftRunInfo,HeartBeat}``, JSON.

All terminals share the topics; the payload says who speaks: ``elevatorNo``, the lift, or ``macAddr``, the box. A fault
opens with an empty ``faultEndTime`` and closes by the same list with the time filled in, joined by ``keyId``. Times are
local. Fault numbers are this maker's own.
"""

from typing import Any, ClassVar

from msgspec import Struct, convert, field, json

from devices.dialects.dialect import Context, Lane, NoOptions, Read, Route
from devices.dialects.reading import Reading
from devices.dialects.typed import typed
from devices.dialects.values import local, number, whole
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

# Only what public documents name; every other number is reported as ``unknown_fault`` with the number.
FAULTS = {1: "entrapment", 4: "overrun_top"}
NO_FAULT = 0
MOVES = {0: ("stopped", "none"), 1: ("running", "up"), 2: ("running", "down")}
_PHASES = {True: "open", False: "closed", None: "unknown"}
BASE = "/API/V1/Up/"
LIFT = DeviceKind.LIFT
MAX_FAULTS = 64


class _Fault(Struct, gc=False):
    """One entry of the fault list."""

    key: Any = field(default=None, name="keyId")
    code: Any = field(default=None, name="faultType")
    began: Any = field(default=None, name="faultBeginTime")
    started: Any = field(default=None, name="faultStartTime")
    ended: Any = field(default=None, name="faultEndTime")


class _Said(Struct, gc=False):
    """One message. Members change their names between firmware versions; of the second spellings only ``mannedNum`` was
    seen, the others are tolerated. The first one present counts.
    """

    lift: Any = field(default=None, name="elevatorNo")
    box: Any = field(default=None, name="macAddr")
    list_1: Any = field(default=None, name="ErrorListBean")
    list_2: Any = field(default=None, name="errorListBean")
    list_3: Any = field(default=None, name="ErrorList")
    list_4: Any = field(default=None, name="errorList")
    people_1: Any = field(default=None, name="personInLift")
    people_2: Any = field(default=None, name="mannedNum")
    people_3: Any = field(default=None, name="personNum")
    floor_1: Any = field(default=None, name="currentFloor")
    floor_2: Any = field(default=None, name="floor")
    speed_1: Any = field(default=None, name="currentSpeed")
    speed_2: Any = field(default=None, name="speed")
    way_1: Any = field(default=None, name="runningDirection")
    way_2: Any = field(default=None, name="direction")
    door_1: Any = field(default=None, name="doorStatus")
    door_2: Any = field(default=None, name="doorState")
    temperature: Any = None


_decode = json.Decoder(_Said).decode


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
        body = typed(_decode, envelope)
        if isinstance(body, Reject):
            return body
        faults = _first(body.list_1, body.list_2, body.list_3, body.list_4)
        address = self._address(body)
        if address is None or not isinstance(faults, list):
            return _shapeless(envelope, "ErrorListBean and elevatorNo or macAddr")
        beans = [convert(bean, _Fault) for bean in faults[:MAX_FAULTS] if isinstance(bean, dict)]
        if not beans:
            return self._report(body, envelope, address)
        reports = [self._fault(body, bean, envelope, address) for bean in beans]
        return reports[0] if len(reports) == 1 else reports

    def _fault(self, body: _Said, bean: _Fault, envelope: Envelope, address: str) -> Report:
        """Read one fault: open while its end is empty. One report each, for each has its own time."""
        reading = Reading(self.name, address, LIFT)
        _car(reading, body)
        began, ended = bean.started if bean.began is None else bean.began, bean.ended
        is_open = _open(ended)
        key, raw = bean.key, bean.code
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
        body = typed(_decode, envelope)
        if isinstance(body, Reject):
            return body
        address = self._address(body)
        return (
            _shapeless(envelope, "elevatorNo or macAddr") if address is None else self._report(body, envelope, address)
        )

    def _report(self, body: _Said, envelope: Envelope, address: str) -> Report:
        reading = Reading(self.name, address, LIFT)
        _car(reading, body)
        return reading.report(self._context, envelope)

    def _read_alive(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        body = typed(_decode, envelope)
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

    def _address(self, body: _Said) -> str | None:
        """Return the address that is registered, else the lift's number, else the box's."""
        given = [str(v).strip() for v in (body.lift, body.box) if v not in (None, "")]
        known = self._context.registry.resolve
        return next((a for a in given if known(self.name, a)), given[0] if given else None)


def _open(ended: Any) -> bool | None:
    """A fault is open while its end is empty or all zeros; an end without a figure is no time: nobody knows."""
    word = "" if ended is None else str(ended)
    if not word or word.isspace():
        return True
    figures = set(filter(str.isdigit, word))
    return None if not figures else figures == {"0"}


def _car(reading: Reading, body: _Said) -> None:
    """Read where the car is and what it does."""
    if (raw := body.floor_2 if body.floor_1 is None else body.floor_1) is not None:
        reading.state("floor", str(raw).strip()[:16])
    if (raw := body.speed_2 if body.speed_1 is None else body.speed_1) is not None:
        value = number(raw)
        reading.measure("speed", None if value is None else abs(value), raw)
    if (raw := body.temperature) is not None:
        reading.measure("temperature", number(raw), raw)
    if (raw := body.way_2 if body.way_1 is None else body.way_1) is not None:
        car, direction = MOVES.get(_code(raw), (None, None))
        reading.state("car_state", car, raw)
        reading.state("direction", direction, raw)
    if (raw := body.door_2 if body.door_1 is None else body.door_1) is not None:
        reading.unknown("door", raw)
    if (raw := _first(body.people_1, body.people_2, body.people_3)) is not None:
        count = _code(raw)
        reading.state("passengers_present", count > 0 if count >= 0 else None, raw)


def _first(*spelt: Any) -> Any:
    return next((value for value in spelt if value is not None), None)


def _code(raw: Any) -> int:
    code = whole(raw)
    return -1 if code is None else code


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:64]


def _shapeless(envelope: Envelope, members: str) -> Reject:
    return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} lacks {members}")

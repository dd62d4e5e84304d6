"""GB/T 26875.3 frames of fire alarm transmitters (用户信息传输装置), binary or as hex text.

Frame: ``40 40``, number (2 bytes), version (2), time (6: s m h d M y, local), source (6), destination (6), length (2),
command (1), body, sum of all bytes since the number modulo 256 (1), ``23 23``; integers are little-endian. Body: type
flag, number of objects, objects, each with or without its own time. Layout and component bits are as public
implementations have them; component types, analogue kinds, and the bits of flags 4, 21 and 24 were checked against
neither an implementation nor the standard's text.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Any, ClassVar
from zlib import crc32

from msgspec import Struct

from devices.dialects.dialect import Context, Lane, Route
from devices.dialects.reading import Reading
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

START, END = b"@@", b"##"
HEAD = 27
TAIL = 3
SEND, ANSWER = 2, 5
COMMANDS = {1: "control", 3: "confirmation", 4: "request", 6: "denial"}

# Component type -> what its fire bit says; of all others it is taken for smoke, the gravest.
ALARMS: dict[int, str] = {
    **dict.fromkeys((10, 11, 12, 13, 74), "gas"),
    **dict.fromkeys((23, 24), "manual_call_point"),
    **dict.fromkeys(range(30, 38), "heat"),
}
COMPONENT_BITS: dict[int, str] = {
    2: "fault",
    3: "shielded",
    4: "supervised",
    5: "started",
    6: "feedback",
    7: "delay",
    8: "main_power_fault",
}
SYSTEM_BITS: dict[int, str] = {**COMPONENT_BITS, 9: "backup_power_fault"}
BUS_FAULT = 10
TRANSMITTER_BITS: dict[int, str] = {3: "main_power_fault", 4: "backup_power_fault"}
TRANSMITTER_FAULTS = (2, 5, 6)
MANUAL_ALARM = 2
NORMAL, FIRE = 0, 1
# Kind of analogue value -> quantity and the factor to its unit; the other kinds have no canonical name.
ANALOGUE = {3: ("temperature", 0.1), 6: ("gas_concentration", 0.1)}
IRRELEVANT = {
    5: "software version",
    6: "system configuration",
    7: "component configuration",
    8: "system time",
    25: "transmitter's software version",
    26: "transmitter's configuration",
}


class Options(Struct, forbid_unknown_fields=True):
    """``base``: frames come on this topic and below it."""

    base: str = "gb26875"


class Frame(Struct):
    """One frame whose checksum is right."""

    unit: str
    at: float | None
    command: int
    body: bytes


class FrameError(ValueError):
    """Bytes that are no frame of this standard; the message says where and why."""


class Part(Struct):
    """One information object: its bytes, its own time, and its place in the frame."""

    unit: str
    data: bytes
    at: float | None


class Gb26875:
    """Decoder of GB/T 26875.3. Addresses: ``UNIT`` for the transmitter (source address, 12 hex digits; the topic below
    the base where that is zero), ``UNIT/SYSTEM.ADDRESS`` for a panel, ``UNIT/SYSTEM.ADDRESS/COMPONENT`` (8 hex digits)
    for a detector.
    """

    name: ClassVar[str] = "gb26875"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._base = Options(**context.options).base
        self._named = not context.site and not context.options

    def filters(self) -> dict[str, Lane]:
        return {f"{self._base}/#": Lane.ALARM}

    def owns(self, topic: str) -> bool:
        """Without a site the operator has named the dialect, and any topic will do."""
        return self._named or topic == self._base or topic.startswith(f"{self._base}/")

    def route(self, topic: str) -> Route | Reject:
        sender = topic.removeprefix(self._base).strip("/") or self._base
        return Route(self.name, sender, DeviceKind.SMOKE_DETECTOR, self.read)

    def read(self, route: Route, envelope: Envelope) -> Report | list[Report] | Reject | Ignored:
        """Read all frames of a message; one report per information object."""
        payload = _binary(envelope.payload)
        if not payload:
            return Reject(RejectReason.EMPTY, f"empty payload on {envelope.topic[:120]!r}; send a frame")
        reports: list[Report] = []
        ignored = Ignored("a frame without objects")
        try:
            for frame in frames(payload, self._context.zone):
                frame.unit = frame.unit if int(frame.unit, 16) else route.sender
                found = self._objects(frame, envelope, len(reports))
                if isinstance(found, Ignored):
                    ignored = found
                else:
                    reports += found
        except FrameError as error:
            if not reports:
                return Reject(RejectReason.MALFORMED, str(error))
            reports[-1].raw_codes = {**(reports[-1].raw_codes or {}), "unread": str(error)}
        return reports or ignored

    def _objects(self, frame: Frame, envelope: Envelope, index: int) -> list[Report] | Ignored:
        if frame.command not in (SEND, ANSWER):
            return Ignored(f"{COMMANDS.get(frame.command, 'reserved')} command {frame.command}")
        if len(frame.body) < 2:
            return Ignored("a frame without objects")
        flag, count = frame.body[0], frame.body[1]
        if flag in IRRELEVANT:
            return Ignored(f"type flag {flag}: {IRRELEVANT[flag]}")
        if flag not in _LAYOUTS:
            raise FrameError(f"type flag {flag} is not one that is understood ({', '.join(map(str, _LAYOUTS))})")
        size, reader = _LAYOUTS[flag]
        crc = f"{crc32(envelope.payload):08x}"
        reports = []
        for number, part in enumerate(_parts(frame, count, size, self._context.zone), index):
            reading = reader(part)
            reading.dedup_key = f"{crc}-{number}"
            if part.at is not None and frame.at is not None and part.at != frame.at:
                reading.unknown("sent_at", frame.at)
            reports.append(reading.report(self._context, envelope, part.at, local=True))
        return reports or Ignored(f"type flag {flag} with no object")


def frames(payload: bytes, zone: tzinfo) -> Iterator[Frame]:
    """Split a message into frames.

    Raises:
        FrameError: no start mark, a length beyond the end, a wrong checksum, no end mark.
    """
    at = 0
    while at < len(payload):
        if payload[at : at + 2] == b"\xa5\x5a":
            raise FrameError("frame starts A5 5A: a maker's own protocol, not GB/T 26875.3; map it with its manual")
        if payload[at : at + 2] != START:
            raise FrameError(f"byte {at}: {payload[at : at + 2].hex(' ')} where a frame starts 40 40")
        length = int.from_bytes(payload[at + 24 : at + 26], "little")
        end = at + HEAD + length + TAIL
        if len(payload) < end:
            raise FrameError(f"frame at byte {at} says {end - at} bytes, {len(payload) - at} came; is it cut?")
        if payload[end - 2 : end] != END:
            raise FrameError(f"frame at byte {at} does not end in 23 23; its length says {length}")
        summed = sum(payload[at + 2 : end - TAIL]) & 0xFF
        if summed != payload[end - TAIL]:
            raise FrameError(f"frame at byte {at}: checksum {payload[end - TAIL]:02X}, its bytes sum to {summed:02X}")
        yield Frame(
            payload[at + 12 : at + 18][::-1].hex(),
            _time(payload[at + 6 : at + 12], zone),
            payload[at + 26],
            payload[at + HEAD : end - TAIL],
        )
        at = end


def _parts(frame: Frame, count: int, size: int, zone: tzinfo) -> Iterator[Part]:
    """Cut the body into objects; some makers give each its time, some one time for all, some none."""
    objects = frame.body[2:]
    if len(objects) == count * (size + 6):
        step, shared = size + 6, None
    elif len(objects) in (count * size, count * size + 6):
        step = size
        shared = _time(objects[count * size :], zone) if len(objects) > count * size else frame.at
    else:
        raise FrameError(f"type flag {frame.body[0]}: {count} objects of {size} bytes, but {len(objects)} bytes came")
    for start in (number * step for number in range(count)):
        at = _time(objects[start + size : start + step], zone) if step > size else shared
        yield Part(frame.unit, objects[start : start + size], at)


def _reading(part: Part, address: str = "") -> Reading:
    return Reading("gb26875", f"{part.unit}/{address}" if address else part.unit, DeviceKind.SMOKE_DETECTOR)


def _bits(reading: Reading, bits: int, alarm: str, names: dict[int, str]) -> None:
    """Note the state bits. Bit 0 set is normal, unset is test; but panels leave it unset, so only a word without any
    other bit is believed to be a test. A fire is never a test.
    """
    reading.state(alarm, bool(bits >> FIRE & 1))
    for bit, name in names.items():
        reading.state(name, bool(bits >> bit & 1))
    is_test = bits == 0
    reading.state("test_active", is_test)
    reading.test = is_test
    reading.unknown("bits", f"{bits:04x}")


def _system(part: Part) -> Reading:
    kind, address, bits = part.data[0], part.data[1], int.from_bytes(part.data[2:4], "little")
    reading = _reading(part, f"{kind}.{address}")
    _bits(reading, bits, "smoke", SYSTEM_BITS)
    if bits >> BUS_FAULT & 1:
        reading.state("fault", True)
    return reading


def _component(part: Part) -> Reading:
    data = part.data
    reading = _reading(part, _component_address(data))
    _bits(reading, int.from_bytes(data[7:9], "little"), ALARMS.get(data[2], "smoke"), COMPONENT_BITS)
    reading.unknown("component_type", data[2])
    where = data[9:].split(b"\x00", 1)[0].decode("gbk", "replace").strip()
    if where:
        reading.unknown("text", where)
    return reading


def _analogue(part: Part) -> Reading:
    data = part.data
    reading = _reading(part, _component_address(data))
    value = int.from_bytes(data[8:10], "little", signed=True)
    name, scale = ANALOGUE.get(data[7], ("", 0.0))
    if name:
        reading.measure(name, round(value * scale, 3), value)
    else:
        reading.unknown(f"analogue_{data[7]}", value)
    return reading


def _transmitter(part: Part) -> Reading:
    bits = part.data[0]
    reading = _reading(part)
    _bits(reading, bits, "smoke", TRANSMITTER_BITS)
    reading.state("fault", any(bits >> bit & 1 for bit in TRANSMITTER_FAULTS))
    return reading


def _system_operation(part: Part) -> Reading:
    return _operated(_reading(part, f"{part.data[0]}.{part.data[1]}"), part.data[2])


def _operation(part: Part) -> Reading:
    return _operated(_reading(part), part.data[0])


def _operated(reading: Reading, bits: int) -> Reading:
    """Note what somebody did at the panel; the number of the person stays out."""
    if bits >> MANUAL_ALARM & 1:
        reading.state("manual_call_point", True)
    reading.unknown("operation", f"{bits:02x}")
    return reading


def _alive(part: Part) -> Reading:
    reading = _reading(part)
    reading.availability = True
    return reading


# Type flag -> bytes of one object, and how to read it.
_LAYOUTS: dict[int, tuple[int, Callable[[Part], Reading]]] = {
    1: (4, _system),
    2: (40, _component),
    3: (10, _analogue),
    4: (4, _system_operation),
    21: (1, _transmitter),
    24: (2, _operation),
    28: (0, _alive),
}


def _component_address(data: bytes) -> str:
    return f"{data[0]}.{data[1]}/{data[3:7][::-1].hex()}"


def _time(data: bytes, zone: tzinfo) -> float | None:
    """Read s m h d M y; a clock that was never set (all zero, month 0) is no time."""
    try:
        second, minute, hour, day, month, year = data
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone).timestamp()
    except ValueError:
        return None


def _binary(payload: bytes) -> bytes:
    """Turn hex text (any case, with spaces, quotes or line ends) into bytes; anything else is binary already."""
    if payload[:2] in (START, b"\xa5\x5a"):
        return payload
    try:
        word = payload.decode("ascii").strip().strip('"').strip()
        return bytes.fromhex(word.removeprefix("0x"))
    except ValueError:
        return payload

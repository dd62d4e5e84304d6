"""Reader and writer of the Sparkplug B payload, the protobuf message of Eclipse Tahu's ``sparkplug_b.proto``.

Only what a gateway needs: scalar metric values and the properties ``Quality`` and ``engUnit``. Data sets, templates
and bytes are recognised and left aside. Every length is checked against the bytes that are there.
"""

import struct
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

INT8, INT16, INT32, INT64 = 1, 2, 3, 4
UINT8, UINT16, UINT32, UINT64 = 5, 6, 7, 8
FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT, UUID = 9, 10, 11, 12, 13, 14, 15
SIGNED_BITS = {INT8: 8, INT16: 16, INT32: 32, INT64: 64}
GOOD = 192
MAX_VARINT_BYTES = 10

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_float = struct.Struct("<f")
_double = struct.Struct("<d")


class Opaque:
    """A value that is there but not read: a data set, a template, bytes."""

    def __repr__(self) -> str:
        return "(structured)"


OPAQUE = Opaque()


class Metric(Struct):
    """One metric. ``timestamp`` in ms UTC; ``value`` is ``None`` where it is null or missing.

    ``quality`` is the property of that name (192 good, 500 stale, 0 bad), ``unit`` the property ``engUnit``.
    """

    name: str | None = None
    alias: int | None = None
    timestamp: int | None = None
    datatype: int = 0
    historical: bool = False
    null: bool = False
    value: Any = None
    quality: int | None = None
    unit: str | None = None

    def read_as(self, datatype: int) -> Any:
        """Return the value; integers are unsigned on the wire, only the data type knows the sign."""
        bits = SIGNED_BITS.get(self.datatype or datatype)
        if bits is None or type(self.value) is not int:
            return self.value
        low = self.value & ((1 << bits) - 1)
        return low - (1 << bits) if low >> (bits - 1) else low


class Payload(Struct):
    """One message. ``timestamp`` in ms UTC, ``seq`` 0 to 255 or absent."""

    timestamp: int | None = None
    seq: int | None = None
    metrics: list[Metric] = field(default_factory=list)


def decode(data: bytes) -> Payload:
    """Read a payload.

    Raises:
        ValueError: these bytes are no Sparkplug payload.
    """
    payload = Payload()
    for number, value in _fields(data, 0, len(data)):
        if number == 1:
            payload.timestamp = _integer(value)
        elif number == 2:
            payload.metrics.append(_metric(data, value))
        elif number == 3:
            payload.seq = _integer(value)
    return payload


def encode(payload: Payload) -> bytes:
    """Write a payload; metrics need a data type."""
    out = bytearray()
    if payload.timestamp is not None:
        _put_varint(out, 1, payload.timestamp)
    for metric in payload.metrics:
        _put_bytes(out, 2, _encode_metric(metric))
    if payload.seq is not None:
        _put_varint(out, 3, payload.seq)
    return bytes(out)


_Span = tuple[int, int]


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    shift = value = 0
    for _ in range(MAX_VARINT_BYTES):
        if at >= end:
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise ValueError(f"a number at byte {at} does not end")


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, Any]]:
    """Walk a message: varints come as ``int``, fixed ones as four or eight ``bytes``, the rest as spans of ``data``."""
    while at < end:
        tag = data[at]
        at += 1
        if tag >= 0x80:
            tag, at = _varint(data, at - 1, end)
        kind = tag & 7
        if kind == _VARINT:
            if at < end and data[at] < 0x80:
                value: Any = data[at]
                at += 1
            else:
                value, at = _varint(data, at, end)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at, end)
            value = (at, at + size)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
            value = data[at : at + size]
        else:
            raise ValueError(f"wire type {kind} at byte {at} does not exist in Sparkplug")
        at += size
        if at > end:
            raise ValueError(f"a field wants {at - end} bytes more than the message has")
        yield tag >> 3, value


def _metric(data: bytes, span: Any) -> Metric:
    metric = Metric()
    at, end = _span(span)
    for number, value in _fields(data, at, end):
        if number == 1:
            metric.name = _text(data, value)
        elif number == 2:
            metric.alias = _integer(value)
        elif number == 3:
            metric.timestamp = _integer(value)
        elif number == 4:
            metric.datatype = _integer(value)
        elif number == 5:
            metric.historical = bool(value)
        elif number == 7:
            metric.null = bool(value)
        elif number == 9:
            _properties(data, value, metric)
        elif 10 <= number <= 19:
            metric.value = _value(data, number - 10, value)
    if metric.null:
        metric.value = None
    return metric


def _value(data: bytes, case: int, value: Any) -> Any:
    """Read the ``oneof`` that metrics and properties share: int, long, float, double, boolean, string, others."""
    if case in (0, 1):
        return _integer(value)
    if case == 2:
        return _unpacked(_float, value)
    if case == 3:
        return _unpacked(_double, value)
    if case == 4:
        return bool(_integer(value))
    return _text(data, value) if case == 5 else OPAQUE


def _properties(data: bytes, span: Any, metric: Metric) -> None:
    keys: list[str] = []
    found: list[Any] = []
    at, end = _span(span)
    for number, value in _fields(data, at, end):
        if number == 1:
            keys.append(_text(data, value).lower())
        elif number == 2:
            found.append(_property(data, value))
    for key, value in zip(keys, found, strict=False):
        if key == "quality" and type(value) is int:
            metric.quality = value
        elif key in ("engunit", "engineeringunits", "unit") and isinstance(value, str):
            metric.unit = value


def _property(data: bytes, span: Any) -> Any:
    at, end = _span(span)
    for number, value in _fields(data, at, end):
        if 3 <= number <= 8:
            return _value(data, number - 3, value)
    return None


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("a number is written as something else")
    return value


def _span(value: Any) -> _Span:
    if type(value) is not tuple:
        raise ValueError("a message inside the message is written as a number")
    return value


def _text(data: bytes, value: Any) -> str:
    at, end = _span(value)
    return data[at:end].decode()


def _unpacked(layout: struct.Struct, value: Any) -> float:
    if type(value) is not bytes or len(value) != layout.size:
        raise ValueError("a floating-point number of the wrong size")
    read: float = layout.unpack(value)[0]
    return read


def _put_number(out: bytearray, value: int) -> None:
    value &= 0xFFFFFFFFFFFFFFFF
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _put_varint(out: bytearray, number: int, value: int) -> None:
    _put_number(out, number << 3 | _VARINT)
    _put_number(out, value)


def _put_bytes(out: bytearray, number: int, content: bytes) -> None:
    _put_number(out, number << 3 | _BYTES)
    _put_number(out, len(content))
    out += content


def _encode_metric(metric: Metric) -> bytes:
    out = bytearray()
    if metric.name is not None:
        _put_bytes(out, 1, metric.name.encode())
    for number, value in ((2, metric.alias), (3, metric.timestamp), (4, metric.datatype or None)):
        if value is not None:
            _put_varint(out, number, value)
    for number, flag in ((5, metric.historical), (7, metric.null)):
        if flag:
            _put_varint(out, number, 1)
    if metric.quality is not None or metric.unit is not None:
        _put_bytes(out, 9, _encode_properties(metric))
    if metric.value is not None:
        _encode_value(out, metric.datatype, metric.value)
    return bytes(out)


def _encode_properties(metric: Metric) -> bytes:
    out = bytearray()
    given = (("Quality", INT32, metric.quality), ("engUnit", STRING, metric.unit))
    for key, _, value in given:
        if value is not None:
            _put_bytes(out, 1, key.encode())
    for _, datatype, value in given:
        if value is not None:
            inner = bytearray()
            _put_varint(inner, 1, datatype)
            _encode_value(inner, datatype, value, base=3)
            _put_bytes(out, 2, bytes(inner))
    return bytes(out)


def _encode_value(out: bytearray, datatype: int, value: Any, base: int = 10) -> None:
    if datatype in (INT8, INT16, INT32, UINT8, UINT16, UINT32):
        _put_varint(out, base, value & 0xFFFFFFFF)
    elif datatype in (INT64, UINT64, DATETIME):
        _put_varint(out, base + 1, value)
    elif datatype == FLOAT:
        _put_number(out, base + 2 << 3 | _FIXED32)
        out += _float.pack(value)
    elif datatype == DOUBLE:
        _put_number(out, base + 3 << 3 | _FIXED64)
        out += _double.pack(value)
    elif datatype == BOOLEAN:
        _put_varint(out, base + 4, int(value))
    else:
        _put_bytes(out, base + 5, str(value).encode())

"""The one InfluxQL query the product asks, and how its answer is read. Pure.

InfluxQL has no bound identifiers, so nothing reaches the text but names of our own table, integers, and ids that match
the allow-list below.
"""

import re
from typing import Any

import msgspec

from devices.model import DeviceKind
from devices.names import QUANTITIES, STATES
from devices.registry import Device
from gateway.history.store import Series, Unavailable

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
NO_INFLUXQL = "the server does not answer InfluxQL queries; history can be written but not read"
OWN_FIELDS = ("online", "event", "test")


def statement(device: Device, start: float, end: float, width_ms: int) -> str:
    """Every field of one device: numbers averaged, all else last, per bucket of ``width_ms``.

    Raises:
        ValueError: the device's id is not one.
    """
    if not IDENTIFIER.fullmatch(device.id):
        raise ValueError(f"{device.id!r} is no device id")
    kind = DeviceKind(device.kind)
    numbers = [f'mean("{name}") AS "{name}"' for name, q in QUANTITIES.items() if kind in q.kinds]
    states = [f'last("{name}") AS "{name}"' for name, s in STATES.items() if kind in s.kinds]
    own = [f'last("{name}") AS "{name}"' for name in OWN_FIELDS]
    return (
        f'SELECT {", ".join(numbers + states + own)} FROM "{kind}" WHERE "device" = \'{device.id}\' '
        f"AND time >= {round(start * 1000)}ms AND time < {round(end * 1000)}ms "
        f"GROUP BY time({width_ms}ms) fill(none)"
    )


def series(answer: bytes) -> Series:
    """Columns of the answer as fields; times from milliseconds to seconds.

    Raises:
        Unavailable: the server could not answer, or does not speak InfluxQL.
    """
    try:
        results = msgspec.json.decode(answer)["results"]
        error = results[0].get("error")
        found = results[0].get("series", [])
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError):
        raise Unavailable(NO_INFLUXQL) from None
    if error:
        raise Unavailable(f"the server refused the query: {str(error)[:500]}")
    fields: Series = {}
    for part in found:
        if part["columns"][0] != "time":  # VictoriaMetrics answers any query with its list of databases
            raise Unavailable(NO_INFLUXQL)
        _columns(part, fields)
    return fields


def _columns(part: dict[str, Any], fields: Series) -> None:
    for row in part["values"]:
        at = row[0] / 1000
        for name, value in zip(part["columns"][1:], row[1:], strict=True):
            if value is not None:
                fields.setdefault(name, []).append((at, value))

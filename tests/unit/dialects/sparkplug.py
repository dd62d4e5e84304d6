"""Payloads of a lift that speaks Sparkplug B."""

from typing import Any

from devices.dialects import sparkplug_payload as wire
from devices.dialects.sparkplug_payload import Metric, Payload, encode
from devices.registry import Device
from tests.unit.dialects.feed import NOON_MS, Feed

BASE = "spBv1.0/Riverside"
LIFT = f"{BASE}/DDATA/Edge-2/Lift-9"
TYPES = {bool: wire.BOOLEAN, int: wire.INT32, float: wire.FLOAT, str: wire.STRING}
METRICS: dict[str, Any] = {
    "Lift/Floor": 4,
    "Lift/Floor Marking": "4A",
    "Lift/Direction": 0,
    "Lift/Car Status": 1,
    "Lift/Door Zone": True,
    "Lift/Door Closed": False,
    "Lift/Passenger Present": False,
    "Lift/Service Mode": 1,
    "Lift/Speed": 0.0,
    "Lift/Total Trips": 4711,
    "Lift/Fault Code": "",
    "Lift/Trapped": False,
    "Device Control/Rebirth": False,
    "Properties/Hardware Make": "Northlift",
    "Properties/Hardware Model": "NL 900",
}
ALIASES = {name: alias for alias, name in enumerate(METRICS, 40)}


def named(values: dict[str, Any], aliases: dict[str, int] | None = None, at: int = NOON_MS) -> list[Metric]:
    known = aliases or {}
    return [Metric(n, known.get(n), at, TYPES[type(v)], value=v) for n, v in values.items()]


def by_alias(values: dict[str, Any], at: int = NOON_MS) -> list[Metric]:
    return [Metric(None, ALIASES[n], at, TYPES[type(v)], value=v) for n, v in values.items()]


def body(metrics: list[Metric], seq: int | None = None, at: int = NOON_MS) -> bytes:
    return encode(Payload(at, seq, metrics))


def node_birth(bd_seq: int = 0, seq: int = 0) -> bytes:
    return body([Metric("bdSeq", timestamp=NOON_MS, datatype=wire.INT64, value=bd_seq)], seq)


def birth(seq: int = 1, changed: dict[str, Any] | None = None) -> bytes:
    return body(named(METRICS | (changed or {}), ALIASES), seq)


def born(*devices: Device, **options: Any) -> Feed:
    """A lift whose births were heard."""
    feed = Feed("sparkplug_b", *devices, **options)
    feed.give(f"{BASE}/NBIRTH/Edge-2", node_birth())
    feed.report(f"{BASE}/DBIRTH/Edge-2/Lift-9", birth())
    return feed

"""A small community and what its devices say."""

from typing import Any

from devices.model import DeviceKind, Report
from devices.registry import Device, Registry

T0 = 1_750_000_000.0
SITE = "riverside"

LIFT = Device(id="lift-b1-01", kind=DeviceKind.LIFT, building="b1")
SMOKE = Device(id="smoke-b2-03", kind=DeviceKind.SMOKE_DETECTOR, building="b2")
GATE = Device(id="gate-01", kind=DeviceKind.ACCESS_GATE)


def registry() -> Registry:
    """Three devices; the gate belongs to no building."""
    return Registry([LIFT, SMOKE, GATE])


def said(device: Device, at: float = T0, **what: Any) -> Report:
    """What ``device`` said at ``at``, received at the same moment."""
    return Report(**{"device": device.id, "kind": device.kind, "at": at, "received_at": at, **what})


def speeds(count: int, start: float = T0, device: Device = LIFT) -> list[Report]:
    """One speed a second: 0.0, 1.0, 2.0 ..."""
    return [said(device, start + n, measurements={"speed": float(n)}) for n in range(count)]

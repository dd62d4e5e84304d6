"""Messages for tests of the decoder."""

import json
from typing import Any

from devices.decode import Decoder
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report
from devices.registry import Device, Registry

NOON = 1_790_000_000.0
SITE = "home"
REGISTERED = [Device(f"{kind}-1", kind) for kind in DeviceKind]
LIFT = DeviceKind.LIFT
SMOKE = DeviceKind.SMOKE_DETECTOR


def decoder(*more: Device) -> Decoder:
    return Decoder(Registry([*REGISTERED, *more]), SITE)


def topic(kind: DeviceKind = SMOKE, channel: str = "event", device: str = "", site: str = SITE) -> str:
    return f"community/{site}/{kind}/{device or f'{kind}-1'}/{channel}"


def decode(payload: bytes | dict[str, Any], where: str = "", retained: bool = False) -> list[Report] | Reject | Ignored:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return decoder().decode(Envelope(where or topic(), body, NOON, retained=retained))


def report(payload: bytes | dict[str, Any], where: str = "", retained: bool = False) -> Report:
    """Decode what must be understood."""
    found = decode(payload, where, retained)
    assert isinstance(found, list), found
    (one,) = found
    return one


def reason(payload: bytes | dict[str, Any], where: str = "") -> RejectReason:
    """Decode what must be refused; return why. Nothing may be refused for want of foresight."""
    found = decode(payload, where)
    assert isinstance(found, Reject), found
    assert "the dialect failed" not in found.detail
    return found.reason

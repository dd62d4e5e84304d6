"""Neuron, the Modbus gateway: ``/neuron/NODE/DRIVER/GROUP`` and ``/neuron/NODE/heartbeat``, JSON.

Registers mean nothing by themselves: the site file says which tag of which driver is what. A tag named as we name
things needs no entry.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from devices.dialects import values
from devices.dialects.dialect import Context, Lane, Read, Route
from devices.dialects.fields import MAX_RAW, Field, anonymous, common, doubt, guess, put
from devices.dialects.reading import Reading
from devices.dialects.typed import typed
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

CODES = "neuron"
# Link states: until 2.2 there was "connecting" between; newer versions know two.
_LINKS_OLD = {0: False, 1: None, 2: True}
_LINKS = {0: False, 1: True, 2: True}


class Register(Field, frozen=True, forbid_unknown_fields=True):
    """One tag: what it is, and whose (``device``, an address; default: the driver's name)."""

    device: str = ""


class Options(Struct, forbid_unknown_fields=True):
    """Base topic and the register map: ``DRIVER/GROUP/TAG``, ``DRIVER/TAG`` or ``TAG`` to what it means."""

    base: str = "/neuron"
    registers: dict[str, Register] = {}


class _Tag(Struct, gc=False):
    name: str
    value: Any = None
    error: int | None = None


class _State(Struct, gc=False):
    node: str
    link: int | None = None


class _Message(Struct, gc=False):
    """A group in either format, or a heartbeat. ``timestamp`` in ms UTC."""

    timestamp: int | float | None = None
    node: str | None = None
    group: str | None = None
    tags: list[_Tag] | None = None
    values: dict[str, Any] | None = None
    errors: dict[str, int] | None = None
    states: list[_State] | None = None
    version: str = ""


_decode = msgspec.json.Decoder(_Message).decode


class Neuron:
    """Decoder of Neuron's MQTT north app. A device's address is the driver's name or what the register map says."""

    name: ClassVar[str] = "neuron"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        options = msgspec.convert(context.options, Options)
        self._base = options.base.strip("/")
        self._lead = "/" if options.base.startswith("/") else ""
        self._registers = options.registers
        self._drivers: dict[str, set[str]] = {}
        for path, register in options.registers.items():
            driver = path.split("/")[0] if "/" in path else ""
            self._drivers.setdefault(driver, set()).add(register.device or driver)

    def filters(self) -> dict[str, Lane]:
        base = f"{self._lead}{self._base}"
        return {f"{base}/+/+/+": Lane.ALARM, f"{base}/+/heartbeat": Lane.ALARM}

    def owns(self, topic: str) -> bool:
        return topic.strip("/").startswith(f"{self._base}/")

    def route(self, topic: str) -> Route | Reject:
        parts = topic.strip("/").removeprefix(f"{self._base}/").split("/")
        if len(parts) == 2 and parts[1] == "heartbeat":
            return Route(CODES, f"{parts[0]}/heartbeat", DeviceKind.LIFT, self._reader(self._heartbeat, parts))
        if len(parts) == 3 and all(parts):
            return Route(CODES, parts[1], DeviceKind.LIFT, self._reader(self._group, parts))
        if not self.owns(topic) or len(parts) > 3:
            where = f"{self._lead}{self._base}/NODE/DRIVER/GROUP"
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not {where} or .../NODE/heartbeat")
        return Route(CODES, parts[0], DeviceKind.LIFT, self._reader(self._group, [parts[0], "", ""]))

    def _reader(self, act: Any, parts: list[str]) -> Read:
        def read(_route: Route, envelope: Envelope) -> Report | list[Report] | Reject | Ignored:
            message = typed(_decode, envelope, "Neuron's tags or values format")
            if isinstance(message, Reject):
                return message
            found: Report | list[Report] | Reject | Ignored = act(parts, envelope, message)
            return found

        return read

    def _group(
        self, parts: list[str], envelope: Envelope, message: _Message
    ) -> Report | list[Report] | Reject | Ignored:
        """Sort tags by device. An error code takes a value's place: the value is unknown."""
        if message.tags is None and message.values is None and message.errors is None:
            return Reject(RejectReason.WRONG_SHAPE, "no tags, values or errors; expected a group of a Neuron north app")
        driver, group = message.node or parts[1], message.group or parts[2]
        if parts[1] and message.node and message.node != parts[1]:
            return Reject(
                RejectReason.IDENTITY_MISMATCH,
                f"payload says driver {message.node[:64]!r}, topic says {parts[1][:64]!r}; the topic decides",
            )
        given = _flat(message)
        owners: dict[str, list[tuple[str, Field | None, Any, int | None]]] = {}
        for tag, value, error in given:
            register = self._register(driver, group, tag)
            address = (register.device if register else "") or driver
            owners.setdefault(address, []).append((tag, register or common(tag), value, error))
        reports = [self._report(address, group, tags, envelope, message) for address, tags in owners.items()]
        found = [report for report in reports if report]
        if not found:
            return Ignored(f"no tag of {driver[:64]}/{group[:64]} is in the register map (dialects: neuron: registers)")
        if len(found) > 1:
            for number, report in enumerate(found):
                report.dedup_key = f"{report.dedup_key}-{number}" if report.dedup_key else None
        return found

    def _register(self, driver: str, group: str, tag: str) -> Register | None:
        known = self._registers
        return known.get(f"{driver}/{group}/{tag}") or known.get(f"{driver}/{tag}") or known.get(tag)

    def _report(
        self,
        address: str,
        group: str,
        tags: list[tuple[str, Field | None, Any, int | None]],
        envelope: Envelope,
        message: _Message,
    ) -> Report | None:
        device = self._context.registry.resolve(CODES, address)
        kind = device.kind if device else guess([field for _, field, _, _ in tags], address, group)
        if kind is None or (device is None and not any(field for _, field, _, _ in tags)):
            return None
        reading = Reading(CODES, address, kind)
        for tag, field, value, error in tags:
            if error:
                if field is not None:
                    doubt(reading, field, None)
                reading.raw[f"{tag[:MAX_RAW]} error"] = error
            elif field is not None:
                put(reading, field, value)
            elif len(reading.raw) < MAX_RAW:
                reading.raw[tag[:MAX_RAW]] = anonymous(value)
        at = values.number(message.timestamp, 0.001)
        return reading.report(self._context, envelope, at)

    def _heartbeat(
        self, _parts: list[str], envelope: Envelope, message: _Message
    ) -> Report | list[Report] | Reject | Ignored:
        """A driver without its link takes its devices offline."""
        if message.states is None:
            return Reject(RejectReason.WRONG_SHAPE, "a heartbeat without states")
        links = _LINKS if _version(message.version) >= (2, 2) else _LINKS_OLD
        reports = []
        for state in message.states:
            linked = links.get(state.link) if state.link is not None else None
            for address in sorted({state.node, *self._drivers.get(state.node, ())}):
                device = self._context.registry.resolve(CODES, address)
                kind = device.kind if device else guess((), address)
                if linked is None or kind is None:
                    continue
                reading = Reading(CODES, address, kind)
                reading.availability = linked
                reports.append(reading.report(self._context, envelope, values.number(message.timestamp, 0.001)))
        return reports or Ignored("a heartbeat of drivers that belong to no device we know")


def _flat(message: _Message) -> list[tuple[str, Any, int | None]]:
    if message.tags is not None:
        return [(tag.name, tag.value, tag.error) for tag in message.tags]
    found = [(tag, value, None) for tag, value in (message.values or {}).items()]
    return [*found, *((tag, None, error) for tag, error in (message.errors or {}).items() if error)]


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal()) or (99,)

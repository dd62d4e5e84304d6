"""Aliyun IoT's thing model (Alink): ``/sys/PRODUCT/DEVICE/thing/event/...``, and what the platform forwards of it.

A property is a value or ``{"value": ..., "time": ms}``. Names are the product designer's: common ones are understood,
others the site file maps.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from devices.dialects import values
from devices.dialects.body import mapping
from devices.dialects.dialect import Context, Lane, Read, Route
from devices.dialects.fields import ALARM_KEYS, Field, common, guess, key_of, put, take
from devices.dialects.kinds import Kinds
from devices.dialects.reading import Reading
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

MAX_PARTS = 1_000
_ONLINE = {"online": True, "offline": False}
_Found = Report | list[Report] | Reject | Ignored


class Options(Struct, forbid_unknown_fields=True):
    """What properties and events mean: ``PRODUCT/NAME`` or ``NAME``."""

    fields: dict[str, Field] = {}


class Aliyun:
    """Decoder of Aliyun IoT. A device's address is ``PRODUCT/DEVICE`` or the device's name alone."""

    name: ClassVar[str] = "aliyun"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._table: Mapping[str, Field] = msgspec.convert(context.options, Options).fields
        self._kinds = Kinds("aliyun", context)

    def filters(self) -> dict[str, Lane]:
        events = {f"{lead}/+/+/thing/event/#": Lane.ALARM for lead in ("/sys", "")}
        return events | {"/as/mqtt/status/+/+": Lane.ALARM}

    def owns(self, topic: str) -> bool:
        return topic.startswith(("/sys/", "/as/mqtt/status/", "/ext/", "/ota/")) or "/thing/event/" in topic

    def route(self, topic: str) -> Route | Reject:
        parts = topic.strip("/").split("/")
        if parts[:3] == ["as", "mqtt", "status"] and len(parts) == 5:
            return self._route(parts[3], parts[4], self._status)
        if parts[0] in ("ext", "ota"):
            return self._route(parts[0], topic, lambda *_: Ignored("time, firmware or another matter of the platform"))
        if parts[0] == "sys":
            parts = parts[1:]
        if len(parts) < 4 or not all(parts[:2]) or parts[2] != "thing":
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not /sys/PRODUCT/DEVICE/thing/event/...")
        product, device, what = parts[0], parts[1], parts[3:]
        return self._route(product, device, self._act(product, device, what))

    def _act(self, product: str, device: str, what: list[str]) -> Any:
        if what[0] != "event" or what[-1] != "post":
            return lambda *_: Ignored("a reply, a service or a setting, not what a device measured")
        if what == ["event", "property", "history", "post"]:
            return self._history
        if what == ["event", "property", "pack", "post"] or what == ["event", "property", "batch", "post"]:
            return self._pack
        if len(what) == 3 and what[1] != "property":
            return lambda p, d, e, b: self._event(p, d, e, b, what[1])
        return self._properties

    def _route(self, product: str, device: str, act: Any) -> Route:
        def read(_route: Route, envelope: Envelope) -> _Found:
            body = mapping(envelope)
            found: _Found = body if isinstance(body, Reject) else act(product, device, envelope, body)
            return found

        reader: Read = read
        address = self._address(product, device)
        return Route("aliyun", address, self._kinds.of(address) or DeviceKind.SMOKE_DETECTOR, reader)

    def _properties(self, product: str, device: str, envelope: Envelope, body: dict[str, Any]) -> _Found:
        said = body.get("params", body.get("items"))
        if not isinstance(said, dict):
            return Reject(RejectReason.WRONG_SHAPE, "no params or items; expected a post of the thing model")
        report = self._report(product, device, envelope, said)
        return report or Ignored("properties in which nothing says what kind of device it is")

    def _event(self, product: str, device: str, envelope: Envelope, body: dict[str, Any], identifier: str) -> _Found:
        """An event happened: its name tells what is so, its output may tell more."""
        params = body.get("params", body)
        said = params.get("value", params) if isinstance(params, dict) else None
        if not isinstance(said, dict):
            return Reject(RejectReason.WRONG_SHAPE, f"event {identifier[:40]!r} without params")
        known = self._field(product, identifier)
        output = {name: value for name, value in said.items() if name not in ("time", "value")}
        report = self._report(product, device, envelope, output, params.get("time"), known, identifier)
        return report or Ignored("an event in which nothing says what kind of device it is")

    def _pack(self, product: str, device: str, envelope: Envelope, body: dict[str, Any]) -> _Found:
        """A gateway posts for itself and its sub-devices."""
        params = body.get("params")
        if not isinstance(params, dict):
            return Reject(RejectReason.WRONG_SHAPE, "a pack without params")
        children = params.get("subDevices")
        parts = [params, *(children[:MAX_PARTS] if isinstance(children, list) else [])]
        return self._parts(product, device, envelope, parts, historical=False)

    def _history(self, product: str, device: str, envelope: Envelope, body: dict[str, Any]) -> _Found:
        """Readings stored on the device and posted late."""
        params = body.get("params")
        parts = params if isinstance(params, list) else [params]
        return self._parts(product, device, envelope, parts[:MAX_PARTS], historical=True)

    def _parts(self, product: str, device: str, envelope: Envelope, parts: list[Any], historical: bool) -> _Found:
        reports = []
        for part in parts:
            product_of = str(values.member(part, "identity", "productKey") or product)
            device_of = str(values.member(part, "identity", "deviceName") or device)
            said = values.member(part, "properties")
            for each in (said if isinstance(said, list) else [said])[:MAX_PARTS]:
                if isinstance(each, dict) and each:
                    reports.append(self._report(product_of, device_of, envelope, each, historical=historical))
        found = [report for report in reports if report]
        for number, report in enumerate(found if len(found) > 1 else ()):
            report.dedup_key = report.dedup_key and f"{report.dedup_key}-{number}"
        return found or Ignored("properties in which nothing says what kind of device it is")

    def _status(self, product: str, device: str, envelope: Envelope, body: dict[str, Any]) -> _Found:
        address = self._address(product, device)
        kind, online = self._kinds.of(address) or guess((), device), _ONLINE.get(str(body.get("status")))
        if online is None:
            return Reject(RejectReason.WRONG_SHAPE, f"status {str(body.get('status'))[:20]!r} is not online or offline")
        if kind is None:
            return Ignored("the status of a device of which nobody knows the kind")
        reading = Reading("aliyun", address, kind)
        reading.availability = online
        return reading.report(self._context, envelope, values.iso(body.get("utcTime")))

    def _report(
        self,
        product: str,
        device: str,
        envelope: Envelope,
        said: dict[str, Any],
        time: Any = None,
        happened: Field | None = None,
        identifier: str = "",
        historical: bool = False,
    ) -> Report | None:
        plain, newest = _unwrapped(said)
        address = self._address(product, device)
        kind = self._kind(address, product, device, plain, happened)
        if kind is None:
            return None
        reading = Reading("aliyun", address, kind)
        reading.historical = historical
        if identifier:
            self._note_event(reading, product, identifier, happened)
        take(reading, self._table, {self._qualified(product, name): value for name, value in plain.items()})
        stamp = values.number(time, 0.001)
        return reading.report(self._context, envelope, newest if stamp is None else stamp)

    def _note_event(self, reading: Reading, product: str, identifier: str, happened: Field | None) -> None:
        field = happened or common(identifier, reading.kind)
        if field is not None:
            put(reading, field, True)
        else:
            system = f"aliyun:{product[:32]}"
            reading.event("unknown_fault", raw_code=identifier[:64], code_system=system, active=True)

    def _kind(
        self, address: str, product: str, device: str, said: dict[str, Any], happened: Field | None
    ) -> DeviceKind | None:
        if self._kinds.registered(address):
            return self._kinds.of(address)
        fields = [happened, *(self._field(product, name) for name in said)]
        shown = guess(fields, device, product)
        if shown is None and any(key_of(name) in ALARM_KEYS for name in said):
            shown = self._kinds.of(address) or DeviceKind.SMOKE_DETECTOR
        known = self._kinds.of(address, shown)
        return shown or known

    def _field(self, product: str, name: str) -> Field | None:
        return self._table.get(f"{product}/{name}") or self._table.get(name) or common(name)

    def _qualified(self, product: str, name: str) -> str:
        path = f"{product}/{name}"
        return path if path in self._table else name

    def _address(self, product: str, device: str) -> str:
        full = f"{product}/{device}"
        return device if not self._kinds.registered(full) and self._kinds.registered(device) else full


def _unwrapped(said: dict[str, Any]) -> tuple[dict[str, Any], float | None]:
    """Return values without their wrapping, and the newest of their times in epoch seconds."""
    plain, newest = {}, None
    for name, value in said.items():
        if type(value) is dict and "value" in value:
            time = values.number(value.get("time"), 0.001)
            if time is not None and (newest is None or time > newest):
                newest = time
            value = value["value"]
        plain[name] = value
    return plain, newest

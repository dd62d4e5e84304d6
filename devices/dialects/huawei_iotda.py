"""Huawei IoTDA: ``$oc/devices/ID/sys/...`` as devices publish it, and the platform's notifications as bridges forward.

Properties have the names the product's designer chose: common ones are understood, others the site file maps.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from devices.dialects import values
from devices.dialects.body import mapping
from devices.dialects.dialect import Context, Lane, Read, Route
from devices.dialects.fields import ALARM_KEYS, Field, common, guess, key_of, take
from devices.dialects.kinds import Kinds
from devices.dialects.reading import Reading
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

MAX_DEVICES = 1_000
_REPORTS = ("sys/properties/report", "sys/gateway/sub_devices/properties/report", "sys/events/up")
_Found = Report | list[Report] | Reject | Ignored


class Options(Struct, forbid_unknown_fields=True):
    """Where a bridge forwards notifications, and what properties (``SERVICE/PROPERTY`` or ``PROPERTY``) mean."""

    topics: tuple[str, ...] = ("huawei_iotda/#",)
    fields: dict[str, Field] = {}


class HuaweiIotda:
    """Decoder of Huawei IoTDA. A device's address is its ``device_id``."""

    name: ClassVar[str] = "huawei_iotda"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._options = msgspec.convert(context.options, Options)
        self._table = self._options.fields
        self._services = {path.split("/")[0] for path in self._table if "/" in path}
        self._kinds = Kinds("huawei_iotda", context)

    def filters(self) -> dict[str, Lane]:
        own = {f"$oc/devices/+/{tail}": Lane.ALARM for tail in _REPORTS}
        return own | dict.fromkeys(self._options.topics, Lane.ALARM)

    def owns(self, topic: str) -> bool:
        if topic.startswith("$oc/"):
            return True
        return any(topic == each or (each[-1:] == "#" and topic.startswith(each[:-1])) for each in self._options.topics)

    def route(self, topic: str) -> Route | Reject:
        if not topic.startswith("$oc/"):
            return self._route(topic, self._notice)
        parts = topic.split("/", 3)
        if len(parts) != 4 or parts[1] != "devices" or not parts[2]:
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not $oc/devices/ID/sys/...")
        device, tail = parts[2], parts[3]
        if tail in _REPORTS:
            return self._route(device, lambda envelope, body: self._own(device, envelope, body))
        return self._route(device, lambda _envelope, _body: Ignored(f"{tail[:60]} holds no property"))

    def _route(self, sender: str, act: Any) -> Route:
        def read(_route: Route, envelope: Envelope) -> _Found:
            body = mapping(envelope)
            found: _Found = body if isinstance(body, Reject) else act(envelope, body)
            return found

        reader: Read = read
        return Route("huawei_iotda", sender, self._kinds.of(sender) or DeviceKind.SMOKE_DETECTOR, reader)

    def _own(self, device: str, envelope: Envelope, body: dict[str, Any]) -> _Found:
        """What a device or its gateway publishes itself."""
        children = body.get("devices")
        if isinstance(children, list):
            reports: list[Report] = []
            for child in children[:MAX_DEVICES]:
                found = self._services_of(str(values.member(child, "device_id") or ""), envelope, child)
                reports += found if isinstance(found, list) else []
            return _numbered(reports) or Ignored("sub-devices of which nobody knows the kind")
        return self._services_of(str(body.get("object_device_id") or device), envelope, body)

    def _notice(self, envelope: Envelope, body: dict[str, Any]) -> _Found:
        """What the platform pushes: ``notify_data`` with a header that names the device."""
        data = body.get("notify_data", body)
        device = values.member(data, "header", "device_id")
        inner = values.member(data, "body")
        if not isinstance(device, str) or not isinstance(inner, dict):
            return Reject(RejectReason.WRONG_SHAPE, "no notify_data with header.device_id and body; forward it whole")
        if isinstance(inner.get("status"), str):
            return self._status(device, envelope, inner)
        return self._services_of(device, envelope, inner)

    def _status(self, device: str, envelope: Envelope, body: dict[str, Any]) -> _Found:
        online = {"ONLINE": True, "OFFLINE": False, "ABNORMAL": False}.get(body["status"])
        kind = self._kinds.of(device) or guess((), device)
        if online is None or kind is None:
            return Ignored(f"status {body['status'][:20]!r}, or of a device of which nobody knows the kind")
        reading = Reading("huawei_iotda", device, kind)
        reading.availability = online
        return reading.report(self._context, envelope, values.iso(body.get("status_update_time")))

    def _services_of(self, device: str, envelope: Envelope, body: Any) -> _Found:
        """Services of one moment are one report."""
        services = body.get("services") if type(body) is dict else None
        if not isinstance(services, list) or not device:
            return Reject(RejectReason.WRONG_SHAPE, "no services; expected Huawei IoTDA's property report")
        moments: dict[str | None, dict[str, Any]] = {}
        names: list[str] = []
        for service in services:
            name, time, said = _service(service)
            if said is None or name.startswith("$"):
                continue
            names.append(name)
            if name in self._services:
                said = self._qualified(name, said)
            moments[time] = {**moments[time], **said} if time in moments else said
        kind = self._kind(device, moments, names)
        if kind is None:
            return Ignored("properties in which nothing says what kind of device it is")
        reports = []
        for time, said in moments.items():
            reading = Reading("huawei_iotda", device, kind)
            take(reading, self._table, said)
            reports.append(reading.report(self._context, envelope, values.iso(time) if time else None))
        return _numbered(reports)

    def _qualified(self, service: str, said: dict[str, Any]) -> dict[str, Any]:
        return {path if (path := f"{service}/{n}") in self._table else n: value for n, value in said.items()}

    def _kind(self, device: str, moments: dict[str | None, dict[str, Any]], services: list[str]) -> DeviceKind | None:
        if self._kinds.registered(device):
            return self._kinds.of(device)
        names = [name for said in moments.values() for name in said]
        fields = [self._table.get(name) or common(name) for name in names]
        shown = guess(fields, *services, device)
        if shown is None and any(key_of(name) in ALARM_KEYS for name in names):
            shown = self._kinds.of(device) or DeviceKind.SMOKE_DETECTOR
        known = self._kinds.of(device, shown)
        return shown or known


def _service(service: Any) -> tuple[str, str | None, dict[str, Any] | None]:
    """Return a service's name, its time and what it says (``None``: nothing)."""
    if type(service) is not dict:
        return "", None, None
    name, time = service.get("service_id"), service.get("event_time")
    said = service.get("properties") or service.get("paras")
    if not isinstance(name, str) or not isinstance(said, dict):
        return "", None, None
    return name, time if isinstance(time, str) else None, said


def _numbered(reports: list[Report]) -> list[Report]:
    """Parts of one message must not look like repeats of each other."""
    if len(reports) > 1:
        for number, report in enumerate(reports):
            report.dedup_key = report.dedup_key and f"{report.dedup_key}-{number}"
    return reports

"""Axis cameras: events over MQTT as JSON (``axis:SERIAL/event/...``), their XML metadata form, and the DataQ app."""

from typing import Any, ClassVar

from msgspec import Struct

from devices.dialects import values
from devices.dialects.body import mapping
from devices.dialects.dialect import Context, Lane, Read, Route
from devices.dialects.markup import MarkupError, many, tree
from devices.dialects.onvif import flat
from devices.dialects.reading import Reading
from devices.dialects.scene import active_of, meaning, object_class, tell, unnamed
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

MAX_NOTICES = 64
CONNECTED = frozenset({"connected", "connect", "online", "true", "1", "up"})
LOST = frozenset({"disconnected", "disconnect", "connection lost", "lost", "offline", "false", "0", "down"})
DATAQ_BASE = "dataq/"
DATAQ = ("event/", "connect/", "occupancy/")


class Options(Struct, forbid_unknown_fields=True):
    """``prefix``: an MQTT filter for what stands before ``/event/``. MQTT cannot match ``axis:+``, so the default takes
    any first level and the serial number out of it. ``dataq``: the app's topics are subscribed to as well.
    """

    prefix: str = "+"
    dataq: bool = False


class Axis:
    """Decoder of Axis events. Addresses: the serial number, without ``axis:``."""

    name: ClassVar[str] = "axis"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        options = Options(**context.options)
        self._context = context
        self._prefix = options.prefix
        self._dataq = options.dataq
        self._levels = options.prefix.split("/")
        self._named = not context.site and not context.options

    def filters(self) -> dict[str, Lane]:
        found = {f"{self._prefix}/event/#": Lane.ALARM}
        if self._dataq:
            for base in ("", DATAQ_BASE):
                found |= {f"{base}event/+/#": Lane.ALARM, f"{base}connect/+": Lane.ALARM}
                found[f"{base}occupancy/+"] = Lane.TELEMETRY
            if self._prefix == "+":
                del found[f"{DATAQ_BASE}event/+/#"]  # would come twice
        return found

    def owns(self, topic: str) -> bool:
        """Without a site the operator has named the dialect, and any topic will do."""
        if topic.removeprefix(DATAQ_BASE).startswith(DATAQ):
            return self._named or self._dataq
        return self._named or self._matches(topic.split("/"))

    def _matches(self, levels: list[str]) -> bool:
        depth = len(self._levels)
        wanted = zip(self._levels, levels, strict=False)
        return len(levels) > depth + 1 and levels[depth] == "event" and all(a in ("+", b) for a, b in wanted)

    def route(self, topic: str) -> Route | Reject:
        app = topic.removeprefix(DATAQ_BASE)
        prefix, found, event = topic.partition("/event/")
        reader: Read
        if app.startswith(DATAQ):
            what, serial, event = (*app.split("/", 2), "")[:3]
            reader = {"connect": self._connection, "occupancy": self._occupancy}.get(what) or self._event(event)
        elif found:
            serial = prefix.rpartition("/")[2].removeprefix("axis:")
            reader = self._connection if event.rstrip("/") == "connection" else self._event(event)
        else:
            serial, reader = topic.split("/")[0].removeprefix("axis:"), self._event(topic)
        if not serial:
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} names no serial number before /event/")
        return Route(self.name, serial, DeviceKind.CAMERA, reader)

    def _event(self, event: str) -> Read:
        """Build the reader of one topic; the payload's own topic, where it has one, wins."""
        named = "/".join(part for part in event.partition("/$source")[0].split("/") if not part.startswith("tns:"))

        def read(route: Route, envelope: Envelope) -> Report | list[Report] | Reject | Ignored:
            start = envelope.payload[:64].replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf").lstrip()
            if start.startswith(b"<"):
                return self._metadata(route, envelope)
            said = mapping(envelope)
            if isinstance(said, Reject):
                return said
            inner = said.get("message")
            if isinstance(inner, dict):
                data: Any = flat(inner.get("data"))
                operation = inner.get("propertyOperation", said.get("propertyOperation"))
            elif "active" in said or "state" in said:
                data, operation = said, None
            else:
                return Ignored("no message member: it says nothing about what happened")
            topic = said["topic"] if isinstance(said.get("topic"), str) else named
            at = values.number(said.get("timestamp"), 0.001)
            return self._said(route, envelope, topic, data, at, operation)

        return read

    def _metadata(self, route: Route, envelope: Envelope) -> Report | list[Report] | Reject | Ignored:
        """Read the XML metadata form: any number of notification messages."""
        try:
            _, stream = tree(envelope.payload)
        except MarkupError as error:
            return Reject(RejectReason.MALFORMED, f"{envelope.topic[:120]!r}: {error}")
        reports: list[Report] = []
        ignored = Ignored("metadata without an event")
        for event in many(stream.get("Event")):
            for notice in many(values.member(event, "NotificationMessage"))[:MAX_NOTICES]:
                found = self._notice(route, envelope, notice, len(reports))
                if isinstance(found, Report):
                    reports.append(found)
                else:
                    ignored = found
        return reports or ignored

    def _notice(self, route: Route, envelope: Envelope, notice: Any, index: int) -> Report | Ignored:
        topic, message = values.member(notice, "Topic"), values.member(notice, "Message", "Message")
        topic = topic.get("#text") if isinstance(topic, dict) else topic
        if not isinstance(topic, str) or not isinstance(message, dict):
            return Ignored("a notification without topic or message")
        operation, at = message.get("@PropertyOperation"), values.iso(message.get("@UtcTime"))
        found = self._said(route, envelope, topic, flat(message.get("Data")), at, operation)
        if index and isinstance(found, Report) and found.dedup_key:
            found.dedup_key = f"{found.dedup_key}-{index}"
        return found

    def _said(
        self, route: Route, envelope: Envelope, topic: str, data: dict[str, Any], at: float | None, operation: Any
    ) -> Report | Ignored:
        meant, active = meaning(topic), active_of(data)
        if meant is None and active is None:
            return Ignored(f"Axis topic {topic[:100]!r} has no canonical meaning")
        reading = Reading(self.name, route.sender, DeviceKind.CAMERA)
        reading.snapshot = str(operation).lower() == "initialized"
        if meant is None:
            unnamed(reading, topic, active)
            return reading.report(self._context, envelope, at)
        label = data.get("classTypes", data.get("class"))
        kind = object_class(label.replace(",", " ").split(" ")[0]) if isinstance(label, str) else None
        scenario = topic.rpartition("/")[2] if meant.event else None
        identity = data.get("objectId", data.get("id"))
        identity = str(identity)[:64] if isinstance(identity, str | int) else None
        tell(reading, meant, active, object_class=kind, object_id=identity, rule_name=scenario)
        return reading.report(self._context, envelope, at)

    def _connection(self, route: Route, envelope: Envelope) -> Report | Reject:
        """Read the birth message and the will: JSON with ``connected``, or one of the usual words."""
        word: Any = (values.text(envelope.payload) or "").strip()
        if word.startswith("{"):
            said = mapping(envelope)
            if isinstance(said, Reject):
                return said
            word = next((said[k] for k in ("connected", "state", "status", "connectionStatus") if k in said), None)
        reading = Reading(self.name, route.sender, DeviceKind.CAMERA)
        reading.availability = values.truth(word, CONNECTED, LOST)
        if reading.availability is None:
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} says neither connected nor disconnected")
        return reading.report(self._context, envelope)

    def _occupancy(self, route: Route, envelope: Envelope) -> Report | Reject:
        said = mapping(envelope)
        if isinstance(said, Reject):
            return said
        counts = said.get("occupancy")
        if not isinstance(counts, dict):
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} has no member occupancy")
        reading = Reading(self.name, route.sender, DeviceKind.CAMERA)
        counted = [values.whole(value) for value in counts.values()]
        total = sum(count for count in counted if count is not None)
        if None in counted:  # an unknown part: some are there, but nobody can say that none is
            reading.state("occupancy", total > 0 or None)
        else:
            reading.measure("object_count", total)
            reading.state("occupancy", total > 0)
        return reading.report(self._context, envelope, values.number(said.get("timestamp"), 0.001))

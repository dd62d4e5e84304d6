"""Home Assistant discovery: configuration messages make devices; their state topics are read as these say."""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from msgspec import Struct, field

from devices.dialects.body import loads, mapping
from devices.dialects.dialect import Context, Lane, Route
from devices.dialects.ha_config import Discovered, Entity, Path, discovered, folded, kind_of, quantity
from devices.dialects.kinds import Kinds
from devices.dialects.reading import Reading
from devices.dialects.tasmota import READERS, card_read, moment
from devices.dialects.values import member, text
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

Found = Report | list[Report] | Reject | Ignored
MAX_CONFIGS = 50_000
MAX_PER_TOPIC = 256
TAG_TOPIC = "/tag_scanned"
NO_KIND = "a device of no kind we watch"
_MISSING = object()


class Options(Struct, forbid_unknown_fields=True):
    """``prefix``: the discovery prefix. ``state_filters``: MQTT filters of the state topics that devices announce
    outside the prefix. ``ignore_origins``: configurations of these programs are skipped (our own, or a bridge that
    another dialect reads).
    """

    prefix: str = "homeassistant"
    state_filters: list[str] = field(default_factory=list)
    ignore_origins: list[str] = field(default_factory=lambda: ["Community Gateway", "community-gateway"])


class Announced(Struct, gc=False):
    """An entity and the address of its device."""

    address: str
    entity: Entity


class _Kept(Struct, array_like=True):
    """A configuration topic and what was announced there, as remembered across a restart."""

    topic: str
    found: Discovered


class HomeAssistant:
    """Decoder of Home Assistant discovery. A device's address is its first identifier.

    It owns state topics from the moment they are announced; ``context.moved`` tells the decoder to route them again.
    """

    name: ClassVar[str] = "homeassistant"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._options = msgspec.convert(context.options, Options)
        self._ignored = {origin.lower() for origin in self._options.ignore_origins}
        self._kinds = Kinds(self.name, context)
        self._configs: dict[str, Discovered] = {}
        self._parts: dict[str, set[str]] = {}
        self._spoken: dict[str, list[Announced]] = {}
        self.changed: set[str] = set()

    def memory(self, key: str) -> bytes | None:
        found = self._configs.get(key)
        return None if found is None else msgspec.msgpack.encode(_Kept(key, found))

    def remember(self, memory: bytes) -> None:
        kept = msgspec.msgpack.decode(memory, type=_Kept)
        if kept.found.origin.lower() not in self._ignored:
            self._learn(kept.topic, kept.found)

    def filters(self) -> dict[str, Lane]:
        return dict.fromkeys((f"{self._options.prefix}/#", *self._options.state_filters), Lane.ALARM)

    def owns(self, topic: str) -> bool:
        return (
            topic in self._spoken
            or topic.startswith(self._options.prefix + "/")
            or topic.endswith(TAG_TOPIC)
            or any(_matches(f, topic) for f in self._options.state_filters)
        )

    def route(self, topic: str) -> Route | Reject:
        words = topic.removeprefix(self._options.prefix + "/").split("/")
        if topic.startswith(self._options.prefix + "/") and words[-1] == "config" and len(words) in (3, 4):
            sender = "/".join(words[:-1])
            component, object_id = words[0], "/".join(words[1:-1])
            return self._route(sender, lambda route, envelope: self._configure(component, object_id, envelope))
        spoken = self._spoken.get(topic)
        if spoken:
            kinds = {self._kinds.of(each.address) for each in spoken} - {None}
            kind = next(iter(kinds), None)
            return self._route(spoken[0].address, self._state_reader(tuple(spoken)), kind)
        if topic.endswith(TAG_TOPIC):
            sender = topic.removesuffix(TAG_TOPIC)
            return self._route(sender, lambda route, envelope: self._tag_scanned(sender, envelope))
        return self._route(topic, lambda route, envelope: Ignored("no device has announced this topic"))

    def _route(self, sender: str, read: Callable[[Route, Envelope], Found], kind: DeviceKind | None = None) -> Route:
        return Route(self.name, sender, kind or DeviceKind.ACCESS_GATE, read)

    def _configure(self, component: str, object_id: str, envelope: Envelope) -> Found:
        if not envelope.payload:
            self._forget(envelope.topic)
            return Ignored("the entity was deleted")
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        found = discovered(component, object_id, body)
        if self._configs.get(envelope.topic) == found:
            return self._announcement(found, envelope)
        self._forget(envelope.topic)
        if found.origin.lower() in self._ignored:
            return Ignored(f"announced by {found.origin!r}, which is not listened to")
        if not found.entities:
            return Ignored("; ".join(found.left_out)[:500] or "announces nothing")
        if len(self._configs) >= MAX_CONFIGS:
            return Reject(RejectReason.RATE_LIMITED, f"more than {MAX_CONFIGS} entities were announced")
        self._learn(envelope.topic, found)
        return self._announcement(found, envelope)

    def _learn(self, config: str, found: Discovered) -> None:
        self._configs[config] = found
        self.changed.add(config)
        self._parts.setdefault(found.address, set()).add(config)
        self._kinds.of(found.address, kind_of(found.entities))
        for entity in found.entities:
            spoken = self._spoken.setdefault(entity.topic, [])
            new = Announced(found.address, entity)
            if new not in spoken and len(spoken) < MAX_PER_TOPIC:
                spoken.append(new)
            self._context.moved.append(entity.topic)

    def _forget(self, config: str) -> None:
        old = self._configs.pop(config, None)
        if old is None:
            return
        self.changed.add(config)
        parts = self._parts[old.address]
        parts.discard(config)
        kept = [entity for part in parts for entity in self._configs[part].entities]
        for entity in old.entities:
            if entity in kept:
                continue
            left = [e for e in self._spoken.get(entity.topic, ()) if e != Announced(old.address, entity)]
            if left:
                self._spoken[entity.topic] = left
            else:
                self._spoken.pop(entity.topic, None)
            self._context.moved.append(entity.topic)
        if not parts:
            del self._parts[old.address]
            self._kinds.forget(old.address)

    def _announcement(self, found: Discovered, envelope: Envelope) -> Found:
        kind = self._kinds.of(found.address)
        if self._kinds.registered(found.address):
            return Ignored("a registered device announces an entity")
        if kind is None:
            return Ignored(NO_KIND)
        reading = Reading(self.name, found.address, kind)
        reading.snapshot = True
        for name in ("vendor", "model"):
            if getattr(found, name):
                reading.unknown(name, getattr(found, name))
        return reading.report(self._context, envelope)

    def _state_reader(self, spoken: tuple[Announced, ...]) -> Callable[[Route, Envelope], Found]:
        """Read one state topic as its entities say; a topic announced anew gets a new reader."""
        any_json = any(each.entity.path or each.entity.component in ("tag", "event") for each in spoken)
        only_json = all(each.entity.path for each in spoken)

        def read(route: Route, envelope: Envelope) -> Found:
            if not envelope.payload:
                return Ignored("an empty state says nothing")
            body: Any = _MISSING
            if any_json:
                body = loads(envelope)
                if isinstance(body, Reject):
                    if only_json:
                        where = envelope.topic[:120]
                        return Reject(RejectReason.MALFORMED, f"{where!r} was announced as JSON and carries none")
                    body = _MISSING
            return self._state(spoken, body, None if only_json else text(envelope.payload), envelope)

        return read

    def _state(self, spoken: tuple[Announced, ...], body: Any, plain: str | None, envelope: Envelope) -> Found:
        readings: dict[str, Reading] = {}
        for each in spoken:
            path = each.entity.path
            value = _walk(body, path) if path else plain
            if value is not _MISSING and (path or value is not None):
                self._note(readings, each, value, body)
        time = body.get("Time") if type(body) is dict else None
        at, local = moment(time, self._context) if time else (None, False)
        reports = [r.report(self._context, envelope, at, local) for r in readings.values() if not r.empty or r.raw]
        return reports or Ignored(NO_KIND)

    def _note(self, readings: dict[str, Reading], each: Announced, value: Any, body: Any) -> None:
        kind = self._kinds.of(each.address)
        if kind is None:
            return
        reading = readings.get(each.address)
        if reading is None:
            reading = readings[each.address] = Reading(self.name, each.address, kind)
        entity = each.entity
        if entity.component == "sensor":
            reading.measure(entity.name, quantity(entity, value), value)
        elif entity.component == "tag":
            list(card_read(reading, self._context, {"UID": value}))
        elif entity.component == "event":
            if member(body, "event_type") is not None:
                reading.event(entity.name)
        else:
            meant = entity.words.get(folded(value))
            if entity.component == "availability":
                if meant is not None and reading.availability is not False:
                    reading.availability = meant
            else:
                reading.state(entity.name, meant, value)

    def _tag_scanned(self, sender: str, envelope: Envelope) -> Found:
        """Read a card reader by its conventional topic, announced or not."""
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        reading = Reading(self.name, sender, self._kinds.of(sender) or DeviceKind.ACCESS_GATE)
        found = [each for key in READERS & body.keys() for each in card_read(reading, self._context, body[key])]
        at, local = moment(body.get("Time"), self._context)
        return reading.report(self._context, envelope, at, local) if found else Ignored("no card")


def _walk(body: Any, path: Path) -> Any:
    for step in path or ():
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return body


def _matches(pattern: str, topic: str) -> bool:
    """Tell whether an MQTT filter matches (MQTT 5.0, section 4.7)."""
    levels, given = pattern.split("/"), topic.split("/")
    for n, level in enumerate(levels):
        if level == "#":
            return True
        if n >= len(given) or (level not in ("+", given[n])):
            return False
    return len(levels) == len(given)

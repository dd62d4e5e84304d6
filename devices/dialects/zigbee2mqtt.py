"""zigbee2mqtt: ``BASE/FRIENDLY NAME``, JSON of a device's whole cached state, and the bridge's own announcements."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import msgspec
from msgspec import Struct, field

from devices.dialects.body import BROKEN, decode_json, loads
from devices.dialects.dialect import MAX_BEHIND_S, Context, Lane, Route
from devices.dialects.kinds import Kinds, stronger
from devices.dialects.reading import Reading
from devices.dialects.values import iso, member, number, text, truth
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report
from devices.names import QUANTITIES as CANONICAL

MAX_NAMES = 100_000
NO_KIND = "zigbee device of no kind we watch"
Found = Report | list[Report] | Reject | Ignored

# Vendor property: (canonical quantity, scale).
QUANTITIES = {
    "battery": ("battery_percent", 1.0),
    "voltage": ("battery_voltage", 0.001),
    "linkquality": ("link_quality", 1.0),
    "temperature": ("temperature", 1.0),
    "humidity": ("humidity", 1.0),
    "smoke_density": ("smoke_density", 1.0),
    "gas_density": ("gas_concentration", 1.0),
}

# Vendor property: canonical state that is true when the property is. Several may mean one state: any of them sets it.
FLAGS = {
    "smoke": "smoke",
    "smoke_alarm": "smoke",
    "heat": "heat",
    "heat_alarm": "heat",
    "carbon_monoxide": "carbon_monoxide",
    "gas": "gas",
    "water_leak": "water_leak",
    "tamper": "tamper",
    "trouble": "fault",
    "fault": "fault",
    "fault_alarm": "fault",
    "battery_defect": "fault",
    "battery_low": "battery_low",
    "linkage_alarm_state": "linked_alarm",
    "buzzer_manual_mute": "muted",
    "mute": "muted",
    "muted": "muted",
    "silence": "muted",
    "occupancy": "occupancy",
    "presence": "occupancy",
    "motion": "motion",
    "vibration": "motion",
}

# Vendor property: (canonical state, vendor word -> meaning).
WORDS: dict[str, tuple[str, dict[Any, Any]]] = {
    "contact": ("door_state", {True: "closed", False: "open", "true": "closed", "false": "open"}),
    "lock_state": ("lock_state", {"locked": "locked", "unlocked": "unlocked"}),
    "smoke_state": ("smoke", {"alarm": True, "normal": False}),
    "gas_state": ("gas", {"alarm": True, "normal": False}),
    "battery_state": ("battery_low", {"low": True, "medium": False, "high": False}),
    "valve_state": ("valve_state", {"open": "open", "closed": "closed", "OPEN": "open", "CLOSE": "closed"}),
}
TESTS = frozenset({"test", "self_test", "selftest"})
TESTING = frozenset({"true", "on", "1", "testing", "checking"})

TRAITS = {
    **dict.fromkeys(("smoke", "smoke_alarm", "smoke_state", "smoke_density", "heat", "heat_alarm"), "smoke_detector"),
    **dict.fromkeys(("carbon_monoxide", "gas", "gas_state", "gas_density"), "smoke_detector"),
    "water_leak": "water_leak",
    "contact": "access_gate",
    "lock_state": "access_gate",
    **dict.fromkeys(("occupancy", "presence", "motion"), "camera"),
}
KIND_OF = {trait: DeviceKind(kind) for trait, kind in TRAITS.items()}


class Property(Struct, frozen=True, gc=False):
    """All the tables say of one vendor property, found by one look-up."""

    kind: DeviceKind | None
    flag: str = ""
    quantity: str = ""
    scale: float = 1.0
    low: float = 0.0
    high: float = 0.0
    words: tuple[str, dict[Any, Any]] | None = None


def _properties() -> dict[str, Property]:
    found = {key: Property(KIND_OF.get(key), words=words) for key, words in WORDS.items()}
    found |= {key: Property(KIND_OF.get(key), flag=flag) for key, flag in FLAGS.items()}
    found |= {key: Property(None) for key in TESTS}
    for key, (name, scale) in QUANTITIES.items():
        limits = CANONICAL[name]
        found[key] = Property(KIND_OF.get(key), "", name, scale, limits.low, limits.high)
    return found


_PROPERTIES = _properties()


class Options(Struct, forbid_unknown_fields=True):
    """``base``: base topic, or several. ``battery_scale``: factor per friendly name, 0.5 for devices that count
    to 200.
    """

    base: str | list[str] = "zigbee2mqtt"
    battery_scale: dict[str, float] = field(default_factory=dict)


class Zigbee2Mqtt:
    """Decoder of zigbee2mqtt. A device's address is its friendly name."""

    name: ClassVar[str] = "zigbee2mqtt"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        given = msgspec.convert(context.options, Options)
        self._context = context
        self._bases = [given.base] if isinstance(given.base, str) else given.base
        self._battery_scale = given.battery_scale
        self._kinds = Kinds(self.name, context)
        self._away: dict[str, dict[str, bool]] = {base: {} for base in self._bases}

    def filters(self) -> dict[str, Lane]:
        return {f"{base}/#": Lane.ALARM for base in self._bases}

    def owns(self, topic: str) -> bool:
        return self._split(topic) is not None

    def route(self, topic: str) -> Route | Reject:
        found = self._split(topic)
        if found is None:
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not below {', '.join(self._bases)}")
        base, name = found
        if name == "bridge" or name.startswith("bridge/"):
            return self._route(base, self._bridge_reader(base, name.removeprefix("bridge/")))
        stem, _, last = name.rpartition("/")
        if stem and last == "availability":
            return self._route(stem, self._availability_reader(base, stem))
        if stem and (last in ("set", "get") or "/set/" in name or "/get/" in name):
            return self._route(stem, lambda route, envelope: Ignored("a command to a device"))
        attribute = last if stem and last in _PROPERTIES and not self._kinds.registered(name) else ""
        return self._route(stem if attribute else name, self._state_reader(base, name, stem, attribute))

    def _split(self, topic: str) -> tuple[str, str] | None:
        for base in self._bases:
            if topic.startswith(base + "/") and len(topic) > len(base) + 1:
                return base, topic[len(base) + 1 :]
        return None

    def _route(self, sender: str, read: Callable[[Route, Envelope], Found]) -> Route:
        kind = self._kinds.of(sender) or DeviceKind.SMOKE_DETECTOR
        return Route(self.name, sender, kind, read)

    def _state_reader(self, base: str, name: str, stem: str, attribute: str) -> Callable[[Route, Envelope], Found]:
        """Read a whole state, or (with the bridge's ``output: attribute``) one property a topic."""

        def read(route: Route, envelope: Envelope) -> Found:
            try:
                body = decode_json(envelope.payload)
            except BROKEN:
                if not envelope.payload:
                    return Ignored("a retained state was deleted")
                body = text(envelope.payload) if attribute else loads(envelope)
            if type(body) is dict:
                return self._state(base, name, body, envelope)
            if type(body) is Reject:
                return body
            if attribute:
                return self._state(base, stem, {attribute: body}, envelope)
            return Reject(RejectReason.WRONG_SHAPE, f"state of {name[:80]!r} is no JSON object")

        return read

    def _state(self, base: str, name: str, body: dict[str, Any], envelope: Envelope) -> Report | Ignored:
        reading = Reading(self.name, name, DeviceKind.SMOKE_DETECTOR)
        kind = self._kinds.of(name, _fill(reading, body, self._battery_scale.get(name, 1.0)))
        if kind is None:
            return Ignored(NO_KIND)
        reading.kind = kind
        self._remember(base, name)
        seen = body.get("last_seen")
        at = None if seen is None else _last_seen(seen)
        # The bridge itself stamps last_seen: an old one is a state from its cache, sent again.
        reading.historical = at is not None and at < envelope.received_at - MAX_BEHIND_S
        return reading.report(self._context, envelope, at)

    def _availability_reader(self, base: str, name: str) -> Callable[[Route, Envelope], Found]:
        def read(route: Route, envelope: Envelope) -> Found:
            if not envelope.payload:
                return Ignored("a retained availability was deleted")
            online = _online(envelope)
            if online is None:
                return Reject(RejectReason.WRONG_SHAPE, f"availability of {name[:80]!r} is neither online nor offline")
            self._remember(base, name, not online)
            return self._available(name, online, envelope) or Ignored(NO_KIND)

        return read

    def _available(self, name: str, online: bool, envelope: Envelope) -> Report | None:
        kind = self._kinds.of(name)
        if kind is None:
            return None
        reading = Reading(self.name, name, kind)
        reading.availability = online
        return reading.report(self._context, envelope)

    def _bridge_reader(self, base: str, channel: str) -> Callable[[Route, Envelope], Found]:
        readers: dict[str, Callable[[str, Envelope], Found]] = {
            "state": self._bridge_state,
            "devices": self._bridge_devices,
            "event": self._bridge_event,
        }
        reader = readers.get(channel)
        if reader is None:
            return lambda route, envelope: Ignored("the bridge speaks of itself")
        return lambda route, envelope: reader(base, envelope)

    def _bridge_state(self, base: str, envelope: Envelope) -> Found:
        """Without the bridge its registered devices cannot be heard; once it is back, those it did not miss can."""
        online = _online(envelope)
        if online is None:
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} says neither online nor offline")
        names = [n for n, away in self._away[base].items() if not away and self._kinds.registered(n)]
        reports = [report for name in names if (report := self._available(name, online, envelope))]
        return reports or Ignored(f"bridge {'online' if online else 'offline'}, none of its devices is registered")

    def _bridge_devices(self, base: str, envelope: Envelope) -> Found:
        listed = loads(envelope)
        if not isinstance(listed, list):
            found = Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} is no list of devices")
            return listed if isinstance(listed, Reject) else found
        reports = [r for item in listed if isinstance(item, dict) for r in self._announced(base, item, envelope)]
        return reports or Ignored("no new device of a kind we watch")

    def _announced(self, base: str, item: dict[str, Any], envelope: Envelope) -> Iterator[Report]:
        name, definition = item.get("friendly_name"), item.get("definition")
        if not isinstance(name, str) or not name or item.get("type") == "Coordinator":
            return
        kind = self._kinds.of(name, _exposed(member(definition, "exposes")))
        if kind is None:
            return
        self._remember(base, name)
        if self._kinds.registered(name):
            return
        reading = Reading(self.name, name, kind)
        reading.snapshot = True
        reading.unknown("vendor", member(definition, "vendor") or item.get("manufacturer"))
        reading.unknown("model", member(definition, "model") or item.get("model_id"))
        reading.unknown("ieee_address", item.get("ieee_address"))
        yield reading.report(self._context, envelope)

    def _bridge_event(self, base: str, envelope: Envelope) -> Found:
        body = loads(envelope)
        if isinstance(body, Reject):
            return body
        data = member(body, "data")
        name = member(data, "friendly_name")
        if not isinstance(name, str):
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} names no device in data.friendly_name")
        what = body.get("type")
        if what == "device_interview":
            return list(self._announced(base, data, envelope)) or Ignored("no new device of a kind we watch")
        if what not in ("device_announce", "device_joined", "device_leave"):
            return Ignored("an event of the bridge itself")
        self._remember(base, name, what == "device_leave")
        return self._available(name, what != "device_leave", envelope) or Ignored(NO_KIND)

    def _remember(self, base: str, name: str, away: bool = False) -> None:
        names = self._away[base]
        if name in names or len(names) < MAX_NAMES:
            names[name] = away


def _fill(reading: Reading, body: dict[str, Any], battery_scale: float) -> DeviceKind | None:
    """Note what the tables know; return the kind of device it shows. What is usual is written without detours."""
    shown: DeviceKind | None = None
    states, measurements = reading.states, reading.measurements
    for key, value in body.items():
        found = _PROPERTIES.get(key)
        if found is None:
            continue
        if found.kind is not shown and found.kind is not None:
            shown = stronger(shown, found.kind)
        if found.flag:
            if value is True or (value is False and found.flag not in states):
                states[found.flag] = value
            else:
                _any(reading, found.flag, truth(value), value)
        elif found.quantity:
            scale = battery_scale if key == "battery" else found.scale
            if (type(value) is int or type(value) is float) and found.low <= (scaled := value * scale) <= found.high:
                measurements[found.quantity] = float(scaled)
            else:
                reading.measure(found.quantity, number(value, scale), value)
        elif found.words:
            name, words = found.words
            _any(reading, name, words.get(value) if isinstance(value, bool | str) else None, value)
        else:
            _test(reading, key, value)
    if body.get("linkage_alarm") is True and body.get("smoke") is True and body.get("smoke_density") == 0:
        reading.state("linked_alarm", True)
    return shown


def _any(reading: Reading, name: str, meant: bool | str | None, raw: Any) -> None:
    """Set a state unless another property already made it true."""
    if reading.states.get(name) is not True:
        reading.state(name, meant, raw)


def _test(reading: Reading, key: str, value: Any) -> None:
    """A running test is one; a result stays in the cache for ever and is nothing that happens now."""
    if value is None or value == "":
        return
    running = truth(value, TESTING)
    if running is None:
        reading.unknown(key, value)
        return
    reading.test = reading.test or running
    reading.state("test_active", reading.test)


def _exposed(exposes: Any) -> DeviceKind | None:
    """Guess a kind from a definition's ``exposes``; composite ones (a lock) hold theirs in ``features``."""
    found: DeviceKind | None = None
    for item in exposes if isinstance(exposes, list) else ():
        name = member(item, "property") or member(item, "name")
        found = stronger(found, KIND_OF.get(name) if isinstance(name, str) else None)
        features = member(item, "features")
        for inner in features if isinstance(features, list) else ():
            name = member(inner, "property") or member(inner, "name")
            found = stronger(found, KIND_OF.get(name) if isinstance(name, str) else None)
    return found


def _online(envelope: Envelope) -> bool | None:
    """Read ``{"state": "online"}`` or the legacy bare text."""
    word = text(envelope.payload) or ""
    if word.lstrip().startswith("{"):
        word = str(member(loads(envelope), "state"))
    return truth(word, ("online",), ("offline",))


def _last_seen(value: Any) -> float | None:
    """ISO 8601 with offset, or epoch milliseconds, as the bridge is configured."""
    return iso(value) if isinstance(value, str) else number(value, 0.001)

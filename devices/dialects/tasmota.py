"""Tasmota: ``tele|stat/TOPIC/...`` with sensors, switches, card readers, and Zigbee devices behind a bridge."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, ClassVar

import msgspec
from msgspec import Struct, field

from devices.dialects.body import mapping
from devices.dialects.dialect import Context, Lane, Route
from devices.dialects.kinds import CONTACT, Kinds, of_model
from devices.dialects.reading import Reading
from devices.dialects.values import member, number, pseudonym, text, truth, whole
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report
from devices.names import STATES

Found = Report | list[Report] | Reject | Ignored
NO_KIND = "nothing of a kind we watch; name the device in the inventory if it matters"
MAX_BEHIND = 1000
_TEXT = (str, type(None))
READERS = frozenset({"PN532", "RC522", "RDM6300", "Wiegand"})
OPEN = ("on", "1", "true")
SHUT = ("off", "0", "false")

CHANNELS = {
    "LWT": Lane.ALARM,
    "SENSOR": Lane.ALARM,
    "RESULT": Lane.ALARM,
    "STATE": Lane.TELEMETRY,
    "STATUS8": Lane.ALARM,
    "STATUS10": Lane.ALARM,
    "STATUS11": Lane.TELEMETRY,
}

# Bits of the Zigbee IAS zone status (Zigbee Cluster Library, section 8.2.2.2.1.3); alarm 1 depends on the zone's type.
ALARM_1, TAMPER, BATTERY, TROUBLE, MAINS_FAULT, TEST, BATTERY_DEFECT = 0x1, 0x4, 0x8, 0x40, 0x80, 0x100, 0x200

# Zone types of the same document, table 8-5: the canonical state of alarm 1, and the kind of device.
ZONES = {
    0x0015: ("door_state", DeviceKind.ACCESS_GATE),
    0x0028: ("smoke", DeviceKind.SMOKE_DETECTOR),
    0x002A: ("water_leak", DeviceKind.WATER_LEAK),
    0x002B: ("gas", DeviceKind.SMOKE_DETECTOR),
    0x000D: ("motion", DeviceKind.CAMERA),
}
ALARM_OF = {kind: state for state, kind in ZONES.values()} | {DeviceKind.SMOKE_DETECTOR: "smoke"}

# What the bridge calls alarm 1 once it knows the zone's type.
ZIGBEE_ALARMS = {
    "Fire": ("smoke", DeviceKind.SMOKE_DETECTOR),
    "Smoke": ("smoke", DeviceKind.SMOKE_DETECTOR),
    "CO": ("carbon_monoxide", DeviceKind.SMOKE_DETECTOR),
    "Gas": ("gas", DeviceKind.SMOKE_DETECTOR),
    "Water": ("water_leak", DeviceKind.WATER_LEAK),
    "Contact": ("door_state", DeviceKind.ACCESS_GATE),
    "Occupancy": ("occupancy", DeviceKind.CAMERA),
    "Motion": ("motion", DeviceKind.CAMERA),
    "Movement": ("motion", DeviceKind.CAMERA),
}
NAMED_ALARMS = frozenset(state for state, _ in ZIGBEE_ALARMS.values())

# Raw attribute: half per cent (Zigbee Cluster Library, section 3.3.2.2.3.2).
ZIGBEE_QUANTITIES = {
    "BatteryPercentage": ("battery_percent", 1.0),
    "0001/0021": ("battery_percent", 0.5),
    "BatteryVoltage": ("battery_voltage", 1.0),
    "LinkQuality": ("link_quality", 1.0),
    "Temperature": ("temperature", 1.0),
    "Humidity": ("humidity", 1.0),
}


class Options(Struct, forbid_unknown_fields=True):
    """``full_topic``: as set on the devices. ``switches``: what ``TOPIC/SwitchN`` is wired to, a true/false state or
    ``door``. ``battery_scale``: factor per address of a Zigbee device, 0.5 for those that count to 200.
    """

    full_topic: str = "%prefix%/%topic%/"
    switches: dict[str, str] = field(default_factory=dict)
    battery_scale: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for switch, state in self.switches.items():
            if state != "door" and (state not in STATES or STATES[state].type != "bool"):
                raise ValueError(f"switches: {switch!r} is {state!r}; say door or a true/false state of docs/names.md")


class Tasmota:
    """Decoder of Tasmota. Addresses: ``TOPIC``; ``TOPIC/SwitchN`` beyond the first switch; ``TOPIC/0x1A2B`` (or its
    name) behind a Zigbee bridge, where the inventory may also give the short address or the name alone.
    """

    name: ClassVar[str] = "tasmota"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._options = msgspec.convert(context.options, Options)
        self._words = self._options.full_topic.strip("/").split("/")
        self._kinds = Kinds(self.name, context)

    def filters(self) -> dict[str, Lane]:
        found = {}
        for channel, lane in CHANNELS.items():
            prefix = "stat" if channel.startswith("STATUS") else "tele"
            found[f"{self._topic(prefix, '+')}/{channel}"] = lane
        found[f"{self._topic('stat', '+')}/RESULT"] = Lane.ALARM
        found[f"{self._topic('tele', '+/+')}/SENSOR"] = Lane.ALARM
        return found

    def owns(self, topic: str) -> bool:
        return self._split(topic) is not None

    def route(self, topic: str) -> Route | Reject:
        found = self._split(topic)
        if found is None:
            form = f"{self._options.full_topic}(SENSOR|RESULT|STATE|LWT)"
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not {form}")
        device, channel = found
        kind = self._kinds.of(device) or DeviceKind.ACCESS_GATE
        if channel == "LWT":
            return Route(self.name, device, kind, lambda route, envelope: self._lwt(device, envelope))
        addresses: dict[tuple[str, Any, Any], str] = {}  # of the devices behind a bridge; as old as the route
        return Route(self.name, device, kind, lambda route, envelope: self._body(device, addresses, envelope))

    def _topic(self, prefix: str, device: str) -> str:
        return "/".join(self._words).replace("%prefix%", prefix).replace("%topic%", device)

    def _split(self, topic: str) -> tuple[str, str] | None:
        """Return device and channel; where prefix and device stand is told by the full topic."""
        *words, channel = topic.split("/")
        if channel not in CHANNELS or len(words) < len(self._words):
            return None
        at = next((n for n, word in enumerate(self._words) if "%topic%" in word), len(self._words))
        spare = len(words) - len(self._words)
        rest = words[:at] + words[at + spare :]
        device = "/".join(words[at : at + spare + 1])
        for own, word in zip(self._words, rest, strict=True):
            if own == "%prefix%" and word not in ("tele", "stat"):
                return None
            if "%" not in own and own != word:
                return None
        return (device, channel) if device else None

    def _lwt(self, device: str, envelope: Envelope) -> Found:
        if not envelope.payload:
            return Ignored("a retained will was deleted")
        online = truth(text(envelope.payload), ("online",), ("offline",))
        if online is None:
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} says neither Online nor Offline")
        kind = self._kinds.of(device)
        if kind is None:
            return Ignored(NO_KIND)
        reading = Reading(self.name, device, kind)
        reading.availability = online
        return reading.report(self._context, envelope)

    def _body(self, device: str, addresses: dict[tuple[str, Any, Any], str], envelope: Envelope) -> Found:
        if not envelope.payload:
            return Ignored("a retained state was deleted")
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        status = body.get("StatusSNS") or body.get("StatusSTS") or body
        if not isinstance(status, dict):
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} holds no object")
        found: list[Reading] = []
        own = False
        received = status.get("ZbReceived")
        for key, said in received.items() if type(received) is dict else ():
            if type(said) is dict:
                found += self._zigbee(self._address(device, key, said, addresses), said)
        for key, value in status.items():
            if key in READERS:
                found += self._card(device, value)
            elif key[:6] == "Switch" and (key == "Switch" or key[6:].isdigit()):
                found += self._switch(device, key, value)
            elif key == "POWER" or (type(value) is dict and key != "ZbReceived"):
                own = True
        if own:
            found += self._own(device, status)
        if not found:
            return Ignored(NO_KIND)
        time = status.get("Time")
        at, local = (None, False) if time is None else moment(time, self._context)
        merged = found if len(found) == 1 else _merged(found)
        return [each.report(self._context, envelope, at, local) for each in merged]

    def _card(self, device: str, said: Any) -> Iterator[Reading]:
        kind = self._kinds.of(device, DeviceKind.ACCESS_GATE) or DeviceKind.ACCESS_GATE
        return card_read(Reading(self.name, device, kind), self._context, said)

    def _own(self, device: str, body: dict[str, Any]) -> Iterator[Reading]:
        """What a device of known kind says of itself: relay, radio, climate sensors."""
        kind = self._kinds.of(device)
        if kind is None:
            return
        reading = Reading(self.name, device, kind)
        signal = member(body, "Wifi", "Signal")
        reading.measure("rssi", number(signal), signal)
        if "POWER" in body:
            reading.state("relay_state", truth(body["POWER"], OPEN, SHUT), body["POWER"])
        for sensor in body.values() if kind is not DeviceKind.ACCESS_GATE else ():
            for key, name in (("Temperature", "temperature"), ("Humidity", "humidity")):
                value = member(sensor, key)
                if value is not None:
                    reading.measure(name, _celsius(value, body) if name == "temperature" else number(value), value)
        if not reading.empty:
            yield reading

    def _switch(self, device: str, key: str, value: Any) -> list[Reading]:
        full = f"{device}/{key}"
        first = key in ("Switch", "Switch1") and not self._kinds.registered(full)
        address = device if first else full
        wired = self._options.switches.get(full)
        kind = self._kinds.of(address, _kind_of(wired) if wired else None) or DeviceKind.ACCESS_GATE
        name = wired or CONTACT.get(kind)
        if name is None:
            return []
        reading = Reading(self.name, address, kind)
        said = member(value, "Action") if isinstance(value, dict) else value
        meant = True if said == "ON" else False if said == "OFF" else truth(said, OPEN, SHUT)
        _alarm(reading, "door_state" if name == "door" else name, meant, said)
        return [reading]

    def _address(self, bridge: str, key: str, said: dict[str, Any], known: dict[tuple[str, Any, Any], str]) -> str:
        """The first of the names a device may have in the inventory; short addresses are unique per bridge only."""
        name, short = said.get("Name"), said.get("Device")
        if type(name) in _TEXT and type(short) in _TEXT and (address := known.get((key, name, short))):
            return address
        names = [n for n in (name, key, short) if isinstance(n, str) and n]
        spelt = (a for n in names for a in (f"{bridge}/{n}", n) if self._kinds.registered(a))
        address = next(spelt, f"{bridge.split('/')[0]}/{key}")
        if len(known) < MAX_BEHIND and type(name) in _TEXT and type(short) in _TEXT:
            known[key, name, short] = address
        return address

    def _zigbee(self, address: str, said: dict[str, Any]) -> list[Reading]:
        zone = ZONES.get(whole(said["ZoneType"]) or 0) if "ZoneType" in said else None
        kind = self._kinds.of(address, zone[1] if zone else _zigbee_kind(said))
        status = _zone_status(said)
        if kind is None:
            if status is None:
                return []
            kind = DeviceKind.WATER_LEAK  # the zone's type is unknown: the commonest device read this way
        reading = Reading(self.name, address, kind)
        for key, value in said.items():
            if key in ZIGBEE_QUANTITIES:
                name, scale = ZIGBEE_QUANTITIES[key]
                if name == "battery_percent":
                    scale *= self._options.battery_scale.get(address, 1.0)
                reading.measure(name, number(value, scale), value)
            elif key in ZIGBEE_ALARMS:
                _alarm(reading, ZIGBEE_ALARMS[key][0], truth(value), value)
        if status is not None:
            _zone(reading, status, zone[0] if zone else ALARM_OF.get(kind))
        return [] if reading.empty else [reading]


def card_read(reading: Reading, context: Context, said: Any) -> Iterator[Reading]:
    """Note a card held to a reader that decides nothing: neither granted nor denied. What is stored on it stays out."""
    credential = pseudonym(context.key, member(said, "UID"))
    if credential is not None:
        reading.unknown("credential_type", "card")
        reading.unknown("credential_ref", credential)
        yield reading


def moment(value: Any, context: Context) -> tuple[float | None, bool]:
    """Read ``Time``: local unless the device was told to add its offset. Also tells whether the zone was assumed."""
    if not isinstance(value, str):
        return None, False
    try:
        if len(value) == 19 and value[13] == value[16] == ":":
            minute, second = int(value[14:16]), int(value[17:])
            if 0 <= minute < 60 and 0 <= second < 60:
                return _hour(value[:13], context.zone) + minute * 60 + second, True
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            return at.replace(tzinfo=context.zone).timestamp(), True
        return at.timestamp(), False
    except (ValueError, OverflowError):
        return None, False


@lru_cache(maxsize=1024)
def _hour(written: str, zone: tzinfo) -> float:
    """The start of a local hour; messages share it, and to find it is most of the cost of a time.

    Raises:
        ValueError: it is no date and hour.
    """
    return datetime.fromisoformat(written).replace(tzinfo=zone).timestamp()


def _merged(found: list[Reading]) -> list[Reading]:
    """One report per device, as one message says it."""
    merged: dict[str, Reading] = {}
    for reading in found:
        first = merged.setdefault(reading.address, reading)
        if first is not reading:
            first.measurements |= reading.measurements
            first.states |= reading.states
            first.raw |= reading.raw
    return list(merged.values())


def _celsius(value: Any, body: dict[str, Any]) -> float | None:
    read = number(value)
    return (read - 32) / 1.8 if read is not None and body.get("TempUnit") == "F" else read


def _kind_of(wired: str) -> DeviceKind | None:
    """The kind of device that has the state a switch is wired to."""
    if wired == "door":
        return DeviceKind.ACCESS_GATE
    kinds = STATES[wired].kinds
    return next(iter(kinds)) if len(kinds) == 1 else None


def _zigbee_kind(said: dict[str, Any]) -> DeviceKind | None:
    if not said.keys().isdisjoint(ZIGBEE_ALARMS):
        return next(kind for key, (_, kind) in ZIGBEE_ALARMS.items() if key in said)
    return of_model(said["ModelId"]) if "ModelId" in said else None


def _zone_status(said: dict[str, Any]) -> int | None:
    """Read the zone status, 16 bits with the low byte first, from the raw command or the named attribute."""
    raw = said.get("0500!00")
    if type(raw) is str:
        try:
            status = bytes.fromhex(raw)[:2]
        except ValueError:
            return None
        return int.from_bytes(status, "little") if len(status) == 2 else None
    for key in ("ZoneStatusChange", "ZoneStatus", "0500/0002"):
        if key in said:
            return whole(said[key])
    return None


def _zone(reading: Reading, status: int, alarm: str | None) -> None:
    if alarm and reading.states.keys().isdisjoint(NAMED_ALARMS):
        _alarm(reading, alarm, status & ALARM_1 != 0, None)
    states = reading.states
    states["tamper"] = status & TAMPER != 0
    states["battery_low"] = status & BATTERY != 0
    states["fault"] = status & (TROUBLE | BATTERY_DEFECT) != 0
    if reading.kind is DeviceKind.SMOKE_DETECTOR:
        states["main_power_fault"] = status & MAINS_FAULT != 0
    reading.test = status & TEST != 0


def _alarm(reading: Reading, name: str, active: bool | None, raw: Any) -> None:
    if name == "door_state":
        reading.state(name, None if active is None else "open" if active else "closed", raw)
    else:
        reading.state(name, active, raw)

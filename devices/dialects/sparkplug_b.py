"""Sparkplug B: ``spBv1.0/GROUP/TYPE/NODE[/DEVICE]``, protobuf. Births name the metrics, data refers to them by alias.

A node's counter runs over all its devices, so all its topics share one lane. A gap in it, or an alias without a birth,
asks the node for a rebirth. Births are kept per session, newest last, so that an older stretch of the stream read a
second time finds the aliases that were true then.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from devices.dialects import sparkplug_payload as wire
from devices.dialects.dialect import Command, Context, Lane, Read, Route
from devices.dialects.fields import Field, anonymous, doubt, guess, plain, put
from devices.dialects.reading import Reading
from devices.dialects.sparkplug_lives import UNBORN, Birth, Known, Lives, Node, Table, understood
from devices.dialects.sparkplug_memory import decode_node, encode_node
from devices.dialects.sparkplug_payload import Metric, Payload
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report
from devices.names import QUANTITIES
from devices.registry import Device

MAX_DEVICES = 1_000
MAX_ALIASES = 5_000
MAX_COMMANDS = 1_000
MAX_RAW = 32
SEQUENCES = 256

_REBIRTH = "Node Control/Rebirth"
# What engineering units are in ours; a unit nobody knows keeps the value aside.
_UNITS: dict[str, dict[str, float]] = {
    "m/s": {"m/s": 1, "mm/s": 0.001, "cm/s": 0.01, "m/min": 1 / 60, "km/h": 1 / 3.6},
    "%": {"%": 1, "percent": 1, "pct": 1, "%rh": 1},
    "degC": {"degc": 1, "°c": 1, "℃": 1, "c": 1, "celsius": 1},
    "V": {"v": 1, "mv": 0.001},
    "h": {"h": 1, "hours": 1, "hour": 1, "min": 1 / 60, "s": 1 / 3600},
    "m": {"m": 1, "cm": 0.01, "mm": 0.001},
}


class Options(Struct, forbid_unknown_fields=True):
    """Which group is ours (default: all), what its metrics mean, and how often one node may be asked for a rebirth."""

    group: str = "+"
    metrics: dict[str, Field] = {}
    rebirth_every_s: float = 60.0


class _Place(Struct, frozen=True):
    """Who a topic speaks for; ``device`` is empty for the node itself."""

    group: str
    node: str
    device: str = ""

    def addresses(self) -> tuple[str, str]:
        tail = f"{self.node}/{self.device}" if self.device else self.node
        return f"{self.group}/{tail}", tail


class SparkplugB:
    """Decoder of Sparkplug B. Devices are addressed as ``GROUP/NODE/DEVICE`` or, in short, ``NODE/DEVICE``."""

    name: ClassVar[str] = "sparkplug_b"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._options = msgspec.convert(context.options, Options)
        self._fields = {name.lower(): chosen for name, chosen in self._options.metrics.items()}
        self._lives = Lives()
        self._inventory: dict[str, list[Device]] = {}
        self._inventory_size = -1

    def filters(self) -> dict[str, Lane]:
        base = f"spBv1.0/{self._options.group}"
        nodes = {f"{base}/{kind}/+": Lane.ALARM for kind in ("NBIRTH", "NDATA", "NDEATH")}
        return nodes | {f"{base}/{kind}/+/+": Lane.ALARM for kind in ("DBIRTH", "DDATA", "DDEATH")}

    @property
    def changed(self) -> set[str]:
        return self._lives.changed

    def memory(self, key: str) -> bytes | None:
        group, _, name = key.partition("/")
        node = self._lives.nodes.get((group, name))
        return encode_node(group, name, node) if node and node.sessions else None

    def remember(self, memory: bytes) -> None:
        def read(group: str, node: str, device: str, metrics: list[Metric]) -> Birth:
            return self._read_birth(_Place(group, node, device), metrics)

        self._lives.restore(*decode_node(memory, read))

    def owns(self, topic: str) -> bool:
        return topic.startswith(("spBv1.0/", "STATE/"))

    def route(self, topic: str) -> Route | Reject:
        parts = topic.split("/")
        if parts[0] == "STATE" or parts[1:2] == ["STATE"]:
            return self._ignoring(topic, "the state of a host application, no device")
        if len(parts) not in (4, 5) or not all(parts):
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not spBv1.0/GROUP/TYPE/NODE[/DEVICE]")
        kind, place = parts[2], _Place(parts[1], parts[3], "".join(parts[4:]))
        if kind in ("NCMD", "DCMD"):
            return self._ignoring(topic, "a command of a host, no device")
        if len(parts) != (5 if kind.startswith("D") else 4) or kind[1:] not in ("BIRTH", "DATA", "DEATH"):
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r}: {kind[:20]!r} is no message of that length")
        address, device = self._find(place)
        seen = device.kind if device else guess((), place.device or place.node) or DeviceKind.LIFT
        return Route("sparkplug_b", address, seen, self._reader(kind, place))

    def _ignoring(self, topic: str, why: str) -> Route:
        return Route("sparkplug_b", topic, DeviceKind.LIFT, lambda _route, _envelope: Ignored(why))

    def _reader(self, kind: str, place: _Place) -> Read:
        act = {"BIRTH": self._birth, "DATA": self._data, "DEATH": self._death}[kind[1:]]

        def read(_route: Route, envelope: Envelope) -> Report | list[Report] | Reject | Ignored:
            if not envelope.payload and not kind.endswith("DEATH"):
                return Reject(RejectReason.EMPTY, f"an empty {kind}; a Sparkplug payload has at least a time")
            try:
                payload = wire.decode(envelope.payload)
            except ValueError as error:
                return Reject(RejectReason.MALFORMED, f"no Sparkplug payload: {error}")
            return act(place, envelope, payload)

        return read

    # births

    def _birth(self, place: _Place, envelope: Envelope, payload: Payload) -> Report | list[Report] | Reject | Ignored:
        if len(payload.metrics) > MAX_ALIASES:
            return Reject(RejectReason.WRONG_SHAPE, f"a birth of {len(payload.metrics)} metrics; split the device")
        node, moment = self._lives.node(place.group, place.node), envelope.received_at
        if place.device:
            self._follow(place, node, envelope, payload.seq)
            session = node.at(moment) or self._lives.start(node, moment, None)
        else:
            session = self._lives.start(node, moment, _bd_seq(payload, {}))
            if moment >= node.newest and not envelope.retained:
                node.newest, node.seq = moment, payload.seq
        if place.device not in session.births and len(session.births) >= MAX_DEVICES:
            return Reject(RejectReason.WRONG_SHAPE, f"node {place.node!r} has more than {MAX_DEVICES} devices")
        birth = self._read_birth(place, payload.metrics)
        self._lives.keep(node, session, place.device, birth)
        self._lives.changed.add(f"{place.group}/{place.node}")
        found = self._reports(place, envelope, payload, birth, born=True)
        return found or Ignored("a birth in which nothing says what kind of device it is")

    def _read_birth(self, place: _Place, metrics: list[Metric]) -> Birth:
        table: Table = {}
        for metric in metrics:
            if metric.name is not None:
                known = understood(metric, self._fields)
                table[metric.name] = known
                if metric.alias is not None:
                    table[metric.alias] = known
        return Birth(table, _kind_of(place, table.values()))

    # data

    def _data(self, place: _Place, envelope: Envelope, payload: Payload) -> Report | list[Report] | Reject | Ignored:
        node = self._lives.node(place.group, place.node)
        self._follow(place, node, envelope, payload.seq)
        session = node.at(envelope.received_at)
        born = session.births.get(place.device) if session else None
        if born is None:
            self._ask(place, node, envelope)
        birth = born or UNBORN
        unknown = [m.alias for m in payload.metrics if m.name is None and m.alias not in birth.metrics]
        if unknown:
            self._ask(place, node, envelope)
            if len(unknown) == len(payload.metrics):
                who = place.addresses()[0][:120]
                return Reject(
                    RejectReason.NOT_ANNOUNCED,
                    f"no birth heard of {who!r} names aliases {unknown[:5]}; asked for a rebirth",
                )
        found = self._reports(place, envelope, payload, birth)
        return found or Ignored("data in which nothing says what kind of device it is")

    def _follow(self, place: _Place, node: Node, envelope: Envelope, seq: int | None) -> None:
        """Watch the node's counter. An older stretch of the stream, read once more, proves no gap."""
        if seq is None or envelope.retained or envelope.received_at < node.newest:
            return
        again = envelope.received_at == node.newest and seq == node.seq
        if node.seq is not None and not again and seq != (node.seq + 1) % SEQUENCES:
            self._ask(place, node, envelope)
        node.newest, node.seq = envelope.received_at, seq

    def _ask(self, place: _Place, node: Node, envelope: Envelope) -> None:
        moment = envelope.received_at
        recently = node.asked is not None and moment < node.asked + self._options.rebirth_every_s
        if recently or envelope.retained or len(self._context.commands) >= MAX_COMMANDS:
            return
        node.asked = moment
        now = int(moment * 1000)
        wish = Payload(now, None, [Metric(_REBIRTH, timestamp=now, datatype=wire.BOOLEAN, value=True)])
        self._context.commands.append(Command(f"spBv1.0/{place.group}/NCMD/{place.node}", wire.encode(wish)))

    # deaths

    def _death(self, place: _Place, envelope: Envelope, payload: Payload) -> Report | list[Report] | Reject | Ignored:
        node = self._lives.node(place.group, place.node)
        if place.device:
            self._follow(place, node, envelope, payload.seq)
            report = self._dead(place, envelope, payload.timestamp)
            return report or Ignored("the death of a device of which nobody knows the kind")
        session = node.at(envelope.received_at)
        born = session.births if session else {}
        said = _bd_seq(payload, born.get("", UNBORN).metrics)
        if session and None not in (said, session.bd_seq) and said != session.bd_seq:
            return Ignored(f"the will of an earlier session (bdSeq {said}, now {session.bd_seq})")
        if session and not envelope.retained:
            session.died = envelope.received_at
            node.seq = None
            self._lives.changed.add(f"{place.group}/{place.node}")
        places = {_Place(place.group, place.node, device): None for device in (*born, "")}
        places |= {_Place(place.group, place.node, device): None for device in self._registered(place)}
        # A will is written when the session begins: its time says nothing about the end.
        dead = [self._dead(each, envelope, None, born.get(each.device)) for each in places]
        return [report for report in dead if report] or Ignored("the death of a node without known devices")

    def _dead(
        self, place: _Place, envelope: Envelope, timestamp: int | None, birth: Birth | None = None
    ) -> Report | None:
        if birth is None:
            session = self._lives.node(place.group, place.node).at(envelope.received_at)
            birth = session.births.get(place.device) if session else None
        address, kind = self._who(place, birth or UNBORN, ())
        if kind is None:
            return None
        reading = Reading(self.name, address, kind)
        reading.availability = False
        return reading.report(self._context, envelope, timestamp / 1000 if timestamp else None)

    def _registered(self, place: _Place) -> list[str]:
        """Return the node's devices in the inventory, heard or not."""
        registry = self._context.registry
        if self._inventory_size != len(registry):
            self._inventory, self._inventory_size = {}, len(registry)
            for device in registry:
                if device.dialect == self.name:
                    self._inventory.setdefault((device.address or device.id).rpartition("/")[0], []).append(device)
        found = [d for base in place.addresses() for d in self._inventory.get(base, ())]
        return [(device.address or device.id).rpartition("/")[2] for device in found]

    # reports

    def _find(self, place: _Place) -> tuple[str, Device | None]:
        addresses = place.addresses()
        for address in addresses:
            device = self._context.registry.resolve(self.name, address)
            if device:
                return address, device
        return addresses[0], None

    def _who(self, place: _Place, birth: Birth, said: Iterable[Known]) -> tuple[str, DeviceKind | None]:
        address, device = self._find(place)
        return address, device.kind if device else birth.kind or _kind_of(place, said)

    def _reports(
        self, place: _Place, envelope: Envelope, payload: Payload, birth: Birth, born: bool = False
    ) -> list[Report]:
        """Sort metrics by what is now and what was stored, one report per stored moment, oldest first."""
        known = [(metric, self._meant(metric, birth.metrics)) for metric in payload.metrics]
        address, kind = self._who(place, birth, [chosen for _, chosen in known])
        if kind is None:
            return []
        now: list[tuple[Metric, Known]] = []
        stored: dict[int | None, list[tuple[Metric, Known]]] = {}
        for metric, chosen in known:
            place_in = stored.setdefault(metric.timestamp, []) if metric.historical else now
            place_in.append((metric, chosen))
        parts = [(stamp, stored[stamp], True) for stamp in sorted(stored, key=lambda each: each or 0)]
        if now or born or not stored:
            parts.append((_moment(now, payload, born), now, False))
        reports = []
        for number, (stamp, metrics, historical) in enumerate(parts):
            reading = Reading(self.name, address, kind)
            for metric, chosen in metrics:
                _note(reading, metric, chosen, news=not born)
            reading.historical = historical
            reading.availability = True if born and not historical else None
            report = reading.report(self._context, envelope, stamp / 1000 if stamp else None)
            if number and report.dedup_key:
                report.dedup_key = f"{report.dedup_key}-{number}"
            reports.append(report)
        return reports

    def _meant(self, metric: Metric, table: Table) -> Known:
        if metric.name is not None:
            return table.get(metric.name) or understood(metric, self._fields)
        key = -1 if metric.alias is None else metric.alias
        return table.get(key) or Known(f"alias {metric.alias}")


def _kind_of(place: _Place, said: Iterable[Known]) -> DeviceKind | None:
    known = list(said)
    path = next((chosen.name for chosen in known if "/" in chosen.name and not chosen.control), "")
    return guess([chosen.field for chosen in known], place.device or place.node, path)


def _moment(now: list[tuple[Metric, Known]], payload: Payload, born: bool) -> int | None:
    """Return the newest metric's time; births repeat old values, theirs is the message's."""
    stamps = [metric.timestamp for metric, _ in now if metric.timestamp]
    return payload.timestamp if born or not stamps else max(stamps)


def _note(reading: Reading, metric: Metric, known: Known, news: bool) -> None:
    value = metric.read_as(known.datatype)
    chosen = known.field
    if known.control:
        if known.about and isinstance(value, str):
            reading.unknown(known.about, value)
        return
    if value is wire.OPAQUE:
        value = str(wire.OPAQUE)
    if chosen is None:
        if len(reading.raw) < MAX_RAW:
            reading.raw[known.name[:MAX_RAW]] = anonymous(value)
        return
    if metric.quality is not None and not wire.GOOD <= metric.quality < 256:
        doubt(reading, chosen, value)
        reading.raw[f"{chosen.name} quality"] = metric.quality
        return
    scale = _scale(chosen.name, (metric.unit or "").lower() or known.unit)
    if scale is None:
        reading.raw[chosen.name] = plain(value)
        reading.raw[f"{chosen.name} unit"] = (metric.unit or known.unit)[:MAX_RAW]
        return
    scaled = type(value) in (int, float) and scale != 1
    put(reading, chosen, value * scale if scaled else value, news)


def _scale(name: str, unit: str) -> float | None:
    """Return the factor from ``unit`` to the canonical one; ``None`` where nobody knows it."""
    quantity = QUANTITIES.get(name)
    units = _UNITS.get(quantity.unit) if quantity and unit else None
    return 1 if units is None else units.get(unit)


def _bd_seq(payload: Payload, born: Table) -> int | None:
    for metric in payload.metrics:
        known = born.get(metric.alias) if metric.name is None and metric.alias is not None else None
        name = known.name if known else metric.name
        if name and name.lower() == "bdseq" and type(metric.value) is int:
            return metric.value
    return None

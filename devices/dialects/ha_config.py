"""Home Assistant's discovery configuration: abbreviations, device registry, value templates -> what an entity means.

Names after the public documentation of Home Assistant's MQTT integration.
"""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from devices.dialects.kinds import stronger
from devices.dialects.values import number
from devices.model import DeviceKind

ABBREVIATIONS = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "avty_t": "availability_topic",
    "avty_tpl": "availability_template",
    "cmps": "components",
    "cns": "connections",
    "dev": "device",
    "dev_cla": "device_class",
    "ids": "identifiers",
    "mdl": "model",
    "mf": "manufacturer",
    "o": "origin",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "stat_clsd": "state_closed",
    "stat_closing": "state_closing",
    "stat_locked": "state_locked",
    "stat_open": "state_open",
    "stat_opening": "state_opening",
    "stat_t": "state_topic",
    "stat_unlocked": "state_unlocked",
    "t": "topic",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}

S, W, A, C = DeviceKind.SMOKE_DETECTOR, DeviceKind.WATER_LEAK, DeviceKind.ACCESS_GATE, DeviceKind.CAMERA

# device_class of a binary_sensor: (canonical state, what on and off mean, the kind it shows).
BINARY: dict[str, tuple[str, Any, Any, DeviceKind | None]] = {
    "smoke": ("smoke", True, False, S),
    "gas": ("gas", True, False, S),
    "carbon_monoxide": ("carbon_monoxide", True, False, S),
    "heat": ("heat", True, False, S),
    "moisture": ("water_leak", True, False, W),
    "tamper": ("tamper", True, False, None),
    "problem": ("fault", True, False, None),
    "battery": ("battery_low", True, False, None),
    "door": ("door_state", "open", "closed", A),
    "garage_door": ("door_state", "open", "closed", A),
    "opening": ("door_state", "open", "closed", A),
    "lock": ("lock_state", "unlocked", "locked", A),
    "motion": ("motion", True, False, C),
    "occupancy": ("occupancy", True, False, C),
    "presence": ("occupancy", True, False, C),
    "connectivity": ("", True, False, None),
}

# device_class of a sensor: canonical quantity. Carbon monoxide in ppm and gas in m3 have none.
NUMERIC = {
    "temperature": "temperature",
    "humidity": "humidity",
    "battery": "battery_percent",
    "voltage": "battery_voltage",
    "signal_strength": "rssi",
}

# Unit: (factor, offset) to the canonical one.
UNITS = {"°F": (1 / 1.8, -32 / 1.8), "K": (1.0, -273.15), "mV": (0.001, 0.0)}

_STEP = r"(?:\.[A-Za-z_]\w*|\[\s*(?:'[^']*'|\"[^\"]*\"|\d+)\s*\])"
_FILTER = r"(?:\s*\|\s*(?:float|int|string|trim|upper|lower|round)(?:\s*\([^()]*\))?)*"
_TEMPLATE = re.compile(r"\{\{-?\s*(?:(value)|value_json(" + _STEP + r"+))" + _FILTER + r"\s*-?\}\}")
_ONE_STEP = re.compile(_STEP)

Path = tuple[str | int, ...] | None


class Entity(Struct, gc=False):
    """One thing a discovered device says: where, and what its words mean. ``path`` leads into JSON; ``None``: the
    payload itself. ``name`` is a canonical name; empty: availability.
    """

    component: str
    topic: str
    path: Path
    name: str
    kind: DeviceKind | None = None
    words: dict[str, Any] = {}
    scale: float = 1.0
    offset: float = 0.0


class Discovered(Struct, gc=False):
    """What one configuration message announces: the device's address, maker and model, its entities, and why others
    were left out.
    """

    address: str
    entities: list[Entity]
    left_out: list[str]
    vendor: str | None = None
    model: str | None = None
    origin: str = ""


class Unsupported(Exception):
    """An entity that cannot be read; the message says why."""


def folded(value: Any) -> str:
    """What a template renders, whatever the case: ``True`` and ``true`` are the same word."""
    return str(value).strip().lower()


def discovered(component: str, object_id: str, config: dict[str, Any]) -> Discovered:
    """Read one configuration; a ``device`` one holds several components."""
    config = _expanded(config)
    device = _section(config, "device")
    origin = str(_section(config, "origin").get("name", ""))
    found = Discovered(
        _address(device, config, object_id), [], [], _text(device, "manufacturer"), _text(device, "model"), origin
    )
    for platform, part in _parts(component, config):
        try:
            entity = _entity(platform, part)
        except Unsupported as why:
            found.left_out.append(f"{platform}: {why}")
            continue
        found.entities.append(entity)
        found.entities += _availability(part)
    return found


def kind_of(entities: list[Entity]) -> DeviceKind | None:
    """The kind of a device with ``entities``."""
    kind: DeviceKind | None = None
    for entity in entities:
        kind = stronger(kind, entity.kind)
    return kind


def template(text: Any) -> Path:
    """Compile ``{{ value }}``, ``{{ value_json.a['b'] }}`` and the like, with harmless filters.

    Raises:
        Unsupported: any other template.
    """
    if text is None or text == "":
        return None
    match = _TEMPLATE.fullmatch(str(text).strip())
    if match is None:
        raise Unsupported(f"value_template {str(text)[:80]!r} is beyond the simple forms {{{{ value_json.x }}}}")
    if match[1]:
        return None
    return tuple(_step(step) for step in _ONE_STEP.findall(match[2]))


def _step(written: str) -> str | int:
    inner = written.strip("[] ") if written[0] == "[" else written[1:]
    return int(inner) if inner.isdigit() else inner.strip("'\"")


def _parts(component: str, config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if component != "device":
        yield component, config
        return
    shared = {k: v for k, v in config.items() if k not in ("components", "device", "origin")}
    for part in _section(config, "components").values():
        if isinstance(part, dict):
            own = {**shared, **_expanded(part)}
            yield str(own.get("platform", "")), own


def _entity(component: str, config: dict[str, Any]) -> Entity:
    maker = _MAKERS.get(component)
    if maker is None:
        raise Unsupported("no component we read")
    topic = config.get("topic" if component == "tag" else "state_topic")
    if not isinstance(topic, str) or not topic:
        raise Unsupported("no state topic")
    entity = maker(config, topic)
    entity.path = template(config.get("value_template"))
    return entity


def _binary(config: dict[str, Any], topic: str) -> Entity:
    meaning = BINARY.get(str(config.get("device_class")))
    if meaning is None:
        raise Unsupported(f"device_class {config.get('device_class')!r} says nothing for us")
    name, on, off, kind = meaning
    words = {folded(config.get("payload_on", "ON")): on, folded(config.get("payload_off", "OFF")): off}
    return Entity("binary_sensor" if name else "availability", topic, None, name, kind, words)


def _sensor(config: dict[str, Any], topic: str) -> Entity:
    name = NUMERIC.get(str(config.get("device_class")))
    if name is None:
        raise Unsupported(f"device_class {config.get('device_class')!r} says nothing for us")
    scale, offset = UNITS.get(str(config.get("unit_of_measurement")), (1.0, 0.0))
    return Entity("sensor", topic, None, name, None, {}, scale, offset)


def _lock(config: dict[str, Any], topic: str) -> Entity:
    words = {folded(config.get(f"state_{word}", word)): word for word in ("locked", "unlocked")}
    return Entity("lock", topic, None, "lock_state", A, words)


def _cover(config: dict[str, Any], topic: str) -> Entity:
    if config.get("device_class") not in ("door", "garage", "gate"):
        raise Unsupported("a cover that is no door or gate")
    words = {folded(config.get(f"state_{word}", word)): word for word in ("open", "opening", "closed", "closing")}
    return Entity("cover", topic, None, "door_state", A, words)


def _tag(config: dict[str, Any], topic: str) -> Entity:
    return Entity("tag", topic, None, "credential_ref", A)


def _event(config: dict[str, Any], topic: str) -> Entity:
    if config.get("device_class") != "doorbell":
        raise Unsupported("an event that is no doorbell")
    return Entity("event", topic, None, "doorbell", A)


_MAKERS = {
    "binary_sensor": _binary,
    "sensor": _sensor,
    "lock": _lock,
    "cover": _cover,
    "tag": _tag,
    "event": _event,
}


def _availability(config: dict[str, Any]) -> Iterator[Entity]:
    listed = config.get("availability")
    given = listed if isinstance(listed, list) else [listed] if isinstance(listed, dict) else []
    given = [_expanded(item) for item in given if isinstance(item, dict)]
    if isinstance(config.get("availability_topic"), str):
        own = {"topic": config["availability_topic"], "value_template": config.get("availability_template")}
        given.append({**config, **own})
    for item in given:
        topic = item.get("topic")
        words = {
            folded(item.get("payload_available", "online")): True,
            folded(item.get("payload_not_available", "offline")): False,
        }
        try:
            path = template(item.get("value_template"))
        except Unsupported:
            continue
        if isinstance(topic, str) and topic:
            yield Entity("availability", topic, path, "", None, words)


def _expanded(config: dict[str, Any]) -> dict[str, Any]:
    """Write abbreviations out, and ``~`` in topics."""
    base = config.get("~")
    full: dict[str, Any] = {}
    for key, value in config.items():
        name = ABBREVIATIONS.get(key, key)
        if isinstance(base, str) and isinstance(value, str) and name.endswith("topic"):
            value = base + value[1:] if value.startswith("~") else value
            value = value[:-1] + base if value.endswith("~") else value
        elif isinstance(base, str) and name == "availability" and isinstance(value, list):
            value = [_expanded({"~": base, **item}) for item in value if isinstance(item, dict)]
        full[name] = value
    return full


def _section(config: dict[str, Any], name: str) -> dict[str, Any]:
    found = config.get(name)
    return _expanded(found) if isinstance(found, dict) else {}


def _address(device: dict[str, Any], config: dict[str, Any], object_id: str) -> str:
    """The device's first identifier, else its first connection (a MAC address), else the entity's own id."""
    ids, links = device.get("identifiers"), device.get("connections")
    first = ids[0] if isinstance(ids, list) and ids else ids
    if not first and isinstance(links, list) and links and isinstance(links[0], list):
        first = links[0][-1] if links[0] else None
    if not first or not isinstance(first, str | int):
        first = config.get("unique_id") or object_id
    return str(first)


def _text(device: dict[str, Any], name: str) -> str | None:
    value = device.get(name)
    return value[:120] if isinstance(value, str) else None


def quantity(entity: Entity, value: Any) -> float | None:
    """Convert what a sensor says to the canonical unit."""
    read = number(value)
    return None if read is None else read * entity.scale + entity.offset

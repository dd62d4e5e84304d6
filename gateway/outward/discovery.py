"""Home Assistant's MQTT discovery, one message per device (device-based, since Home Assistant 2024.11). Pure.

https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

from typing import Any

from devices.names import QUANTITIES, STATES
from devices.registry import Device
from devices.twin import Twin
from gateway.outward.changes import CHANGES
from gateway.outward.entities import BINARY, DIAGNOSTIC, NUMERIC, Numeric
from gateway.outward.topics import Topics
from gateway.outward.words import Language, word

ORIGIN = {"name": "Community Gateway"}
"""Who announces; the gateway's own Home Assistant dialect skips what bears this name."""


def device_config(device: Device, twin: Twin | None, topics: Topics, language: Language) -> dict[str, Any]:
    """Announce ``device`` with one entity per state and quantity it ever showed, and its alerts."""
    node, state = topics.node(device.id), topics.state(device.id)
    parts = {"alert": _event(node, topics.event(device.id), language)}
    if twin is not None:
        parts |= {name: _state(name, node, language) for name in sorted(twin.states) if name in STATES}
        parts |= {name: _quantity(name, node, language) for name in sorted(twin.measurements) if name in QUANTITIES}
    kind = "water_leak_sensor" if device.kind == "water_leak" else str(device.kind)
    about = {
        "identifiers": [node],
        "name": device.name or device.id,
        "manufacturer": "Community Gateway",
        "model": word(kind, language),
        "serial_number": device.asset,
        "suggested_area": " ".join(filter(None, (device.building, device.floor))),
        "via_device": topics.node(""),
    }
    heard = {"topic": state, "value_template": "{{ 'offline' if value_json.online == false else 'online' }}"}
    return {
        "device": {name: value for name, value in about.items() if value},
        "origin": ORIGIN,
        "availability": [{"topic": topics.status}, heard],
        "availability_mode": "all",
        "state_topic": state,
        "components": parts,
    }


def gateway_config(topics: Topics, language: Language, site: str) -> dict[str, Any]:
    """Announce the gateway itself: every alert, also of devices in no inventory, and how many are open."""
    node = topics.node("")
    count = {
        "platform": "sensor",
        "unique_id": f"{node}_open_alerts",
        "name": word("open_alerts", language),
        "state_topic": topics.summary,
        "value_template": "{{ value_json.open }}",
        "state_class": "measurement",
    }
    return {
        "device": {"identifiers": [node], "name": site, "manufacturer": "Community Gateway"},
        "origin": ORIGIN,
        "availability": [{"topic": topics.status}],
        "components": {"alert": _event(node, f"{topics.base}/event/+", language), "open_alerts": count},
    }


def _entity(platform: str, name: str, node: str, language: Language) -> dict[str, Any]:
    entity = {"platform": platform, "unique_id": f"{node}_{name}", "name": word(name, language)}
    return entity | {"entity_category": "diagnostic"} if name in DIAGNOSTIC else entity


def _event(node: str, topic: str, language: Language) -> dict[str, Any]:
    return _entity("event", "alert", node, language) | {"state_topic": topic, "event_types": list(CHANGES)}


def _state(name: str, node: str, language: Language) -> dict[str, Any]:
    template = {"value_template": f"{{{{ value_json.states.{name} }}}}"}
    state = STATES[name]
    if state.type == "text":
        words = {"device_class": "enum", "options": list(state.values)} if state.values else {}
        return _entity("sensor", name, node, language) | template | words
    # Home Assistant renders true, false and null as Python does; "None" makes the entity unknown.
    binary = _entity("binary_sensor", name, node, language) | template | {"payload_on": "True", "payload_off": "False"}
    return binary | {"device_class": BINARY[name]} if name in BINARY else binary


def _quantity(name: str, node: str, language: Language) -> dict[str, Any]:
    canonical = QUANTITIES[name].unit
    numeric = NUMERIC.get(name) or Numeric("" if canonical == "1" else canonical)
    given = {
        "value_template": f"{{{{ value_json.measurements.{name} }}}}",
        "unit_of_measurement": numeric.unit,
        "device_class": numeric.device_class,
        "state_class": numeric.state_class,
    }
    return _entity("sensor", name, node, language) | {key: value for key, value in given.items() if value}

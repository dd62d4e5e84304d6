"""Discovery messages against Home Assistant's documentation, and against a reader that shares no code with them.

The tables below are written from the documentation of the MQTT integration (device discovery payload, binary sensor,
sensor, event) and of device classes, not from the gateway's own.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from devices.model import DeviceKind, Ignored
from devices.names import QUANTITIES, STATES
from devices.registry import Device
from devices.twin import Twin
from gateway.outward.discovery import device_config, gateway_config
from gateway.outward.entities import BINARY, DIAGNOSTIC, NUMERIC
from gateway.outward.mirror import state
from gateway.outward.topics import Topics, word
from gateway.outward.words import NAMES, OTHERS
from tests.unit.dialects.feed import Feed
from tests.unit.outward.making import SMOKE

TOPICS = Topics("community-gateway/home", "homeassistant", "home")
DISCOVERY_TOPIC = re.compile(r"homeassistant/device/[a-zA-Z0-9_-]+/config")
ROOT = {"device", "origin", "components", "availability", "availability_mode", "state_topic"}
COMMON = {"platform", "unique_id", "name", "entity_category", "state_topic", "value_template"}
ALLOWED = {
    "binary_sensor": COMMON | {"device_class", "payload_on", "payload_off"},
    "sensor": COMMON | {"device_class", "unit_of_measurement", "state_class", "options"},
    "event": COMMON | {"event_types"},
}
BINARY_CLASSES = {
    "battery", "carbon_monoxide", "gas", "heat", "moisture", "motion",
    "occupancy", "problem", "safety", "smoke", "tamper",
}  # fmt: skip
UNITS = {
    "battery": {"%"},
    "distance": {"m"},
    "duration": {"h"},
    "humidity": {"%"},
    "signal_strength": {"dB", "dBm"},
    "speed": {"m/s"},
    "temperature": {"°C"},
    "voltage": {"V"},
}


def everything(kind: DeviceKind) -> tuple[Device, Twin]:
    """A device that showed every state and quantity of its kind."""
    states = {name: None for name, each in STATES.items() if kind in each.kinds}
    return Device("d1", kind), Twin("d1", states=states, measurements=dict.fromkeys(numbers(kind), 1.0))


def numbers(kind: DeviceKind) -> list[str]:
    return [name for name, each in QUANTITIES.items() if kind in each.kinds]


def check(config: dict[str, Any]) -> None:
    """Whatever Home Assistant's documentation requires of a device's discovery message."""
    assert config.keys() <= ROOT
    assert config["device"]["identifiers"]
    assert config["origin"]["name"] == "Community Gateway"
    assert all(entry["topic"] for entry in config["availability"])
    ids = [part["unique_id"] for part in config["components"].values()]
    assert len(set(ids)) == len(ids) > 0
    for part in config["components"].values():
        assert part.keys() <= ALLOWED[part["platform"]], part
        assert part["name"]
        assert part.get("state_topic") or config.get("state_topic")
        assert part.get("entity_category", "diagnostic") == "diagnostic"
        CHECKS[part["platform"]](part)


def check_binary(part: dict[str, Any]) -> None:
    assert part.get("device_class") in {None, *BINARY_CLASSES}


def check_sensor(part: dict[str, Any]) -> None:
    found = part.get("device_class")
    if found == "enum":
        assert part["options"]
        assert not {"state_class", "unit_of_measurement"} & part.keys()
    elif found:
        assert part["unit_of_measurement"] in UNITS[found]
    assert "options" not in part or found == "enum"
    assert part.get("state_class") in (None, "measurement", "total_increasing")


def check_event(part: dict[str, Any]) -> None:
    assert part["event_types"]
    assert "value_template" not in part, "its payload is JSON with event_type"


CHECKS = {"binary_sensor": check_binary, "sensor": check_sensor, "event": check_event}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", list(DeviceKind))
def test_every_state_and_quantity_is_an_entity_the_documentation_allows(kind: DeviceKind, language: Any) -> None:
    device, twin = everything(kind)
    config = json.loads(json.dumps(device_config(device, twin, TOPICS, language)))
    check(config)
    assert config["components"].keys() == {*twin.states, *twin.measurements, "alert"}


def test_the_gateway_itself_is_announced() -> None:
    config = gateway_config(TOPICS, "zh", "清河小区")
    check(config)
    assert config["components"]["alert"]["state_topic"] == "community-gateway/home/event/+"


def test_a_device_with_its_names() -> None:
    twin = Twin("smoke-1", states={"smoke": False, "unheard_of": 1}, measurements={"battery_percent": 80.0})
    config = device_config(SMOKE, twin, TOPICS, "zh")
    assert config["device"] == {
        "identifiers": ["community-gateway_home_smoke-1"], "name": "大厅", "manufacturer": "Community Gateway",
        "model": "火灾探测器", "serial_number": "A-7", "suggested_area": "b1 3", "via_device": "community-gateway_home",
    }  # fmt: skip
    assert config["components"].keys() == {"smoke", "battery_percent", "alert"}
    smoke = config["components"]["smoke"]
    assert (smoke["name"], smoke["device_class"], smoke["unique_id"]) == (
        "烟雾", "smoke", "community-gateway_home_smoke-1_smoke",
    )  # fmt: skip
    assert config["components"]["battery_percent"]["entity_category"] == "diagnostic"


def test_a_device_nobody_heard_shows_its_alerts_only() -> None:
    config = device_config(SMOKE, None, TOPICS, "en")
    check(config)
    assert config["components"].keys() == {"alert"}


@pytest.mark.parametrize("id_", ["smoke-1", "lift:1", "a.b", "门/1+#", "x" * 200, "a-b_c"])
def test_topics_hold_any_id(id_: str) -> None:
    assert DISCOVERY_TOPIC.fullmatch(TOPICS.config(id_))
    assert not {"/", "+", "#", " "} & set(word(id_))
    assert len(word(id_)) <= 64


def test_ids_that_look_alike_are_told_apart() -> None:
    alike = ["a.b", "a:b", "a-b", "a/b"]
    assert len({TOPICS.config(id_) for id_ in alike}) == len(alike)
    assert TOPICS.device_of(TOPICS.state("lift:1")) == "lift:1"


def test_the_tables_name_canonical_states_and_quantities_only() -> None:
    assert BINARY.keys() <= {name for name, each in STATES.items() if each.type == "bool"}
    assert NUMERIC.keys() <= QUANTITIES.keys()
    assert {*STATES, *QUANTITIES} >= DIAGNOSTIC


@pytest.mark.parametrize(("language", "index"), [("zh", 0), ("en", 1)])
def test_names_are_the_consoles_words(language: str, index: int) -> None:
    path = Path(__file__).parents[3] / "gateway/console/src/i18n" / language / "value.ts"
    said = dict(re.findall(r"^\s+(\w+): '(.*)',$", path.read_text().split("  word: {")[0], re.MULTILINE))
    assert {name: words[index] for name, words in NAMES.items()} == {name: said.get(name) for name in NAMES}
    assert all(all(words) for words in OTHERS.values())


def read_back(states: dict[str, Any], measurements: dict[str, float], kind: DeviceKind, **options: Any) -> Any:
    """What the gateway's own Home Assistant dialect, which knows nothing of this room, makes of both messages."""
    device, twin = Device("d1", kind), Twin("d1", online=True, states=states, measurements=measurements)
    feed = Feed("homeassistant", **options)
    feed.give(TOPICS.config("d1"), device_config(device, twin, TOPICS, "zh"))
    return feed.give(TOPICS.state("d1"), json.loads(json.dumps(state(device, twin))))


def test_states_read_back_as_they_were() -> None:
    states = {"smoke": True, "tamper": False, "heat": None, "battery_low": False}
    measured = {"temperature": 21.5, "battery_percent": 80.0}
    (report,) = read_back(states, measured, DeviceKind.SMOKE_DETECTOR, ignore_origins=[])
    assert report.device == "community-gateway_home_d1"
    assert report.kind is DeviceKind.SMOKE_DETECTOR
    assert report.states == states
    assert report.measurements == measured


def test_the_gateway_does_not_take_its_own_announcements_for_devices() -> None:
    feed = Feed("homeassistant")
    for config in (device_config(SMOKE, None, TOPICS, "zh"), gateway_config(TOPICS, "zh", "x")):
        found = feed.give(TOPICS.config("smoke-1"), config)
        assert isinstance(found, Ignored)
        assert "Community Gateway" in found.why
    found = read_back({"smoke": True}, {}, DeviceKind.SMOKE_DETECTOR)
    assert not isinstance(found, list), "nor what it says of them"

"""Births and announcements are said once; a gateway that was down or killed in between must still understand."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.running import Person, gateway, write_site
from tests.servers import mosquitto
from tests.unit.dialects.sparkplug import BASE, LIFT, birth, body, by_alias, node_birth

pytestmark = pytest.mark.server

DEVICES: list[dict[str, Any]] = [
    {"id": "l9", "kind": "lift", "dialect": "sparkplug_b", "address": "Edge-2/Lift-9"},
    {"id": "w1", "kind": "water_leak", "dialect": "homeassistant", "address": "leak-1"},
]
CONFIG = "homeassistant/binary_sensor/leak/config"
LEAK = {"device": {"identifiers": ["leak-1"]}, "device_class": "moisture", "state_topic": "homeassistant/leak/state"}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as port:
        yield port


@pytest.fixture
def client(broker: int) -> Iterator[paho.Client]:
    made = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    made.connect("127.0.0.1", broker)
    made.loop_start()
    yield made
    made.disconnect()
    made.loop_stop()


def say(client: paho.Client, topic: str, payload: bytes, retain: bool = False) -> None:
    client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(15)


@pytest.mark.parametrize("killed", [False, True])
def test_a_restart_in_the_middle(tmp_path: Path, broker: int, client: paho.Client, killed: bool) -> None:
    site = write_site(tmp_path, broker, DEVICES, dialects={"sparkplug_b": {}, "homeassistant": {}})
    now = int(time.time() * 1000)
    with gateway(site) as running:
        Person(running)
        say(client, CONFIG, json.dumps(LEAK).encode(), retain=True)
        say(client, f"{BASE}/NBIRTH/Edge-2", node_birth())
        say(client, f"{BASE}/DBIRTH/Edge-2/Lift-9", birth())
        running.wait_idle(3)
        if killed:
            running.kill()
        else:
            running.terminate()
        say(client, LIFT, body(by_alias({"Lift/Trapped": True}, now), 2, now))
        say(client, "homeassistant/leak/state", b"ON")
    with gateway(site) as running:
        person = Person(running, known=True)
        running.wait_idle(5)
        assert {alert["device"] for alert in person.wait_alerts(2)} == {"l9", "w1"}

"""CloudEvents at a real broker: delivered is what it acknowledged."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.broker import Broker
from gateway.notify import mqtt
from gateway.notify.mqtt import MqttTopic
from gateway.notify.ports import Undelivered
from gateway.site import Channel
from tests.servers import free_port, mosquitto
from tests.unit.notify.making import changed

pytestmark = pytest.mark.server

TOPIC = "community-gateway/home/cloudevents"
ACL = f"topic read #\ntopic write {TOPIC}\n"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("events")
    (folder / "acl").write_text(ACL)
    with mosquitto(folder, f"acl_file {folder}/acl") as port:
        yield port


def channel(port: int, topic: str = TOPIC) -> MqttTopic:
    made = Channel.model_validate({"name": "bus", "kind": "mqtt"})
    return MqttTopic(made, Broker("127.0.0.1", port, "gw"), topic, "/community-gateway/home")


def test_an_event_is_published_with_its_content_type(broker: int) -> None:
    got: Queue[paho.MQTTMessage] = Queue()
    ready: Queue[bool] = Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_message = lambda _c, _u, message: got.put(message)
    client.on_subscribe = lambda *_: ready.put(True)
    client.connect("127.0.0.1", broker)
    client.subscribe(TOPIC, qos=1)
    client.loop_start()
    try:
        ready.get(timeout=15)
        channel(broker).deliver("raise", changed(), "k")
        message = got.get(timeout=15)
    finally:
        client.disconnect()
        client.loop_stop()
    assert json.loads(message.payload)["type"] == "community-gateway.alert.raised"
    assert message.properties is not None
    assert message.properties.ContentType == "application/cloudevents+json; charset=utf-8"
    assert (message.qos, message.retain) == (1, False)


def test_what_the_broker_refuses_is_undelivered(broker: int) -> None:
    with pytest.raises(Undelivered, match=r"channel bus: the broker refused the message on .*Not authorized"):
        channel(broker, "community/home/smoke_detector/s1/event").deliver("raise", changed(), "k")


def test_a_broker_that_refuses_us(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "allow_anonymous false") as port, pytest.raises(Undelivered, match="refused us"):
        channel(port).deliver("raise", changed(), "k")


def test_no_broker() -> None:
    with pytest.raises(Undelivered, match=r"127\.0\.0\.1"):
        channel(free_port()).deliver("raise", changed(), "k")


def test_a_broker_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(Undelivered, match="no acknowledgement"):
        channel(mute.getsockname()[1]).deliver("raise", changed(), "k")

"""Publishes CloudEvents at QoS 1 on a connection of their own: delivered is what the broker acknowledged."""

from collections.abc import Mapping
from queue import Empty, SimpleQueue
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.broker import Broker
from gateway.notify.cloudevents import CONTENT_TYPE, cloud_event, encode
from gateway.notify.ports import Undelivered
from gateway.site import Channel

ANSWER_S = 10.0


class MqttTopic:
    """One channel of kind ``mqtt``. Alerts are rare: each event connects, is acknowledged, and leaves."""

    per_minute = 0  # programs are told of every change by itself

    def __init__(self, channel: Channel, broker: Broker, topic: str, source: str) -> None:
        self._channel = channel
        self._broker = broker
        self._topic = topic
        self._source = source

    def deliver(self, stage: str, alert: Mapping[str, Any], key: str) -> str:
        """Send; see ``Endpoint``."""
        body = encode(cloud_event(alert, self._source))
        why = publish(self._broker, f"{self._broker.client_id}-channel-{self._channel.name}", self._topic, body)
        if why:
            raise Undelivered(f"channel {self._channel.name}: {why}")
        return f"the broker acknowledged the event on {self._topic}"


def publish(broker: Broker, client_id: str, topic: str, body: bytes) -> str:
    """Publish one CloudEvent; return what went wrong, empty if the broker acknowledged it."""
    answers: SimpleQueue[str] = SimpleQueue()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, reconnect_on_failure=False)
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls is not None:
        client.tls_set_context(broker.tls)
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = CONTENT_TYPE

    def connected(_c: paho.Client, _u: object, _f: object, code: ReasonCode, _p: object) -> None:
        if code.is_failure:
            answers.put(f"the broker refused us: {code}")
        else:
            client.publish(topic, body, qos=1, properties=properties)

    def acknowledged(_c: paho.Client, _u: object, _m: int, code: ReasonCode, _p: object) -> None:
        answers.put(f"the broker refused the message on {topic}: {code}" if code.is_failure else "")

    client.on_connect = connected
    client.on_publish = acknowledged
    client.on_disconnect = lambda *_: answers.put("the broker closed the connection")
    try:
        client.connect(broker.host, broker.port, broker.keep_alive_s)
    except OSError as error:
        return f"{broker.host}:{broker.port}: {error.strerror or error}"
    client.loop_start()
    try:
        return answers.get(timeout=ANSWER_S)
    except Empty:
        return f"no acknowledgement within {ANSWER_S:g} s"
    finally:
        client.disconnect()
        client.loop_stop()

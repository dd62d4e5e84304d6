"""One device's voice: publish a single message at QoS 1 and know when the broker has it."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.faults.messages import SITE

WAIT_S = 10.0


class Voice:
    """A connection to the broker for messages told one by one."""

    def __init__(self, client: paho.Client) -> None:
        self._client = client

    def say(self, kind: str, device: str, sequence: int, channel: str = "event", **said: Any) -> float:
        """Publish one native message of ``device``; return the monotonic time of sending.

        Raises:
            TimeoutError: the broker did not acknowledge it.
        """
        body = {"device": device, "ts": int(time.time() * 1000), "seq": sequence, **said}
        began = time.monotonic()
        self.publish(f"community/{SITE}/{kind}/{device}/{channel}", json.dumps(body).encode())
        return began

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish and wait for the broker's acknowledgement."""
        message = self._client.publish(topic, payload, qos=1)
        message.wait_for_publish(WAIT_S)
        if not message.is_published():
            raise TimeoutError(f"the broker did not acknowledge a message to {topic}")

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish many and wait for the last acknowledgement of each."""
        waiting = [self._client.publish(topic, payload, qos=1) for topic, payload in messages]
        for message in waiting:
            message.wait_for_publish(WAIT_S)
        if missing := sum(not message.is_published() for message in waiting):
            raise TimeoutError(f"the broker did not acknowledge {missing} messages")


@contextmanager
def voice(port: int) -> Iterator[Voice]:
    """Connect to the broker on the loopback ``port`` until the block ends."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield Voice(client)
    finally:
        client.disconnect()
        client.loop_stop()

"""An MQTT client (paho) that says in plain words what the broker answered."""

import socket
import ssl
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import Any, NamedTuple, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tests.deploy.broker import GATEWAY, Broker

WAIT_S = 10.0
NOT_AUTHORIZED = 135
NO_MATCHING_SUBSCRIBERS = 16


class Delivery(NamedTuple):
    """A message as it arrived."""

    topic: str
    payload: bytes
    retained: bool


class Peer:
    """One connection. ``answer`` is the CONNACK's reason code; ``None`` means hung up on without one."""

    def __init__(
        self,
        broker: Broker,
        user: str | None,
        *,
        password: str | None = None,
        client_id: str = "",
        port: int | None = None,
        identity: tuple[Path, Path] | None = None,
        tls: bool = True,
        v5: bool = True,
        session_s: int = 0,
        receive_maximum: int = 0,
        manual_ack: bool = False,
        will: tuple[str, str] | None = None,
    ) -> None:
        self.answer: int | None = None
        self.inbox: Queue[Delivery] = Queue()
        self.closed = threading.Event()
        self._settled = threading.Event()
        self._answers: Queue[list[int]] = Queue()
        self._published: Queue[tuple[int, int]] = Queue()
        protocol = paho.MQTTv5 if v5 else paho.MQTTv311
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=protocol,
            manual_ack=manual_ack,
            reconnect_on_failure=False,
        )
        self._listen()
        if tls:
            context = ssl.create_default_context(cafile=str(broker.certificates / "ca.crt"))
            if identity:
                context.load_cert_chain(*identity)
            self._client.tls_set_context(context)
        if user is not None:
            self._client.username_pw_set(user, password or broker.passwords.get(user))
        if will:
            self._client.will_set(*will, qos=1)
        self._connect(port or broker.devices_port, v5, session_s, receive_maximum)

    def _listen(self) -> None:
        client = self._client
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = lambda _c, _u, m: self.inbox.put(Delivery(m.topic, bytes(m.payload), m.retain))
        client.on_subscribe = lambda _c, _u, _m, codes, _p: self._answers.put([c.value for c in codes])
        client.on_publish = lambda _c, _u, number, code, _p: self._published.put((number, code.value))

    def _connect(self, port: int, v5: bool, session_s: int, receive_maximum: int) -> None:
        options: dict[str, Any] = {}
        if v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = session_s
            if receive_maximum:
                properties.ReceiveMaximum = receive_maximum
            options = {"clean_start": session_s == 0, "properties": properties}
        self._client.connect("127.0.0.1", port, **options)
        self._client.loop_start()
        assert self._settled.wait(WAIT_S), "the broker neither answered nor hung up"

    def _on_connect(self, _c: paho.Client, _u: object, _f: object, code: ReasonCode, _p: object) -> None:
        self.answer = code.value
        self._settled.set()

    def _on_disconnect(self, *_: object) -> None:
        self.closed.set()
        self._settled.set()

    def publish(self, topic: str, payload: str | bytes, retain: bool = False) -> int:
        """Publish at QoS 1; returns the PUBACK's reason code (0 if fine, always 0 before MQTT 5)."""
        number = self._client.publish(topic, payload, qos=1, retain=retain).mid
        answered, code = self._published.get(timeout=WAIT_S)
        while answered != number:
            answered, code = self._published.get(timeout=WAIT_S)
        return 0 if code == NO_MATCHING_SUBSCRIBERS else code

    def throw(self, topic: str, payload: bytes) -> None:
        """Publish without waiting for the answer."""
        self._client.publish(topic, payload, qos=1)

    def subscribe(self, topic: str) -> int:
        """Subscribe at QoS 1; returns the SUBACK's reason code."""
        self._client.subscribe(topic, qos=1)
        return self._answers.get(timeout=WAIT_S)[0]

    def receive(self, timeout: float = WAIT_S) -> Delivery:
        """The next message."""
        return self.inbox.get(timeout=timeout)

    def nothing_came(self) -> bool:
        """Whether the inbox is still empty after a round trip that queues behind any earlier delivery."""
        self.subscribe("community/nowhere")
        try:
            self.inbox.get_nowait()
        except Empty:
            return True
        return False

    def drop(self) -> None:
        """Break the connection without DISCONNECT, so that the broker sends the will."""
        sock = self._client.socket()
        assert isinstance(sock, socket.socket)
        sock.shutdown(socket.SHUT_RDWR)
        assert self.closed.wait(WAIT_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def gateway(broker: Broker, lane: str = "alarm", **options: Any) -> Peer:
    """The gateway's own session on its own listener."""
    return Peer(broker, GATEWAY, client_id=f"{GATEWAY}-{lane}", port=broker.gateway_port, **options)

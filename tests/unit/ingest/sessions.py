"""A session under watch, devices that publish, and a broker that is none."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import mqtt5
import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion

from gateway.ingest.mqtt import Connection, Session, SessionOptions

FILTER = "community/home/+/+/event"
TOPIC = "community/home/smoke_detector/s1/event"
WAIT_S = 15.0


def options(port: int, **changed: Any) -> SessionOptions:
    fields = {"host": "127.0.0.1", "port": port, "client_id": "gw-alarm", "filters": (FILTER,)}
    return SessionOptions(**{**fields, **changed})


class Watch:
    """Runs a session; acknowledges what comes unless told otherwise, and notes everything."""

    def __init__(self, options: SessionOptions, acknowledge: bool = True) -> None:
        self.received: list[mqtt5.PublishPacket] = []
        self.connections: list[Connection] = []
        self.states: list[bool] = []
        self._acknowledge = acknowledge
        self._news = asyncio.Event()
        self.session = Session(options, self._on_messages, self._on_connected)

    def _on_messages(self, connection: Connection, packets: list[mqtt5.PublishPacket]) -> None:
        self.received += packets
        self.connections.append(connection)
        if self._acknowledge:
            connection.acknowledge([p.packet_id for p in packets if p.packet_id is not None])
        self._news.set()

    def _on_connected(self, connected: bool) -> None:
        self.states.append(connected)
        self._news.set()

    @property
    def payloads(self) -> list[bytes]:
        return [bytes(packet.payload or b"") for packet in self.received]

    async def until(self, true: Callable[["Watch"], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not true(self):
                self._news.clear()
                await self._news.wait()

    async def connected(self, times: int = 1) -> None:
        await self.until(lambda w: w.states.count(True) >= times)


@asynccontextmanager
async def watching(options: SessionOptions, acknowledge: bool = True) -> AsyncIterator[Watch]:
    watch = Watch(options, acknowledge)
    running = asyncio.create_task(watch.session.run())
    try:
        yield watch
    finally:
        watch.session.stop()
        async with asyncio.timeout(WAIT_S):
            await running


def publish(port: int, *payloads: bytes, topic: str = TOPIC, retain: bool = False) -> None:
    """Publish at QoS 1 and wait for the broker's acknowledgements."""
    device = connected_device(port)
    for payload in payloads:
        device.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WAIT_S)
    device.disconnect()
    device.loop_stop()


def connected_device(port: int, will: tuple[str, bytes] | None = None) -> paho.Client:
    device = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    if will:
        device.will_set(*will, qos=1)
    device.connect("127.0.0.1", port)
    device.loop_start()
    return device


@asynccontextmanager
async def impostor(*answers: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A TCP server that answers the first bytes of its n-th visitor with ``answers[n]``, later ones with the last.

    Yields its port and what visitors said first.
    """
    heard: list[bytes] = []

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            heard.append(await reader.read(1_000))
            writer.write(answers[min(len(heard), len(answers)) - 1])
            await writer.drain()
            while await reader.read(1_000):
                pass
        writer.close()

    server = await asyncio.start_server(visit, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        await server.wait_closed()


def disconnections(log: list[structlog.typing.EventDict]) -> list[str]:
    return [entry["why"] for entry in log if entry["event"] == "mqtt_disconnected"]


async def disconnected(log: list[structlog.typing.EventDict], times: int = 1) -> list[str]:
    """Wait until sessions said ``times`` times why they were disconnected; return what they said."""
    async with asyncio.timeout(WAIT_S):
        while len(disconnections(log)) < times:  # noqa: ASYNC110 - a log is polled
            await asyncio.sleep(0.005)
    return disconnections(log)

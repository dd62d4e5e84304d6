"""The devices, as a process: publishes at QoS 1 until its standard input ends, and writes down what was acknowledged.

What the broker acknowledged is what a device may forget; only that is owed. Without a connection it connects again and
publishes once more what was not acknowledged, as devices do.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import mqtt5
import msgspec
from msgspec import Struct, field

from tests.faults.messages import RATE_PER_DEVICE, incident, incident_message, telemetry

WINDOW = 2_000
TICK_S = 0.005
RECONNECT_S = 0.2
SETTLE_S = 60.0

Key = tuple[str, int]


class Record(Struct):
    """What a run published. ``acked``: device to acknowledged sequences; ``bases``: device to its time base in ms.

    ``incidents``: how many were begun (see ``messages.incident``). ``background_base`` holds for every device not in
    ``bases``. ``rate``: messages per second achieved while publishing.
    """

    background_base: int
    acked: dict[str, list[int]] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    incidents: int = 0
    unacknowledged: int = 0
    rate: float = 0.0


class Source:
    """Makes messages as they fall due: ``rate`` in all from the background, and ``incidents_per_s`` new incidents."""

    def __init__(self, rate: float, incidents_per_s: float, most_incidents: int, seed: int) -> None:
        self.devices = max(1, round(rate / RATE_PER_DEVICE))
        self.began = time.monotonic()
        self.record = Record(background_base=int(time.time() * 1000))
        self._rate = rate
        self._incidents_per_s = incidents_per_s
        self._most = most_incidents
        self._random = random.Random(seed)
        self._made = 0
        self._steps: list[tuple[float, int, int]] = []

    def due(self, room: int) -> list[tuple[Key, str, bytes]]:
        """At most ``room`` messages that are due, incidents first."""
        elapsed = time.monotonic() - self.began
        while self.record.incidents < min(int(elapsed * self._incidents_per_s) + 1, self._most):
            self._begin(elapsed)
        found = [self._step(*step) for step in self._steps if step[0] <= elapsed]
        self._steps = [step for step in self._steps if step[0] > elapsed]
        for _ in range(min(int(elapsed * self._rate) - self._made, room - len(found))):
            index, sequence = self._made % self.devices, self._made // self.devices + 1
            found.append(((f"d{index}", sequence), *telemetry(index, sequence, self.record.background_base)))
            self._made += 1
        return found

    @property
    def half_told(self) -> bool:
        """Whether an incident has steps to come."""
        return bool(self._steps)

    def rest(self) -> list[tuple[Key, str, bytes]]:
        """The steps to come of incidents that have begun."""
        found = [self._step(*step) for step in self._steps]
        self._steps = []
        return found

    def _begin(self, now: float) -> None:
        index = self.record.incidents
        self.record.incidents += 1
        trouble = incident(index)
        self.record.bases[trouble.device] = int(time.time() * 1000)
        at = now
        for sequence in range(1, len(trouble.steps) + 1):
            self._steps.append((at, index, sequence))
            at += self._random.uniform(0.0, 0.5)

    def _step(self, _: float, index: int, sequence: int) -> tuple[Key, str, bytes]:
        trouble = incident(index)
        message = incident_message(trouble, sequence, self.record.bases[trouble.device])
        return ((trouble.device, sequence), *message)


class Publisher:
    """Sends what the source makes, within a window, over as many connections as it takes."""

    def __init__(self, port: int, source: Source) -> None:
        self._port = port
        self._source = source
        self._again: deque[tuple[Key, str, bytes]] = deque()
        self._flying: dict[int, tuple[Key, str, bytes]] = {}
        self._packet = 0
        self._line: Line | None = None
        self._acks = 0

    async def run(self, stop: asyncio.Event) -> Record:
        """Publish until ``stop``, then wait for the last acknowledgement."""
        keeper = asyncio.create_task(self._keep_connected())
        while not stop.is_set():
            self._send(self._source.due)
            await asyncio.sleep(TICK_S)
        record = self._source.record
        record.rate = self._acks / (time.monotonic() - self._source.began)
        until = time.monotonic() + SETTLE_S
        while (self._flying or self._again or self._source.half_told) and time.monotonic() < until:
            self._send(lambda room: self._source.rest())
            await asyncio.sleep(TICK_S)
        keeper.cancel()
        if self._line is not None:
            self._line.leave()
        record.unacknowledged = len(self._flying) + len(self._again)
        return record

    def acknowledged(self, packet: int) -> None:
        key, _, _ = self._flying.pop(packet)
        self._source.record.acked.setdefault(key[0], []).append(key[1])
        self._acks += 1

    def _send(self, more: Callable[[int], list[tuple[Key, str, bytes]]]) -> None:
        if self._line is None:
            return
        while self._again and len(self._flying) < WINDOW:
            self._publish(self._again.popleft())
        for message in more(WINDOW - len(self._flying)):
            self._publish(message)
        self._line.flush()

    def _publish(self, message: tuple[Key, str, bytes]) -> None:
        assert self._line is not None
        self._packet = self._packet % 65_535 + 1
        self._flying[self._packet] = message
        _, topic, body = message
        self._line.add(mqtt5.PublishPacket(topic, body, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self._packet).write())

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                _, line = await loop.create_connection(lambda: Line(self.acknowledged), "127.0.0.1", self._port)
                await line.ready
                self._line = line
                await line.closed
            except OSError:
                pass
            self._line = None
            self._again.extendleft(reversed(self._flying.values()))
            self._flying.clear()
            await asyncio.sleep(RECONNECT_S)


class Line(asyncio.Protocol):
    """One connection. ``ready`` fails with ``ConnectionError`` when it ends before the broker agreed."""

    def __init__(self, acknowledged: Callable[[int], None]) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._acknowledged = acknowledged
        self._buffer = bytearray()
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(mqtt5.ConnectPacket(client_id="fault-devices", clean_start=True, keep_alive=30).write())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        used = 0
        with memoryview(self._buffer) as view:
            while used < len(view):
                try:
                    with view[used:] as rest:
                        packet, size = mqtt5.read(rest)
                except IndexError:
                    break
                used += size
                self._heard(packet)
        del self._buffer[:used]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the broker left"))

    def add(self, packet: bytes) -> None:
        self._out.append(packet)

    def flush(self) -> None:
        if self._out:
            self._transport.write(b"".join(self._out))
            self._out.clear()

    def leave(self) -> None:
        self._transport.write(mqtt5.DisconnectPacket().write())
        self._transport.close()

    def _heard(self, packet: object) -> None:
        if type(packet) is mqtt5.PubAckPacket:
            self._acknowledged(packet.packet_id)
        elif type(packet) is mqtt5.ConnAckPacket and not self.ready.done():
            self.ready.set_result(None)


async def _main(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
    source = Source(options.rate, options.incidents_per_s, options.incidents, options.seed)
    record = await Publisher(options.port, source).run(stop)
    options.out.write_bytes(msgspec.msgpack.encode(record))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--incidents-per-s", type=float, required=True)
    parser.add_argument("--incidents", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asyncio.run(_main(parser.parse_args()))

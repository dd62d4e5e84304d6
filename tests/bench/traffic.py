"""Messages for measurements: four kinds of device, made before the clock starts and sent with a bare codec."""

import asyncio
import json
import sys
import time
from pathlib import Path

import mqtt5

KINDS = ("smoke_detector", "lift", "access_gate", "camera")
SITE = "bench"


def site_file(path: Path, port: int, devices: int, data_dir: Path, **sections: object) -> Path:
    """Write a site of ``devices`` devices; returns ``path``."""
    site = {
        "site": {"id": SITE, "name": "Bench"},
        "data_dir": str(data_dir),
        "buildings": [{"id": f"b{i}"} for i in range(20)],
        "devices": [
            {
                "id": f"d{i}",
                "kind": KINDS[i % 4],
                "building": f"b{i % 20}",
                "floor": str(i % 30),
                "expect_every_s": 3600,
            }
            for i in range(devices)
        ],
        "mqtt": {"port": port},
        "ingest": {"rate_per_s": 100_000, "burst": 1_000_000},
        **sections,
    }
    path.write_text(json.dumps(site))
    return path


def payload(index: int, device: int, sequence: int, at_ms: int) -> bytes:
    """Telemetry of one device; ``index`` varies the values."""
    kind = KINDS[device % 4]
    body: dict[str, object] = {"device": f"d{device}", "ts": at_ms, "seq": sequence}
    if kind == "smoke_detector":
        body["measurements"] = {"smoke_density": index % 100 * 0.01, "temperature": 21.5, "battery_percent": 97}
        body["states"] = {"smoke": False, "tamper": False}
    elif kind == "lift":
        body["measurements"] = {"speed": index % 20 * 0.1, "load_percent": index % 80, "run_count": index}
        body["states"] = {"car_state": "running", "door_closed": True, "passengers_present": True}
    elif kind == "access_gate":
        body["measurements"] = {"passage_count": index, "door_cycles": index, "battery_percent": 88}
        body["states"] = {"door_state": "closed", "lock_state": "locked"}
    else:
        body["measurements"] = {"frame_rate": 24.9, "object_count": index % 7}
        body["states"] = {"motion": index % 2 == 0}
    return json.dumps(body).encode()


def messages(count: int, devices: int, first: int = 0) -> list[tuple[str, bytes]]:
    """``count`` messages, round robin over ``devices``, a millisecond apart and ending now.

    ``first``: how many of such a series went before; the devices' sequence numbers go on from there.
    """
    start = int(time.time() * 1000) - count - first
    made = []
    for i in range(first, first + count):
        device = i % devices
        topic = f"community/{SITE}/{KINDS[device % 4]}/d{device}/telemetry"
        made.append((topic, payload(i, device, i // devices + 1, start + i)))
    return made


class Publisher(asyncio.Protocol):
    """Sends at QoS 1 with a window, as fast as acknowledgements allow or at ``rate`` messages per second."""

    def __init__(self, made: list[tuple[str, bytes]], window: int, rate: float | None) -> None:
        self._made = made
        self._window = window
        self._rate = rate
        self._began = 0.0
        self._next = self._acked = 0
        self._buffer = bytearray()
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(mqtt5.ConnectPacket(client_id=f"bench-{id(self)}", clean_start=True).write())

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
                if type(packet) is mqtt5.ConnAckPacket:
                    self._start()
                elif type(packet) is mqtt5.PubAckPacket:
                    self._acked += 1
        del self._buffer[:used]
        self.fill()

    def _start(self) -> None:
        self._began = time.monotonic()
        if self._rate is not None:
            self._pace()

    def _pace(self) -> None:
        self.fill()
        if not self.done.done():
            asyncio.get_running_loop().call_later(0.002, self._pace)

    def fill(self) -> None:
        end = min(self._acked + self._window, len(self._made))
        if self._rate is not None:
            end = min(end, int((time.monotonic() - self._began) * self._rate) + 1)
        out = []
        while self._next < end:
            topic, body = self._made[self._next]
            self._next += 1
            packet_id = (self._next - 1) % 65_535 + 1
            out.append(mqtt5.PublishPacket(topic, body, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id).write())
        if out:
            self._transport.write(b"".join(out))
        if self._acked >= len(self._made) and not self.done.done():
            self.done.set_result(None)


async def publish(port: int, made: list[tuple[str, bytes]], window: int = 2_000, rate: float | None = None) -> float:
    """Publish everything and wait for every acknowledgement; return the seconds it took."""
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    transport, publisher = await loop.create_connection(lambda: Publisher(made, window, rate), "127.0.0.1", port)
    await publisher.done
    took = time.monotonic() - began
    transport.write(mqtt5.DisconnectPacket().write())
    transport.close()
    return took


if __name__ == "__main__":
    port, count, devices = (int(a) for a in sys.argv[1:4])
    asyncio.run(publish(port, messages(count, devices)))

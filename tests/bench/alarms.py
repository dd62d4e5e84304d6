"""The two ends of an alarm: the detector that sends it and the console that shows it, on one clock."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import mqtt5

from tests.bench.traffic import SITE

PERSON = "bench"
HEADERS = {"X-Requested-With": "community-gateway"}
MISSING_AFTER_S = 60.0


class Detectors:
    """One MQTT connection that sends alarms at QoS 1."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._packet_id = 0

    def alarm(self, device: str) -> float:
        """Let ``device`` report smoke; return the monotonic time of the call."""
        self._packet_id += 1
        body = {"device": device, "ts": int(time.time() * 1000), "seq": 1, "states": {"smoke": True}}
        topic = f"community/{SITE}/smoke_detector/{device}/event"
        packet = mqtt5.PublishPacket(
            topic, json.dumps(body).encode(), qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self._packet_id
        )
        called = time.monotonic()
        self._writer.write(packet.write())
        return called


@asynccontextmanager
async def detectors(port: int) -> AsyncIterator[Detectors]:
    """Connect to the broker on the loopback ``port``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(mqtt5.ConnectPacket(client_id="bench-alarms", clean_start=True, keep_alive=0).write())
    await reader.read(1024)
    acknowledgements = asyncio.create_task(_swallow(reader))
    try:
        yield Detectors(writer)
    finally:
        acknowledgements.cancel()
        writer.close()


async def _swallow(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


class Console:
    """Follows the stream of a console that is logged in; ``seen`` is when each device's first alert came."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self.opened = asyncio.Event()
        self._news = asyncio.Event()

    async def follow(self, client: httpx.AsyncClient) -> None:
        """Read until cancelled."""
        async with client.stream("GET", "/api/stream", timeout=None) as answer:
            answer.raise_for_status()
            self.opened.set()
            event = ""
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "alert":
                    self.seen.setdefault(json.loads(line[6:])["device"], time.monotonic())
                    self._news.set()

    async def wait_for(self, devices: set[str]) -> None:
        """Wait until an alert of each of ``devices`` came.

        Raises:
            RuntimeError: one did not come in a minute.
        """
        try:
            async with asyncio.timeout(MISSING_AFTER_S):
                while not devices <= self.seen.keys():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            missing = sorted(devices - self.seen.keys())
            raise RuntimeError(f"{len(missing)} alarms never reached the console: {missing[:5]}") from None


@asynccontextmanager
async def console(url: str, site: Path) -> AsyncIterator[Console]:
    """Log in through a one-time link and follow the stream; entered once the stream stands."""
    async with httpx.AsyncClient(base_url=url, headers=HEADERS) as client:
        token = login_link(site).partition("#once=")[2]
        (await client.post("/api/login/once", json={"token": token})).raise_for_status()
        screen = Console()
        following = asyncio.create_task(screen.follow(client))
        opening = asyncio.create_task(screen.opened.wait())
        try:
            await asyncio.wait({opening, following}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
            yield screen
        finally:
            following.cancel()
            opening.cancel()
            await asyncio.wait({following, opening})


def add_person(site: Path) -> None:
    """Make the account the console logs in with."""
    _command("person", "add", PERSON, "--role", "viewer", "--no-password", "--site", str(site))


def login_link(site: Path) -> str:
    """A link that logs in once."""
    return _command("login-link", PERSON, "--site", str(site)).strip().splitlines()[-1]


def _command(*arguments: str) -> str:
    command = [sys.executable, "-m", "gateway.cli", *arguments]
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout

"""Runs one worker process per camera, starts it again when it dies, and publishes what it says over MQTT.

Each camera is a device of its own: it has its own MQTT session and its own will. Messages come from the spool and
leave it once the broker has confirmed them.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec

from devices.cameras.errors import CameraError
from devices.cameras.evidence import sweep
from devices.cameras.settings import Camera, CameraSite, reveal
from devices.cameras.spool import Spool
from devices.cameras.worker import Job

SILENT_S = 60.0
"""A worker that says nothing for so long hangs."""
STOP_S = 15.0
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0
SWEEP_S = 3600.0
POLL_S = 5.0
LINE_BYTES = 1_000_000

Log = Callable[..., None]


def log(said: str, **values: object) -> None:
    """One JSON line on standard error."""
    sys.stderr.write(json.dumps({"event": said, "at": round(time.time(), 3), **values}, ensure_ascii=False) + "\n")
    sys.stderr.flush()


class Patience:
    """How many seconds to wait before the next try: twice as long each time, until something lasted."""

    def __init__(self) -> None:
        self._next = FIRST_RETRY_S

    def renew(self) -> None:
        """It went well: begin with the shortest wait again."""
        self._next = FIRST_RETRY_S

    def after(self, lasted_s: float) -> float:
        """The wait after a try that lasted so long."""
        if lasted_s > LAST_RETRY_S:
            self.renew()
        wait, self._next = self._next, min(2 * self._next, LAST_RETRY_S)
        return wait


@dataclass(slots=True)
class Broker:
    """How to reach the broker."""

    options: dict[str, Any]
    site: str


class Supervised:
    """One camera: its process and its MQTT session."""

    def __init__(self, camera: Camera, site: CameraSite, broker: Broker, say: Log = log) -> None:
        self._camera = camera
        self._site = site
        self._broker = broker
        self._say = say
        data = Path(site.data_dir)
        self._folder = data / "cameras" / camera.id
        self._evidence = data / "evidence"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._spool = Spool(self._folder / "outbox")
        self._news = asyncio.Event()
        self._direct: list[tuple[str, dict[str, Any]]] = []
        self._online = False
        self.restarts = 0
        self.process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish_always())
            tasks.create_task(self._work_always())

    async def _work_always(self) -> None:
        patience = Patience()
        while True:
            begun = time.monotonic()
            how = await self._work()
            self._online = False
            self.restarts += 1
            self._queue("telemetry", {"measurements": {"restart_count": self.restarts}})
            self._spool.put("event", {"ts": round(time.time() * 1000), "states": {"stream_lost": True}})
            self._news.set()
            retry = patience.after(time.monotonic() - begun)
            self._say("camera worker ended", camera=self._camera.id, how=how, restarts=self.restarts, again_in_s=retry)
            await asyncio.sleep(retry * random.uniform(0.8, 1.2))  # noqa: S311 - spreads restarts

    async def _work(self) -> str:
        """Run the process once; returns how it ended."""
        try:
            job = self._job()
        except CameraError as error:
            return str(error)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "devices.cameras.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # libraries write addresses with passwords there
            limit=LINE_BYTES,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"},
        )
        self.process = process
        try:
            assert process.stdin is not None  # noqa: S101 - piped above
            process.stdin.write(msgspec.json.encode(job))
            process.stdin.close()
            await self._listen(process)
            return f"exit {await process.wait()}"
        except TimeoutError:
            return f"silent for {SILENT_S:g} s"
        except (ConnectionError, ValueError) as error:
            return type(error).__name__
        finally:
            await _end(process)

    def _job(self) -> Job:
        site = self._site
        folders = str(self._folder), str(self._evidence)
        return Job(self._camera, reveal(self._camera.url), site.site.timezone, site.camera_evidence, *folders)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - piped
        line = b"{}"
        while line:
            with suppress(ValueError):
                self._heard(json.loads(line))
            async with asyncio.timeout(SILENT_S):  # not wait_for: before Python 3.12 it may swallow a cancellation
                line = await process.stdout.readline()

    def _heard(self, told: dict[str, Any]) -> None:
        if told and not self._online:
            self._online = True
            self._queue("status", {"status": "online"})
        if "log" in told:
            self._say(told.pop("log"), camera=self._camera.id, **told)
        if "refused" in told:
            self._say("camera refused", camera=self._camera.id, cause="; ".join(told["refused"]))
        if "message" in told:
            self._queue("event", told["message"])
        if "telemetry" in told:
            measurements = told["telemetry"] | {"restart_count": self.restarts}
            self._queue("telemetry", {"measurements": measurements, "states": told["states"]})
            if told["unconfirmed"]:
                self._say("zones not confirmed empty", camera=self._camera.id, zones=told["unconfirmed"])
        if "said" in told:
            self._news.set()

    def _queue(self, channel: str, body: dict[str, Any]) -> None:
        """What may be lost: only the latest of each channel waits for the broker."""
        self._direct = [each for each in self._direct if each[0] != channel or channel == "event"][-100:]
        self._direct.append((channel, body))
        self._news.set()

    async def _publish_always(self) -> None:
        patience = Patience()
        will = aiomqtt.Will(self._topic("status"), "offline", qos=1, retain=True)
        identifier = f"{self._broker.site}-{self._camera.id}"
        while True:
            try:
                async with aiomqtt.Client(**self._broker.options, will=will, identifier=identifier) as client:
                    patience.renew()
                    if self._online:
                        self._queue("status", {"status": "online"})
                    await self._publish(client)
            except aiomqtt.MqttError as error:
                retry = patience.after(0.0)
                self._say("broker away", camera=self._camera.id, cause=str(error), again_in_s=retry)
                await asyncio.sleep(retry * random.uniform(0.8, 1.2))  # noqa: S311 - spreads reconnects

    async def _publish(self, client: aiomqtt.Client) -> None:
        try:
            while True:
                self._news.clear()
                while self._direct:
                    channel, body = self._direct[0]
                    await self._send(client, channel, body)
                    self._direct.pop(0)
                for path in self._spool.waiting():
                    told = Spool.read(path)
                    if told is not None:
                        await self._send(client, *told)
                    path.unlink(missing_ok=True)
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._news.wait()
        except asyncio.CancelledError:
            with suppress(aiomqtt.MqttError):
                await client.publish(self._topic("status"), "offline", qos=1, retain=True)
            raise

    async def _send(self, client: aiomqtt.Client, channel: str, body: dict[str, Any]) -> None:
        if channel == "status":
            await client.publish(self._topic(channel), body["status"], qos=1, retain=True)
            return
        await client.publish(self._topic(channel), json.dumps({"device": self._camera.id, **body}), qos=1)

    def _topic(self, channel: str) -> str:
        return f"community/{self._broker.site}/camera/{self._camera.id}/{channel}"


async def run(site: CameraSite, say: Log = log) -> None:
    """Run every camera of ``site`` until cancelled.

    Raises:
        CameraError: nothing to run, or the broker's password is absent.
    """
    if not site.cameras:
        raise CameraError("site file", "has no cameras", "add a cameras section; see docs/cameras.md")
    broker = _broker(site)
    async with asyncio.TaskGroup() as tasks:
        for camera in site.cameras:
            tasks.create_task(Supervised(camera, site, broker, say).run())
        tasks.create_task(_sweep_always(site, say))


def _broker(site: CameraSite) -> Broker:
    mqtt = site.mqtt
    options: dict[str, Any] = {"hostname": mqtt.host, "port": mqtt.port, "keepalive": mqtt.keep_alive_s}
    if mqtt.username is not None:
        options["username"] = mqtt.username
    if mqtt.password is not None:
        options["password"] = reveal(mqtt.password)
    if mqtt.tls is not None:
        names = {"ca": "ca_certs", "cert": "certfile", "key": "keyfile"}
        given: dict[str, Any] = {names[name]: value for name, value in mqtt.tls.items()}
        options["tls_params"] = aiomqtt.TLSParameters(**given)
    return Broker(options, site.site.id)


async def _sweep_always(site: CameraSite, say: Log) -> None:
    root = Path(site.data_dir) / "evidence"
    while True:
        gone = await asyncio.to_thread(sweep, root, site.camera_evidence, time.time())
        if gone:
            say("evidence past its time deleted", count=len(gone))
        await asyncio.sleep(SWEEP_S)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

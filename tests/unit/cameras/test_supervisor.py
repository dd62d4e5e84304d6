"""The supervisor with real processes, a real broker and a real RTSP server."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from devices.cameras import supervisor
from devices.cameras.errors import CameraError
from devices.cameras.settings import CameraSite, load_site
from devices.cameras.supervisor import Supervised
from simulators.scenes import stream
from simulators.scenes.lane import LaneScene
from tests.servers import free_port, mosquitto

WAIT_S = 60.0
Said = tuple[str, Any]


class Ear:
    """Everything the broker was told and the supervisor logged."""

    def __init__(self) -> None:
        self.heard: list[Said] = []
        self.logged: list[dict[str, Any]] = []
        self._news = asyncio.Event()

    def log(self, said: str, **values: object) -> None:
        self.logged.append({"event": said, **values})
        self._news.set()

    def hear(self, topic: str, payload: str) -> None:
        told = payload if topic.endswith("status") else json.loads(payload)
        self.heard.append((topic, told))
        self._news.set()

    async def wait(self, true: Callable[["Ear"], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not true(self):
                self._news.clear()
                await self._news.wait()

    def events(self) -> list[dict[str, Any]]:
        return [each for topic, told in self.heard if topic.endswith("event") for each in told.get("events", [])]

    def states(self, name: str) -> list[bool]:
        return [
            told["states"][name] for _, told in self.heard if isinstance(told, dict) and name in told.get("states", {})
        ]

    def said(self, event: str) -> int:
        return sum(each["event"] == event for each in self.logged)


def site(folder: Path, port: int, of: LaneScene, url: str, *more: dict[str, Any]) -> CameraSite:
    (folder / "url").write_text(url)
    zones = [{"id": "lane", "polygon": of.zone, "dwell_s": 10, "min_width": 0.2}]
    settings = {
        "site": {"id": "home"},
        "mqtt": {"port": port},
        "cameras": [{"id": "cam", "url": {"file": "url"}, "zones": zones}, *more],
        "camera_evidence": {"before_s": 3, "after_s": 3},
    }
    (folder / "site.yaml").write_text(json.dumps(settings))
    return load_site(folder / "site.yaml")


@asynccontextmanager
async def running(made: CameraSite) -> AsyncIterator[Ear]:
    """The supervisor beside a listener at its broker."""
    ear = Ear()
    async with aiomqtt.Client("127.0.0.1", made.mqtt.port) as client:
        await client.subscribe("community/#", qos=1)

        async def listen() -> None:
            async for message in client.messages:
                ear.hear(str(message.topic), bytes(message.payload).decode())  # type: ignore[arg-type]

        tasks = [asyncio.create_task(listen()), asyncio.create_task(supervisor.run(made, ear.log))]
        try:
            yield ear
            for task in reversed(tasks):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                if task is tasks[1]:
                    await ear.wait(lambda ear: ("community/home/camera/cam/status", "offline") in ear.heard)
        finally:
            for task in tasks:
                task.cancel()


@pytest.mark.server
async def test_a_camera_is_a_device_like_any_other(tmp_path: Path, lane_clip: Path, lane_scene: LaneScene) -> None:
    with mosquitto(tmp_path) as port:
        async with running(site(tmp_path, port, lane_scene, str(lane_clip))) as ear:
            await ear.wait(lambda ear: any(each.get("phase") == "end" for each in ear.events()))
        assert ear.heard[0] == ("community/home/camera/cam/status", "online")
        phases = [each["phase"] for each in ear.events() if "phase" in each]
        assert phases[0] == "start"
        assert [each["code"] for each in ear.events()][:2] == ["stationary_object", "evidence_stored"]
        telemetry = [told for topic, told in ear.heard if topic.endswith("telemetry")]
        assert telemetry[0]["device"] == "cam"
        assert telemetry[0]["measurements"]["restart_count"] == 0


@pytest.mark.server
async def test_a_killed_worker_costs_one_camera_and_is_counted(
    tmp_path: Path, lane_clip: Path, lane_scene: LaneScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers: list[Supervised] = []
    begin = Supervised.__init__
    monkeypatch.setattr(Supervised, "__init__", lambda own, *given: [begin(own, *given), workers.append(own)][0])
    other = {"id": "other", "url": {"file": "url"}, "zones": [{"id": "z"}]}
    with mosquitto(tmp_path) as port:
        async with running(site(tmp_path, port, lane_scene, str(lane_clip), other)) as ear:
            await ear.wait(lambda ear: any(each.get("phase") == "start" for each in ear.events()))
            [first] = [each for each in workers if each._camera.id == "cam"]
            assert first.process is not None
            os.kill(first.process.pid, signal.SIGKILL)
            await ear.wait(lambda ear: ear.said("camera worker ended") >= 1)
            before = len(ear.events())
            await ear.wait(lambda ear: any(each.get("phase") == "end" for each in ear.events()[before:]))
            ended = next(each for each in ear.logged if each["event"] == "camera worker ended")
            assert (ended["camera"], ended["how"], ended["restarts"]) == ("cam", "exit -9", 1)
            await ear.wait(lambda ear: True in ear.states("stream_lost"))
            assert [each.restarts for each in workers] == [1, 0]
    stills = list((tmp_path / "var" / "evidence" / "cam").glob("*/still.jpg"))
    assert stills


@pytest.mark.server
async def test_what_was_said_while_the_broker_was_away_arrives_later(
    tmp_path: Path, lane_clip: Path, lane_scene: LaneScene
) -> None:
    port = free_port()
    made = site(tmp_path, port, lane_scene, str(lane_clip))
    log = Ear()
    alone = asyncio.create_task(supervisor.run(made, log.log))
    outbox = tmp_path / "var" / "cameras" / "cam" / "outbox"
    try:
        async with asyncio.timeout(WAIT_S):
            while not (outbox.exists() and len(list(outbox.glob("*.json"))) >= 4):  # noqa: ASYNC110 - files give no event
                await asyncio.sleep(0.05)
    finally:
        alone.cancel()
        with suppress(asyncio.CancelledError):
            await alone
    assert log.said("broker away") >= 1
    with mosquitto(tmp_path, port=port):
        async with running(made) as ear:
            await ear.wait(lambda ear: len(ear.events()) >= 2)
        assert ear.events()[0]["phase"] == "start"


@pytest.mark.server
async def test_rtsp_with_a_password_that_nobody_sees(tmp_path: Path, lane_clip: Path, lane_scene: LaneScene) -> None:
    absent = stream.available()
    if absent and os.environ.get("CI") == "true":
        pytest.fail(absent)
    if absent:
        pytest.skip(f"{absent}; RTSP was not tested")
    with mosquitto(tmp_path) as port, stream.rtsp(lane_clip, free_port(), "admin", "s3cret") as url:
        made = site(tmp_path, port, lane_scene, url.replace("rtsp://", "rtsp://admin:s3cret@"))
        async with running(made) as ear:
            await ear.wait(lambda ear: False in ear.states("stream_lost"))
            shown = [each["place"] for each in ear.logged if "place" in each]
            assert shown[0] == url.removesuffix("/camera")
            assert not any(b"s3cret" in line for line in _command_lines())
    everything = json.dumps([ear.heard, ear.logged])
    assert "s3cret" not in everything
    kept = [path for path in (tmp_path / "var").rglob("*") if path.is_file()]
    assert not any(b"s3cret" in path.read_bytes() for path in kept)


def _command_lines() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes())
    return found


@pytest.mark.server
async def test_a_worker_that_hangs_is_ended_and_started_again(
    tmp_path: Path, lane_scene: LaneScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "python"
    hanging.write_text("#!/bin/sh\ncat >/dev/null\nexec sleep 600\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(supervisor.sys, "executable", str(hanging))
    monkeypatch.setattr(supervisor, "SILENT_S", 0.3)
    with mosquitto(tmp_path) as port:
        async with running(site(tmp_path, port, lane_scene, "/gone.mp4")) as ear:
            await ear.wait(lambda ear: ear.said("camera worker ended") >= 2)
            ways = {each["how"] for each in ear.logged if each["event"] == "camera worker ended"}
            assert ways == {"silent for 0.3 s"}
            await ear.wait(lambda ear: True in ear.states("stream_lost"))


@pytest.mark.server
async def test_a_camera_that_accepts_and_sends_nothing_is_lost(
    tmp_path: Path, lane_scene: LaneScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    camera = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with camera:
        url = f"rtsp://admin:s3cret@127.0.0.1:{camera.sockets[0].getsockname()[1]}/x"
        with mosquitto(tmp_path) as port:
            async with running(site(tmp_path, port, lane_scene, url)) as ear:
                await ear.wait(lambda ear: True in ear.states("stream_lost"))
                await ear.wait(lambda ear: ear.said("camera lost") >= 1)
        assert "s3cret" not in json.dumps([ear.heard, ear.logged])


async def test_a_password_that_is_not_there_is_said_and_tried_again(tmp_path: Path, lane_scene: LaneScene) -> None:
    made = site(tmp_path, free_port(), lane_scene, "/gone.mp4")
    (tmp_path / "url").unlink()
    ear = Ear()
    task = asyncio.create_task(supervisor.run(made, ear.log))
    await ear.wait(lambda ear: ear.said("camera worker ended") >= 1)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert "absent or empty" in next(each for each in ear.logged if each["event"] == "camera worker ended")["how"]


async def test_nothing_to_run_is_said(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site: {id: home}\n")
    with pytest.raises(CameraError, match="has no cameras"):
        await supervisor.run(load_site(tmp_path / "site.yaml"))

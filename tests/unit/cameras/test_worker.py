"""One camera's worker: what it tells, what it keeps, and that being killed loses neither."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from devices.cameras import worker as worker_module
from devices.cameras.detection import Detection
from devices.cameras.native_events import event
from devices.cameras.settings import Camera, EvidenceLimits, LaneZone, Secret
from devices.cameras.spool import Spool
from devices.cameras.worker import STATE, Job, Worker
from devices.decode import Decoder
from devices.model import DeviceKind, Envelope
from devices.registry import Device, Registry
from simulators.scenes.lane import LaneScene
from simulators.scenes.stream import record


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the worker runs after it."""


def job(tmp_path: Path, clip: Path | str, of: LaneScene, **camera: Any) -> Job:
    zones = [LaneZone("lane", list(of.zone), 10.0, 0.2)]
    settings = Camera("cam", Secret(env="X"), **{"zones": zones, **camera})
    limits = EvidenceLimits(before_s=3, after_s=3)
    return Job(settings, str(clip), "Asia/Shanghai", limits, str(tmp_path / "cam"), str(tmp_path / "evidence"))


def spooled(tmp_path: Path) -> list[dict[str, Any]]:
    found = [Spool.read(path) for path in Spool(tmp_path / "cam" / "outbox").waiting()]
    assert all(channel == "event" for channel, _ in filter(None, found))
    return [body for _, body in filter(None, found)]


def events(tmp_path: Path) -> list[dict[str, Any]]:
    return [each for body in spooled(tmp_path) for each in body.get("events", [])]


def run_once(made: Job, kill_at: str = "") -> list[dict[str, Any]]:
    """Run over the recording once. ``kill_at``: die when an event of this phase was spooled."""
    lines: list[dict[str, Any]] = []
    running: list[Worker] = []

    def tell(line: dict[str, Any]) -> None:
        lines.append(line)
        if kill_at and any(each.get("phase") == kill_at for each in events(Path(made.folder).parent)):
            raise Killed
        if line.get("log") == "camera lost" or sum("connected" in str(each.get("log")) for each in lines) == 2:
            running[0].stopping = True

    running.append(Worker(made, tell))
    running[0].run()
    return lines


def test_a_parked_car_is_told_with_its_evidence(tmp_path: Path, lane_clip: Path, lane_scene: LaneScene) -> None:
    run_once(job(tmp_path, lane_clip, lane_scene))
    start, stored, end = [each for each in events(tmp_path) if each.get("phase") != "update"][:3]
    assert (start["code"], start["phase"], start["zone"]) == ("stationary_object", "start", "lane")
    assert (tmp_path / "evidence" / start["snapshot_ref"]).exists()
    assert (stored["code"], stored["object_id"]) == ("evidence_stored", start["object_id"])
    assert (tmp_path / "evidence" / stored["clip_ref"]).exists()
    assert (end["phase"], end["object_id"]) == ("end", start["object_id"])
    assert {"stream_lost": False} in [body.get("states") for body in spooled(tmp_path)]


def test_the_gateway_understands_every_word(tmp_path: Path, lane_clip: Path, lane_scene: LaneScene) -> None:
    run_once(job(tmp_path, lane_clip, lane_scene))
    decoder = Decoder(Registry([Device("cam", DeviceKind.CAMERA)]), "home")
    for body in spooled(tmp_path):
        payload = json.dumps({"device": "cam", **body}).encode()
        reports = decoder.decode(Envelope("community/home/camera/cam/event", payload, body["ts"] / 1000))
        assert isinstance(reports, list)
        [report] = reports
        assert not report.raw_codes
        assert report.states == body.get("states", {})
        for said, given in zip(report.events, body.get("events", []), strict=True):
            assert {"code", *said.attributes} == set(given)


def test_killed_after_the_alarm_it_neither_repeats_nor_forgets_it(tmp_path: Path, lane_scene: LaneScene) -> None:
    before = record(tmp_path / "a.mp4", lane_scene.frame, 24)
    after = record(tmp_path / "b.mp4", lambda at: lane_scene.frame(at + 25), 18)
    with pytest.raises(Killed):
        run_once(job(tmp_path, before, lane_scene), kill_at="start")
    kept = {path.name: path.read_bytes() for path in (tmp_path / "evidence").rglob("*.jpg")}
    run_once(job(tmp_path, after, lane_scene))
    phases = [(each["phase"], each["object_id"]) for each in events(tmp_path) if "phase" in each]
    assert [phase for phase, _ in phases] == ["start", "update", "end"]
    assert len({object_id for _, object_id in phases}) == 1
    assert {path.name: path.read_bytes() for path in (tmp_path / "evidence").rglob("still.jpg")}.keys() == kept.keys()


def test_a_camera_that_is_not_there_is_told_once(tmp_path: Path, lane_scene: LaneScene) -> None:
    lines = run_once(job(tmp_path, tmp_path / "gone.mp4", lane_scene))
    assert [body["states"] for body in spooled(tmp_path)] == [{"stream_lost": True}]
    assert lines[0] == {"log": "camera lost", "cause": "does not exist", "place": str(tmp_path / "gone.mp4")}


def test_a_damaged_state_file_costs_the_state_only(tmp_path: Path, lane_clip: Path, lane_scene: LaneScene) -> None:
    made = job(tmp_path, lane_clip, lane_scene)
    (tmp_path / "cam").mkdir()
    (tmp_path / "cam" / STATE).write_bytes(b"PK\x03\x04 broken")
    lines = run_once(made)
    assert lines[0]["log"] == "kept state is unreadable, learning anew"
    assert next(each["phase"] for each in events(tmp_path) if "phase" in each) == "start"
    with np.load(tmp_path / "cam" / STATE) as state:
        assert "lane/lane/empty" in state.files


def test_state_not_yet_taken_up_is_not_overwritten(tmp_path: Path, lane_clip: Path, lane_scene: LaneScene) -> None:
    run_once(job(tmp_path, lane_clip, lane_scene))
    before = (tmp_path / "cam" / STATE).read_bytes()
    run_once(job(tmp_path, tmp_path / "gone.mp4", lane_scene))
    assert (tmp_path / "cam" / STATE).read_bytes() == before


def test_outside_its_hours_nothing_is_told(
    tmp_path: Path, lane_clip: Path, lane_scene: LaneScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = [LaneZone("lane", list(lane_scene.zone), 10.0, 0.2, ["08:00-09:00"])]
    monkeypatch.setattr(worker_module.time, "time", lambda: 1_780_000_000.0)  # 04:26 in Shanghai
    run_once(job(tmp_path, lane_clip, lane_scene, zones=zones))
    assert events(tmp_path) == []


def test_a_facade_is_watched_too(tmp_path: Path, lane_clip: Path, lane_scene: LaneScene) -> None:
    outline = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]
    run_once(job(tmp_path, lane_clip, lane_scene, facade=outline))
    assert {each["code"] for each in events(tmp_path)} == {"stationary_object", "evidence_stored"}


def test_a_job_survives_the_pipe(tmp_path: Path, lane_scene: LaneScene) -> None:
    made = job(tmp_path, "rtsp://a:b@c/", lane_scene)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Job) == made


def test_a_spool_keeps_order_and_survives_rubbish(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "outbox")
    for number in range(20):
        spool.put("event", {"n": number})
    (tmp_path / "outbox" / "00000000000000000000.json").write_text("{")
    first, *rest = Spool(tmp_path / "outbox").waiting()
    assert Spool.read(first) is None
    assert [Spool.read(path) for path in rest] == [("event", {"n": number}) for number in range(20)]


def test_only_what_the_table_allows_is_told() -> None:
    box, more = (1.04, 2.0, 3.0, 4.0), {"zone": "z", "x": 1}
    seen = Detection("stationary_object", "start", 1, 0.0, 9.0, 0.81239, (), box, more)
    assert event(seen, "o1", {"snapshot_ref": "a"}) == {
        "code": "stationary_object",
        "object_id": "o1",
        "phase": "start",
        "score": 0.812,
        "box": [1.0, 2.0, 3.0, 4.0],
        "zone": "z",
        "snapshot_ref": "a",
    }

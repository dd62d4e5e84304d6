"""``gateway-cameras try``: a detector over a recording, whatever the recording is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from devices.cameras import child, trial
from devices.cameras.detection import Detection
from devices.cameras.errors import CameraError
from simulators.scenes.lane import LaneScene


def tried(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devices.cameras.cli", "try", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_a_parked_car_in_json(lane_clip: Path) -> None:
    result = told(tried(str(lane_clip), "--detector", "blocked_lane", "--json"))
    assert set(result) == {"events", "frames", "seconds_processed", "cpu_seconds"}
    [event] = result["events"]
    assert event["type"] == "stationary_object"
    assert event["start_s"] == pytest.approx(8.0, abs=1.5)
    assert 18.0 <= event["alarm_s"] <= 28.0
    assert 28.0 <= event["end_s"] <= 38.0
    assert len(event["box"]) == 4
    assert 0.5 < event["score"] <= 1
    assert result["seconds_processed"] == pytest.approx(43.8, abs=0.3)
    assert 0 < result["cpu_seconds"] < 30


def test_settings_are_obeyed(tmp_path: Path, lane_clip: Path, lane_scene: LaneScene) -> None:
    config = tmp_path / "camera.yaml"
    config.write_text(json.dumps({"zones": [{"id": "lane", "polygon": lane_scene.zone, "dwell_s": 15}]}))
    [event] = trial.run(str(lane_clip), "blocked_lane", _camera(config), None)["events"]
    assert event["zone"] == "lane"
    assert 23.0 <= event["alarm_s"] <= 33.0
    config.write_text(json.dumps({"zones": [{"id": "lane", "dwell_s": 40}]}))
    assert trial.run(str(lane_clip), "blocked_lane", _camera(config), None)["events"] == []


def _camera(config: Path) -> Any:
    from devices.cameras.settings import load_camera

    return load_camera(config)


def test_nothing_falls_in_a_lane(lane_clip: Path) -> None:
    assert told(tried(str(lane_clip), "--detector", "falling_object", "--json"))["events"] == []


def test_for_people_there_is_a_summary(lane_clip: Path) -> None:
    done = tried(str(lane_clip), "--detector", "blocked_lane")
    assert done.returncode == 0
    assert "1 found in 43.8 s" in done.stdout


def test_the_annotated_video_plays(tmp_path: Path, lane_clip: Path) -> None:
    out = tmp_path / "seen.mp4"
    told(tried(str(lane_clip), "--detector", "blocked_lane", "--render", str(out), "--json"))
    with av.open(str(out)) as video:
        stream = video.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 320, 180)
        frames = list(video.decode(stream))
    assert frames[-1].time == pytest.approx(43.5, abs=1.0)
    red = frames[len(frames) // 2].to_ndarray(format="bgr24").astype(int)
    assert (red[..., 2] - red[..., 0] > 80).sum() > 20  # the box is drawn


def test_what_cannot_be_read_is_said_in_words_with_exit_2(tmp_path: Path, lane_clip: Path) -> None:
    text = tmp_path / "note.avi"
    text.write_text("no video\n")
    done = tried(str(text), "--detector", "blocked_lane", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {text}\ncause: cannot be opened")
    assert "Traceback" not in done.stderr


def test_of_a_cut_recording_what_was_found_is_told_with_exit_2(tmp_path: Path, lane_clip: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(lane_clip.read_bytes()[: int(lane_clip.stat().st_size * 0.8)])
    done = tried(str(cut), "--detector", "blocked_lane", "--json")
    assert done.returncode == 2
    assert len(json.loads(done.stdout)["events"]) == 1
    assert "breaks off after" in done.stderr


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, lane_clip: Path) -> None:
    with pytest.raises(CameraError, match="cannot be written"):
        trial.run(str(lane_clip), "blocked_lane", None, tmp_path / "no" / "such.mp4")


def test_wrong_settings_are_said_with_exit_2(tmp_path: Path, lane_clip: Path) -> None:
    config = tmp_path / "camera.yaml"
    config.write_text("zones: 3\n")
    done = tried(str(lane_clip), "--detector", "blocked_lane", "--config", str(config))
    assert done.returncode == 2
    assert "zones" in done.stderr


def test_a_decoder_that_dies_takes_only_its_own_process_along(
    tmp_path: Path, lane_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\nkill -ABRT $$\n")
    dying.chmod(0o755)
    monkeypatch.setattr(child.sys, "executable", str(dying))
    with pytest.raises(CameraError, match=r"the decoder died over it \(exit -6\)"):
        trial.run(str(lane_clip), "blocked_lane", None, None)


def test_phases_of_one_thing_are_one_event() -> None:
    start = Detection("stationary_object", "start", 1, 5.0, 15.0, 0.6, box=(1.0, 2.0, 3.0, 4.0))
    end = Detection("stationary_object", "end", 1, 5.0, 40.0, 0.8, box=(1.0, 2.0, 3.0, 4.0))
    fall = Detection("falling_object", "end", 1, 3.0, 4.0, 0.9, path=((3.0, 1.0, 1.0), (4.0, 1.0, 9.0)))
    first, second = trial.events([start, end, fall])
    assert (first["type"], first["path"]) == ("falling_object", [[3.0, 1.0, 1.0], [4.0, 1.0, 9.0]])
    assert (second["start_s"], second["alarm_s"], second["end_s"], second["score"]) == (5.0, 15.0, 40.0, 0.8)

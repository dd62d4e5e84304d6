"""``gateway-cameras still`` takes a picture, and the other ways the command line answers."""

import hashlib
import json
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner, Result

from devices.cameras import cli
from devices.cameras.cli import app


def site(folder: Path, clip: Path | str) -> Path:
    (folder / "url").write_text(str(clip))
    camera = {"id": "cam", "url": {"file": "url"}, "masks": [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]}
    path = folder / "site.yaml"
    path.write_text(json.dumps({"site": {"id": "home"}, "cameras": [camera]}))
    return path


def ask(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_still_is_whole_and_masked(tmp_path: Path, lane_clip: Path) -> None:
    done = ask("still", "cam", tmp_path / "out" / "still.jpg", "--site", site(tmp_path, lane_clip))
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["width"], told["height"]) == (320, 180)
    data = (tmp_path / "out" / "still.jpg").read_bytes()
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    picture = cv2.imread(str(tmp_path / "out" / "still.jpg"), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture[:, :150].max() < 30
    assert picture[:, 170:].mean() > 60


def test_a_camera_that_is_not_in_the_site_file(tmp_path: Path, lane_clip: Path) -> None:
    done = ask("still", "other", tmp_path / "x.jpg", "--site", site(tmp_path, lane_clip))
    assert done.exit_code == 2
    assert "has no camera 'other'" in done.stderr
    assert "there are cam" in done.stderr


def test_a_camera_that_does_not_answer(tmp_path: Path) -> None:
    done = ask("still", "cam", tmp_path / "x.jpg", "--site", site(tmp_path, "rtsp://admin:s3cret@127.0.0.1:9/x"))
    assert done.exit_code == 2
    assert "rtsp://127.0.0.1:9" in done.stderr
    assert "s3cret" not in done.output
    assert not (tmp_path / "x.jpg").exists()


def test_a_place_that_cannot_be_written(tmp_path: Path, lane_clip: Path) -> None:
    (tmp_path / "full").mkdir()
    done = ask("still", "cam", tmp_path / "full", "--site", site(tmp_path, lane_clip))
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def test_without_the_cameras_packages_it_says_what_to_install(
    tmp_path: Path, lane_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name="av")

    monkeypatch.setattr(cli, "import_module", absent)
    for command in (
        ("try", lane_clip, "--detector", "blocked_lane"),
        ("run", "--site", site(tmp_path, lane_clip)),
        ("still", "cam", tmp_path / "x.jpg", "--site", site(tmp_path, lane_clip)),
    ):
        done = ask(*command)
        assert done.exit_code == 2
        assert "av is not installed" in done.stderr
        assert "community-gateway[cameras]" in done.stderr


def test_run_without_cameras_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site: {id: home}\n")
    done = ask("run", "--site", tmp_path / "site.yaml")
    assert done.exit_code == 2
    assert "has no cameras" in done.stderr

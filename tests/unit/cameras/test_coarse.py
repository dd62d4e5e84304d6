"""What is handed out shows that something happened, not who was there."""

import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from devices.cameras.coarse import BLOCKS, coarse, main

NOISE = np.random.default_rng(7).integers(0, 255, (180, 320, 3), np.uint8)


def clip(path: Path, frames: int = 5) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(frames):
            shifted = np.ascontiguousarray(np.roll(NOISE, number, 1))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(shifted, format="bgr24")))
        out.mux(stream.encode(None))


def dots(picture: np.ndarray) -> int:
    """How many different columns there are."""
    return len(np.unique(picture.reshape(-1, picture.shape[1], 3).mean((0, 2)).round(3)))


def test_a_picture_keeps_its_size_and_loses_its_detail() -> None:
    shown = coarse(NOISE)
    assert shown.shape == NOISE.shape
    assert dots(shown) <= BLOCKS < dots(NOISE)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 500, 3), (1080, 2, 3)])
def test_any_shape_is_taken(shape: tuple[int, int, int]) -> None:
    assert coarse(np.zeros(shape, np.uint8)).shape == shape


def test_what_is_big_is_still_seen() -> None:
    picture = np.zeros((180, 320, 3), np.uint8)
    picture[60:120, 100:200] = 255
    shown = coarse(picture)
    assert shown[90, 150].mean() > 250
    assert shown[10, 10].mean() < 5


def test_a_still_is_written(tmp_path: Path) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    cv2.imwrite(str(source), NOISE)
    assert main([str(source), str(target)]) == 0
    written = cv2.imread(str(target))
    assert written is not None
    assert written.shape == NOISE.shape
    assert np.abs(np.diff(written.astype(int), axis=1)).mean() < np.abs(np.diff(NOISE.astype(int), axis=1)).mean() / 4


def test_a_clip_is_written_with_all_its_frames(tmp_path: Path) -> None:
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    clip(source)
    command = [sys.executable, "-m", "devices.cameras.coarse", str(source), str(target)]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0
    with av.open(str(target)) as made:
        frames = [frame.to_ndarray(format="bgr24") for frame in made.decode(video=0)]
    assert len(frames) == 5
    assert np.abs(np.diff(frames[0].astype(int), axis=1)).mean() < 20


@pytest.mark.parametrize("name", ["a.jpg", "a.mp4"])
def test_what_is_no_picture_is_refused(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(b"nothing")
    assert main([str(tmp_path / name), str(tmp_path / f"out-{name}")]) == 1
    assert name in capsys.readouterr().err

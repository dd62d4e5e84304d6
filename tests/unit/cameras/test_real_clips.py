"""Real recordings: nothing stands long enough in them, and what is put into them is found.

They lie beside the checkout and are not part of it; ``LANE_CLIPS`` names another folder.
"""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.cameras.blocked_lane import BlockedLane
from devices.cameras.detection import Detection, Frame
from devices.cameras.source import Source
from simulators.scenes.lane import LaneScene, Mover, Weather

CLIPS = Path(os.environ.get("LANE_CLIPS", Path(__file__).parents[4] / "shared" / "clips"))
FOUND = sorted(clip for clip in CLIPS.glob("*.*") if clip.suffix in (".avi", ".mp4")) if CLIPS.is_dir() else []

needs_clips = pytest.mark.skipif(not FOUND, reason=f"no real clips in {CLIPS}; LANE_CLIPS names their folder")


def watch(clip: Path, car: "Cutout | None" = None) -> list[Detection]:
    detector = BlockedLane()
    found: list[Detection] = []
    with Source(str(clip), rate=2.0) as source:
        for picture in source.pictures():
            found += detector.step(car.into(picture.frame, picture.at) if car else picture.frame, picture.at)
    return found


class Cutout:
    """A rendered car, put into a recording from ``begin`` to ``end`` at ``place``: left, top, width, height."""

    def __init__(self, begin: float, end: float, place: tuple[int, int, int, int]) -> None:
        self._times = begin, end
        self._place = place
        calm = Weather(noise=0, leaves=False)
        full, bare = LaneScene([Mover("car", [(0, 0.3, 11), (9, 0.3, 11)], 60)], calm), LaneScene([], calm)
        left, top, width, height = (int(side) for side in full.truths()[0].box)
        window = np.s_[top : top + height, left : left + width]
        car, ground = full.frame(1.0)[window], bare.frame(1.0)[window]
        shape = (np.abs(car.astype(int) - ground) > 8).astype(np.uint8) * 255
        shape = cv2.morphologyEx(shape, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        size = place[2:]
        self._car = cv2.resize(car, size).astype(float)
        self._share = cv2.GaussianBlur(cv2.resize(shape, size), (3, 3), 0) / 255.0
        self._rng = np.random.default_rng(1)

    def into(self, frame: Frame, at: float) -> Frame:
        if not self._times[0] <= at < self._times[1]:
            return frame
        left, top, width, height = self._place
        changed = frame.copy()
        window = changed[top : top + height, left : left + width]
        car = self._car + self._rng.normal(0, 1.5, self._car.shape)
        changed[top : top + height, left : left + width] = np.clip(
            window * (1 - self._share) + self._share * car, 0, 255
        )
        return changed


@needs_clips
@pytest.mark.parametrize("clip", FOUND, ids=[clip.name for clip in FOUND])
def test_nothing_is_found_where_nothing_stays(clip: Path) -> None:
    assert watch(clip) == []


@needs_clips
@pytest.mark.parametrize(
    ("name", "begin", "end", "place"),
    [
        ("cv_vtest.avi", 20.0, 60.0, (300, 330, 110, 70)),
        ("roadtrack_video.mp4", 15.0, 50.0, (250, 330, 90, 70)),
        ("bgs_video02.avi", 8.0, 25.0, (120, 150, 60, 40)),
        ("intel_car-detection.mp4", 8.0, 26.0, (330, 300, 100, 80)),
    ],
)
def test_what_is_put_there_is_found_once_and_in_time(
    name: str, begin: float, end: float, place: tuple[int, int, int, int]
) -> None:
    if not (CLIPS / name).exists():
        pytest.skip(f"{name} is not among the clips")
    found = [each for each in watch(CLIPS / name, Cutout(begin, end, place)) if each.phase != "update"]
    assert [each.phase for each in found] == ["start", "end"]
    assert begin + 10 <= found[0].end_s <= begin + 20
    assert end <= found[1].end_s <= end + 10
    box = found[0].box
    assert box is not None
    assert box[:2] == pytest.approx(place[:2], abs=25)

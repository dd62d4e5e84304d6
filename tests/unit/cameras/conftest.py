"""Recordings that several tests share."""

from pathlib import Path

import pytest

from simulators.scenes.lane import LaneScene
from simulators.scenes.stream import record
from tests.unit.cameras.lanes import car, scene

SECONDS = 44.0


@pytest.fixture(scope="session")
def lane_scene() -> LaneScene:
    return scene(car(8.0, 28.0))


@pytest.fixture(scope="session")
def lane_clip(tmp_path_factory: pytest.TempPathFactory, lane_scene: LaneScene) -> Path:
    """A car parks at 8 s and leaves at 28 s; five pictures and one key frame a second."""
    return record(tmp_path_factory.mktemp("clips") / "lane.mp4", lane_scene.frame, SECONDS)

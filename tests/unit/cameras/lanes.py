"""Small lane scenes for tests, and a detector run over them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from devices.cameras.blocked_lane import BlockedLane
from devices.cameras.detection import Detection, Frame
from devices.cameras.lane_zone import Zone
from simulators.scenes.lane import LaneScene, Mover, Weather

DWELL_S = 10.0
RATE = 2.0


def car(stop: float, go: float, x: float = 0.3, z: float = 12.0, shade: int = 205) -> Mover:
    """Drives in, stands from ``stop`` to ``go``, drives out."""
    return Mover("car", [(stop - 3, x, 34.0), (stop, x, z), (go, x, z), (go + 3, x, 34.0)], shade)


def scene(*movers: Mover, weather: Weather | None = None, **more: Any) -> LaneScene:
    return LaneScene(movers, weather or Weather(leaves=False), **{"width": 320, "height": 180, **more})


def zone(of: LaneScene, dwell_s: float = DWELL_S, id_: str = "lane") -> Zone:
    return Zone(id_, of.zone, dwell_s, 0.2)


def watch(
    detector: BlockedLane,
    frame: Callable[[float], Frame],
    begin: float,
    end: float,
    rate: float = RATE,
) -> list[Detection]:
    """Let the detector look at ``frame`` from ``begin`` to ``end``."""
    return [found for at in np.arange(begin, end, 1 / rate) for found in detector.step(frame(float(at)), float(at))]


def phases(found: Sequence[Detection]) -> list[str]:
    return [each.phase for each in found if each.phase != "update"]


def started(found: Sequence[Detection]) -> list[float]:
    return [each.end_s for each in found if each.phase == "start"]


def ended(found: Sequence[Detection]) -> list[float]:
    return [each.end_s for each in found if each.phase == "end"]

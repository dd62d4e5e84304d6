"""Detections against the truth: events, frames, time, floors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from devices.cameras.detection import Detection
from simulators.scenes.throws import Flight

Floats = NDArray[np.float64]
NEAR_PX, NEAR_SHARE, COVERED = 20.0, 0.03, 0.5
IOU = 0.3


@dataclass
class Score:
    """Counts that can be added up; the ratios follow from them."""

    throws: int = 0
    found: int = 0
    false: int = 0
    floors_right: int = 0
    floors_inside: int = 0
    floors: int = 0
    overlap: float = 0.0
    frames_right: int = 0
    frames_told: int = 0
    frames_true: int = 0
    seconds: float = 0.0
    late_s: list[float] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        """Take in another's counts."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.throws)

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.false)

    @property
    def f1(self) -> float:
        return 2 * self.found / max(1, self.throws + self.found + self.false)

    @property
    def frame_f(self) -> float:
        return 2 * self.frames_right / max(1, self.frames_true + self.frames_told)

    @property
    def tro(self) -> float:
        """Time overlap of found and true, over their union; what was missed counts 0."""
        return self.overlap / max(1, self.throws)

    @property
    def floor(self) -> float:
        return self.floors_right / max(1, self.floors)

    @property
    def per_hour(self) -> float:
        return self.false / max(self.seconds, 1e-9) * 3600


def score(said: Sequence[Detection], flights: Sequence[Flight], height: int, seconds: float) -> Score:
    """Match one to one: overlap in time, and the detected path passes near half of the true points."""
    total = Score(throws=len(flights), seconds=seconds)
    left = list(said)
    for flight in flights:
        total.frames_true += len(flight.frames)
        match = next((d for d in left if _matches(d, flight, height)), None)
        if match is not None:
            left.remove(match)
            _count(total, match, flight)
    total.false = len(left)
    total.frames_told += sum(len(d.path) for d in left)
    return total


def _matches(said: Detection, flight: Flight, height: int) -> bool:
    path = flight.path
    if said.end_s < path[0, 0] or said.start_s > path[-1, 0]:
        return False
    way = np.array(said.path)[:, 1:]
    away = _to_line(path[:, 1:], way)
    return bool((away < max(NEAR_PX, NEAR_SHARE * height)).mean() >= COVERED)


def _to_line(points: Floats, way: Floats) -> Floats:
    """Distance of each point to a polyline."""
    begin, along = way[:-1], np.diff(way, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-9)
    part = ((points[:, None] - begin) * along).sum(axis=2) / length
    foot = begin + np.clip(part, 0, 1)[..., None] * along
    found: Floats = np.hypot(*np.moveaxis(points[:, None] - foot, 2, 0)).min(axis=1)
    return found


def _count(total: Score, said: Detection, flight: Flight) -> None:
    path = flight.path
    total.found += 1
    both = min(said.end_s, path[-1, 0]) - max(said.start_s, path[0, 0])
    union = max(said.end_s, path[-1, 0]) - min(said.start_s, path[0, 0])
    total.overlap += max(0.0, both) / max(union, 1e-9)
    total.frames_told += len(said.path)
    total.frames_right += _right_frames(said, flight)
    floor = said.attributes.get("floor")
    if isinstance(floor, int):
        true = flight.throw.floor
        low, high = cast(int, said.attributes["floor_low"]), cast(int, said.attributes["floor_high"])
        total.floors += 1
        total.floors_right += abs(floor - true) <= 1
        total.floors_inside += low <= true <= high


def _right_frames(said: Detection, flight: Flight) -> int:
    truth = {round(t * 1000): (spots, size) for t, spots, size in flight.frames}
    sizes = cast(Any, said.attributes.get("sizes"))
    right = 0
    for (t, x, y), (w, h) in zip(said.path, sizes, strict=True):
        if round(t * 1000) in truth:
            spots, size = truth[round(t * 1000)]
            low, high = spots.min(axis=0) - size / 2, spots.max(axis=0) + size / 2
            right += _iou((x - w / 2, y - h / 2, x + w / 2, y + h / 2), (*low, *high)) >= IOU
    return right


def _iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, across) * max(0.0, down)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)

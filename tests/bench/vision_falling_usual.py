"""The usual recipe for things that fall: full-resolution MOG2, contours, a SORT-like tracker, a line of rules.

Written as such systems are: a Gaussian mixture for every pixel, a small opening, boxes of more than a few pixels, a
constant velocity each matched by distance, and an event for whatever moved down far enough.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.cameras.detection import Detection, Frame

Floats = NDArray[np.float64]
HISTORY, VARIANCE, LEAST_AREA = 300, 25.0, 5.0
PATIENCE, LEAST_POINTS, DOWN, LEAST_DROP = 3, 6, 0.8, 0.1
GATE = 0.06


@dataclass
class _Tracked:
    spots: list[tuple[float, float, float, float, float]]
    speed: Floats = field(default_factory=lambda: np.zeros(2))
    missed: int = 0

    def expected(self, at: float) -> Floats:
        last = self.spots[-1]
        return np.array(last[1:3]) + self.speed * (at - last[0])


class UsualRecipe:
    """A detector of the same contract, for comparison."""

    luma = True

    def __init__(self) -> None:
        self._model = cv2.createBackgroundSubtractorMOG2(HISTORY, VARIANCE, detectShadows=False)
        self._tracks: list[_Tracked] = []
        self._height = 0
        self._told = 0

    def step(self, frame: Frame, at: float) -> list[Detection]:
        """Look at one frame."""
        self._height = frame.shape[0]
        mask = cv2.morphologyEx(self._model.apply(frame), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        boxes = [cv2.boundingRect(c) for c in contours if cv2.contourArea(c) >= LEAST_AREA][:400]
        self._follow([(at, x + w / 2, y + h / 2, float(w), float(h)) for x, y, w, h in boxes], at)
        ended = [t for t in self._tracks if t.missed > PATIENCE]
        self._tracks = [t for t in self._tracks if t.missed <= PATIENCE]
        return [d for t in ended if (d := self._judge(t))]

    def close(self) -> list[Detection]:
        """End of stream."""
        ended, self._tracks = self._tracks, []
        return [d for t in ended if (d := self._judge(t))]

    def _follow(self, spots: list[tuple[float, float, float, float, float]], at: float) -> None:
        free = set(range(len(spots)))
        places = np.array([s[1:3] for s in spots]).reshape(-1, 2)
        for track in sorted(self._tracks, key=lambda t: -len(t.spots)):
            away = np.hypot(*(places - track.expected(at)).T)
            best = min(free, key=lambda n: float(away[n]), default=None)
            if best is None or away[best] > GATE * self._height:
                track.missed += 1
                continue
            free.remove(best)
            old, new = track.spots[-1], spots[best]
            speed = (np.array(new[1:3]) - old[1:3]) / max(at - old[0], 1e-6)
            track.speed = speed if len(track.spots) == 1 else 0.5 * track.speed + 0.5 * speed
            track.spots.append(new)
            track.missed = 0
        self._tracks += [_Tracked([spots[n]]) for n in free]

    def _judge(self, track: _Tracked) -> Detection | None:
        points = np.array(track.spots)
        drop = points[-1, 2] - points[0, 2]
        if len(points) < LEAST_POINTS or drop < LEAST_DROP * self._height:
            return None
        if (np.diff(points[:, 2]) > 0).mean() < DOWN or abs(points[-1, 1] - points[0, 1]) > drop:
            return None
        self._told += 1
        path = tuple((t, x, y) for t, x, y in points[:, :3].tolist())
        return Detection(
            "falling_object",
            "end",
            self._told,
            path[0][0],
            path[-1][0],
            1.0,
            path,
            attributes={"sizes": points[:, 3:].tolist()},
        )

"""Things that fall along a facade, seen by a plain fixed camera that looks at it. Pure.

`MotionMap` says what changes, `Tracker` what moves on downward, `judge` whether gravity did it. A detection is told
once, about a second after the thing landed or left the view: only then is it known whether others fell with it (rain,
snow, leaves in a gust), and a fall cut in two by a balcony is one again.
"""

from dataclasses import dataclass
from itertools import count

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.cameras.detection import Detection, Frame, Point
from devices.cameras.falling_group import Falls, Pieces
from devices.cameras.falling_judge import STEADY, Surroundings, Verdict, judge
from devices.cameras.falling_report import lower_edge, report
from devices.cameras.falling_tracks import Track, Tracker
from devices.cameras.motion import GAP_S, MotionMap
from devices.cameras.projective import FloorMap, FloorPoint

RAIN_TRACKS, RAIN_S = 5, 4.0
"""So many things came down steadily within so many seconds: rain, snow, or a road in view."""
APRON = 0.06
"""What is watched below the facade, and how far outside it a fall may begin to show: shares of the picture's height."""
SHAKEN_S = 3.0


@dataclass(frozen=True, slots=True)
class FallingConfig:
    """Places are fractions of the picture's width and height, so that they hold for every resolution of the stream.

    ``facade``: corners of the part to watch; empty means the whole picture. ``floors``: places whose floor is known, at
    least two; empty means that floors and speeds in metres are not told. ``floor_height``: metres.
    """

    facade: tuple[Point, ...] = ()
    floors: tuple[FloorPoint, ...] = ()
    floor_height: float = 3.0
    least_score: float = 0.5


class FallingObjectDetector:
    """The detector of one camera; see `devices.cameras.detection.Detector`. ``refused``: see `step`."""

    luma = True

    def __init__(self, config: FallingConfig | None = None) -> None:
        """Raises ValueError: calibration points that tell no scale."""
        self.config = config or FallingConfig()
        if self.config.floors:
            FloorMap.of([FloorPoint(1e3 * p.x, 1e3 * p.y, p.floor) for p in self.config.floors])
        self.refused: list[Verdict] = []
        self._numbers = count(1)
        self._shape = (0, 0)
        self._at = 0.0

    def step(self, frame: Frame, at: float) -> list[Detection]:
        """Look at one frame: luma or BGR bytes; ``at`` in seconds of the stream's clock.

        Tracks that ended with this frame and were no falls are in ``refused``, with the reason: for previews.
        """
        luma = frame if frame.ndim == 2 else np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        said: list[Detection] = []
        since = at - self._at
        if luma.shape != self._shape or not -GAP_S < since < GAP_S:
            said = self.close()
            self._begin(luma.shape[0], luma.shape[1])
        elif since <= 0:
            return said
        self._at = at
        motion = self._motion.step(luma, at)
        self.refused = []
        if motion.repeated:
            return said
        if any(motion.shift):
            self._shaken = at
        self._weigh(self._tracker.step(motion.blobs, at))
        return said + self._tell(at)

    def close(self) -> list[Detection]:
        """End of stream."""
        if self._shape == (0, 0):
            return []
        self._weigh(self._tracker.close())
        said = self._tell(np.inf)
        self._shape = (0, 0)
        return said

    def _begin(self, height: int, width: int) -> None:
        self._shape = (height, width)
        corners = np.array(self.config.facade, np.float64).reshape(-1, 2) * [width, height]
        self._facade = corners if len(corners) else None
        mask = _watched(corners, height, width) if len(corners) else None
        self._motion = MotionMap(mask)
        self._tracker = Tracker(height, width, 0 if mask is None else cv2.countNonZero(mask))
        self._falls = Falls(height)
        self._pieces = Pieces(height)
        scaled = [FloorPoint(p.x * width, p.y * height, p.floor) for p in self.config.floors]
        self._floors = FloorMap.of(scaled, self.config.floor_height) if scaled else None
        self._shaken = -np.inf
        self._steady: list[float] = []

    @property
    def _rain(self) -> bool:
        return len(self._steady) >= RAIN_TRACKS

    def _weigh(self, ended: list[Track]) -> None:
        self._steady = [t for t in self._steady if self._at - t < RAIN_S]
        around = self._surroundings()
        for track in ended:
            whole = self._pieces.join(track)
            verdict = self._judge(whole, around) if whole else None
            if verdict is None or verdict.refused:
                verdict = self._judge(track, around)
            if verdict.refused in STEADY:
                self._steady.append(float(verdict.points[-1, 0]))
            if verdict.refused:
                self.refused.append(verdict)
            else:
                self._falls.add(verdict)

    def _judge(self, track: Track, around: Surroundings) -> Verdict:
        verdict = judge(track, around)
        if not verdict.refused and not self._from_facade(verdict):
            return Verdict("not from the facade", 0.0, verdict.points)
        if not verdict.refused and verdict.score < self.config.least_score:
            return Verdict("low score", verdict.score, verdict.points)
        return verdict

    def _surroundings(self) -> Surroundings:
        height, width = self._shape
        span, roof = float(height), np.inf
        if self._facade is not None:
            span = float(np.ptp(self._facade[:, 1]))
            top = self._facade[[self._facade[:, 1].argmin()]]
            if self._floors is not None and top[0, 1] > 0:
                roof = float(self._floors.height(top[:, 0], top[:, 1])[0])
        return Surroundings(
            width, height, span, self._tracker.density.mean, self._motion.night, self._rain, self._floors, roof
        )

    def _from_facade(self, verdict: Verdict) -> bool:
        """Whether it came into view on the facade: pedestrians and traffic come from the sides or from below."""
        if self._facade is None:
            return True
        x, y = verdict.points[0, 1:3].tolist()
        inside = cv2.pointPolygonTest(self._facade.astype(np.float32), (x, y), True)
        return inside > -APRON * self._shape[0] and y < lower_edge(self._facade, x)

    def _tell(self, at: float) -> list[Detection]:
        context = {
            "rain": self._rain,
            "night": self._motion.night,
            "shake": at - self._shaken < SHAKEN_S,
        }
        ready = self._falls.ready(at)
        return [report(each, next(self._numbers), self._facade, self._floors, context) for each in ready]


def _watched(corners: NDArray[np.float64], height: int, width: int) -> Frame:
    """The facade and its apron, as a mask of bytes."""
    mask = np.zeros((height, width), np.uint8)
    lower = corners + np.array([0, APRON * height])
    hull = cv2.convexHull(np.concatenate([corners, lower]).astype(np.float32))
    cv2.fillPoly(mask, [hull.astype(np.int32)], (255,))
    return mask

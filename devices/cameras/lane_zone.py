"""Where a watched zone lies in the picture, and how much of the lane's width something takes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.cameras.detection import Box, Frame, Point
from devices.cameras.lane_background import Gray, Mask

LONGEST = 320
MARGIN = 0.08
FOOT = 0.45
"""The lower share of a thing in which it stands on the ground: what is above only leans over the lane."""
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Zone:
    """One watched zone; points are shares of the picture's width and height.

    ``polygon`` of four points is taken as the lane: near left, near right, far right, far left; ``min_width`` then is a
    share of the lane's width on the ground, otherwise of the polygon's width in the picture.
    """

    id: str = "whole"
    polygon: Sequence[Point] = ()
    dwell_s: float = 10.0
    min_width: float = 0.06


class View:
    """The zone's part of a picture of one size, made small."""

    def __init__(self, zone: Zone, width: int, height: int) -> None:
        self.whole = (width, height)
        points = np.array(zone.polygon or WHOLE, np.float64) * (width, height)
        low, high = points.min(axis=0), points.max(axis=0)
        pad = MARGIN * (high - low)
        left, top = np.maximum(low - pad, 0).astype(int)
        right, bottom = np.minimum(high + pad + 1, (width, height)).astype(int)
        self._crop = np.s_[top:bottom, left:right]
        self._corner = (float(left), float(top))
        self._scale = min(1.0, LONGEST / max(right - left, bottom - top))
        self.size = (max(int((right - left) * self._scale), 8), max(int((bottom - top) * self._scale), 8))
        inside = ((points - self._corner) * self._scale).astype(np.float32)
        self.mask: Mask = np.zeros(self.size[::-1], np.uint8)
        cv2.fillPoly(self.mask, [inside.round().astype(np.int32)], 255)
        self._ground = _ground(inside) if len(zone.polygon) == 4 else None

    def of(self, frame: Frame) -> Gray:
        """The zone's part of ``frame``, smoothed and small."""
        luma = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(luma[self._crop], self.size, interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32)

    def box(self, mask: Mask) -> Box:
        """The box around ``mask`` in pixels of the whole picture."""
        left, top, width, height = cv2.boundingRect(mask)
        x, y = left / self._scale + self._corner[0], top / self._scale + self._corner[1]
        sides = x, y, width / self._scale, height / self._scale
        return tuple(round(float(side), 1) for side in sides)  # type: ignore[return-value]

    def width_taken(self, mask: Mask) -> float:
        """Share of the zone's width that the foot of ``mask`` takes."""
        _, top, _, height = cv2.boundingRect(mask)
        foot = top + int(height * (1 - FOOT))
        rows, columns = np.nonzero(cv2.bitwise_and(mask, self.mask)[foot:])
        if not len(columns):
            return 0.0
        if self._ground is None:
            spans = [np.ptp(np.nonzero(row)[0]) + 1 for row in self.mask[foot : top + height] if row.any()]
            return float((np.ptp(columns) + 1) / max(float(np.mean(spans)), 1.0))
        points = np.stack([columns, rows + foot], axis=1).astype(np.float32)[:, None]
        across = cv2.perspectiveTransform(points, self._ground)[:, 0, 0]
        low, high = np.quantile(np.clip(across, 0, 1), (0.02, 0.98))
        return float(high - low)


def _ground(corners: NDArray[np.float32]) -> NDArray[np.float64]:
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners, square), np.float64)

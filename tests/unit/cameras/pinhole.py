"""A pinhole camera before an upright facade, written down anew so that fits are not tested with their own formulas."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.cameras.projective import GRAVITY, FloorPoint

Floats = NDArray[np.float64]
FOCAL, MIDDLE = 500.0, (320.0, 180.0)
EYE_M = 3.0


@dataclass(frozen=True)
class Pinhole:
    """``pitch``: degrees upward; ``distance``: metres to the facade. Heights are metres above the ground."""

    pitch: float
    distance: float

    def _parts(self) -> tuple[float, float]:
        return math.sin(math.radians(self.pitch)), math.cos(math.radians(self.pitch))

    def depth(self, height: Floats | float) -> Floats:
        """Distance along the optical axis."""
        sine, cosine = self._parts()
        return np.asarray(self.distance * cosine + (np.asarray(height) - EYE_M) * sine)

    def row(self, height: Floats | float) -> Floats:
        """Row of the picture, growing downward."""
        sine, cosine = self._parts()
        up = (np.asarray(height) - EYE_M) * cosine - self.distance * sine
        return np.asarray(MIDDLE[1] - FOCAL * up / self.depth(height))

    def seen(self, across: float, height: float) -> tuple[float, float]:
        """Column and row of a place of the facade."""
        return MIDDLE[0] + FOCAL * across / float(self.depth(height)), float(self.row(height))

    def mark(self, across: float, floor: float, floor_height: float) -> FloorPoint:
        """What an operator would click."""
        return FloorPoint(*self.seen(across, floor * floor_height), floor)

    def fall(self, height: float, rate: float, longest_s: float = 2.4) -> tuple[Floats, Floats]:
        """Seconds and heights of a fall from rest, until the ground or ``longest_s``."""
        ends = min(math.sqrt(2 * (height - 1) / GRAVITY), longest_s)
        t = np.arange(0, ends, 1 / rate)
        return t, height - GRAVITY * t**2 / 2

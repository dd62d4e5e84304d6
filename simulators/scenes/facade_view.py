"""A fixed camera that looks up at a facade: where points of the world appear, and what the facade looks like.

The world in metres: x to the right, y up from the ground, z away from the camera; the facade is the plane z = distance.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

CAMERA_HEIGHT_M = 3.0
FLOOR_M = 3.0
TEXTURE_PX_M = 12
BAY_M = 3.6


@dataclass(frozen=True)
class View:
    """``pitch`` and ``opening`` (vertical angle of view) in degrees, ``distance`` and ``width_m`` in metres."""

    width: int = 1280
    height: int = 720
    fps: float = 25.0
    pitch: float = 30.0
    opening: float = 56.0
    distance: float = 40.0
    floors: int = 18
    width_m: float = 43.2

    @classmethod
    def steep(cls, pitch: int, width: int = 1280, height: int = 720, fps: float = 25.0) -> "View":
        """A usual place for each of the pitches 30, 45 and 60."""
        opening, distance, floors = {30: (56.0, 40.0, 18), 45: (60.0, 22.0, 24), 60: (50.0, 14.0, 24)}[pitch]
        return cls(width, height, fps, float(pitch), opening, distance, floors)

    @property
    def focal(self) -> float:
        """Pixels."""
        return self.height / 2 / math.tan(math.radians(self.opening) / 2)

    @property
    def top_m(self) -> float:
        """Height of the roof."""
        return self.floors * FLOOR_M

    def project(self, world: Floats) -> Floats:
        """(..., 3) metres to (..., 3): column, row, and pixels a metre at that depth."""
        x, up, away = world[..., 0], world[..., 1] - CAMERA_HEIGHT_M, world[..., 2]
        sin, cos = math.sin(math.radians(self.pitch)), math.cos(math.radians(self.pitch))
        depth = np.maximum(sin * up + cos * away, 0.1)
        scale = self.focal / depth
        return np.stack([self.width / 2 + scale * x, self.height / 2 - scale * (cos * up - sin * away), scale], axis=-1)

    def corners(self, low_m: float = 0.0) -> Floats:
        """Corners of the facade in the picture, from ``low_m`` to the roof, clockwise from the upper left."""
        half = self.width_m / 2
        low = max(low_m, CAMERA_HEIGHT_M + self.distance * math.tan(math.radians(self.pitch - self.opening * 0.48)))
        high = self.top_m
        steepest = self.pitch + self.opening * 0.48
        if steepest < 89:
            high = min(high, CAMERA_HEIGHT_M + self.distance * math.tan(math.radians(steepest)))
        world = [(-half, high), (half, high), (half, low), (-half, low)]
        return self.project(np.array([(x, y, self.distance) for x, y in world]))[:, :2]

    def polygon(self) -> tuple[tuple[float, float], ...]:
        """The facade in fractions of the picture, cut at its edges."""
        frame = np.array([(0, 0), (self.width, 0), (self.width, self.height), (0, self.height)], np.float32)
        _, cut = cv2.intersectConvexConvex(self.corners().astype(np.float32), frame)
        return tuple((float(x) / self.width, float(y) / self.height) for x, y in cut.reshape(-1, 2))

    def floor_points(self) -> tuple[tuple[float, float, float], ...]:
        """Six places on the facade in fractions of the picture with their floors, as an operator would mark them."""
        low, high = self.corners()[2, 1], self.corners()[0, 1]
        found = []
        for floor in range(1, self.floors + 1):
            for column in (-6.0, 7.0):
                x, y, _ = self.project(np.array([column, (floor - 0.5) * FLOOR_M, self.distance]))
                if high <= y <= low:
                    found.append((float(x / self.width), float(y / self.height), float(floor)))
        picked = np.linspace(0, len(found) // 2 - 1, 3).round().astype(int)
        return tuple(found[2 * i + j] for i in picked for j in (0, 1))


def paint_facade(view: View, seed: int, night: bool = False) -> Picture:
    """The still picture: sky, facade with windows, balconies and laundry lines, ground."""
    rng = np.random.default_rng((seed, 1))
    texture = _texture(view, rng, night)
    half, top = view.width_m / 2, view.top_m
    world = np.array([(-half, top, view.distance), (half, top, view.distance), (half, 0, view.distance)])
    ends = view.project(np.vstack([world, [-half, 0, view.distance]]))[:, :2]
    high, wide = texture.shape
    source = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    matrix = cv2.getPerspectiveTransform(source, ends.astype(np.float32))
    sky = np.linspace(*((18, 30) if night else (205, 175)), view.height)[:, None].repeat(view.width, 1).astype(np.uint8)
    ground = int(np.clip(ends[2, 1], 0, view.height))
    sky[ground:] = rng.integers(20, 60) if night else rng.integers(80, 130)
    shown = cv2.warpPerspective(texture, matrix, (view.width, view.height), flags=cv2.INTER_AREA)
    inside = cv2.warpPerspective(np.full_like(texture, 255), matrix, (view.width, view.height))
    return np.where(inside > 127, shown, sky).astype(np.uint8)


def _texture(view: View, rng: np.random.Generator, night: bool) -> Picture:
    high, wide = int(view.top_m * TEXTURE_PX_M), int(view.width_m * TEXTURE_PX_M)
    wall = rng.integers(35, 55) if night else rng.integers(130, 185)
    grain = cv2.resize(rng.normal(0, 5, (high // 6, wide // 6)).astype(np.float32), (wide, high))
    texture = np.clip(wall + grain, 0, 255).astype(np.uint8)
    floor, bay = int(FLOOR_M * TEXTURE_PX_M), int(BAY_M * TEXTURE_PX_M)
    style = int(rng.integers(0, 3))
    for row in range(view.floors):
        texture[row * floor : row * floor + 3] = np.uint8(wall * 0.8)
        for column in range(wide // bay):
            _window(texture[row * floor : (row + 1) * floor, column * bay : (column + 1) * bay], rng, style, night)
    return np.asarray(texture, np.uint8)


def _window(cell: Picture, rng: np.random.Generator, style: int, night: bool) -> None:
    glass = (rng.integers(130, 230) if rng.random() < 0.25 else rng.integers(12, 30)) if night else rng.integers(40, 90)
    left, right = (6, 36) if style else (10, 32)
    cell[8:26, left:right] = glass
    cell[8:26, (left + right) // 2 - 1 : (left + right) // 2 + 1] = 70 if night else 215
    if style == 2:
        cell[27:34, 3:40] = 60 if night else 200
        cell[27:34, 3:40:3] = 40 if night else 110
    if rng.random() < 0.15:
        for x in range(left, right - 6, 7):
            cell[14:30, x : x + 5] = rng.integers(20, 80) if night else rng.integers(60, 245)

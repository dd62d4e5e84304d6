"""A fire lane seen by a fixed camera: cars pass, stop, park, leave; people walk by; light, rain and night.

A scene is a function of time: the same seed and time give the same picture. Positions are metres on the ground:
x to the right, z away from the camera.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

LANE_WIDTH_M = 4.0
NEAR_M, FAR_M = 7.0, 26.0
CAMERA_HEIGHT_M = 5.0
Picture = NDArray[np.uint8]
Ground = tuple[float, float]


@dataclass(frozen=True)
class Mover:
    """A car, person or thing with the places it is at: (seconds, x, z), straight between them; unseen outside."""

    what: Literal["car", "van", "person", "box"]
    way: Sequence[tuple[float, float, float]]
    shade: int = 90
    sway: float = 0.0

    def place(self, t: float) -> tuple[float, float, float] | None:
        """x, z and speed at ``t``, or ``None`` where it is not there."""
        for (t0, x0, z0), (t1, x1, z1) in pairwise(self.way):
            if t0 <= t <= t1:
                part = (t - t0) / max(t1 - t0, 1e-9)
                speed = math.hypot(x1 - x0, z1 - z0) / max(t1 - t0, 1e-9)
                return x0 + part * (x1 - x0), z0 + part * (z1 - z0), speed
        return None

    @property
    def stands(self) -> list[tuple[float, float]]:
        """When it stood still: (from, to)."""
        return [(a[0], b[0]) for a, b in pairwise(self.way) if a[1:] == b[1:]]


SIZES = {"car": (1.8, 4.4, 0.8, 1.45), "van": (2.0, 5.2, 1.1, 2.2), "person": (0.5, 0.4, 0.9, 1.7), "box": (1.2,) * 4}
"""Width, length, height of the body and of the whole, in metres."""


@dataclass(frozen=True)
class Weather:
    """Light and air. ``day``: level from 0.15 (night) to 1; ``switch_s``: when it jumps by ``switch``."""

    day: float = 1.0
    noise: float = 1.5
    cloud: float = 0.0
    sun_edge: float = 0.0
    rain: int = 0
    switch_s: float = math.inf
    switch: float = 1.0
    drift: float = 0.0
    shake: float = 0.0
    leaves: bool = True


@dataclass(frozen=True)
class Truth:
    """A vehicle that stood in the lane; ``box`` left, top, width, height in pixels."""

    begin_s: float
    end_s: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class LaneScene:
    """One camera over one lane."""

    movers: Sequence[Mover] = ()
    weather: Weather = field(default_factory=Weather)
    seed: int = 1
    width: int = 640
    height: int = 360
    pitch: float = 22.0

    @cached_property
    def _empty(self) -> NDArray[np.float32]:
        return self._paint_empty()

    @property
    def zone(self) -> list[tuple[float, float]]:
        """The lane's corners as shares of the picture: near left, near right, far right, far left."""
        half = LANE_WIDTH_M / 2
        corners = [(-half, NEAR_M), (half, NEAR_M), (half, FAR_M), (-half, FAR_M)]
        return [(x / self.width, y / self.height) for x, y in (self._point(x, 0.0, z) for x, z in corners)]

    @property
    def empty(self) -> Picture:
        """The lane with nothing in it, in plain light."""
        return np.asarray(np.clip(self._empty, 0, 255), np.uint8)

    def truths(self, least_s: float = 0.0) -> list[Truth]:
        """Vehicles and things that stood in the lane for at least ``least_s`` seconds."""
        found = []
        for mover in self.movers:
            for begin, end in mover.stands:
                place = mover.place(begin)
                if mover.what != "person" and place and abs(place[0]) < LANE_WIDTH_M / 2 and end - begin >= least_s:
                    found.append(Truth(begin, end, self._box(mover.what, place[0], place[1])))
        return found

    def frame(self, t: float) -> Picture:
        """The luma picture at ``t`` seconds."""
        rng = np.random.default_rng((self.seed, round(t * 1000)))
        picture = self._empty.copy()
        self._shadows(picture, t)
        there = [(mover, place) for mover in self.movers if (place := mover.place(t))]
        for mover, (x, z, speed) in sorted(there, key=lambda each: -each[1][1]):
            self._draw(picture, mover, x, z, speed, t)
        return self._air(picture, there, t, rng)

    def _paint_empty(self) -> NDArray[np.float32]:
        rng = np.random.default_rng(self.seed)
        picture = np.full((self.height, self.width), 120.0, np.float32)
        horizon = int(self._point(0, 0, 80)[1])
        picture[:horizon] = 185
        for x in range(0, self.width, 46):
            top = int(rng.integers(0, max(horizon - 10, 1)))
            cv2.rectangle(picture, (x, top), (x + 40, horizon), float(rng.integers(90, 170)), -1)
        coarse = rng.normal(0, 9, (self.height // 4 + 1, self.width // 4 + 1)).astype(np.float32)
        picture += cv2.resize(coarse, (self.width, self.height), interpolation=cv2.INTER_CUBIC)
        for side in (-1, 1):
            kerb = [self._point(side * x, 0.0, z) for x, z in ((2.05, 4), (2.35, 4), (2.35, 60), (2.05, 60))]
            cv2.fillPoly(picture, [np.array(kerb, np.int32)], 205.0)
            self._face(picture, [(side * 2.4, 0, 4), (side * 9, 0, 4), (side * 9, 0, 60), (side * 2.4, 0, 60)], 88)
        for z in np.arange(NEAR_M, FAR_M, 4.0):
            self._face(picture, [(-0.1, 0, z), (0.1, 0, z), (0.1, 0, z + 1.8), (-0.1, 0, z + 1.8)], 190)
        fine = rng.normal(0, 5, (self.height, self.width)).astype(np.float32)
        return np.asarray(cv2.GaussianBlur(picture + fine, (3, 3), 0), np.float32)

    def _point(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Pixel of a point ``y`` metres above the ground."""
        angle, focal = math.radians(self.pitch), 0.85 * self.width
        down = CAMERA_HEIGHT_M - y
        ahead = max(z * math.cos(angle) + down * math.sin(angle), 0.5)
        below = down * math.cos(angle) - z * math.sin(angle)
        return self.width / 2 + focal * x / ahead, self.height / 2 + focal * below / ahead

    def _face(self, picture: Any, corners: Sequence[tuple[float, float, float]], shade: float) -> None:
        points = [np.clip(self._point(*corner), -5000, 5000) for corner in corners]
        cv2.fillPoly(picture, [np.array(points).round().astype(np.int32)], float(shade), cv2.LINE_AA)

    def _block(
        self,
        picture: Any,
        x: float,
        z: float,
        size: tuple[float, float],
        low: float,
        high: float,
        shades: Sequence[float],
    ) -> None:
        """A box on the ground from height ``low`` to ``high``; shades of side, top and near face."""
        left, right, near, far = x - size[0] / 2, x + size[0] / 2, z, z + size[1]
        side = right if x < 0 else left
        self._face(picture, [(side, low, near), (side, low, far), (side, high, far), (side, high, near)], shades[0])
        self._face(picture, [(left, high, near), (right, high, near), (right, high, far), (left, high, far)], shades[1])
        self._face(picture, [(left, low, near), (right, low, near), (right, high, near), (left, high, near)], shades[2])

    def _draw(self, picture: Any, mover: Mover, x: float, z: float, speed: float, t: float) -> None:
        if mover.what == "person":
            self._person(picture, mover, x, z, speed, t)
            return
        width, length, body, whole = SIZES[mover.what]
        shade = mover.shade
        dark = [(x - width / 2 - 0.1, 0, z - 0.2), (x + width / 2 + 0.5, 0, z), (x + width / 2 + 0.5, 0, z + length)]
        self._face(picture, [*dark, (x - width / 2, 0, z + length)], 55)
        ground = 0.0 if mover.what == "box" else 0.25
        self._block(picture, x, z, (width, length), ground, body, (shade * 0.8, shade, shade * 0.9))
        if mover.what == "box":
            return
        inset = (width * 0.88, length * (0.5 if mover.what == "car" else 0.75))
        self._block(picture, x, z + length * 0.2, inset, body, whole, (35, shade * 1.08, 45))
        for side in (-1, 1):
            lamp = x + side * width * 0.38
            self._plate(picture, lamp, z, 0.15, 0.5, 0.7, 235)
        self._plate(picture, x, z, 0.25, 0.35, 0.5, 220)

    def _plate(self, picture: Any, x: float, z: float, half: float, low: float, high: float, shade: float) -> None:
        left, right = x - half, x + half
        self._face(picture, [(left, low, z), (right, low, z), (right, high, z), (left, high, z)], shade)

    def _person(self, picture: Any, mover: Mover, x: float, z: float, speed: float, t: float) -> None:
        x += mover.sway * math.sin(2.1 * t) * (speed == 0)
        foot, hip, head = self._point(x, 0, z), self._point(x, 0.85, z), self._point(x, 1.6, z)
        scale = max(foot[1] - head[1], 4) / 1.6
        swing = 0.25 * math.sin(7 * t) * scale * (speed > 0)
        for side in (-1, 1):
            end = (int(foot[0] + side * (swing + 0.08 * scale)), int(foot[1]))
            cv2.line(picture, (int(hip[0]), int(hip[1])), end, float(mover.shade * 0.7), max(int(0.14 * scale), 1))
        middle = (int(hip[0]), int((hip[1] + head[1]) / 2))
        body = max(int(0.22 * scale), 1), max(int(0.45 * scale), 2)
        cv2.ellipse(picture, middle, body, 0, 0, 360, float(mover.shade), -1)
        cv2.circle(picture, (int(head[0]), int(head[1])), max(int(0.13 * scale), 1), 165.0, -1)

    def _box(self, what: str, x: float, z: float) -> tuple[float, float, float, float]:
        width, length, _, whole = SIZES[what]
        points = np.array(
            [self._point(x + sx * width / 2, y, z + sz * length) for sx in (-1, 1) for y in (0, whole) for sz in (0, 1)]
        )
        low, high = points.min(axis=0), points.max(axis=0)
        low, high = np.maximum(low, 0), np.minimum(high, (self.width, self.height))
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])

    def _shadows(self, picture: Any, t: float) -> None:
        weather = self.weather
        if weather.sun_edge:
            edge = -6 + weather.sun_edge * t
            mask = np.zeros_like(picture)
            self._face(mask, [(-60, 0, 2), (edge, 0, 2), (edge, 0, 60), (-60, 0, 60)], 1)
            picture *= 1 - 0.45 * cv2.GaussianBlur(mask, (5, 5), 0)
        if weather.cloud:
            column = np.linspace(0, 3, self.width, dtype=np.float32)[None, :] + np.float32(t / 25)
            row = np.linspace(0, 1.5, self.height, dtype=np.float32)[:, None]
            picture *= 1 - weather.cloud * (0.5 + 0.5 * np.sin(column + row))

    def _air(self, picture: Any, there: Sequence[Any], t: float, rng: np.random.Generator) -> Picture:
        weather = self.weather
        level = weather.day * (weather.switch if t >= weather.switch_s else 1.0) * math.exp(weather.drift * t)
        picture *= np.float32(level)
        if level < 0.45:
            self._lamps(picture, there)
        if weather.leaves:
            self._leaves(picture, t, level)
        for x, y, size in rng.integers((0, 0, 5), (self.width, self.height, 16), (weather.rain, 3)).tolist():
            cv2.line(picture, (x, y), (x - size // 4, y + size), 190.0 * level + 40, 1)
        noise = rng.standard_normal((self.height, self.width), dtype=np.float32)
        picture += noise * np.float32(weather.noise)
        if weather.shake:
            shift = rng.normal(0, weather.shake, 2)
            matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
            picture = cv2.warpAffine(picture, matrix, (self.width, self.height), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(np.clip(picture, 0, 255), np.uint8)

    def _lamps(self, picture: Any, there: Sequence[Any]) -> None:
        """Headlights of what drives; who parks switches them off."""
        for mover, (x, z, speed) in there:
            if mover.what in ("car", "van") and speed > 0:
                glow = np.zeros_like(picture)
                far = max(z - 7, 1)
                self._face(glow, [(x - 0.8, 0, z), (x + 0.8, 0, z), (x + 2, 0, far), (x - 2, 0, far)], 110)
                picture += cv2.GaussianBlur(glow, (21, 21), 0)

    def _leaves(self, picture: Any, t: float, level: float) -> None:
        rng = np.random.default_rng(self.seed + 7)
        spots = rng.uniform((0.86, 0.05), (1.0, 0.6), (60, 2)) * (self.width, self.height)
        phases = rng.uniform(0, 6.3, 60)
        for (x, y), phase in zip(spots.tolist(), phases.tolist(), strict=True):
            swing = 5 * math.sin(1.9 * t + phase)
            cv2.circle(picture, (int(x + swing), int(y + swing / 2)), 7, (60 + 9 * math.sin(phase)) * level, -1)

"""What moves in front of a facade and is no fall. Each is a function of time; the same seed gives the same."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.scenes.brush import blob
from simulators.scenes.facade_view import View

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]
Layer = Callable[[Picture, float], None]
"""Draws into a picture, at a time in seconds."""


def birds(view: View, seed: int, seconds: float) -> Layer:
    """Level, climbing, gliding down; wings beat. One about every two seconds."""
    rng = np.random.default_rng((seed, 10))
    flights = [_bird(view, rng, start) for start in np.arange(0.0, seconds, 2.0)]

    def draw(picture: Picture, t: float) -> None:
        for start, place, speed, wobble, size, shade in flights:
            age = t - start
            if 0 <= age < 9:
                x, y = place + speed * age
                y += wobble * math.sin(3 * age) * view.height
                beat = 1 + 0.6 * math.sin(18 * age + start)
                blob(picture, np.array([(x, y)]), (size * beat, size * 0.6), shade)

    return draw


def _bird(view: View, rng: np.random.Generator, start: float) -> tuple[float, Floats, Floats, float, float, int]:
    side = rng.choice([-1, 1])
    place = np.array([view.width / 2 * (1 - side) - side * 5, rng.uniform(0, 0.7) * view.height])
    speed = np.array([side * rng.uniform(0.15, 0.5) * view.width, rng.uniform(-0.15, 0.25) * view.height])
    size = float(rng.uniform(2, 6) * view.height / 720)
    return start + float(rng.uniform(0, 2)), place, speed, float(rng.uniform(0, 0.02)), size, int(rng.integers(15, 60))


def insects(view: View, seed: int, seconds: float, bright: bool = True) -> Layer:
    """Large, blurred and curved, near the lens; a second or so each, in any direction."""
    rng = np.random.default_rng((seed, 11))
    tracks = []
    for start in np.arange(0.0, seconds, 1.5):
        angle, turn = rng.uniform(0, 2 * math.pi), rng.normal(0, 3)
        speed, size = rng.uniform(0.3, 1.8) * view.height, rng.uniform(0.006, 0.03) * view.height
        tracks.append((start + rng.uniform(0, 1.5), rng.uniform(0, 1, 2), angle, turn, speed, size))

    def draw(picture: Picture, t: float) -> None:
        for start, place, angle, turn, speed, size in tracks:
            age = t - start
            if not 0 <= age < 1.2:
                continue
            ages = np.linspace(max(age - 0.02, 0), age, 6)
            heading = angle + turn * ages
            turned = turn if abs(turn) > 0.1 else 0.1
            x = place[0] * view.width + speed / turned * (np.sin(heading) - math.sin(angle))
            y = place[1] * view.height - speed / turned * (np.cos(heading) - math.cos(angle))
            blob(picture, np.column_stack([x, y]), (size, size), 235 if bright else 40, soft=size)

    return draw


def rain(view: View, seed: int, drops: int = 160) -> Layer:
    """Streaks near the lens, new in every picture, and finer drops farther off that can be followed down."""
    slant = float(np.random.default_rng((seed, 12)).normal(0, 0.08))
    rng = np.random.default_rng((seed, 13))
    far = rng.uniform(0, 1, (drops // 2, 3))

    def draw(picture: Picture, t: float) -> None:
        fresh = np.random.default_rng((seed, 14, round(t * 1000)))
        for x, y, z in fresh.uniform(0, 1, (drops // 2, 3)):
            length = (0.02 + 0.06 * z) * view.height
            _streak(picture, x * view.width, y * view.height, slant, length, 12 + 18 * z)
        for x, y, z in far:
            row = ((y + (0.5 + z) * t) % 1.1) * view.height
            lane = (x + 0.37 * math.floor(y + (0.5 + z) * t)) % 1.0
            _streak(picture, lane * view.width, row, slant, 0.012 * view.height, 10 + 10 * z)

    return draw


def _streak(picture: Picture, x: float, y: float, slant: float, length: float, glow: float) -> None:
    spots = np.column_stack([x + slant * np.linspace(0, length, 4), y + np.linspace(0, length, 4)])
    low = spots.min(axis=0).astype(int) - 1
    high = spots.max(axis=0).astype(int) + 2
    x0, y0 = np.maximum(low, 0).tolist()
    x1, y1 = np.minimum(high, picture.shape[1::-1]).tolist()
    if x1 <= x0 or y1 <= y0:
        return
    mark = np.zeros((y1 - y0, x1 - x0), np.uint8)
    begin, end = (spots[[0, -1]] - [x0, y0]).round().astype(int).tolist()
    cv2.line(mark, begin, end, (int(glow),), 1, cv2.LINE_AA)
    part = picture[y0:y1, x0:x1]
    part[:] = cv2.add(part, mark)


def laundry(view: View, seed: int) -> Layer:
    """Cloths that hang from the facade and swing; now and then a gust."""
    rng = np.random.default_rng((seed, 15))
    corners = view.corners()
    low, high = corners.min(axis=0), np.minimum(corners.max(axis=0), (view.width, view.height))
    cloths = []
    for _ in range(8):
        place = low + rng.uniform(0.15, 0.85, 2) * (high - low)
        size = rng.uniform(0.015, 0.04, 2) * view.height * [1.0, 1.6]
        cloths.append((place, size, rng.uniform(0.3, 1.1), rng.uniform(0, 6), rng.integers(60, 245)))

    def draw(picture: Picture, t: float) -> None:
        gust = 0.4 + max(0.0, math.sin(t / 3)) ** 2
        for (x, y), (w, h), rate, phase, shade in cloths:
            swing = gust * 0.5 * w * math.sin(2 * math.pi * rate * t + phase)
            lift = gust * 0.15 * h * math.sin(2 * math.pi * 0.7 * rate * t)
            shape = [(x, y), (x + w, y), (x + w + swing, y + h - lift), (x + swing, y + h + lift)]
            cv2.fillConvexPoly(picture, (np.array(shape) * 16).astype(np.int32), (int(shade),), cv2.LINE_AA, 4)

    return draw


def trees(view: View, seed: int) -> Layer:
    """Crowns at the lower corners: patches of leaves that sway, each in its own way."""
    rng = np.random.default_rng((seed, 16))
    size = int(0.06 * view.height)
    leaves = cv2.GaussianBlur(rng.integers(10, 150, (size * 3, size * 3)).astype(np.uint8), (0, 0), view.height / 700)
    leaves = np.asarray(cv2.normalize(leaves, leaves, 20, 140, cv2.NORM_MINMAX), np.uint8)
    tufts = []
    for _ in range(60):
        side = rng.choice([0.0, 1.0])
        x = abs(side - abs(rng.normal(0, 0.09))) * view.width
        y = (1 - abs(rng.normal(0, 0.14))) * view.height
        tufts.append((x, y, rng.uniform(0.4, 1.6), rng.uniform(0, 6), rng.integers(0, size, 2)))

    def draw(picture: Picture, t: float) -> None:
        gust = view.height / 250 * (1 + math.sin(t / 2.3))
        for x, y, rate, phase, (u, v) in tufts:
            left = round(x + gust * math.sin(2 * math.pi * rate * t + phase)) - size // 2
            top = round(y + 0.5 * gust * math.cos(2 * math.pi * rate * 0.8 * t)) - size // 2
            x0, y0 = max(left, 0), max(top, 0)
            x1, y1 = min(left + size, view.width), min(top + size, view.height)
            if x1 > x0 and y1 > y0:
                picture[y0:y1, x0:x1] = leaves[v + y0 - top : v + y1 - top, u + x0 - left : u + x1 - left]

    return draw


def headlights(view: View, seed: int) -> Layer:
    """Beams that sweep over the facade every few seconds."""
    rng = np.random.default_rng((seed, 17))
    rows, columns = np.mgrid[0 : view.height : 8, 0 : view.width : 8].astype(np.float32)
    period, level = float(rng.uniform(5, 7)), float(rng.uniform(0.45, 0.75))

    def draw(picture: Picture, t: float) -> None:
        at = (t % period) / 2.0
        if at > 1:
            return
        x = (1.4 * at - 0.2) * view.width
        beam = np.exp(-(((columns - x) / (0.12 * view.width)) ** 2) - ((rows / view.height - level) / 0.18) ** 2)
        glow = cv2.resize(70 * beam, (view.width, view.height)).astype(np.uint8)
        picture[:] = cv2.add(picture, glow)

    return draw


def reflections(view: View, seed: int) -> Layer:
    """Sunlight thrown by opening windows: sharp bright patches that wander over the facade steadily, also down."""
    rng = np.random.default_rng((seed, 18))
    spots = [(2.5 * k + rng.uniform(0, 2), rng.uniform(0.2, 0.8, 2), rng.normal(0, 0.25, 2)) for k in range(60)]

    def draw(picture: Picture, t: float) -> None:
        for start, place, speed in spots:
            age = t - start
            if 0 <= age < 2.2:
                x, y = (place + speed * age) * [view.width, view.height]
                w, h = 0.012 * view.height, 0.02 * view.height
                shape = np.array([(x - w, y - h), (x + w, y - 0.7 * h), (x + w, y + h), (x - w, y + 0.8 * h)])
                mark = np.zeros((int(4 * h) + 4, int(4 * w) + 4), np.uint8)
                _add_patch(picture, mark, shape, (x - 2 * w, y - 2 * h))

    return draw


def _add_patch(picture: Picture, mark: Picture, shape: Floats, origin: tuple[float, float]) -> None:
    left, top = int(origin[0]), int(origin[1])
    cv2.fillConvexPoly(mark, ((shape - [left, top]) * 16).astype(np.int32), (70,), cv2.LINE_AA, 4)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + mark.shape[1], picture.shape[1]), min(top + mark.shape[0], picture.shape[0])
    if x1 > x0 and y1 > y0:
        part = picture[y0:y1, x0:x1]
        part[:] = cv2.add(part, mark[y0 - top : y1 - top, x0 - left : x1 - left])


def lightning(view: View, seed: int) -> Layer:
    """Flashes of one to four pictures, the sky more than the walls."""
    rng = np.random.default_rng((seed, 19))
    starts = np.cumsum(rng.uniform(1.0, 4.0, 60))
    gains = rng.uniform(1.2, 2.2, 60)

    def draw(picture: Picture, t: float) -> None:
        for start, gain in zip(starts, gains, strict=True):
            if 0 <= t - start < 0.16:
                now = 1 + (gain - 1) * (1 - (t - start) / 0.2)
                picture[:] = cv2.convertScaleAbs(picture, alpha=now, beta=8)

    return draw


def clouds(view: View, seed: int) -> Layer:
    """A shadow's edge drifts over everything; exposure follows."""

    def draw(picture: Picture, t: float) -> None:
        ramp = np.linspace(0, 3, view.width) - t / 4 + seed % 7
        gain = (0.85 + 0.15 * np.sin(ramp)).astype(np.float32)
        picture[:] = (picture * gain[None, :]).astype(np.uint8)

    return draw


@dataclass(frozen=True)
class Shake:
    """A mast in the wind: the whole picture moves by up to ``pixels``, slowly and in jerks."""

    seed: int
    pixels: float = 3.0

    def apply(self, picture: Picture, t: float) -> Picture:
        """``picture`` as it is seen at ``t``."""
        gust = 0.5 + 0.5 * math.sin(t / 1.7 + self.seed)
        x = self.pixels * gust * (0.7 * math.sin(5.1 * t) + 0.3 * math.sin(17.3 * t))
        y = self.pixels * gust * 0.6 * math.sin(6.7 * t + 1)
        matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
        moved = cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)


LAYERS: dict[str, Callable[[View, int, float], Layer]] = {
    "birds": birds,
    "insects": lambda view, seed, seconds: insects(view, seed, seconds),
    "rain": lambda view, seed, seconds: rain(view, seed),
    "laundry": lambda view, seed, seconds: laundry(view, seed),
    "trees": lambda view, seed, seconds: trees(view, seed),
    "headlights": lambda view, seed, seconds: headlights(view, seed),
    "reflections": lambda view, seed, seconds: reflections(view, seed),
    "lightning": lambda view, seed, seconds: lightning(view, seed),
    "clouds": lambda view, seed, seconds: clouds(view, seed),
}

"""Things thrown from a facade, by their physics: gravity, quadratic drag, a push."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.scenes.facade_view import FLOOR_M, View

Floats = NDArray[np.float64]
GRAVITY = 9.81
STEPS = 16
"""Steps of integration a frame; the second half of them are the exposure."""


@dataclass(frozen=True)
class Throw:
    """``push``: metres a second to the right, up, toward the camera. ``terminal``: metres a second. ``size_px``: about
    the middle of the fall."""

    at: float
    floor: int
    x: float
    push: tuple[float, float, float]
    terminal: float
    size_px: float
    shade: int


@dataclass(frozen=True)
class Flight:
    """One throw as the camera sees it. ``frames``: of each picture with it in view, (time, [sub-steps of x, y], size).

    ``path``: the middle of each exposure as (time, x, y).
    """

    throw: Throw
    frames: tuple[tuple[float, Floats, float], ...]

    @property
    def path(self) -> Floats:
        return np.array([(t, *spots.mean(axis=0)) for t, spots, _ in self.frames]).reshape(-1, 3)


def fly(throw: Throw, view: View) -> Flight:
    """Integrate a throw until it lands or leaves the picture."""
    dt = 1 / view.fps / STEPS
    place = np.array([throw.x, (throw.floor - 0.5) * FLOOR_M, view.distance - 0.3])
    speed = np.array([throw.push[0], throw.push[1], -throw.push[2]])
    metres = throw.size_px / float(view.project(place * [1, 0.5, 1])[2])
    frames = []
    first = int(np.ceil(throw.at * view.fps))
    for number in range(first, first + int(12 * view.fps)):
        steps = np.empty((STEPS, 3))
        for step in range(STEPS):
            speed += _pull(speed, throw.terminal) * dt
            place = place + speed * dt
            steps[step] = place
        if place[1] < 0:
            break
        seen = view.project(steps[STEPS // 2 :])
        size = metres * float(seen[-1, 2])
        if seen[:, 1].min() > view.height + size or not -size < seen[-1, 0] < view.width + size:
            break
        if seen[:, 1].max() > 0:
            frames.append((number / view.fps, seen[:, :2], size))
    return Flight(throw, tuple(frames))


def plan(
    view: View, seed: int, count: int, every_s: float, sizes: tuple[float, float], after_s: float, night: bool = False
) -> list[Throw]:
    """``count`` throws ``every_s`` seconds apart, from floors in view, with sizes between the given two."""
    rng = np.random.default_rng((seed, 2))
    low, high = _floors_in_view(view)
    found = []
    for number in range(count):
        push = (rng.normal(0, 0.8), rng.uniform(-0.5, 1.5), rng.uniform(0.2, 2.0))
        terminal = float(rng.choice([60.0, 35.0, 25.0, 18.0, 12.0]))
        dark = rng.random() < (0.0 if night else 0.5)
        shade = int(rng.integers(5, 40) if dark else rng.integers(190, 225) if night else rng.integers(235, 255))
        size = float(np.exp(rng.uniform(*np.log(sizes))))
        column = float(rng.uniform(-0.36, 0.36) * view.width_m)
        at = after_s + number * every_s + float(rng.uniform(0, 0.3 * every_s))
        found.append(Throw(at, int(rng.integers(low, high + 1)), column, push, terminal, size, shade))
    return found


def _floors_in_view(view: View) -> tuple[int, int]:
    """Floors from which a fall crosses at least a quarter of the view."""
    floors = np.arange(1, view.floors + 1)
    rows = view.project(np.array([(0, (f - 0.5) * FLOOR_M, view.distance) for f in floors]))[:, 1]
    corners = view.corners()
    bottom = min(corners[2, 1], view.height)
    good = floors[(rows > max(0.02 * view.height, corners[0, 1])) & (rows < bottom - 0.25 * view.height)]
    return int(good[0]), int(good[-1])


def _pull(speed: Floats, terminal: float) -> Floats:
    """Acceleration by gravity and quadratic drag."""
    drag = float(np.linalg.norm(speed)) * GRAVITY / terminal**2
    return np.array([0.0, -GRAVITY, 0.0]) - drag * speed

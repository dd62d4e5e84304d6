"""The physics of a fall as a camera sees it: projective free fall, facade heights, release. Pure; SI and pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRAVITY = 9.81
HEAD_STARTS = np.concatenate([np.linspace(0, 1.0, 21), np.linspace(1.1, 4.0, 16)])
"""Seconds a thing may have been falling before it was first seen: 4 s are 78 m."""
USUAL_HEAD_START = 0.5
"""Seconds; most things show soon after they were let go."""
LONGEST_HEAD_START = 2.5
"""In the picture alone a longer head start (31 m) cannot be told from steady motion."""
TERMINAL = np.array([1e3, 45.0, 32.0, 24.0, 18.0, 14.0, 11.0, 8.0, 6.0, 4.5])
"""Terminal velocities in m/s: a stone, a bottle, a full carton, an empty one, a bag."""


class Fall(NamedTuple):
    """y(t) = (a + b h) / (1 + c h), h = t^2 + 2 u t: ``error`` is the root mean square in pixels.

    ``glide``: the same error for steady motion, h = t.
    """

    a: float
    b: float
    c: float
    head_start: float
    error: float
    glide: float = 0.0

    def depth(self, t: Floats) -> Floats:
        """1 + c h: the distance along the optical axis, relative to that of the first point."""
        found: Floats = 1 + self.c * (t**2 + 2 * self.head_start * t)
        return found


def fit_fall(t: Floats, y: Floats) -> Fall | None:
    """The projective free fall nearest to rows ``y`` at seconds ``t`` (from 0), or ``None`` if none goes down.

    A camera that looks up at a facade sees heights through a projective map, so that free fall is no parabola in the
    picture: over a real steep view a quadratic leaves several times the error. For a given head start the three other
    parameters are linear least squares; a weak prior holds c, which short tracks cannot tell.
    """
    best: Fall | None = None
    for head_start in HEAD_STARTS[HEAD_STARTS <= LONGEST_HEAD_START].tolist():
        found = _project(t**2 + 2 * head_start * t, y)
        if found and (best is None or found[3] < best.error):
            best = Fall(*found[:3], head_start, found[3])
    if best is None:
        return None
    glide = _project(t, y)
    return best._replace(glide=glide[3] if glide else np.inf)


def _project(h: Floats, y: Floats) -> tuple[float, float, float, float] | None:
    """a, b, c of y = (a + b h) / (1 + c h), which must grow with h, and the error."""
    scale, top = max(float(np.ptp(y)), 1.0), float(h[-1])
    z = (y - y[0]) / scale
    rows = np.vstack([np.column_stack([np.ones_like(h), h / top, -h / top * z]), [0.0, 0.0, 0.02]])
    (a, b, c), *_ = np.linalg.lstsq(rows, np.append(z, 0.0), rcond=None)
    if b - a * c <= 0 or not -0.9 < c < 1.5:
        return None
    a, b, c = float(y[0] + scale * a), float(scale * b + y[0] * c) / top, float(c) / top
    return a, b, c, float(np.sqrt(np.mean(((a + b * h) / (1 + c * h) - y) ** 2)))


class Curve(NamedTuple):
    """A polynomial of second degree, its root mean square error and the standard error of the quadratic term."""

    coefficients: tuple[float, float, float]
    error: float
    deviation: float


def fit_curve(t: Floats, y: Floats) -> Curve:
    """Least squares of y = p0 + p1 t + p2 t^2."""
    rows = np.column_stack([np.ones_like(t), t, t**2])
    found, *_ = np.linalg.lstsq(rows, y, rcond=None)
    error = float(np.sqrt(np.mean((rows @ found - y) ** 2)))
    spread = max(error, 0.3) * np.sqrt(len(t) / max(1, len(t) - 3))
    deviation = spread * float(np.sqrt(np.linalg.pinv(rows.T @ rows)[2, 2]))
    return Curve((float(found[0]), float(found[1]), float(found[2])), error, deviation)


class FloorPoint(NamedTuple):
    """A place in the picture whose floor is known: the middle of a window, say."""

    x: float
    y: float
    floor: float


@dataclass(frozen=True)
class FloorMap:
    """Which floor a place on the facade's plane shows: a projective function of x and y, from known points."""

    numerator: Floats
    denominator: Floats
    centre: Floats
    scale: float
    floor_height: float

    @classmethod
    def of(cls, points: Sequence[FloorPoint], floor_height: float = 3.0) -> "FloorMap":
        """Least squares through ``points``.

        Two give a linear scale, three or more rows a projective one; what the points cannot tell (a slant, say, when
        all stand in one column) stays at its plain value by a weak prior. ``floor_height``: metres.

        Raises:
            ValueError: fewer than two floors, or all points at one height of the picture.
        """
        data = np.array([tuple(p) for p in points], np.float64).reshape(-1, 3)
        if len(np.unique(data[:, 2])) < 2 or np.ptp(data[:, 1]) < 2:
            raise ValueError("calibration needs points on at least two floors at different heights of the picture")
        centre = data.mean(axis=0)
        scale = float(np.ptp(data[:, :2], axis=0).max())
        u, v = ((data[:, :2] - centre[:2]) / scale).T
        f = data[:, 2] - centre[2]
        spread = float(np.ptp(f))
        rows = np.column_stack([np.ones_like(u), u, v, -f * u, -f * v])
        prior = np.diag([0.0, 1.0, 0.0, spread, spread / 10]) * 0.01
        found, *_ = np.linalg.lstsq(np.vstack([rows, prior]), np.append(f, np.zeros(5)), rcond=None)
        return cls(found[:3], np.array([1.0, found[3], found[4]]), centre, scale, floor_height)

    def floor(self, x: Floats, y: Floats) -> Floats:
        """Floors at places of the picture; fractions count from one floor's mark to the next."""
        at = np.stack([np.ones_like(x), (x - self.centre[0]) / self.scale, (y - self.centre[1]) / self.scale])
        found: Floats = (self.numerator @ at) / np.maximum(self.denominator @ at, 1e-3) + self.centre[2]
        return found

    def height(self, x: Floats, y: Floats) -> Floats:
        """Metres above the mark of floor 0."""
        return self.floor(x, y) * self.floor_height


class Release(NamedTuple):
    """Metres: best estimate and interval of the height of release; metres a second: speed at the last point."""

    height: float
    low: float
    high: float
    speed: float
    error: float


def fit_release(t: Floats, height: Floats, noise: Floats) -> Release:
    """Where a thing was let go that was at ``height`` metres ``t`` seconds after it was first seen.

    Fall from rest with quadratic drag, h = vt^2/g ln cosh(g t / vt), over a grid of terminal velocities and head
    starts; the interval spans all that explain the points nearly as well (chi-square within 2.7 of the best: 90 %),
    and the height at which it was first seen.
    ``noise``: standard error of each height in metres.
    """
    fallen = _fallen(t[None, None, :] + HEAD_STARTS[None, :, None], TERMINAL[:, None, None])
    weight = 1 / noise**2
    start = ((height + fallen) * weight).sum(axis=2) / weight.sum()
    misfit = (start[..., None] - fallen - height) ** 2
    chi = (misfit * weight).sum(axis=2)
    chi = chi / max(1.0, float(chi.min()) / max(1, len(t) - 3)) + 2 * HEAD_STARTS / USUAL_HEAD_START
    likely = chi <= chi.min() + 2.7
    i, j = np.unravel_index(int(chi.argmin()), chi.shape)
    chances = np.exp(-(chi - chi.min()) / 2)
    ends = t[-1] + HEAD_STARTS[j]
    speed = float(TERMINAL[i] * np.tanh(GRAVITY * ends / TERMINAL[i]))
    mean = float((start * chances).sum() / chances.sum())
    error = float(np.sqrt(misfit[i, j].mean()))
    low, high = float(start[likely].min()), float(start[likely].max())
    low, high = min(low, float(height[0])), max(high, float(height[0]))
    return Release(min(max(mean, low), high), low, high, speed, error)


def _fallen(t: Floats, terminal: Floats) -> Floats:
    """Metres fallen from rest in ``t`` seconds."""
    z = GRAVITY * t / terminal
    found: Floats = terminal**2 / GRAVITY * (z + np.log1p(np.exp(-2 * z)) - np.log(2))
    return found

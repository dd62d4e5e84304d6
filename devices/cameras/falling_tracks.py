"""From changes in single pictures to tracks of things that move smoothly downward. Pure.

Many hypotheses are kept: any three blobs of three pictures in smooth descent start one. Each is led on by a quadratic
in time over its last points and told apart from chance by an a-contrario count (Desolneux, Moisan and Morel 2000): a
point found within ``r`` pixels of its prediction, where ``density`` blobs per square pixel turn up anyway, had the
probability density * pi * r^2 of being there by accident. The sum of the logarithms is the track's ``chance``. A tree,
rain or a noisy night raise the density of their own cells and thereby the evidence that a track among them needs; a
quiet facade asks for little.
"""

from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Blobs = NDArray[np.float32]

CELL_SHARE = 32
"""Cells of the density map across the picture's height."""
MEMORY_S = 4.0
PRIOR_FRAMES, PRIOR_BLOBS = 10.0, 1.0
"""Before anything was seen: as if ten pictures with one chance blob each had been."""
WINDOW = 6
LOST_S = 0.25
LONGEST_S = 9.0
MOST_TRACKS = 160
FASTEST = 3.5
"""Picture heights a second. 40 m/s past a view 12 m high."""
SLOWEST_PX = 0.4
"""Least step down between two pictures that starts a track, in pixels."""
PULL = 1.0
"""Spread of image accelerations expected beforehand, in picture heights a second squared."""


class Spot(NamedTuple):
    """One point of a track. ``key`` names the blob: picture, row."""

    at: float
    x: float
    y: float
    width: float
    height: float
    contrast: float
    key: tuple[int, int]


@dataclass(slots=True, eq=False)
class Track:
    """A thing followed.

    ``chance``: log10 of the probability of having met these points by accident. ``alone``: pictures in which nothing
    else was near; ``lonely``: how many that would be if all other blobs were spread evenly over the picture. ``start``:
    log10 of the density of blobs where it began.
    """

    number: int
    spots: list[Spot]
    chance: float = 0.0
    alone: int = 0
    lonely: float = 0.0
    start: float = 0.0

    @property
    def last(self) -> Spot:
        return self.spots[-1]

    def array(self) -> Floats:
        """Rows of at, x, y, width, height, contrast."""
        return np.array([spot[:6] for spot in self.spots], np.float64)


class Density:
    """How many blobs a square pixel and a picture turn up, by cell."""

    def __init__(self, height: int, width: int) -> None:
        self.cell = max(8.0, height / CELL_SHARE)
        shape = (int(height / self.cell) + 3, int(width / self.cell) + 3)
        self._sum = np.full(shape, PRIOR_FRAMES * PRIOR_BLOBS * self.cell**2 / (height * width))
        self._weight = PRIOR_FRAMES

    def step(self, blobs: Blobs, dt: float) -> None:
        """One more picture, ``dt`` seconds after the one before."""
        keep = float(np.exp(-dt / MEMORY_S))
        self._sum *= keep
        self._weight = self._weight * keep + 1
        rows, columns = self._place(blobs[:, 0], blobs[:, 1])
        np.add.at(self._sum, (rows, columns), 1.0)

    def at(self, x: Floats, y: Floats) -> Floats:
        """Blobs per square pixel and picture near each point: the mean of 3 x 3 cells."""
        rows, columns = self._place(x, y)
        around = sum(self._sum[rows + i, columns + j] for i in (-1, 0, 1) for j in (-1, 0, 1))
        return np.asarray(around) / (9 * self._weight * self.cell**2)

    @property
    def mean(self) -> float:
        """Blobs per picture, everywhere."""
        return float(self._sum.sum() / self._weight)

    def _place(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        rows = np.clip((y / self.cell).astype(np.intp) + 1, 1, self._sum.shape[0] - 2)
        columns = np.clip((x / self.cell).astype(np.intp) + 1, 1, self._sum.shape[1] - 2)
        return rows, columns


@dataclass(slots=True)
class _Seen:
    """One picture's blobs."""

    number: int
    at: float
    blobs: Blobs = field(repr=False)


class Tracker:
    """Follows everything that may be falling in a picture of ``height`` x ``width`` pixels.

    ``watched``: the part of it in which anything can turn up, in pixels; by default all.
    """

    def __init__(self, height: int, width: int, watched: int = 0) -> None:
        self.density = Density(height, width)
        self._height, self._area = height, watched or height * width
        self._tracks: list[Track] = []
        self._seen: list[_Seen] = []
        self._numbers = count(1)
        self._pictures = count()

    @property
    def tracks(self) -> list[Track]:
        """What is being followed now."""
        return self._tracks

    def step(self, blobs: Blobs, at: float) -> list[Track]:
        """Lead tracks on with one picture's blobs; returns those that ended."""
        seen = _Seen(next(self._pictures), at, blobs)
        dt = at - self._seen[-1].at if self._seen else 0.04
        if len(blobs) and self._tracks:
            self._follow(seen)
        self._start(seen)
        self.density.step(blobs, dt)
        self._seen = [*self._seen[-2:], seen]
        self._prune()
        lost = max(LOST_S, 3.5 * dt)
        ended = [t for t in self._tracks if at - t.last.at > lost or at - t.spots[0].at > LONGEST_S]
        self._tracks = [t for t in self._tracks if t not in ended]
        return ended

    def close(self) -> list[Track]:
        """Everything still followed."""
        ended, self._tracks = self._tracks, []
        return ended

    def _follow(self, seen: _Seen) -> None:
        x, y, gate = predict(self._tracks, seen.at, self._height)
        blobs = seen.blobs.astype(np.float64)
        away = np.hypot(blobs[None, :, 0] - x[:, None], blobs[None, :, 1] - y[:, None])
        sizes = np.maximum(blobs[:, 2], blobs[:, 3])
        own = np.array([max(t.last.width, t.last.height) for t in self._tracks])
        alike = (sizes[None] < 3 * own[:, None] + 6) & (own[:, None] < 3 * sizes[None] + 6)
        cost = np.where((away < gate[:, None]) & alike, away, np.inf)
        best = cost.argmin(axis=1)
        distance = cost[np.arange(len(best)), best]
        chance = np.log10(np.minimum(1.0, self.density.at(x, y) * np.pi * (distance + 1) ** 2))
        for i in np.flatnonzero(np.isfinite(distance)).tolist():
            track, j = self._tracks[i], int(best[i])
            track.spots.append(_spot(seen, j))
            track.chance += float(chance[i])
            reach = 3 * float(sizes[j]) + self._height / 40
            near = np.hypot(blobs[:, 0] - blobs[j, 0], blobs[:, 1] - blobs[j, 1]) < reach
            track.alone += int(near.sum() == 1)
            track.lonely += float(np.exp(-self.density.mean * np.pi * reach**2 / self._area))

    def _start(self, seen: _Seen) -> None:
        if len(self._seen) < 2 or not len(seen.blobs):
            return
        first, second = self._seen[-2:]
        found = _triplets(first, second, seen, self._height)
        ends = seen.blobs[found[:, 2]].astype(np.float64)
        busy = np.log10(self.density.at(ends[:, 0], ends[:, 1]))
        for n in np.argsort(busy, kind="stable")[:MOST_TRACKS].tolist():
            i, j, k = found[n].tolist()
            spots = [_spot(first, i), _spot(second, j), _spot(seen, k)]
            self._tracks.append(Track(next(self._numbers), spots, start=float(busy[n])))

    def _prune(self) -> None:
        """Of tracks that share their last two points the longest lives; then the most significant of too many.

        What starts in a quiet place comes before what is still young among leaves or drops, or those would starve it.
        """
        best: dict[object, Track] = {}
        for track in sorted(self._tracks, key=lambda t: (-len(t.spots), t.chance)):
            best.setdefault((track.spots[-2].key, track.last.key), track)
        kept = sorted(best.values(), key=lambda t: t.chance + t.start)
        self._tracks = kept[:MOST_TRACKS]


def _spot(seen: _Seen, row: int) -> Spot:
    x, y, width, height, contrast = seen.blobs[row].tolist()
    return Spot(seen.at, x, y, width, height, contrast, (seen.number, row))


def predict(tracks: list[Track], at: float, height: float) -> tuple[Floats, Floats, Floats]:
    """Where each track should be at ``at``: x, y and the radius to search, in pixels.

    Least squares of a quadratic over the last points, the acceleration held by a prior of `PULL`; the radius is three
    standard deviations of the prediction.
    """
    last = [t.spots[-WINDOW:] for t in tracks]
    data = np.zeros((len(tracks), WINDOW, 5))
    for row, spots in zip(data, last, strict=True):
        row[: len(spots), :4] = [(s.at - spots[-1].at, s.x, s.y, max(s.width, s.height)) for s in spots]
        row[: len(spots), 4] = 1
    tau, weight = data[..., 0], data[..., 4]
    sigma = 0.8 + 0.08 * data[..., 3].max(axis=1)
    powers = np.stack([np.ones_like(tau), tau, tau**2], axis=-1) * weight[..., None]
    normal = np.einsum("tki,tkj->tij", powers, powers)
    normal[:, 2, 2] += (sigma / (PULL * height / 2)) ** 2
    normal[:, 1, 1] += (sigma / (FASTEST * height)) ** 2
    inverse = np.linalg.inv(normal)
    ahead = at - np.array([spots[-1].at for spots in last])
    row_ahead = np.stack([np.ones_like(ahead), ahead, ahead**2], axis=-1)
    gain = np.einsum("ti,tij->tj", row_ahead, inverse)
    x = np.einsum("tj,tkj,tk->t", gain, powers, data[..., 1])
    y = np.einsum("tj,tkj,tk->t", gain, powers, data[..., 2])
    spread = sigma * np.sqrt(1 + np.einsum("tj,tj->t", gain, row_ahead))
    return x, y, 1 + 3 * spread


def _triplets(first: _Seen, second: _Seen, third: _Seen, height: float) -> NDArray[np.intp]:
    """Rows of blobs in smooth descent over three pictures, the steadiest first."""
    t1, t2 = second.at - first.at, third.at - second.at
    none = np.zeros((0, 3), np.intp)
    if t1 <= 0 or t2 <= 0 or not len(first.blobs) or not len(second.blobs):
        return none
    a, b, c = (seen.blobs.astype(np.float64) for seen in (first, second, third))
    j, k = np.nonzero(_may_fall(b, c, t2, height))
    if not len(j):
        return none
    step = c[k, :2] - b[j, :2]
    expected = b[j, :2] - step * (t1 / t2)
    off = np.hypot(a[None, :, 0] - expected[:, :1], a[None, :, 1] - expected[:, 1:])
    size = np.maximum(c[k, 2], c[k, 3])
    allowed = 1.5 + 0.1 * size + 0.3 * np.hypot(step[:, 0], step[:, 1])
    n, i = np.nonzero((off < allowed[:, None]) & (a[None, :, 1] < b[j, 1][:, None] - SLOWEST_PX / 2))
    order = np.argsort(off[n, i] / allowed[n], kind="stable")
    return np.column_stack([i, j[n], k[n]])[order]


def _may_fall(before: Floats, after: Floats, dt: float, height: float) -> NDArray[np.bool_]:
    across = after[None, :, 0] - before[:, None, 0]
    down = after[None, :, 1] - before[:, None, 1]
    old, new = np.maximum(before[:, 2], before[:, 3])[:, None], np.maximum(after[:, 2], after[:, 3])[None]
    alike = (new < 3 * old + 6) & (old < 3 * new + 6)
    found: NDArray[np.bool_] = (down > SLOWEST_PX) & (down < FASTEST * height * dt) & alike
    return found & (np.abs(across) < 2 * down + 1)

"""Drawing moving things into a picture of bytes: with soft edges and motion blur, in place."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]


def blob(picture: Picture, spots: Floats, radii: tuple[float, float], shade: float, soft: float = 0.7) -> None:
    """An ellipse that was at each of ``spots`` (n, 2) for an equal part of the exposure.

    ``radii``: across and down in pixels. ``soft``: width of its edge in pixels.
    """
    reach = np.array(radii) + soft + 1
    low = np.floor(spots.min(axis=0) - reach).astype(int)
    high = np.ceil(spots.max(axis=0) + reach).astype(int) + 1
    x0, y0 = np.maximum(low, 0).tolist()
    x1, y1 = np.minimum(high, picture.shape[1::-1]).tolist()
    if x1 <= x0 or y1 <= y0:
        return
    columns, rows = np.arange(x0, x1) + 0.0, np.arange(y0, y1) + 0.0
    least = min(radii)
    cover = np.zeros((y1 - y0, x1 - x0))
    for x, y in spots:
        far = np.hypot((columns[None, :] - x) / radii[0], (rows[:, None] - y) / radii[1])
        cover += np.clip((1 - far) * least / soft + 0.5, 0, 1)
    # what is smaller than a pixel covers it in part only
    cover *= min(1.0, radii[0] * 2) * min(1.0, radii[1] * 2) / len(spots)
    part = picture[y0:y1, x0:x1]
    part[:] = np.clip(part + cover * (shade - part.astype(np.float64)) + 0.5, 0, 255).astype(np.uint8)


def denser(spots: Floats, step: float) -> Floats:
    """The same way with no gap wider than ``step`` pixels."""
    length = float(np.hypot(*(spots[-1] - spots[0])))
    count = int(np.clip(length / step, len(spots), 60))
    old = np.linspace(0, 1, len(spots))
    new = np.linspace(0, 1, count)
    return np.column_stack([np.interp(new, old, spots[:, k]) for k in (0, 1)])


class Noise:
    """Sensor noise of standard deviation ``sigma`` in grey levels, a fresh cut of one large sheet for every picture."""

    def __init__(self, shape: tuple[int, int], sigma: float, seed: int) -> None:
        rng = np.random.default_rng((seed, 3))
        self._margin = 97
        # the brighter part of one cut and the darker of another: each has 0.341 of the variance of a whole
        spread = sigma / np.sqrt(2 * 0.341)
        sheet = rng.normal(0, spread, (shape[0] + self._margin, shape[1] + self._margin)).astype(np.float32).round()
        self._more = np.clip(sheet, 0, 255).astype(np.uint8)
        self._less = np.clip(-sheet, 0, 255).astype(np.uint8)
        self._seed = seed

    def add(self, picture: Picture, number: int) -> Picture:
        """``picture`` with the noise of frame ``number``."""
        rng = np.random.default_rng((self._seed, 4, number))
        x, y = rng.integers(0, self._margin, 2).tolist()
        u, v = rng.integers(0, self._margin, 2).tolist()
        height, width = picture.shape
        more = self._more[y : y + height, x : x + width]
        less = self._less[v : v + height, u : u + width]
        return np.asarray(cv2.subtract(cv2.add(picture, more), less), np.uint8)

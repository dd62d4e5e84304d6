"""What moves in a fixed camera's picture: few, small, sharp-edged changes against a background that learns. Pure.

Every picture costs a fixed number of whole-frame operations of OpenCV on bytes and one search for contours on a sparse
mask; nothing here works per pixel in Python. Resolution is kept: what falls is often four pixels large, and any opening
or downscaling would remove it.

* Background: a sigma-delta median (Manzanera and Richefeu 2007): each pixel follows the picture by at most one grey
  level a step. What passes leaves no ghost, what stays is taken in within seconds.
* Threshold: per pixel, `SCALE` times the 7/8 quantile of its own deviation, tracked by the same kind of steps (four up
  when exceeded, half a level down when not: balance at 1/8). One mechanism for sensor noise and for everything that
  comes again and again at the same place: leaves, laundry, lamps, screens.
* Light: the median change of each tile is subtracted first. Exposure, clouds, lightning and the soft part of a
  headlight move whole tiles; a small object cannot move a tile's median.
* Shake: when much changes, phase correlation against the background tells whether the whole picture moved.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from devices.cameras.detection import Frame

FLOOR = 8
"""Lowest threshold in grey levels, on the 3x3 mean: above the flicker of video codecs between key frames."""
RISE, SINK_EVERY = 4, 2
START = 16
MUTE_AREA = 0.2
"""Share of changed pixels above which a picture says nothing: vision practice puts it at 20 to 30 %."""
SHAKE_AREA = 0.004
SHAKE_LIMIT = 12.0
"""Largest shift in pixels that is compensated."""
RESEED_S = 0.5
GAP_S = 2.0
BACKGROUND_STEP_S = 0.055
"""The background takes one step per this time: 18 grey levels a second."""
IDENTICAL = 5
"""Largest difference of a repeated picture, in grey levels: encoders do not repeat quite exactly. Below `FLOOR`: where
no pixel changed by more, nothing that counts has moved."""
MOST_BLOBS = 300
TILES = 12
KERNEL = np.ones((3, 3), np.uint8)
NIGHT_LUMA = 55


@dataclass(frozen=True, slots=True)
class Motion:
    """What moved in one picture. ``blobs``: rows of x, y (centre), width, height, contrast (peak over threshold).

    Coordinates are those of the background: a shake is taken out. ``repeated``: the picture is the one before, again.
    ``muted``: too much changed to say anything.
    """

    blobs: NDArray[np.float32]
    repeated: bool = False
    muted: bool = False
    shift: tuple[float, float] = (0.0, 0.0)


NOTHING = np.zeros((0, 5), np.float32)


class MotionMap:
    """The background of one camera and what stands out from it. ``roi``: where to look, non-zero bytes."""

    def __init__(self, roi: Frame | None = None, largest: float = 0.1) -> None:
        self._roi = roi
        self._largest = largest
        self.night = False
        self._last: MatLike = np.zeros((0, 0), np.uint8)
        self._at, self._count = 0.0, 0
        self._seed(self._last, 0.0)

    def step(self, luma: Frame, at: float) -> Motion:
        """Look at one picture of (height, width) bytes taken at ``at`` seconds."""
        smooth = cv2.blur(luma, (3, 3))
        if self._background.shape != smooth.shape or not 0 <= at - self._at < GAP_S:
            self._seed(smooth, at)
            return Motion(NOTHING, muted=True)
        if cv2.norm(smooth, self._last, cv2.NORM_INF) <= IDENTICAL:
            return Motion(NOTHING, repeated=True)
        self._last, self._at = smooth, at
        self._count += 1
        return self._compare(smooth, at)

    def _seed(self, smooth: MatLike, at: float) -> None:
        self._background: MatLike = smooth.copy()
        self._threshold: MatLike = np.full_like(smooth, START)
        self._levels = {level: np.full_like(smooth, level) for level in (1, RISE, FLOOR)}
        self._last, self._at = smooth, at
        self._muted_since: float | None = None
        self._shaken_until = self._stepped = at
        self._count = 0
        self._coarse: NDArray[np.float32] | None = None
        self.night = _dark(smooth)

    def _compare(self, smooth: MatLike, at: float) -> Motion:
        deviation, mask, changed = self._deviation(smooth)
        shift = (0.0, 0.0)
        if changed > SHAKE_AREA or at < self._shaken_until:
            shift = self._shift(smooth)
            if max(map(abs, shift)) > 0.1:
                moved = _moved(smooth, shift)
                steady = self._deviation(moved)
                if steady[2] < 0.7 * changed or at < self._shaken_until:
                    smooth, (deviation, mask, changed) = moved, steady
                    _bare(mask, shift)
                    self._shaken_until = at + 2.0
                else:
                    shift = (0.0, 0.0)
        if changed > MUTE_AREA:
            return self._mute(smooth, at)
        self._muted_since = None
        found = _blobs(mask, deviation, self._threshold, self._largest * smooth.shape[0])
        self._learn(smooth, deviation, at)
        return Motion(found, shift=shift)

    def _deviation(self, smooth: MatLike) -> tuple[MatLike, MatLike, float]:
        background = self._background
        offset = _light(smooth, background)
        deviation = cv2.absdiff(smooth, background) if offset is None else _apart(smooth, background, offset)
        mask = cv2.compare(deviation, self._threshold, cv2.CMP_GT)
        if self._roi is not None:
            mask = cv2.bitwise_and(mask, self._roi)
        return deviation, mask, cv2.countNonZero(mask) / mask.size

    def _mute(self, smooth: MatLike, at: float) -> Motion:
        if self._muted_since is None:
            self._muted_since = at
        if at - self._muted_since >= RESEED_S:
            self._seed(smooth, at)
        return Motion(NOTHING, muted=True)

    def _learn(self, smooth: MatLike, deviation: MatLike, at: float) -> None:
        threshold = self._threshold
        scaled = cv2.add(cv2.add(deviation, deviation), deviation)
        cv2.max(threshold, cv2.min(scaled, cv2.add(threshold, self._levels[RISE])), dst=threshold)
        if self._count % SINK_EVERY == 0:
            cv2.max(cv2.subtract(threshold, self._levels[1]), self._levels[FLOOR], dst=threshold)
        if at - self._stepped >= BACKGROUND_STEP_S:
            known, one = self._background, self._levels[1]
            self._background = cv2.max(cv2.min(smooth, cv2.add(known, one)), cv2.subtract(known, one))
            self._stepped = at
            self._coarse = None
            self.night = _dark(known)

    def _shift(self, smooth: MatLike) -> tuple[float, float]:
        """How far the picture moved against the background, in pixels; (0, 0) where that cannot be told."""
        scale = max(1, smooth.shape[0] // 240)
        if self._coarse is None:
            self._coarse = _shrunk(self._background, scale)
        now = _shrunk(smooth, scale)
        window = cv2.createHanningWindow((now.shape[1], now.shape[0]), cv2.CV_32F)
        (dx, dy), sure = cv2.phaseCorrelate(self._coarse, now, window)
        x, y = dx * scale, dy * scale
        return (x, y) if sure > 0.1 and max(abs(x), abs(y)) <= SHAKE_LIMIT else (0.0, 0.0)


def _dark(picture: MatLike) -> bool:
    return picture.size > 0 and float(picture[::16, ::16].mean()) < NIGHT_LUMA


def _shrunk(picture: MatLike, scale: int) -> NDArray[np.float32]:
    size = (picture.shape[1] // scale, picture.shape[0] // scale)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _moved(picture: MatLike, shift: tuple[float, float]) -> MatLike:
    matrix = np.array([[1, 0, -shift[0]], [0, 1, -shift[1]]], np.float32)
    return cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


def _bare(mask: MatLike, shift: tuple[float, float]) -> None:
    """Take out what the shift brought into the picture from beyond its edge."""
    across, down = (int(abs(part)) + 2 for part in shift)
    mask[:down] = mask[-down:] = 0
    mask[:, :across] = mask[:, -across:] = 0


def _light(smooth: MatLike, background: MatLike) -> NDArray[np.int16] | None:
    """The median change of each tile in grey levels, or ``None`` where no tile changed by more than two."""
    height, width = smooth.shape
    tile = max(8, height // TILES // 8)
    change = smooth[::8, ::8].astype(np.int16) - background[::8, ::8]
    rows, columns = max(1, change.shape[0] // tile), max(1, change.shape[1] // tile)
    cut = change[: rows * tile, : columns * tile]
    if cut.size < rows * columns * tile * tile:
        return None
    medians = np.median(cut.reshape(rows, tile, columns, tile).swapaxes(1, 2).reshape(rows, columns, -1), axis=2)
    if np.abs(medians).max() <= 2:
        return None
    found: NDArray[np.int16] = cv2.resize(medians.astype(np.float32), (width, height)).astype(np.int16)
    return found


def _apart(smooth: MatLike, background: MatLike, offset: NDArray[np.int16]) -> MatLike:
    """|smooth - background - offset| in bytes."""
    lit = cv2.add(background, offset, dtype=cv2.CV_8U)
    return cv2.absdiff(smooth, lit)


def _blobs(mask: MatLike, deviation: MatLike, threshold: MatLike, largest: float) -> NDArray[np.float32]:
    """Connected changes no larger than ``largest`` pixels, and none beside a larger one: its ragged edge moves too."""
    contours, _ = cv2.findContours(cv2.dilate(mask, KERNEL), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = np.array([cv2.boundingRect(each) for each in contours], np.int32).reshape(-1, 4)
    large = boxes[(boxes[:, 2:] > largest).any(axis=1)]
    small = boxes[(boxes[:, 2:] <= largest).all(axis=1)]
    small = small[~_within(small, large, largest / 4)]
    if len(small) > MOST_BLOBS:
        small = small[np.argsort(-small[:, 2] * small[:, 3])[:MOST_BLOBS]]
    rows = [_blob(mask, deviation, threshold, *box) for box in small.tolist()]
    return np.array(rows, np.float32).reshape(-1, 5)


def _within(small: NDArray[np.int32], large: NDArray[np.int32], margin: float) -> NDArray[np.bool_]:
    centre = small[:, None, :2] + small[:, None, 2:] / 2
    inside = (centre > large[None, :, :2] - margin) & (centre < large[None, :, :2] + large[None, :, 2:] + margin)
    return np.asarray(np.asarray(inside.all(axis=2)).any(axis=1))


def _blob(mask: MatLike, deviation: MatLike, threshold: MatLike, x: int, y: int, w: int, h: int) -> tuple[float, ...]:
    part = np.s_[y : y + h, x : x + w]
    weight = deviation[part].astype(np.float32)
    contrast = float((weight / threshold[part]).max())
    weight[mask[part] == 0] = 0
    total = float(weight.sum()) or 1.0
    across, down = weight.sum(axis=0), weight.sum(axis=1)
    cx = float(across @ np.arange(w, dtype=np.float32)) / total
    cy = float(down @ np.arange(h, dtype=np.float32)) / total
    return x + cx, y + cy, max(1, w - 2), max(1, h - 2), contrast

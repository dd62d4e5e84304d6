"""What stands still in a zone and since when, and what the zone looks like without it. Pure.

Two pictures are kept. The *settled* one holds, per pixel, the last value that stayed for ``SETTLE_S``, and since when:
whoever walks by never gets into it, so what stands behind keeps its time. The *empty* one follows the settled one only
where both agree or where it was told to. What differs between the two stands there now and did not before
(short- and long-term background after Porikli 2007, with selective update).
"""

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Gray: TypeAlias = NDArray[Any]
"""(height, width) grey levels, float32."""

Mask: TypeAlias = NDArray[Any]
"""(height, width), uint8, non-zero where it holds."""

SETTLE_S = 2.0
MATCH = 10.0
"""Grey levels within which a pixel is the same; never below ``MATCH_NOISE`` times the noise."""
MATCH_NOISE = 4.0
DIFFER = 18.0
DIFFER_NOISE = 6.0
FOLLOW_S = 6.0
CREEP_S = 1.5
NOISE_S = 10.0
EMPTY_S = 20.0
LEVEL_S = 20.0
ABSORB_S = 600.0
"""What differs for so long without being an object has become part of the scene."""
LEAST_REST = 0.05
LEVEL_REST = 0.3
"""Below this share the empty rest of a zone is no measure of the light: it lies in the shadow of what fills it."""
RELIT_S = 4.0
SAME_TEXTURE = 0.65
WINDOW = (11, 11)
FRINGE = np.ones((9, 9), np.uint8)
"""Around what stands, the empty picture must not learn its soft edge."""
EDGE = np.ones((3, 3), np.uint8)


class Background:
    """The two pictures of one zone. Times are seconds on the stream's clock."""

    def __init__(self, first: Gray, now: float, empty: Gray | None = None) -> None:
        self.settled = first.copy()
        self.since = np.full(first.shape, now, np.float64)
        self.empty = (first if empty is None else empty).copy()
        self.noise = 1.0
        self.level = 1.0
        self._next = first.copy()
        self._anchor = first.copy()
        self._next_since = np.full(first.shape, now, np.float64)
        self._road_s = np.zeros(first.shape, np.float32)
        self._at = now
        self.same: Mask = np.full(first.shape, 255, np.uint8)
        self.foreign: Mask = np.zeros(first.shape, np.uint8)

    def step(self, raw: Gray, now: float, hold: Mask) -> None:
        """Look at one frame.

        Args:
            hold: non-zero where an object stands, which the empty picture must not take in.
        """
        passed = min(max(now - self._at, 0.0), 5.0)
        self._at = now
        picture = self._levelled(raw, passed)
        self.same = _within(picture, self.settled, self.match)
        self._measure_noise(picture, self.same, passed)
        self._settle(picture, now, passed)
        self.foreign = cv2.bitwise_not(_within(self.settled, self.empty, self.differ))
        if self.foreign.any():
            self._follow_light(hold, now, passed)
        self._learn(cv2.dilate(hold, FRINGE), now, passed)

    @property
    def match(self) -> float:
        """Grey levels within which a pixel is the same as before."""
        return max(MATCH, MATCH_NOISE * self.noise)

    @property
    def differ(self) -> float:
        """Grey levels from which on the settled picture differs from the empty one."""
        return max(DIFFER, DIFFER_NOISE * self.noise)

    def adopt(self, mask: Mask) -> None:
        """Take the settled picture for the empty one inside ``mask``."""
        cv2.copyTo(self.settled, mask, self.empty)
        self.foreign[mask > 0] = 0

    def relight(self, objects: Mask) -> None:
        """The light changed at once: what is no object is empty as it is; below the objects it is guessed.

        The guess is the linear change of grey levels that fits the rest.
        """
        rest = objects == 0
        if rest.mean() < LEAST_REST:
            return
        gain, offset = np.polyfit(self.empty[rest][::4], self.settled[rest][::4], 1)
        guess = np.clip(self.empty * float(gain) + float(offset), 0, 255).astype(np.float32)
        self.empty = np.where(rest, self.settled, guess)

    def dump(self) -> dict[str, NDArray[Any]]:
        """Everything that must outlive the process, times as ages."""
        return {
            "settled": self.settled.astype(np.uint8),
            "empty": self.empty.astype(np.uint8),
            "age": (self._at - self.since).astype(np.float32),
        }

    @classmethod
    def load(cls, kept: Mapping[str, NDArray[Any]], now: float, away_s: float) -> "Background":
        """Take up what ``dump`` gave ``away_s`` seconds ago."""
        found = cls(kept["settled"].astype(np.float32), now, kept["empty"].astype(np.float32))
        found.since = now - away_s - kept["age"].astype(np.float64)
        return found

    def _levelled(self, raw: Gray, passed: float) -> Gray:
        """Undo what the exposure did to the whole picture; a slow change of light is followed."""
        rest = (self.same[::4, ::4] > 0) & (self.foreign[::4, ::4] == 0)
        if rest.mean() < LEVEL_REST:
            return raw
        quotient = float(np.median((raw[::4, ::4][rest] + 4.0) / (self.empty[::4, ::4][rest] + 4.0)))
        quotient = min(max(quotient, 0.25), 4.0)
        follow = 1 + (quotient - 1) * _share(passed, LEVEL_S)
        if abs(follow - 1) > 1e-4:
            for held in (self.settled, self.empty, self._next, self._anchor):
                np.multiply(held, np.float32(follow), out=held)
        return raw * np.float32(follow / quotient)

    def _measure_noise(self, picture: Gray, same: Mask, passed: float) -> None:
        sample = same[::4, ::4] > 0
        if sample.mean() < LEAST_REST:
            return
        # 1.48 x median of absolute differences is the standard deviation of a normal distribution
        now = 1.48 * float(np.median(np.abs(picture[::4, ::4] - self.settled[::4, ::4])[sample]))
        self.noise += (now - self.noise) * _share(passed, NOISE_S)

    def _settle(self, picture: Gray, now: float, passed: float) -> None:
        away = self.same == 0
        off = (cv2.absdiff(picture, self.settled) > self.match).astype(np.uint8)
        cv2.accumulateWeighted(picture, self.settled, _share(passed, FOLLOW_S), self.same)
        # What fits a neighbour only may be an edge that creeps: it must not stay half old, half new.
        creeps = cv2.bitwise_and(self.same, off * 255)
        cv2.accumulateWeighted(picture, self.settled, _share(passed, CREEP_S), creeps)
        crept = (creeps > 0) & (np.abs(self.settled - self._anchor) > self.differ)
        self.since[crept] = now
        self._anchor[crept] = self.settled[crept]
        if not away.any():
            self._next_since.fill(now)
            self._road_s.fill(0)
            return
        again = np.abs(picture - self._next) <= self.match
        self._next = np.where(again & away, 0.5 * (self._next + picture), picture).astype(np.float32)
        self._next_since = np.where(again & away, self._next_since, now)
        road = _within(picture, self.empty, self.match) > 0
        self._road_s = np.where(away, self._road_s + np.where(road, passed, 0.0), 0.0).astype(np.float32)
        settled = away & ((now - self._next_since >= SETTLE_S) | (self._road_s >= SETTLE_S))
        self.settled = np.where(settled, picture, self.settled)
        self.since = np.where(settled, self._next_since, self.since)
        self._anchor[settled] = picture[settled]
        self._road_s[settled] = 0

    def _follow_light(self, hold: Mask, now: float, passed: float) -> None:
        """Where the texture is the same and only brighter or darker, nothing stands: light and shadow."""
        lit = cv2.bitwise_and(_same_texture(self.settled, self.empty, self.noise), self.foreign)
        lit = cv2.morphologyEx(lit, cv2.MORPH_OPEN, EDGE)
        self.foreign = cv2.bitwise_and(self.foreign, cv2.bitwise_not(lit))
        lit[(hold > 0) | (now - self.since < RELIT_S)] = 0
        cv2.accumulateWeighted(self.settled, self.empty, _share(passed, RELIT_S), lit)

    def _learn(self, hold: Mask, now: float, passed: float) -> None:
        agree = cv2.bitwise_and(cv2.bitwise_not(self.foreign), cv2.bitwise_not(hold))
        cv2.accumulateWeighted(self.settled, self.empty, _share(passed, EMPTY_S), agree)
        old = (self.foreign > 0) & (hold == 0) & (now - self.since > ABSORB_S)
        if old.any():
            self.adopt(old.astype(np.uint8))


def _share(passed: float, constant: float) -> float:
    """Weight of a new sample after ``passed`` seconds for a time constant in seconds."""
    return 1 - math.exp(-passed / constant)


def _same_texture(one: Gray, other: Gray, noise: float) -> Mask:
    """255 where windows of two pictures differ by a factor only: alike when normalised, with contrast that follows."""
    mean, mean2 = cv2.blur(one, WINDOW), cv2.blur(other, WINDOW)
    spread = np.maximum(cv2.blur(one * one, WINDOW) - mean * mean, 1e-3)
    spread2 = np.maximum(cv2.blur(other * other, WINDOW) - mean2 * mean2, 1e-3)
    alike = (cv2.blur(one * other, WINDOW) - mean * mean2) / np.sqrt(spread * spread2)
    contrast = np.sqrt(spread / spread2) * (mean2 + 4) / (mean + 4)
    visible = np.minimum(spread, spread2) > (0.5 * noise + 0.5) ** 2
    same = visible & (alike > SAME_TEXTURE) & (contrast > 0.4) & (contrast < 2.5)
    return np.asarray(same, np.uint8) * np.uint8(255)


def _within(picture: Gray, held: Gray, tolerance: float) -> Mask:
    """255 where a pixel lies within the range of its neighbourhood in ``held``: a shake of one pixel is no change."""
    low = cv2.erode(held, EDGE) - np.float32(tolerance)
    high = cv2.dilate(held, EDGE) + np.float32(tolerance)
    below, above = cv2.compare(picture, low, cv2.CMP_GE), cv2.compare(picture, high, cv2.CMP_LE)
    return np.asarray(cv2.bitwise_and(below, above), np.uint8)

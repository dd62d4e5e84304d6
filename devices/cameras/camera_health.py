"""Is the picture fit to judge: frozen, black, blurred, covered, moved? Pure.

Looks at a small copy of one picture a second. What is usual is learnt from good pictures and kept over restarts.
"""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.cameras.detection import Frame

SIZE = (160, 90)
EVERY_S = 1.0
LEARN_S = 20.0
FROZEN_S = 10.0
SURE_S = 5.0
BLACK = 12.0
BLACK_SPREAD = 6.0
FLAT_SHARE = 0.25
"""Share of the usual sharpness below which a picture is blurred."""
COVERED = 0.15
"""Share of the usual structure below which the lens is covered."""
STRANGE = 0.25
MOVED_PX = 4.0
USUAL_S = 300.0
STATES = ("image_frozen", "image_black", "image_blurred", "view_covered", "view_moved")


class CameraHealth:
    """Pictures in, states out; a state changes once it has lasted ``SURE_S``."""

    def __init__(self) -> None:
        self.states = dict.fromkeys(STATES, False)
        self._usual: NDArray[Any] | None = None
        self._sharp = 0.0
        self._last: NDArray[Any] | None = None
        self._at = -EVERY_S
        self._learnt_s = 0.0
        self._same_s = 0.0
        self._for_s = dict.fromkeys(STATES, 0.0)

    def step(self, frame: Frame, at: float) -> dict[str, bool]:
        """Look at one frame; returns the states that changed."""
        passed = at - self._at
        if 0 <= passed < EVERY_S:
            return {}
        passed = min(passed, 5.0) if passed >= 0 else EVERY_S
        self._at = at
        luma = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(luma, SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
        frozen = self._last is not None and bool(np.array_equal(small, self._last))
        self._same_s = self._same_s + passed if frozen else 0.0
        self._last = small
        now = dict.fromkeys(STATES, False) | self._judge(small)
        if not any(now.values()) and not frozen:
            self._learn(small, passed)
        now["image_frozen"] = self._same_s >= FROZEN_S - SURE_S
        return self._settle(now, passed)

    def dump(self) -> dict[str, NDArray[Any]]:
        """What is usual, to be kept."""
        if self._usual is None:
            return {}
        return {"usual": self._usual, "sharp": np.array(self._sharp), "learnt": np.array(self._learnt_s)}

    def load(self, kept: Mapping[str, NDArray[Any]]) -> None:
        """Take up what ``dump`` gave."""
        if "usual" in kept:
            self._usual, self._sharp = kept["usual"], float(kept["sharp"])
            self._learnt_s = float(kept["learnt"])

    def _judge(self, small: NDArray[Any]) -> dict[str, bool]:
        if float(small.mean()) < BLACK and float(small.std()) < BLACK_SPREAD:
            return {"image_black": True}
        if self._usual is None or self._learnt_s < LEARN_S:
            return {}
        edges, sharp = _edges(small), _sharpness(small)
        usual = _edges(self._usual)
        likeness = float(np.corrcoef(edges.ravel(), usual.ravel())[0, 1]) if edges.std() > 0 else 0.0
        strength = float(edges.mean() / max(float(usual.mean()), 1e-3))
        if strength < COVERED and likeness < STRANGE:
            return {"view_covered": True}
        if sharp < FLAT_SHARE * self._sharp:
            return {"image_blurred": True}
        (x, y), sure = cv2.phaseCorrelate(usual, edges, cv2.createHanningWindow(SIZE, cv2.CV_32F))
        shifted = max(abs(x), abs(y)) > MOVED_PX and sure > 0.15
        return {"view_moved": shifted or likeness < STRANGE}

    def _learn(self, small: NDArray[Any], passed: float) -> None:
        self._learnt_s += passed
        share = max(1 - float(np.exp(-passed / USUAL_S)), passed / max(self._learnt_s, passed))
        if self._usual is None:
            self._usual = small.copy()
        self._usual += (small - self._usual) * np.float32(share)
        self._sharp += (_sharpness(small) - self._sharp) * share

    def _settle(self, now: Mapping[str, bool], passed: float) -> dict[str, bool]:
        changed = {}
        for name, holds in now.items():
            self._for_s[name] = self._for_s[name] + passed if holds != self.states[name] else 0.0
            if self._for_s[name] >= SURE_S:
                self.states[name] = changed[name] = holds
                self._for_s[name] = 0.0
        return changed


def _edges(small: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.magnitude(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)))


def _sharpness(small: NDArray[Any]) -> float:
    return float(cv2.Laplacian(small, cv2.CV_32F).var())

"""Is a spot that differs from the empty zone a thing, a thing gone, or light? Pure."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from devices.cameras.lane_background import Gray, Mask

Nature = Literal["object", "ghost", "light"]

BAND = 5
ARRIVED = 0.55
LEFT = 0.42
SAME_STRUCTURE = 0.75
SOME_STRUCTURE = 0.3
"""Below this the texture of the ground, where it has a visible one, is hidden by something."""
VISIBLE = 1.5
FINE = 11
EVEN_RATIO = 0.16
FEW_EDGES = 0.6


@dataclass(frozen=True, slots=True)
class Verdict:
    """``score`` from 0 to 1 says how sure a thing is one; the rest are the figures it follows from."""

    nature: Nature
    score: float
    arrived: float
    likeness: float
    unevenness: float
    edges: float


def judge(now: Gray, empty: Gray, mask: Mask, noise: float) -> Verdict:
    """Judge the spot ``mask`` of the picture ``now`` against the ``empty`` one.

    A thing brings edges of its own, most of all around it; a thing gone takes them away (the empty picture has them).
    Light and shadow leave the structure below as it is, and change the level evenly.
    """
    left, top, width, height = cv2.boundingRect(mask)
    pad = 2 * BAND
    window = np.s_[max(top - pad, 0) : top + height + pad, max(left - pad, 0) : left + width + pad]
    here, there, inside = now[window], empty[window], mask[window]
    new, old = _edges(here), _edges(there)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (BAND, BAND))
    band = cv2.dilate(inside, kernel) - cv2.erode(inside, kernel)
    least = 8 + 4 * noise
    came = float(np.maximum(new - old - least, 0)[band > 0].sum())
    went = float(np.maximum(old - new - least, 0)[band > 0].sum())
    arrived = came / max(came + went, 1e-6)
    spot = inside > 0
    likeness = _likeness(here[spot], there[spot], noise)
    quotient = (cv2.blur(here, (3, 3))[spot] + 4) / (cv2.blur(there, (3, 3))[spot] + 4)
    unevenness = float(quotient.std() / quotient.mean())
    core = cv2.erode(inside, kernel) > 0
    own = np.maximum(new - old, 0)[core] if core.any() else np.zeros(1, np.float32)
    edges = float((own > 25 + 8 * noise).mean()) / 0.1
    fine = float((there - cv2.blur(there, (FINE, FINE)))[spot].std())
    covered = fine > VISIBLE * (noise + 0.5) and likeness < SOME_STRUCTURE
    even = likeness > SAME_STRUCTURE or (unevenness < EVEN_RATIO and edges < FEW_EDGES and not covered)
    nature: Nature = "light" if even else "ghost" if arrived < LEFT else "object"
    score = min(1.0, max(0.0, 0.5 * arrived + 0.3 * (1 - max(likeness, 0.0)) + 0.2 * min(edges, 1.0)))
    return Verdict(nature, score, arrived, likeness, unevenness, edges)


def structure(one: Gray, other: Gray) -> float:
    """How alike two pictures are in their edges, from -1 to 1; light changes it little."""
    return _likeness(_edges(one).ravel(), _edges(other).ravel(), 1.0)


def _edges(picture: Gray) -> Gray:
    across, down = cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _likeness(one: Gray, other: Gray, noise: float) -> float:
    """Normalised correlation; noise alone counts as no likeness."""
    first, second = one - one.mean(), other - other.mean()
    power = float(np.sqrt((first * first).sum() * (second * second).sum()))
    floor = first.size * (2 * noise + 1) ** 2
    return float((first * second).sum() / max(power, floor))

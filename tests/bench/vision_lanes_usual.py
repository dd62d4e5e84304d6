"""The usual recipe for what is left standing: full-resolution MOG2, opening, contours, a dwell per overlapping box."""

from dataclasses import dataclass

import cv2
import numpy as np

from devices.cameras.detection import Frame, Point

HISTORY, THRESHOLD = 500, 16
WARM_UP, RATE = 20, 0.0005
"""Frames learnt quickly; from then on so slowly that what stands is absorbed after about 200 frames, not after 50."""
OPENING = np.ones((5, 5), np.uint8)
LEAST_AREA = 500.0
SAME = 0.5
FORGET_S = 2.0
Rect = tuple[int, int, int, int]


@dataclass(slots=True)
class Standing:
    box: Rect
    since: float
    seen: float
    told: bool = False


class Usual:
    """Pictures in, (what, seconds) out: ``start`` once a box has stood for the dwell, ``end`` once it is gone."""

    def __init__(self, zone: list[Point], dwell_s: float) -> None:
        self._zone = zone
        self._dwell_s = dwell_s
        self._model = cv2.createBackgroundSubtractorMOG2(HISTORY, THRESHOLD, True)
        self._standing: list[Standing] = []
        self._frames = 0

    def step(self, frame: Frame, at: float) -> list[tuple[str, float]]:
        inside = np.zeros(frame.shape[:2], np.uint8)
        points = np.array(self._zone) * (frame.shape[1], frame.shape[0])
        cv2.fillPoly(inside, [points.round().astype(np.int32)], 255)
        self._frames += 1
        found = self._model.apply(frame, learningRate=-1 if self._frames <= WARM_UP else RATE)
        found = cv2.morphologyEx(np.asarray((found == 255) & (inside > 0), np.uint8), cv2.MORPH_OPEN, OPENING)
        outlines, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        boxes = [cv2.boundingRect(outline) for outline in outlines if cv2.contourArea(outline) >= LEAST_AREA]
        return self._follow([(b[0], b[1], b[2], b[3]) for b in boxes], at)

    def _follow(self, boxes: list[Rect], at: float) -> list[tuple[str, float]]:
        said = []
        for box in boxes:
            known = next((each for each in self._standing if overlap(each.box, box) >= SAME), None)
            if known is None:
                self._standing.append(Standing(box, at, at))
                continue
            known.seen, known.box = at, box
            if not known.told and at - known.since >= self._dwell_s:
                known.told = True
                said.append(("start", at))
        gone = [each for each in self._standing if at - each.seen > FORGET_S]
        self._standing = [each for each in self._standing if each not in gone]
        return said + [("end", at) for each in gone if each.told]


def overlap(one: Rect, other: Rect) -> float:
    """Intersection over union."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    return both / max(one[2] * one[3] + other[2] * other[3] - both, 1)

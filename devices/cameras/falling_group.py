"""Which tracks are pieces of one fall, which verdicts are one fall, and which are weather. Pure."""

import numpy as np

from devices.cameras.falling_judge import Verdict
from devices.cameras.falling_tracks import Track, predict

HOLD_S = 0.7
"""A verdict waits this long for a second part of the same fall and for company."""
RECENT_S, TOGETHER_S = 2.0, 1.0
"""How long falls told are remembered; how near begin and end of falls at once are."""
COMPANY = 2
"""As many other falls at once, apart from each other, are rain, snow or leaves."""
APART, SAME, LINK = 0.08, 0.04, 0.025
"""Shares of the picture's height."""
PIECE_POINTS, PIECES_KEPT = 5, 40
GAP_S = 0.7
"""A balcony, a lamp, a few lost pictures."""


class Pieces:
    """Tracks that ended lately, to be continued: what falls behind a railing comes out below it."""

    def __init__(self, height: int) -> None:
        self._height = height
        self._ended: list[Track] = []

    def join(self, track: Track) -> Track | None:
        """``track`` with the piece before it, if one leads to it; remembers both."""
        if len(track.spots) < PIECE_POINTS:
            return None
        start = track.spots[0]
        before = [p for p in self._ended if 0 < start.at - p.last.at <= GAP_S and p.last.y < start.y]
        joined = None
        if before:
            x, y, gate = predict(before, start.at, self._height)
            away = np.hypot(start.x - x, start.y - y) / np.maximum(gate, LINK * self._height)
            if away.min() < 1:
                first = before[int(away.argmin())]
                joined = Track(
                    first.number,
                    first.spots + track.spots,
                    first.chance + track.chance,
                    first.alone + track.alone,
                    first.lonely + track.lonely,
                )
        self._ended = [*self._ended[-PIECES_KEPT:], joined or track]
        return joined


class Falls:
    """Verdicts that say fall, in a picture ``height`` pixels high, until it is time to tell them."""

    def __init__(self, height: int) -> None:
        self._height = height
        self._recent: list[Verdict] = []
        self._untold: list[Verdict] = []

    def add(self, verdict: Verdict) -> None:
        """Take in one more; of two readings of one fall the longer stays, and nothing is told twice."""
        for other in self._recent:
            if self._same(other, verdict):
                if other in self._untold and len(verdict.points) > len(other.points):
                    self._replace(other, verdict)
                return
        self._recent.append(verdict)
        self._untold.append(verdict)

    def ready(self, at: float) -> list[Verdict]:
        """Those whose wait is over at ``at``, weather left out."""
        due = [v for v in self._untold if at - v.points[-1, 0] >= HOLD_S]
        told = [v for v in due if not self._weather(v)]
        self._untold = [v for v in self._untold if v not in due]
        self._recent = [v for v in self._recent if v in self._untold or at - v.points[-1, 0] < RECENT_S]
        return told

    def _replace(self, old: Verdict, new: Verdict) -> None:
        for each in (self._recent, self._untold):
            each[each.index(old)] = new

    def _same(self, one: Verdict, two: Verdict) -> bool:
        """Whether both overlap in space and time, or one goes on where the other ended."""
        first, second = sorted((one.points, two.points), key=lambda p: float(p[0, 0]))
        start, x, y = second[0, :3]
        if start > first[-1, 0] + HOLD_S:
            return False
        away = abs(float(np.interp(start, first[:, 0], first[:, 1])) - x)
        back = float(np.interp(start, first[:, 0], first[:, 2])) - y
        near = SAME * self._height
        overlap = start <= first[-1, 0]
        return bool(away < near and (abs(back) < near if overlap else back < near))

    def _weather(self, verdict: Verdict) -> bool:
        points = verdict.points
        others = [v.points for v in self._recent if v is not verdict]
        apart = [p for p in others if abs(p[0, 1] - points[0, 1]) > APART * self._height]
        ends = points[[0, -1], 0]
        return len([p for p in apart if np.abs(p[[0, -1], 0] - ends).max() < TOGETHER_S]) >= COMPANY

"""What a detection of a fall tells: floors, landing, speed, circumstances. Pure."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from devices.cameras.detection import Box, Detection
from devices.cameras.falling_judge import Verdict
from devices.cameras.projective import FloorMap, Release

Floats = NDArray[np.float64]


def report(
    verdict: Verdict, number: int, facade: Floats | None, floors: FloorMap | None, context: Mapping[str, bool]
) -> Detection:
    """The detection of one fall. ``facade``: corners in pixels. ``context``: rain, night, shake.

    Attributes: ``landing`` [x, y] in pixels with ``landing_error`` (one standard error across), ``sizes`` [width,
    height] at each point of the path, ``size_px`` (median), ``speed_px`` (pixels a second at the end) and, calibrated,
    ``floor``, ``floor_low``, ``floor_high`` and ``speed`` (metres a second at the last point seen).
    """
    points = verdict.points
    path = tuple((round(t, 3), round(x, 1), round(y, 1)) for t, x, y in points[:, :3].tolist())
    attributes: dict[str, object] = {
        **context,
        **_landing(points, facade),
        "sizes": [[round(w, 1), round(h, 1)] for w, h in points[:, 3:5].tolist()],
        "size_px": round(float(np.median(points[:, 3:5].min(axis=1))), 1),
        "speed_px": round(_speed(points), 1),
    }
    if verdict.release is not None and floors is not None:
        attributes |= _floors(verdict.release, floors.floor_height)
    return Detection(
        "falling_object", "end", number, path[0][0], path[-1][0], verdict.score, path, _bounds(points), attributes
    )


def _bounds(points: Floats) -> Box:
    half = points[:, 3:5] / 2
    low, high = (points[:, 1:3] - half).min(axis=0), (points[:, 1:3] + half).max(axis=0)
    left, top, width, height = (round(float(v), 1) for v in (*low, *(high - low)))
    return left, top, width, height


def _speed(points: Floats) -> float:
    last = points[-4:]
    way = np.hypot(np.diff(last[:, 1]), np.diff(last[:, 2])).sum()
    return float(way / max(last[-1, 0] - last[0, 0], 1e-6))


def _landing(points: Floats, facade: Floats | None) -> dict[str, object]:
    """Where the path meets the facade's lower edge; without a facade, the last point seen."""
    x, y = points[:, 1], points[:, 2]
    if facade is None:
        return {"landing": [round(float(x[-1]), 1), round(float(y[-1]), 1)], "landing_error": 0.0}
    late = slice(len(points) // 2, None)
    slope, start = np.polyfit(y[late], x[late], 1)
    spread = float(np.std(x[late] - slope * y[late] - start))
    ground = lower_edge(facade, float(x[-1]))
    ground = max(ground, float(y[-1]))
    beyond = (ground - float(y[-1])) / max(float(np.ptp(y[late])), 1.0)
    return {
        "landing": [round(float(slope * ground + start), 1), round(ground, 1)],
        "landing_error": round(max(spread, 0.5) * (1 + beyond), 1),
    }


def lower_edge(corners: Floats, x: float) -> float:
    """The lowest row of a polygon at column ``x``; beside it, at its nearest column."""
    x = float(np.clip(x, corners[:, 0].min(), corners[:, 0].max()))
    rows = []
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if min(x1, x2) <= x <= max(x1, x2):
            rows.append(max(y1, y2) if x1 == x2 else y1 + (x - x1) / (x2 - x1) * (y2 - y1))
    return float(max(rows))


def _floors(release: Release, each: float) -> dict[str, object]:
    return {
        "floor": round(release.height / each),
        "floor_low": int(np.floor(release.low / each + 0.5)),
        "floor_high": int(np.floor(release.high / each + 0.5)),
        "speed": round(release.speed, 1),
    }

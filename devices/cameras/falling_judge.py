"""Was this track a fall? Physics first, then how much chance, company and size allow. Pure.

Every test compares the track with what gravity does to a thing in front of a fixed camera; none looks at appearance.
A verdict names the first test that failed, so that a preview can say why something was not reported.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.cameras.falling_tracks import Track
from devices.cameras.projective import GRAVITY, Curve, Fall, FloorMap, Release, fit_curve, fit_fall, fit_release

Floats = NDArray[np.float64]

LEAST_POINTS, LEAST_POINTS_NIGHT = 6, 8
LEAST_DROP = 0.12
"""Share of the facade's height in the picture."""
LEAST_DROP_PX, LEAST_DROP_SIZES = 20.0, 3.0
UPWARD, JITTER_PX = 0.1, 2.0
"""How far a track may be above its lowest place so far: a share of the drop, or the jitter of a blob's centre."""
SHORTEST_S, SHORTEST_RAIN_S = 0.15, 0.45
"""Two drops taken for one thing make a track that seems to speed up, for less than half a second."""
CROWD = 12.0
"""Blobs a picture from which the longer time is asked for."""
CHANCE = -9.0
"""log10: one accident in 10^9 points of comparison; a busy picture compares about 10^5 a second."""
ALONE = 0.6
"""Pictures with nothing else beside the thing, over those expected were the other blobs spread evenly."""
SIDEWAYS, STEEPEST = 1.0, 2.0
"""Way across over way down: against the vertical of the place, and in the picture."""
SIDE, SIDE_SLANT = 0.02, 0.3
"""Share of the picture's width that is its side; who comes in there, slanting so much, flew in."""
GAIN, GAIN_RAIN, GAIN_SIGNIFICANCE = 1.2, 1.6, 3.0
"""Speed at the end over speed at the start; how many standard errors the acceleration must be from none."""
STEADY = frozenset({"not speeding up", "not gravity", "slower than gravity", "steady in perspective"})
"""Refusals of what comes down without falling: drops, flakes, traffic."""
PULL_LIMIT = 6.0
"""Image acceleration in picture heights a second squared: a view 1.6 m high."""
SLOWEST = 0.04
"""Least gravity by the way the fit has it fall, in picture heights a second squared: a view 245 m high."""
ASIDE = 0.5
"""Image acceleration to the side over that down: what the lens and a tilt leave over."""
GLIDE = 0.6
"""Steady motion in perspective must not explain the points so much better than free fall."""
LARGEST = 0.09
GROWTH, FLICKER = 2.0, 0.35
"""Width at the end over width at the start beyond what perspective explains; median step of its logarithm."""
WIDEST_GRAVITY = (0.8, 22.0)
"""Calibrated acceleration in m/s^2: drag lowers it; a throw toward the camera looks faster than it is."""
FASTEST = 70.0
ABOVE_ROOF_M = 9.0
OFF_PLANE = 0.03
"""Error of heights per metre fallen: what is thrown away from the facade leaves the plane that was calibrated."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a verdict needs besides the track.

    ``width``, ``height``, ``facade_height``: pixels. ``crowd``: blobs a picture, everywhere. ``roof``: metres, as
    ``floors`` tells them, of the facade's upper edge.
    """

    width: float
    height: float
    facade_height: float
    crowd: float
    night: bool
    rain: bool
    floors: FloorMap | None = None
    roof: float = np.inf


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """``refused`` names the test that failed, or is empty. ``points``: rows of at, x, y, width, height, contrast."""

    refused: str
    score: float
    points: Floats
    fall: Fall | None = None
    release: Release | None = None


def judge(track: Track, around: Surroundings) -> Verdict:
    """Tell whether ``track`` shows a thing that fell."""
    points = _descent(track.array())
    t, x, y = points[:, 0] - points[0, 0], points[:, 1], points[:, 2]
    size = float(np.median(points[:, 3:5].min(axis=1)))
    refused = _shape(points, size, around) or _company(track, around)
    if refused:
        return Verdict(refused, 0.0, points)
    allowed = 1.0 + 0.1 * size + 0.015 * float(np.ptp(y))
    fall = fit_fall(t, y)
    if fall is None or fall.error > allowed:
        return Verdict("no free fall", 0.0, points)
    speeding = fit_curve(t, y)
    refused = _motion(t, x, y, fall, speeding, allowed, around) or _size(points, fall)
    release = None
    if around.floors is not None:
        release = _release(points, size, around.floors)
        refused = refused or _gravity(t, points, around.floors)
        if not refused and release.low > around.roof + ABOVE_ROOF_M:
            refused = "from above the roof"
    else:
        refused = refused or _speeding(points, speeding, fall.head_start, around)
    score = 0.0 if refused else _score(track.chance, fall.error / allowed, speeding)
    return Verdict(refused, score, points, fall, release)


def _descent(points: Floats) -> Floats:
    """Without what follows the lowest point: a bounce, or the thing lying there."""
    lowest = int(points[:, 2].argmax())
    rest = points[: lowest + 1]
    return rest if len(rest) >= 3 else points


def _shape(points: Floats, size: float, around: Surroundings) -> str:
    t, x, y = points[:, 0], points[:, 1], points[:, 2]
    drop = float(y[-1] - y[0])
    hard = around.rain or around.crowd > CROWD
    least = LEAST_POINTS_NIGHT if around.night or hard else LEAST_POINTS
    if len(points) < least or t[-1] - t[0] < (SHORTEST_RAIN_S if hard else SHORTEST_S):
        return "too few points"
    if drop < max(LEAST_DROP * around.facade_height, LEAST_DROP_PX, LEAST_DROP_SIZES * size):
        return "too short a way"
    back = float((np.maximum.accumulate(y) - y).max())
    if back > max(UPWARD * drop, JITTER_PX) or abs(x[-1] - x[0]) > STEEPEST * drop:
        return "not downward"
    edge = min(x[0], around.width - x[0])
    if edge < SIDE * around.width and abs(x[-1] - x[0]) > SIDE_SLANT * drop:
        return "came in from the side"
    return "too large" if size > LARGEST * around.height else ""


def _company(track: Track, around: Surroundings) -> str:
    if track.chance > CHANCE:
        return "may be chance"
    return "not alone" if track.alone < ALONE * track.lonely else ""


def _motion(t: Floats, x: Floats, y: Floats, fall: Fall, speeding: Curve, allowed: float, around: Surroundings) -> str:
    depth = fall.depth(t)
    across = np.polynomial.polynomial.polyfit(t, x * depth, 2)
    straight = np.polynomial.polynomial.polyval(t, across) / depth - x
    if float(np.sqrt(np.mean(straight**2))) > allowed:
        return "not smooth"
    if max(fall.error, 0.5) * GLIDE > max(fall.glide, 0.5):
        return "steady in perspective"
    down = speeding.coefficients[2]
    upright = x - _slant(fall, float(x.mean()), float(y.mean()), around) * (y - y[0])
    if abs(upright[-1] - upright[0]) > SIDEWAYS * (y[-1] - y[0]):
        return "not downward"
    sideways = fit_curve(t, upright)
    if down > 0 and abs(sideways.coefficients[2]) - 3 * sideways.deviation > ASIDE * down:
        return "pushed aside"
    return "" if 2 * down / around.height < PULL_LIMIT else "faster than gravity"


def _size(points: Floats, fall: Fall) -> str:
    """A thing keeps its size but for its distance; what drives up to the camera grows more than its fall explains.

    Widths only: motion blur stretches heights.
    """
    widths = points[:, 3] + 1
    if float(np.median(np.abs(np.diff(np.log(widths + 1))))) > FLICKER:
        return "no one thing"
    third = max(2, len(widths) // 3)
    nearer = 1 / max(0.05, float(fall.depth(points[-1:, 0] - points[0, 0])[0]))
    grown = float(np.median(widths[-third:]) / np.median(widths[:third]))
    return "growing" if grown > GROWTH * max(1.0, nearer) else ""


def _slant(fall: Fall, x: float, y: float, around: Surroundings) -> float:
    """Columns a row along the vertical of the world at a place of the picture, for a camera that is held level.

    All verticals meet in the middle column, in the row that an endless fall would reach: b / c. Above the picture for a
    camera that looks up (no lower than for a pitch of 60 degrees), below it for one that looks down.
    """
    if abs(fall.c) < 1e-9:
        return 0.0
    row = fall.b / fall.c
    row = min(row, -0.1 * around.height) if fall.c < 0 else max(row, 1.1 * around.height)
    return (x - around.width / 2) / (y - row)


def _speeding(points: Floats, speeding: Curve, head_start: float, around: Surroundings) -> str:
    """Without calibration gravity's size is known within the bounds of what cameras look at; speed must grow."""
    _, first, second = speeding.coefficients
    time, drop = points[-1, 0] - points[0, 0], points[-1, 2] - points[0, 2]
    if 2 * drop < SLOWEST * around.height * (time**2 + 2 * head_start * time):
        return "slower than gravity"
    last = first + 2 * second * float(time)
    gain = GAIN_RAIN if around.rain else GAIN
    if second < GAIN_SIGNIFICANCE * speeding.deviation:
        return "not speeding up"
    return "not speeding up" if first > 0 and last < gain * first else ""


def _release(points: Floats, size: float, floors: FloorMap) -> Release:
    t, x, y = points[:, 0] - points[0, 0], points[:, 1], points[:, 2]
    metres = floors.height(x, y)
    step = np.abs(floors.height(x, y + 1) - metres)
    seen = np.maximum(step * (0.7 + 0.1 * size), 0.02)
    return fit_release(t, metres, np.hypot(seen, OFF_PLANE * (metres - metres[0])))


def _gravity(t: Floats, points: Floats, floors: FloorMap) -> str:
    metres = floors.height(points[:, 1], points[:, 2])
    curve = fit_curve(t, metres)
    pull = -2 * curve.coefficients[2]
    margin = 4 * curve.deviation
    if pull + margin < WIDEST_GRAVITY[0] or pull - margin > WIDEST_GRAVITY[1]:
        return "not gravity"
    speed = float(metres[0] - metres[-1]) / float(t[-1])
    return "not gravity" if speed > FASTEST or speed < GRAVITY * t[-1] / 12 else ""


def _score(chance: float, misfit: float, speeding: Curve) -> float:
    smooth = 1 - 0.4 * misfit
    sure = 1 - np.exp((chance - CHANCE / 2) / 10)
    pulled = 1 - 0.3 * np.exp(-max(0.0, speeding.coefficients[2] / speeding.deviation) / 5)
    return round(float(np.clip(smooth * (0.5 + 0.5 * sure) * pulled, 0.0, 1.0)), 3)

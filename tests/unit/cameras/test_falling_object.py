"""The falling-object detector on rendered scenes: what it finds, what must not raise it, what streams do to it."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from devices.cameras.falling_object import FallingConfig, FallingObjectDetector
from devices.cameras.projective import FloorPoint
from simulators.scenes.facade_view import View
from tests.unit.cameras.falling import STONE, VIEW, configured, scene, watch

DISTURBANCES = ["birds", "insects", "rain", "laundry", "trees", "headlights", "reflections", "shake", "lightning"]


@pytest.mark.parametrize("kind", DISTURBANCES)
def test_what_is_no_fall_raises_nothing_and_hides_none(kind: str) -> None:
    """One scene shows both: the stone alone is told, whatever moves beside it."""
    shown = scene(kind, throws=(STONE,), night=kind in ("insects", "headlights", "lightning"))
    if shown.night:
        shown = replace(shown, throws=(replace(STONE, shade=215),))
    said = watch(shown.frames(), configured())
    truth = shown.flights[0].path
    assert [d.phase for d in said] == ["end"]
    assert abs(said[0].end_s - truth[-1, 0]) < 0.4
    assert truth[0, 0] <= said[0].start_s < truth[len(truth) // 2, 0]


def test_a_thrown_stone_is_told_once_with_its_path_and_origin() -> None:
    shown = scene(throws=(STONE,))
    (said,) = watch(shown.frames(), configured())
    truth = shown.flights[0].path
    seen = np.array(said.path)
    assert (
        np.abs(np.interp(seen[:, 0], truth[:, 0], truth[:, 2]) - seen[:, 2])[:-1].max() < 1.5
    )  # at the edge of the picture half of it is seen
    assert np.abs(np.interp(seen[:, 0], truth[:, 0], truth[:, 1]) - seen[:, 1]).max() < 1.5
    told = said.attributes
    assert (told["rain"], told["night"], told["shake"]) == (False, False, False)
    assert isinstance(told["floor"], int)
    assert abs(told["floor"] - 12) <= 1
    assert told["floor_low"] <= told["floor"] <= told["floor_high"]  # type: ignore[operator]
    assert 18 < float(str(told["speed"])) < 30  # 2 g h from 34 m down, a little drag
    assert said.box is not None
    assert said.box[1] + said.box[3] > truth[-1, 2] - 3
    assert abs(told["landing"][0] - truth[-1, 1]) < 6  # type: ignore[index]
    assert 0.5 <= said.score <= 1


@pytest.mark.parametrize(("pitch", "repeat"), [(45, 0), (60, 0), (45, 3)])
def test_steep_views_and_repeated_pictures(pitch: int, repeat: int) -> None:
    view = View.steep(pitch, 640, 360, 30.0 if repeat else 25.0)
    shown = replace(scene(throws=(replace(STONE, floor=16),), seconds=4.4), view=view, repeat=repeat)
    (said,) = watch(shown.frames(), configured(view))
    assert abs(int(str(said.attributes["floor"])) - 16) <= 1


def test_without_configuration_the_whole_picture_counts() -> None:
    (said,) = watch(scene(throws=(STONE,)).frames())
    assert "floor" not in said.attributes
    assert said.attributes["landing"] == [said.path[-1][1], said.path[-1][2]]


def test_what_falls_beside_the_facade_is_not_told() -> None:
    left = FallingConfig(((0.0, 0.1), (0.3, 0.1), (0.3, 0.98), (0.0, 0.98)))
    assert watch(scene(throws=(STONE,)).frames(), left) == []


def test_colour_is_welcome_too() -> None:
    frames = [(at, cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR)) for at, luma in scene(throws=(STONE,)).frames()]
    assert len(watch(frames)) == 1  # type: ignore[arg-type]


def test_upward_is_no_fall() -> None:
    frames = list(scene(throws=(STONE,)).frames())
    backwards = [(at, frame) for (at, _), (_, frame) in zip(frames, reversed(frames), strict=True)]
    assert watch(backwards) == []


def test_steady_descent_is_no_fall() -> None:
    """Free fall shown at a pace that undoes its acceleration: a lift, a lantern, a drone."""
    shown = scene(throws=(STONE,))
    path = shown.flights[0].path
    frames = dict(shown.frames())
    times = np.interp(np.linspace(path[3, 2], path[-1, 2], 40), path[:, 2], path[:, 0])
    still = [(n / 25, frames[0.0]) for n in range(10)]
    steady = [(0.4 + n / 25, frames[min(frames, key=lambda at: abs(at - t))]) for n, t in enumerate(times)]
    assert watch(still + steady) == []


def test_a_gap_a_smaller_picture_and_time_turned_back_start_anew() -> None:
    frames = list(scene(throws=(STONE,)).frames())
    detector = FallingObjectDetector()
    half = len(frames) // 3
    said = [d for at, frame in frames[:half] for d in detector.step(frame, at)]
    small = [(at, np.ascontiguousarray(frame[::2, ::2])) for at, frame in frames]
    said += [d for at, frame in small for d in detector.step(frame, at)]
    said += [d for at, frame in frames for d in detector.step(frame, at + 1000.0)]
    said += [d for at, frame in frames for d in detector.step(frame, at)]
    said += detector.close()
    assert len(said) == 3
    assert said[1].start_s > 1000 > said[2].end_s
    assert [a.track < b.track for a, b in pairwise(said)] == [True, True]
    assert detector.close() == []


def test_pictures_out_of_order_are_passed_over() -> None:
    frames = list(scene(throws=(STONE,)).frames())
    detector = FallingObjectDetector()
    said = []
    for (before, early), (at, frame) in pairwise(frames):
        said += detector.step(frame, at)
        said += detector.step(early, before)
    assert len(said + detector.close()) == 1


def test_the_reason_of_a_refusal_is_kept_for_previews() -> None:
    detector = FallingObjectDetector()
    reasons = set()
    for at, frame in scene("laundry", "birds", seconds=6.0).frames():
        detector.step(frame, at)
        reasons |= {verdict.refused for verdict in detector.refused}
    assert reasons
    assert "" not in reasons


def test_calibration_that_tells_no_scale_is_refused() -> None:
    level = (FloorPoint(0.2, 0.5, 3), FloorPoint(0.8, 0.5, 3))
    with pytest.raises(ValueError, match="at least two floors"):
        FallingObjectDetector(FallingConfig(floors=level))


def test_an_empty_view_says_nothing() -> None:
    assert watch((n / 25, np.full((VIEW.height, VIEW.width), 120, np.uint8)) for n in range(30)) == []

"""A picture unfit to judge is told as what it is, and a good one is not."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from devices.cameras.camera_health import STATES, CameraHealth
from devices.cameras.detection import Frame
from simulators.scenes.lane import Weather
from tests.unit.cameras.lanes import car, scene

OF = scene(car(15, 40), weather=Weather(noise=2.0))


def learnt() -> CameraHealth:
    health = CameraHealth()
    assert watch(health, OF.frame, 0, 40) == {}
    return health


def watch(health: CameraHealth, frame: Callable[[float], Frame], begin: float, end: float) -> dict[str, bool]:
    changed: dict[str, bool] = {}
    for at in np.arange(begin, end, 0.5):
        changed |= health.step(frame(float(at)), float(at))
    return changed


def black(at: float) -> Frame:
    return np.asarray(np.random.default_rng(int(at * 10)).integers(0, 6, (180, 320)), np.uint8)


def covered(at: float) -> Frame:
    return np.asarray(np.random.default_rng(int(at * 10)).normal(70, 1.0, (180, 320)), np.uint8)


def blurred(at: float) -> Frame:
    return np.asarray(cv2.GaussianBlur(OF.frame(at), (41, 41), 9), np.uint8)


def moved(at: float) -> Frame:
    return np.roll(OF.frame(at), (25, 60), axis=(0, 1))


@pytest.mark.parametrize(
    ("frame", "state"),
    [
        (black, "image_black"),
        (covered, "view_covered"),
        (blurred, "image_blurred"),
        (moved, "view_moved"),
        (lambda _: OF.frame(40), "image_frozen"),
    ],
    ids=["black", "covered", "blurred", "moved", "frozen"],
)
def test_trouble_is_named_and_its_end_is_told(frame: Callable[[float], Frame], state: str) -> None:
    health = learnt()
    assert watch(health, frame, 40, 70) == {state: True}
    assert watch(health, OF.frame, 70, 90) == {state: False}
    assert health.states == dict.fromkeys(STATES, False)


@pytest.mark.parametrize(
    "weather", [Weather(day=0.4, noise=4), Weather(rain=100, day=0.7, noise=3), Weather(cloud=0.5)]
)
def test_night_rain_and_clouds_are_no_trouble(weather: Weather) -> None:
    assert watch(learnt(), scene(weather=weather).frame, 40, 90) == {}


def test_a_short_blip_is_nothing() -> None:
    health = learnt()
    assert watch(health, covered, 40, 43) == {}
    assert watch(health, OF.frame, 43, 60) == {}


def test_what_is_usual_is_kept_over_a_restart() -> None:
    again = CameraHealth()
    again.load(learnt().dump())
    assert watch(again, moved, 0, 20) == {"view_moved": True}


def test_before_it_knows_what_is_usual_it_judges_only_black_and_frozen() -> None:
    health = CameraHealth()
    assert health.dump() == {}
    assert watch(health, black, 0, 15) == {"image_black": True}
    assert watch(CameraHealth(), blurred, 0, 15) == {}

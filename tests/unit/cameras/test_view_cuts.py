"""A camera turned to another view at once: the new view is learnt, and what stands in it is no obstacle."""

from collections.abc import Callable

import numpy as np
import pytest

from devices.cameras.blocked_lane import BlockedLane
from devices.cameras.detection import Frame
from simulators.scenes.lane import Mover, Weather
from tests.unit.cameras.lanes import phases, scene, started, watch, zone

CUT_S, BOX_S = 15.0, 30.0
PATCH = 10


def patches(seed: int, width: int, patch: int = PATCH) -> np.ndarray:
    """Grey squares of all shades: edges of their own everywhere."""
    shades = np.random.default_rng(seed).integers(30, 226, (180 // patch, width // patch))
    return np.kron(shades, np.ones((patch, patch)))


def cut(share: float, cut_s: float = CUT_S) -> Callable[[float], Frame]:
    """An even view whose left ``share`` is another from ``cut_s`` on; a box is put down on the right at ``BOX_S``."""
    first = 120.0 + patches(0, 320, 4) / 20
    second = first.copy()
    width = int(320 * share / PATCH) * PATCH
    second[:, :width] = patches(2, width)

    def frame(at: float) -> Frame:
        picture = (first if at < cut_s else second).copy()
        if at >= BOX_S:
            picture[60:140, 240:300] = 230
            picture[90:100, 250:290] = 20
        noise = np.random.default_rng(int(at * 10)).normal(0, 1.5, picture.shape)
        return np.clip(picture + noise, 0, 255).astype(np.uint8)

    return frame


@pytest.mark.parametrize("share", [0.5, 0.65])
@pytest.mark.parametrize("rate", [1.0, 2.0])
def test_what_a_cut_brings_into_the_picture_is_learnt_at_once(share: float, rate: float) -> None:
    found = watch(BlockedLane(), cut(share), 0, 45, rate)
    assert phases(found) == ["start"]
    assert found[0].box is not None
    assert found[0].box[0] == pytest.approx(240, abs=10)
    assert BOX_S + 10 <= started(found)[0] <= BOX_S + 20


def test_what_stood_before_the_cut_is_ended_by_it() -> None:
    def frame(at: float) -> Frame:
        picture = cut(0.7, cut_s=25.0)(at)
        if 6 <= at < 25:
            picture[60:120, 20:80] = 240
            picture[80:90, 30:70] = 10
        return picture

    found = watch(BlockedLane(), frame, 0, BOX_S)
    assert phases(found) == ["start", "end"]
    assert found[0].end_s <= 25 < found[-1].end_s <= 27
    assert found[0].track == found[-1].track


def test_a_small_part_that_changes_is_a_thing_and_no_cut() -> None:
    found = watch(BlockedLane(), cut(0.2), 0, 29)
    assert phases(found) == ["start"]
    assert CUT_S + 10 <= started(found)[0] <= CUT_S + 14


@pytest.mark.parametrize("day", [1.0, 0.7, 0.6, 0.5, 0.4])
def test_a_reference_by_day_serves_at_dusk(day: float) -> None:
    of = scene(Mover("car", [(-5.0, 0.2, 12.0), (60.0, 0.2, 12.0)], 205), weather=Weather(day=day, leaves=False))
    found = watch(BlockedLane([zone(of)], [of.empty]), of.frame, 0, 20)
    assert phases(found) == ["start"]
    assert found[0].attributes["confirmed"] is True


@pytest.mark.parametrize("day", [1.0, 0.6, 0.4])
def test_a_reference_in_another_light_makes_no_car(day: float) -> None:
    of = scene(weather=Weather(day=day, leaves=False))
    assert watch(BlockedLane([zone(of)], [of.empty]), of.frame, 0, 30) == []

"""The camera's picture just above and just below every limit of its health."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from devices.cameras.camera_health import (
    BLACK,
    BLACK_SPREAD,
    COVERED,
    FLAT_SHARE,
    FROZEN_S,
    LEARN_S,
    SIZE,
    STATES,
    SURE_S,
    CameraHealth,
)
from devices.cameras.detection import Frame

WIDTH, HEIGHT = SIZE
Scene = Callable[[float], Frame]


def texture(seed: int, soft: float = 1.2) -> np.ndarray:
    """Grey levels around nought with edges everywhere."""
    raw = np.random.default_rng(seed).normal(0, 1, (HEIGHT + 40, WIDTH + 40))
    smooth = cv2.GaussianBlur(raw, (0, 0), soft)
    return np.asarray(110 * smooth / np.abs(smooth).max())


HOME, OTHER = texture(1), texture(2)


def picture(levels: np.ndarray, around: float = 120.0) -> Scene:
    """``levels`` seen by a sensor whose one corner pixel flickers, so that no two pictures are the same."""
    shown = np.clip(around + levels[20:-20, 20:-20], 0, 255).round().astype(np.uint8)

    def frame(at: float) -> Frame:
        copy = shown.copy()
        copy[0, 0] = int(at) % 2
        return copy

    return frame


def run(health: CameraHealth, scene: Scene, begin: int, end: int) -> dict[str, bool]:
    changed: dict[str, bool] = {}
    for at in range(begin, end):
        changed |= health.step(scene(float(at)), float(at))
    return changed


def learnt() -> CameraHealth:
    health = CameraHealth()
    assert run(health, picture(HOME), 0, 40) == {}
    return health


def flat(level: float, spread: float) -> Scene:
    """Half the picture ``spread`` above and half below ``level``."""
    stripes = np.full((HEIGHT + 40, WIDTH + 40), -spread)
    stripes[:, ::2] = spread
    return picture(stripes, level)


@pytest.mark.parametrize(
    ("scene", "is_black"),
    [
        (flat(BLACK - 1, 0), True),
        (flat(BLACK + 1, 0), False),
        (flat(BLACK - 3, BLACK_SPREAD - 1), True),
        (flat(BLACK - 3, BLACK_SPREAD + 1), False),
    ],
    ids=["dark", "less dark", "dark and even", "lights in the dark"],
)
def test_black_is_dark_and_even(scene: Scene, is_black: bool) -> None:
    assert run(CameraHealth(), scene, 0, 12) == ({"image_black": True} if is_black else {})


def test_black_hides_every_other_trouble() -> None:
    health = learnt()
    assert run(health, flat(2, 0), 40, 60) == {"image_black": True}
    assert health.states == dict.fromkeys(STATES, False) | {"image_black": True}


@pytest.mark.parametrize(("share", "is_blurred"), [(0.8 * FLAT_SHARE, True), (1.3 * FLAT_SHARE, False)])
def test_blurred_is_a_share_of_the_usual_sharpness(share: float, is_blurred: bool) -> None:
    faded = picture(HOME * share**0.5)
    assert run(learnt(), faded, 40, 52) == ({"image_blurred": True} if is_blurred else {})


@pytest.mark.parametrize(
    ("share", "state"), [(0.7 * COVERED, "view_covered"), (1.6 * COVERED, "image_blurred")], ids=["covered", "seen"]
)
def test_covered_is_another_picture_with_next_to_no_structure(share: float, state: str) -> None:
    assert run(learnt(), picture(OTHER * share), 40, 52) == {state: True}


def test_faint_but_the_same_is_fog_and_no_cover() -> None:
    assert run(learnt(), picture(HOME * COVERED * 0.9), 40, 52) == {"image_blurred": True}


@pytest.mark.parametrize(
    ("pixels", "is_moved"), [((6, 0), True), ((0, -6), True), ((2, 2), False), ((-3, 0), False), ((12, 9), True)]
)
def test_moved_is_more_than_a_tremble(pixels: tuple[int, int], is_moved: bool) -> None:
    soft = texture(5, 4.0)
    health = CameraHealth()
    run(health, picture(soft), 0, 40)
    shifted = picture(np.roll(soft, pixels, axis=(1, 0)))
    assert run(health, shifted, 40, 52) == ({"view_moved": True} if is_moved else {})


def test_another_view_as_sharp_is_a_moved_camera() -> None:
    assert run(learnt(), picture(OTHER), 40, 52) == {"view_moved": True}


@pytest.mark.parametrize("gain", [0.75, 1.2])
def test_more_and_less_light_is_no_trouble(gain: float) -> None:
    assert run(learnt(), picture(HOME * gain, 120 * gain), 40, 60) == {}


def test_one_flickering_pixel_keeps_a_picture_from_being_frozen() -> None:
    still = picture(HOME)
    assert run(CameraHealth(), still, 0, 30) == {}
    health = CameraHealth()
    told = [at for at in range(30) if health.step(still(0.0), float(at)).get("image_frozen")]
    assert len(told) == 1
    assert FROZEN_S - 1 <= told[0] <= FROZEN_S + 1


@pytest.mark.parametrize(("seconds", "told"), [(int(SURE_S) - 1, False), (int(SURE_S), True)])
def test_a_state_changes_after_its_time_and_not_before(seconds: int, told: bool) -> None:
    health = learnt()
    assert run(health, flat(2, 0), 40, 40 + seconds) == ({"image_black": True} if told else {})
    assert run(health, picture(HOME), 40 + seconds, 60) == ({"image_black": False} if told else {})


def test_trouble_that_comes_and_goes_never_counts_together() -> None:
    health = learnt()
    dark, good = flat(2, 0), picture(HOME)
    assert run(health, lambda at: (good if at % 4 == 3 else dark)(at), 40, 120) == {}


@pytest.mark.parametrize(("seconds", "knows"), [(int(LEARN_S) - 2, False), (int(LEARN_S) + 2, True)])
def test_it_learns_before_it_judges(seconds: int, knows: bool) -> None:
    health = CameraHealth()
    run(health, picture(HOME), 0, seconds)
    at_once = run(health, picture(OTHER), seconds, seconds + 6)
    assert at_once == ({"view_moved": True} if knows else {})


def test_trouble_is_never_learnt_as_usual() -> None:
    health = learnt()
    assert run(health, picture(OTHER), 40, 400) == {"view_moved": True}
    assert run(health, picture(HOME), 400, 412) == {"view_moved": False}


def test_a_clock_that_goes_back_and_a_gap_count_as_one_step() -> None:
    health = learnt()
    assert health.step(flat(2, 0)(0.0), 1000.0) == {"image_black": True}  # a gap counts as at most five seconds
    again = learnt()
    assert again.step(flat(2, 0)(0.0), -50.0) == {}
    assert run(again, flat(2, 0), -49, -44) == {"image_black": True}


def test_colour_and_luma_are_judged_alike() -> None:
    scene = picture(OTHER)
    colour, grey = learnt(), learnt()
    for at in range(40, 52):
        luma = scene(float(at))
        assert colour.step(np.repeat(luma[..., None], 3, axis=2), float(at)) == grey.step(luma, float(at))
    assert colour.states["view_moved"]

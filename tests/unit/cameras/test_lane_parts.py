"""The parts the lane detector is made of."""

import numpy as np
import pytest

from devices.cameras.lane_background import ABSORB_S, Background
from devices.cameras.lane_verify import judge, structure
from devices.cameras.lane_zone import LONGEST, View, Zone

NONE = np.zeros((90, 160), np.uint8)


def ground(seed: int = 1, level: float = 120.0) -> np.ndarray:  # type: ignore[type-arg]
    rng = np.random.default_rng(seed)
    return rng.normal(level, 12, (90, 160)).astype(np.float32)


def with_thing(picture: np.ndarray, shade: float = 210.0) -> np.ndarray:  # type: ignore[type-arg]
    changed = picture.copy()
    changed[40:70, 60:110] = shade
    changed[46:52, 66:104] = 30
    return changed


SPOT = NONE.copy()
SPOT[40:70, 60:110] = 255
INNER = np.s_[44:66, 64:106]


def shown(background: Background, picture: np.ndarray, begin: float, end: float) -> None:  # type: ignore[type-arg]
    for at in np.arange(begin, end, 0.5):
        background.step(picture, float(at), NONE)


def test_what_stays_becomes_foreign_and_its_time_is_known() -> None:
    background = Background(ground(), 0.0)
    shown(background, ground(), 0.5, 10)
    shown(background, with_thing(ground()), 10, 15)
    assert (background.foreign[INNER] > 0).mean() > 0.9
    assert np.median(background.since[INNER]) == pytest.approx(10.0, abs=0.6)
    assert (background.foreign[:30] > 0).mean() < 0.01


def test_what_passes_leaves_no_trace() -> None:
    background = Background(ground(), 0.0)
    shown(background, ground(), 0.5, 10)
    shown(background, with_thing(ground()), 10, 11.1)
    shown(background, ground(), 11.5, 14)
    assert not background.foreign.any()
    assert float(background.since.max()) == 0.0


def test_what_stands_keeps_its_time_behind_a_passer_by() -> None:
    background = Background(ground(), 0.0)
    shown(background, with_thing(ground()), 10, 20)
    since = background.since[INNER].copy()
    shown(background, with_thing(ground(), 20.0), 20, 21.1)
    shown(background, with_thing(ground()), 21.5, 25)
    assert (background.since[INNER] == since).mean() > 0.8


def test_the_exposure_is_levelled_out() -> None:
    background = Background(ground(), 0.0)
    shown(background, ground(), 0.5, 10)
    shown(background, ground() * 0.6, 10, 16)
    assert not background.foreign.any()


def test_what_is_held_is_never_absorbed_and_the_rest_in_the_end_is() -> None:
    for hold, foreign in ((SPOT, True), (NONE, False)):
        background = Background(ground(), 0.0)
        for at in np.arange(1.0, ABSORB_S + 20, 5.0):
            background.step(with_thing(ground()), float(at), hold)
        assert bool(background.foreign[INNER].mean() > 100) is foreign


def test_a_shadow_on_textured_ground_is_light() -> None:
    background = Background(ground(), 0.0)
    shown(background, ground(), 0.5, 10)
    shaded = ground()
    shaded[:, 80:] *= 0.55
    shown(background, shaded, 10, 14)
    assert (background.foreign > 0).mean() < 0.12  # only where the edge runs


def test_relighting_guesses_what_lies_below_a_thing() -> None:
    background = Background(with_thing(ground()), 0.0, ground())
    background.settled = with_thing(ground()) * np.float32(0.5)
    background.relight(SPOT)
    assert background.empty[INNER].mean() == pytest.approx(ground()[INNER].mean() * 0.5, rel=0.1)


def test_a_dump_is_taken_up() -> None:
    background = Background(ground(), 0.0)
    shown(background, with_thing(ground()), 5, 12)
    again = Background.load(background.dump(), 100.0, 7.0)
    again.step(with_thing(ground()), 100.5, NONE)
    assert (again.foreign[INNER] > 0).mean() > 0.9
    # 5 s of standing before, 7 s away
    assert np.median(100.5 - again.since[INNER]) == pytest.approx(11.5 - 5.0 + 7.0 + 0.5, abs=0.7)


def test_a_thing_a_thing_gone_and_a_shadow_are_told_apart() -> None:
    empty, full = ground(), with_thing(ground())
    shaded = ground()
    shaded[40:70, 60:110] *= 0.6
    assert judge(full, empty, SPOT, 1.0).nature == "object"
    assert judge(empty, full, SPOT, 1.0).nature == "ghost"
    assert judge(shaded, empty, SPOT, 1.0).nature == "light"


def test_the_surer_the_more_edges_it_brings() -> None:
    empty = ground()
    assert judge(with_thing(empty), empty, SPOT, 1.0).score > judge(with_thing(empty, 128.0), empty, SPOT, 1.0).score


def test_structure_outlives_light_and_tells_places_apart() -> None:
    assert structure(ground(), ground() * np.float32(0.5) + 20) > 0.95
    assert structure(ground(), ground(2)) < 0.2
    assert structure(ground(), np.full((90, 160), 90.0, np.float32)) == pytest.approx(0.0, abs=1e-6)


def test_a_view_is_small_and_finds_its_way_back() -> None:
    view = View(Zone("z", [(0.25, 0.5), (0.75, 0.5), (0.75, 1.0), (0.25, 1.0)]), 1920, 1080)
    assert max(view.size) <= LONGEST
    mask = np.zeros_like(view.mask)
    mask[view.mask > 0] = 255
    left, top, width, height = view.box(mask)
    assert (left, top, width, height) == pytest.approx((480, 540, 960, 540), abs=12)


def test_the_width_taken_is_measured_on_the_ground() -> None:
    lane = [(0.1, 0.95), (0.9, 0.95), (0.6, 0.3), (0.4, 0.3)]
    view = View(Zone("z", lane), 640, 360)
    for row in (0.9, 0.5):  # half the lane's width, near and far
        band = view.mask.copy()
        at = int(row * (view.mask.shape[0] - 1))
        band[: at - 3], band[at + 3 :] = 0, 0
        columns = np.nonzero(band[at])[0]
        band[:, int(columns.mean()) :] = 0
        assert view.width_taken(band) == pytest.approx(0.5, abs=0.08)


def test_a_zone_of_many_corners_is_measured_in_the_picture() -> None:
    view = View(Zone("z", [(0.1, 0.1), (0.9, 0.1), (0.9, 0.5), (0.9, 0.9), (0.1, 0.9)]), 640, 360)
    mask = view.mask.copy()
    mask[:, view.mask.shape[1] // 2 :] = 0
    assert view.width_taken(mask) == pytest.approx(0.5, abs=0.06)
    assert view.width_taken(np.zeros_like(mask)) == 0.0

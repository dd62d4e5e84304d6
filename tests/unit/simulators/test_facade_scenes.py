"""Rendered facades: what is thrown falls as physics has it, and everything is told beside the pictures."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from simulators.scenes.brush import Noise, blob, denser
from simulators.scenes.disturbances import LAYERS, Shake
from simulators.scenes.facade import DAY_NOISE, FacadeScene, Flying, inject
from simulators.scenes.facade_view import CAMERA_HEIGHT_M, FLOOR_M, View, paint_facade
from simulators.scenes.throws import GRAVITY, Throw, fly, plan

VIEW = View.steep(30, 320, 180)
STONE = Throw(0.5, 10, 0.0, (0.0, 0.0, 0.0), 1e6, 4.0, 250)


def grey(level: int = 100) -> np.ndarray:
    return np.full((180, 320), level, np.uint8)


@pytest.mark.parametrize("pitch", [30, 45, 60])
def test_the_axis_of_the_camera_is_the_middle_of_the_picture(pitch: int) -> None:
    view = View.steep(pitch)
    up = CAMERA_HEIGHT_M + view.distance * np.tan(np.radians(pitch))
    x, y, scale = view.project(np.array([0.0, up, view.distance]))
    assert (x, y) == pytest.approx((view.width / 2, view.height / 2))
    assert scale == pytest.approx(view.focal * np.cos(np.radians(pitch)) / view.distance)


def test_higher_is_farther_up_and_smaller() -> None:
    low, high = (VIEW.project(np.array([5.0, h, VIEW.distance])) for h in (6.0, 40.0))
    assert high[1] < low[1]
    assert high[2] < low[2]
    assert abs(high[0] - 160) < abs(low[0] - 160)


@pytest.mark.parametrize("pitch", [30, 45, 60])
def test_the_polygon_stays_in_the_picture_and_holds_the_calibration(pitch: int) -> None:
    view = View.steep(pitch)
    corners = np.array(view.polygon())
    assert len(corners) >= 4
    assert corners.min() >= -1e-6
    assert corners.max() <= 1 + 1e-6
    points = np.array(view.floor_points())
    assert len(points) == 6
    assert len(set(points[:, 2])) == 3
    for x, y, floor in points:
        there = view.project(np.array([[c, (floor - 0.5) * FLOOR_M, view.distance] for c in (-6.0, 7.0)]))
        assert min(np.abs(there[:, 0] / view.width - x)) < 1e-6
        assert y == pytest.approx(there[0, 1] / view.height)


def test_a_facade_is_drawn_the_same_for_the_same_seed_only() -> None:
    one, same, other = (paint_facade(VIEW, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.shape == (180, 320)
    assert paint_facade(VIEW, 1, night=True).mean() < 0.5 * one.mean()


def test_a_stone_falls_by_half_g_t_squared() -> None:
    flight = fly(STONE, VIEW)
    t = flight.path[:, 0]
    ladder = np.linspace(0, 54, 400)[::-1]
    rows = VIEW.project(np.column_stack([0 * ladder, ladder, 0 * ladder + VIEW.distance - 0.3]))[:, 1]
    heights = np.interp(flight.path[:, 2], rows, ladder)
    release = (STONE.floor - 0.5) * FLOOR_M
    middle = t - t[0] + 0.78 / VIEW.fps  # of the exposure, which is the second half of each picture's time
    assert heights == pytest.approx(release - GRAVITY / 2 * middle**2, abs=0.35)
    assert heights[-1] < 5


def test_drag_bounds_the_speed_and_a_push_carries_aside() -> None:
    bag = fly(replace(STONE, terminal=5.0), VIEW)
    stone = fly(STONE, VIEW)
    assert len(bag.frames) > 1.5 * len(stone.frames)
    pushed = fly(replace(STONE, push=(3.0, 0.0, 0.0)), VIEW)
    assert pushed.path[-1, 1] > stone.path[-1, 1] + 10


def test_a_thing_has_about_its_size_and_grows_as_it_nears() -> None:
    sizes = [size for _, _, size in fly(STONE, VIEW).frames]
    assert sizes == sorted(sizes)
    assert sizes[len(sizes) // 2] == pytest.approx(STONE.size_px, rel=0.35)


def test_plans_are_spread_and_repeat_with_the_seed() -> None:
    throws = plan(VIEW, 3, 12, 2.0, (3.0, 5.0), 1.0)
    assert throws == plan(VIEW, 3, 12, 2.0, (3.0, 5.0), 1.0)
    assert throws != plan(VIEW, 4, 12, 2.0, (3.0, 5.0), 1.0)
    starts = [each.at for each in throws]
    assert all(1.3 < later - earlier < 2.7 for earlier, later in pairwise(starts))
    assert all(3 <= each.size_px <= 5 for each in throws)
    assert {each.shade > 128 for each in throws} == {True, False}
    assert all(each.shade > 128 for each in plan(VIEW, 3, 12, 2.0, (3.0, 5.0), 1.0, night=True))
    for each in throws:
        assert np.ptp(fly(each, VIEW).path[:, 2]) > 0.2 * VIEW.height


def test_a_brush_keeps_what_it_covers() -> None:
    picture = grey()
    blob(picture, np.array([(50.0, 60.0)]), (3.0, 3.0), 200)
    assert picture[60, 50] == 200
    assert picture[60, 57] == 100
    assert (picture - 100.0).sum() / 100 == pytest.approx(np.pi * 9, rel=0.15)


def test_motion_blur_spreads_the_same_light() -> None:
    sharp, blurred = grey(), grey()
    blob(sharp, np.array([(50.0, 60.0)]), (2.0, 2.0), 250)
    blob(blurred, denser(np.array([(50.0, 60.0), (50.0, 80.0)]), 1.0), (2.0, 2.0), 250)
    assert (blurred - 100.0).sum() == pytest.approx((sharp - 100.0).sum(), rel=0.25)
    assert blurred.max() < sharp.max()


def test_a_brush_off_the_picture_draws_nothing() -> None:
    picture = grey()
    blob(picture, np.array([(-50.0, 60.0)]), (3.0, 3.0), 200)
    blob(picture, np.array([(50.0, 900.0)]), (3.0, 3.0), 200)
    assert (picture == 100).all()


def test_noise_has_its_strength_and_is_fresh_in_every_picture() -> None:
    noise = Noise((180, 320), 4.0, 1)
    one, two, again = noise.add(grey(), 1), noise.add(grey(), 2), noise.add(grey(), 1)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, two)
    assert one.astype(float).std() == pytest.approx(4.0, rel=0.1)
    assert one.mean() == pytest.approx(100, abs=0.2)


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_disturbance_moves_and_is_a_function_of_time(name: str) -> None:
    layer = LAYERS[name](VIEW, 7, 10.0)
    still = paint_facade(VIEW, 7)
    times = np.arange(0, 8, 0.16)
    shown = []
    for t in (*times, *times[:5]):
        picture = still.copy()
        layer(picture, float(t))
        shown.append(picture)
    changed = [int((picture != still).sum()) for picture in shown]
    assert max(changed) > 10
    assert len({picture.tobytes() for picture in shown}) > 3
    assert all(np.array_equal(a, b) for a, b in zip(shown[:5], shown[len(times) :], strict=True))


def test_a_shake_moves_the_whole_picture_within_its_bounds() -> None:
    still = paint_facade(VIEW, 7)
    shake = Shake(7, 3.0)
    moved = shake.apply(still, 0.8)
    assert not np.array_equal(moved, still)
    inner = np.s_[20:-20, 20:-20]
    least = min(
        np.abs(np.roll(still, (dy, dx), (0, 1)).astype(int) - moved)[inner].mean()
        for dx in range(-3, 4)
        for dy in range(-3, 4)
    )
    assert least < np.abs(still.astype(int) - moved)[inner].mean()


def test_a_scene_shows_its_throws_where_the_truth_has_them() -> None:
    scene = FacadeScene(VIEW, 5, 2.0, (STONE,), noise=0.0)
    still = paint_facade(VIEW, 5)
    truth = {round(t * 25): (x, y) for t, x, y in scene.flights[0].path}
    pictures = list(scene.frames())
    assert len(pictures) == 50
    for number in (20, 30, 40):
        rows, columns = np.nonzero(pictures[number][1] != still)
        assert (columns.mean(), rows.mean()) == pytest.approx(truth[number], abs=1.5)
    assert np.array_equal(pictures[3][1], still)


def test_noise_by_day_and_night() -> None:
    by_day = next(FacadeScene(VIEW, 5, 1.0).frames())[1].astype(float) - paint_facade(VIEW, 5)
    by_night = next(FacadeScene(VIEW, 5, 1.0, night=True).frames())[1].astype(float) - paint_facade(VIEW, 5, True)
    assert by_day.std() == pytest.approx(DAY_NOISE, rel=0.15)
    assert by_night.std() > 2 * by_day.std()


def test_repeated_pictures_repeat_and_are_no_truth() -> None:
    view = View.steep(30, 320, 180, 30.0)
    scene = FacadeScene(view, 5, 2.0, (STONE,), repeat=3)
    pictures = [picture for _, picture in scene.frames()]
    assert np.array_equal(pictures[2], pictures[1])
    assert not np.array_equal(pictures[3], pictures[2])
    assert all(round(t * 30) % 3 != 2 for t, _, _ in scene.flights[0].frames)


def test_throws_are_put_into_pictures_of_any_camera() -> None:
    flights = (fly(STONE, VIEW),)
    background = [(n / 25 + 0.004, grey()) for n in range(60)]
    shown = list(inject(background, flights))
    assert [t for t, _ in shown] == [t for t, _ in background]
    assert (shown[40][1] != 100).any()
    assert (background[40][1] == 100).all()
    assert not (shown[2][1] != 100).any()


def test_what_is_in_the_air_is_known_by_the_millisecond() -> None:
    flight = fly(STONE, VIEW)
    flying = Flying((flight, flight))
    picture = grey()
    flying.draw(picture, flight.frames[5][0])
    assert (picture != 100).any()
    flying.draw(empty := grey(), 99.0)
    assert (empty == 100).all()

"""Falls simulated through a pinhole camera come back: floors, speed, landing, height of release, over many views."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cameras.falling_report import lower_edge
from devices.cameras.projective import (
    GRAVITY,
    LONGEST_HEAD_START,
    FloorMap,
    FloorPoint,
    fit_curve,
    fit_fall,
    fit_release,
)
from tests.unit.cameras.pinhole import Pinhole

HEIGHTS, PITCHES, RATES = (12.0, 40.0, 90.0), (20.0, 45.0, 60.0), (12.5, 25.0, 50.0)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("pitch", PITCHES)
@pytest.mark.parametrize("height", HEIGHTS)
def test_a_fall_through_perspective_is_explained_to_a_fraction_of_a_pixel(
    height: float, pitch: float, rate: float
) -> None:
    camera = Pinhole(pitch, distance=25.0)
    t, metres = camera.fall(height, rate)
    found = fit_fall(t, camera.row(metres))
    assert found is not None
    assert found.error < 1.0
    assert found.error < found.glide
    assert 0 <= found.head_start <= LONGEST_HEAD_START


@pytest.mark.parametrize("pitch", PITCHES)
def test_the_depth_of_a_fall_is_that_of_the_camera(pitch: float) -> None:
    camera = Pinhole(pitch, distance=25.0)
    t, metres = camera.fall(40.0, 25.0)
    found = fit_fall(t, camera.row(metres))
    assert found is not None
    nearer = camera.depth(metres[-1]) / camera.depth(metres[0])
    assert found.depth(t)[-1] == pytest.approx(nearer, rel=0.25)
    assert found.depth(np.zeros(1))[0] == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_a_pixel_of_noise_costs_about_a_pixel(seed: int) -> None:
    camera = Pinhole(45.0, distance=25.0)
    t, metres = camera.fall(40.0, 25.0)
    noise = np.random.default_rng(seed).normal(0, 1.0, len(t))
    found = fit_fall(t, camera.row(metres) + noise)
    assert found is not None
    assert 0.6 < found.error < 1.6
    assert found.glide > 2 * found.error


def test_what_rises_is_no_fall() -> None:
    camera = Pinhole(30.0, distance=25.0)
    t, metres = camera.fall(40.0, 25.0)
    assert fit_fall(t, camera.row(metres[::-1])) is None


@pytest.mark.parametrize("pitch", PITCHES)
@pytest.mark.parametrize("floor_height", [2.8, 3.3])
def test_floors_come_back_over_the_whole_facade(pitch: float, floor_height: float) -> None:
    camera = Pinhole(pitch, distance=25.0)
    marks = [camera.mark(across, floor, floor_height) for floor in (0, 4, 9, 15) for across in (-4.0, 5.0)]
    floors = FloorMap.of(marks, floor_height)
    for floor in range(16):
        x, y = camera.seen(1.0, floor * floor_height)
        assert floors.floor(np.array([x]), np.array([y]))[0] == pytest.approx(floor, abs=0.25)
        assert floors.height(np.array([x]), np.array([y]))[0] == pytest.approx(floor * floor_height, abs=0.8)


def test_marks_beside_the_truth_cost_less_than_a_floor() -> None:
    camera, rng = Pinhole(45.0, distance=25.0), np.random.default_rng(4)
    marks = [camera.mark(across, floor, 3.0) for floor in (1, 5, 10, 15) for across in (-4.0, 0.0, 5.0)]
    off = [mark._replace(x=mark.x + rng.normal(0, 3), y=mark.y + rng.normal(0, 3)) for mark in marks]
    floors = FloorMap.of(off)
    for floor in range(1, 16):
        x, y = camera.seen(1.0, floor * 3.0)
        assert floors.floor(np.array([x]), np.array([y]))[0] == pytest.approx(floor, abs=0.8)


@given(st.integers(-3, 3), st.floats(-500, 500), st.floats(0.5, 3.0))
def test_a_map_does_not_care_where_floors_and_columns_are_counted_from(ground: int, shift: float, zoom: float) -> None:
    camera = Pinhole(45.0, distance=25.0)
    marks = [camera.mark(across, floor, 3.0) for floor in (0, 5, 12) for across in (-4.0, 5.0)]
    plain = FloorMap.of(marks)
    moved = FloorMap.of([FloorPoint(m.x * zoom + shift, m.y * zoom, m.floor + ground) for m in marks])
    for floor in (1.0, 6.0, 11.0):
        x, y = (np.array([value]) for value in camera.seen(2.0, floor * 3.0))
        found = moved.floor(x * zoom + shift, y * zoom)[0]
        assert found == pytest.approx(plain.floor(x, y)[0] + ground, abs=1e-3)


@pytest.mark.parametrize(
    "marks",
    [
        [],
        [FloorPoint(5, 100, 3)],
        [FloorPoint(5, 100, 3), FloorPoint(90, 200, 3)],
        [FloorPoint(5, 100, 3), FloorPoint(90, 101, 8)],
    ],
    ids=["none", "one", "one floor", "one row"],
)
def test_marks_that_tell_nothing_are_refused(marks: list[FloorPoint]) -> None:
    with pytest.raises(ValueError, match="at least two floors at different heights"):
        FloorMap.of(marks)


@pytest.mark.parametrize("missed", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("height", HEIGHTS)
def test_release_and_speed_come_back_from_metres(height: float, rate: float, missed: float) -> None:
    seen = np.arange(0, min((2 * height / GRAVITY) ** 0.5 - missed, 1.4), 1 / rate)
    metres = height - GRAVITY * (seen + missed) ** 2 / 2
    noisy = metres + np.random.default_rng(7).normal(0, 0.1, len(seen))
    found = fit_release(seen, noisy, np.full(len(seen), 0.1))
    assert found.low - 0.5 <= height <= found.high + 0.5
    assert found.height == pytest.approx(height, abs=2.0)
    assert found.speed == pytest.approx(GRAVITY * (seen[-1] + missed), rel=0.2)
    assert found.error < 0.2


@pytest.mark.parametrize("noise", [0.05, 0.2, 0.8])
def test_the_interval_holds_the_first_place_and_grows_with_the_noise(noise: float) -> None:
    t = np.arange(0, 1.2, 0.04)
    metres = 40 - GRAVITY * (t + 0.2) ** 2 / 2
    found = fit_release(t, metres, np.full(len(t), noise))
    wider = fit_release(t, metres, np.full(len(t), 2 * noise))
    assert found.low <= metres[0] <= found.high
    assert found.low <= found.height <= found.high
    assert wider.high - wider.low >= found.high - found.low


def test_what_the_air_holds_back_is_slower_and_still_found() -> None:
    t, terminal = np.arange(0, 2.4, 0.04), 8.0
    fallen = terminal**2 / GRAVITY * np.log(np.cosh(GRAVITY * t / terminal))
    found = fit_release(t, 30 - fallen, np.full(len(t), 0.05))
    assert found.speed == pytest.approx(terminal * np.tanh(GRAVITY * t[-1] / terminal), rel=0.1)
    assert found.low - 0.3 <= 30 <= found.high + 0.3


@given(st.floats(-50, 50), st.floats(-100, 100), st.floats(-300, 300))
def test_a_curve_without_noise_comes_back_exactly(first: float, second: float, third: float) -> None:
    t = np.arange(20) / 25
    found = fit_curve(t, first + second * t + third * t**2)
    assert found.coefficients == pytest.approx((first, second, third), abs=1e-6)
    assert found.error < 1e-6
    assert found.deviation > 0


@given(st.floats(-20, 420))
def test_a_landing_lies_on_the_facade(x: float) -> None:
    corners = np.array([(50.0, 20.0), (350.0, 40.0), (350.0, 300.0), (50.0, 200.0)])
    y = lower_edge(corners, x)
    assert 200 <= y <= 300
    if 50 <= x <= 350:
        assert y == pytest.approx(200 + (x - 50) / 3, abs=1e-6)

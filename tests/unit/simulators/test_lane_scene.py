"""The rendered lane: the same for the same seed and time, and true to its truth."""

import math
from pathlib import Path

import av
import numpy as np
import pytest

from simulators.scenes.lane import LANE_WIDTH_M, LaneScene, Mover, Weather
from simulators.scenes.stream import record

PARKED = Mover("car", [(2, 0.3, 34), (5, 0.3, 12), (25, 0.3, 12), (28, 0.3, 34)], 210)
SMALL = {"width": 320, "height": 180}


def test_the_same_seed_and_time_give_the_same_picture() -> None:
    made = [LaneScene([PARKED], Weather(rain=30, shake=0.5, cloud=0.3), seed=4, **SMALL) for _ in range(2)]
    assert np.array_equal(made[0].frame(7.5), made[1].frame(7.5))
    assert not np.array_equal(made[0].frame(7.5), made[0].frame(8.0))
    assert not np.array_equal(LaneScene(seed=5, **SMALL).empty, made[0].empty)


def test_a_picture_is_luma_of_the_wanted_size() -> None:
    picture = LaneScene([PARKED], **SMALL).frame(3.0)
    assert (picture.shape, picture.dtype) == ((180, 320), np.dtype(np.uint8))


def test_a_mover_is_where_its_way_says() -> None:
    assert PARKED.place(1.0) is None
    assert PARKED.place(29.0) is None
    x, z, speed = PARKED.place(3.5) or (0, 0, 0)
    assert (x, z) == (0.3, 23.0)
    assert speed == pytest.approx(22 / 3)
    assert PARKED.place(10.0) == (0.3, 12.0, 0.0)
    assert PARKED.stands == [(5, 25)]


def test_the_truth_is_where_the_picture_changed() -> None:
    weather = Weather(noise=0, leaves=False)
    full, bare = LaneScene([PARKED], weather, **SMALL), LaneScene([], weather, **SMALL)
    [truth] = full.truths()
    assert (truth.begin_s, truth.end_s) == (5, 25)
    off = np.abs(full.frame(10.0).astype(int) - bare.frame(10.0).astype(int)) > 15
    left, top, width, height = (round(side) for side in truth.box)
    inside = off[top : top + height, left : left + width].sum()
    assert inside / off.sum() > 0.8  # the rest is its shadow
    assert inside / (width * height) > 0.5


def test_only_what_stands_long_enough_in_the_lane_is_true() -> None:
    beside = Mover("van", [(0, 6.0, 12), (60, 6.0, 12)])
    person = Mover("person", [(0, 0.0, 12), (60, 0.0, 12)])
    assert LaneScene([PARKED, beside, person], **SMALL).truths(10) == LaneScene([PARKED], **SMALL).truths(10)
    assert LaneScene([PARKED], **SMALL).truths(21) == []


def test_the_zone_is_the_lane() -> None:
    made = LaneScene(**SMALL)
    (near_left, near_right, far_right, far_left) = made.zone
    assert near_right[0] - near_left[0] > 2 * (far_right[0] - far_left[0])
    assert near_left[1] > far_left[1]
    left, _ = made._point(-LANE_WIDTH_M / 2, 0, 7)
    assert left / made.width == pytest.approx(near_left[0])


@pytest.mark.parametrize("what", ["car", "van", "box", "person"])
def test_everything_can_be_seen(what: str) -> None:
    weather = Weather(noise=0, leaves=False)
    there = LaneScene([Mover(what, [(0, 0, 10), (9, 0, 10)], 30)], weather, **SMALL)  # type: ignore[arg-type]
    assert (np.abs(there.frame(1.0).astype(int) - LaneScene([], weather, **SMALL).frame(1.0)) > 20).sum() > 40


def mean(weather: Weather, t: float = 1.0) -> float:
    return float(LaneScene([], weather, **SMALL).frame(t).mean())


def test_light_is_what_the_weather_says() -> None:
    day = mean(Weather(noise=0))
    assert mean(Weather(day=0.3, noise=0)) == pytest.approx(0.3 * day, rel=0.1)
    assert mean(Weather(switch_s=10, switch=0.5, noise=0), 9.9) == pytest.approx(day, rel=0.02)
    assert mean(Weather(switch_s=10, switch=0.5, noise=0), 10.0) == pytest.approx(0.5 * day, rel=0.05)
    assert mean(Weather(drift=-0.01, noise=0), 50) == pytest.approx(day * math.exp(-0.5), rel=0.05)
    assert mean(Weather(cloud=0.6, noise=0)) < 0.9 * day
    assert mean(Weather(sun_edge=0.5, noise=0), 60) < 0.75 * day


def test_headlights_burn_only_while_driving_at_night() -> None:
    night = Weather(day=0.25, noise=0, leaves=False)
    made = LaneScene([PARKED], night, **SMALL)
    assert made.frame(4.0)[60:].max() > made.frame(15.0)[60:].max()


def test_rain_noise_and_shake_move_the_picture() -> None:
    calm = LaneScene([], Weather(noise=0, leaves=False), **SMALL)
    assert np.array_equal(calm.frame(1.0), calm.frame(2.0))
    for weather in (Weather(noise=3), Weather(noise=0, rain=50), Weather(noise=0, shake=1.0), Weather(noise=0)):
        made = LaneScene([], weather, **SMALL)
        assert not np.array_equal(made.frame(1.0), made.frame(2.0))


def test_a_recording_has_its_seconds_rate_and_key_frames(tmp_path: Path) -> None:
    made = LaneScene([PARKED], **SMALL)
    path = record(tmp_path / "lane.mp4", made.frame, 4, rate=10, keys=5)
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
    assert len(frames) == 40
    assert [frame.time for frame in frames[:3]] == pytest.approx([0.0, 0.1, 0.2])
    assert [index for index, frame in enumerate(frames) if frame.key_frame] == list(range(0, 40, 5))

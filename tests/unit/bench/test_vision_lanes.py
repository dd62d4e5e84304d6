"""How the lane bench counts, and the recipe it compares with."""

from collections import Counter

import numpy as np
import pytest

from simulators.scenes.lane import Truth
from tests.bench import vision_lanes
from tests.bench.vision_lanes import outcome
from tests.bench.vision_lanes_scenes import DISTURBANCES, DWELL_S, LEARN_S, scene
from tests.bench.vision_lanes_usual import Usual, overlap

TRUTH = Truth(10.0, 60.0, (0.0, 0.0, 1.0, 1.0))
DUE = 10.0 + DWELL_S


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ([("start", DUE), ("end", 63.0)], "right"),
        ([("start", DUE + 10), ("update", 50.0), ("end", 70.0)], "right"),
        ([], "missed"),
        ([("start", DUE - 0.1), ("end", 63.0)], "early"),
        ([("start", DUE + 10.1), ("end", 63.0)], "late"),
        ([("start", DUE), ("start", DUE + 5), ("end", 63.0)], "repeated"),
        ([("start", DUE)], "not_cleared"),
        ([("start", DUE), ("end", 70.1)], "not_cleared"),
        ([("start", DUE), ("end", 59.0)], "not_cleared"),
    ],
)
def test_what_became_of_a_parked_vehicle(told: list[tuple[str, float]], what: str) -> None:
    assert outcome(told, TRUTH) == what


@pytest.mark.parametrize(
    ("total", "f1"),
    [
        ({"right": 10}, 1.0),
        ({"right": 8, "missed": 2}, 16 / 18),
        ({"right": 8, "late": 2}, 16 / 20),
        ({"right": 8, "repeated": 2}, 20 / 22),
        ({"missed": 5}, 0.0),
    ],
)
def test_events_are_counted_as_f1(total: dict[str, int], f1: float) -> None:
    assert vision_lanes._f1(Counter(total)) == pytest.approx(f1, abs=1e-4)


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_every_scene_has_one_vehicle_that_stays(disturbance: str) -> None:
    made, until = scene(disturbance, 3)
    [truth] = made.truths(DWELL_S)
    assert truth.begin_s >= LEARN_S
    assert truth.end_s - truth.begin_s > DWELL_S + 10
    assert truth.end_s + 10 < until
    again, _ = scene(disturbance, 3)
    assert np.array_equal(made.frame(20.0), again.frame(20.0))


def test_tuning_and_test_scenes_differ() -> None:
    tuning, test = (scene("plain", seed)[0] for seed in (2, 3))
    assert tuning.movers != test.movers


def test_the_hours_of_the_day_follow_each_other_in_light() -> None:
    for hour in range(24):
        this, after = vision_lanes._hour(hour), vision_lanes._hour(hour + 1)
        end = this.weather.day * np.exp(this.weather.drift * vision_lanes.HOUR_S)
        assert end == pytest.approx(after.weather.day, rel=1e-6)
        assert not this.truths(DWELL_S)


def test_without_clips_the_bench_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("LANE_CLIPS", str(tmp_path))
    said: list[str] = []
    assert vision_lanes._real(said.append) == {"clips": 0}
    assert said[0].startswith("SKIPPED")


def test_the_usual_recipe_finds_an_easy_case() -> None:
    recipe = Usual([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)], 5.0)
    told = []
    for at in np.arange(0, 30, 0.5):
        picture = np.full((180, 320), 110, np.uint8)
        if 12 <= at < 24:
            picture[60:120, 100:180] = 220
        told += recipe.step(picture, float(at))
    assert [what for what, _ in told] == ["start", "end"]
    assert told[0][1] == pytest.approx(17.0, abs=1.0)
    assert told[1][1] == pytest.approx(26.5, abs=1.5)


def test_overlap() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0
    assert overlap((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (20, 0, 10, 10)) == 0.0

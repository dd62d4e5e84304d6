"""The bench of falling objects: scoring, scenes, the recipe it is compared with, and a run of the smallest size."""

from io import BytesIO

import numpy as np
import pytest

from devices.cameras.detection import Detection
from simulators.scenes.facade import FacadeScene
from simulators.scenes.facade_view import View
from simulators.scenes.throws import Flight, Throw, fly
from tests.bench import vision_falling
from tests.bench.vision_falling_scenes import KINDS, cases
from tests.bench.vision_falling_score import Score, score
from tests.bench.vision_falling_usual import UsualRecipe

VIEW = View.steep(30, 320, 180)
STONE = Throw(0.5, 12, 0.0, (0.0, 0.0, 0.0), 1e6, 5.0, 250)


def said(flight: Flight, later: float = 0.0, aside: float = 0.0, floor: int = 12) -> Detection:
    path = tuple((t + later, x + aside, y) for t, x, y in flight.path.tolist())
    sizes = [[float(np.ptp(spots[:, 0]) + size), float(np.ptp(spots[:, 1]) + size)] for _, spots, size in flight.frames]
    attributes = {"sizes": sizes, "floor": floor, "floor_low": floor - 1, "floor_high": floor}
    return Detection("falling_object", "end", 1, path[0][0], path[-1][0], 0.9, path, attributes=attributes)


def test_a_perfect_answer_has_full_marks() -> None:
    flight = fly(STONE, VIEW)
    found = score([said(flight)], [flight], 180, 60.0)
    assert (found.recall, found.precision, found.f1, found.floor) == (1, 1, 1, 1)
    assert found.frame_f == pytest.approx(1)
    assert found.tro == pytest.approx(1)
    assert found.floors_inside == 1
    assert found.per_hour == 0


def test_each_fault_costs_its_own_figure() -> None:
    flight = fly(STONE, VIEW)
    assert score([], [flight], 180, 60.0).recall == 0
    twice = score([said(flight), said(flight)], [flight], 180, 60.0)
    assert (twice.recall, twice.precision, twice.per_hour) == (1, 0.5, 60)
    assert score([said(flight, aside=60.0)], [flight], 180, 60.0).found == 0
    assert score([said(flight, later=9.0)], [flight], 180, 60.0).found == 0
    late = score([said(flight, later=0.2)], [flight], 180, 60.0)
    assert 0.7 < late.tro < 0.95
    assert late.frame_f < 0.8
    assert score([said(flight, floor=14)], [flight], 180, 60.0).floor == 0
    assert score([said(flight, floor=13)], [flight], 180, 60.0).floor == 1


def test_scores_add_up() -> None:
    flight = fly(STONE, VIEW)
    total = Score()
    total.add(score([said(flight)], [flight], 180, 60.0))
    total.add(score([], [flight], 180, 60.0))
    assert (total.throws, total.found, total.recall, total.seconds) == (2, 1, 0.5, 120)
    assert total.tro == pytest.approx(0.5)


def test_scenes_to_tune_on_and_to_test_on_share_nothing() -> None:
    tuned, tested = list(cases(False, 2, 5.0)), list(cases(True, 2, 5.0))
    assert len(tested) == 3 * len(KINDS) >= 20
    assert not {each.scene.seed for each in tuned} & {each.scene.seed for each in tested}
    assert not {each.scene.view for each in tuned} & {each.scene.view for each in tested}
    assert {each.sizes for each in tested} == {"3-5 px", ">=6 px", "none"}
    assert {each.scene.view.pitch for each in tested} == {30, 45, 60}
    assert sum(len(each.scene.throws) for each in cases(True, 12, 5.0)) >= 300
    for each in tested:
        assert len(each.scene.throws) == (0 if each.sizes == "none" else 2)


def test_the_usual_recipe_is_no_straw_man() -> None:
    """In a calm scene with a large thing it works."""
    scene = FacadeScene(VIEW, 3, 4.5, (Throw(1.0, 14, 1.0, (0.5, 0.0, 0.0), 60.0, 9.0, 250),), noise=1.0)
    heard = vision_falling.watch(UsualRecipe(), scene.frames())
    assert score(heard, scene.flights, 180, 4.5).found == 1


def test_a_scene_survives_coding() -> None:
    scene = FacadeScene(VIEW, 3, 0.4)
    shown = list(vision_falling.decoded(BytesIO(vision_falling.encode(scene))))
    assert len(shown) == 10
    for (t, seen), (at, drawn) in zip(shown, scene.frames(), strict=True):
        assert t == pytest.approx(at, abs=0.002)
        assert seen.shape == drawn.shape
        assert np.abs(seen.astype(int) - drawn).mean() < 4


def test_real_clips_that_are_absent_are_skipped_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(vision_falling.CLIPS, raising=False)
    heard: list[str] = []
    assert vision_falling._clips(heard.append) == {"skipped": 1}
    assert heard[0].startswith("SKIPPED")

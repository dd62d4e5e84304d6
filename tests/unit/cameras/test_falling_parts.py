"""The parts of the falling-object detector: motion, tracks, physics, groups, reports."""

import numpy as np
import pytest

from devices.cameras.falling_group import Falls, Pieces
from devices.cameras.falling_judge import Surroundings, Verdict, judge
from devices.cameras.falling_report import lower_edge, report
from devices.cameras.falling_tracks import Density, Spot, Track, Tracker, predict
from devices.cameras.motion import NOTHING, RESEED_S, MotionMap
from devices.cameras.projective import GRAVITY, FloorMap, FloorPoint, fit_curve, fit_fall, fit_release

FREE = Surroundings(640, 360, 360, 0.5, False, False)


def still(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(90, 130, (240, 320)).repeat(1, 0).astype(np.uint8)


def with_spot(picture: np.ndarray, x: int, y: int, size: int = 4, shade: int = 250) -> np.ndarray:
    copy = picture.copy()
    copy[y : y + size, x : x + size] = shade
    return copy


def falling(pull: float = 200.0, start: float = 0.0, across: float = 10.0, n: int = 20, t0: float = 0.0) -> Track:
    """A track of ``pull`` pixels a second squared, ``start`` pixels a second at first."""
    times = np.arange(n) / 25
    spots = [
        Spot(t0 + t, 100 + across * t, 40 + start * t + pull * t * t / 2, 4, 4, 5.0, (k, 0))
        for k, t in enumerate(times)
    ]
    return Track(1, spots, -40.0, n, n)


def test_one_spot_is_one_blob_at_its_place() -> None:
    motion = MotionMap()
    for n in range(5):
        motion.step(still(), n / 25)
    (blob,) = motion.step(with_spot(still(), 100, 50), 0.24).blobs
    assert blob[:2] == pytest.approx([101.5, 51.5], abs=0.3)
    assert 4 <= blob[2] <= 6
    assert blob[4] > 1


def test_a_repeated_picture_is_known_and_a_still_one_learns_nothing() -> None:
    motion = MotionMap()
    motion.step(still(), 0.0)
    assert motion.step(still(), 0.04).repeated
    assert not motion.step(with_spot(still(), 9, 9), 0.08).repeated
    assert motion.step(with_spot(still(), 9, 9), 0.12).repeated


def test_what_comes_again_and_again_at_one_place_is_ignored() -> None:
    motion = MotionMap()
    counts = [
        len(motion.step(with_spot(still(n % 2), 60, 60) if n % 3 == 0 else still(n % 2), n / 25).blobs)
        for n in range(150)
    ]
    assert sum(counts[:30]) > 0
    assert sum(counts[-30:]) == 0


def test_a_change_of_light_is_no_motion_and_hides_none() -> None:
    motion = MotionMap()
    for n in range(5):
        motion.step(still(), n / 25)
    assert len(motion.step(cv_add(still(), 30), 0.2).blobs) == 0
    assert len(motion.step(cv_add(with_spot(still(), 100, 50, shade=200), 30), 0.24).blobs) == 1


def cv_add(picture: np.ndarray, levels: int) -> np.ndarray:
    return np.clip(picture.astype(np.int16) + levels, 0, 255).astype(np.uint8)


def test_another_view_mutes_and_is_taken_for_the_background_soon() -> None:
    rng = np.random.default_rng(1)
    one, two = (np.kron(rng.integers(0, 255, (12, 16)), np.ones((20, 20))).astype(np.uint8) for _ in range(2))
    motion = MotionMap()
    muted = [motion.step(one, n / 25).muted for n in range(3)]
    noisy = [two if n % 2 else cv_add(two, 7) for n in range(40)]
    muted += [motion.step(picture, 0.12 + n / 25).muted for n, picture in enumerate(noisy)]
    assert muted[:3] == [True, False, False]
    assert all(muted[3 : 3 + int(RESEED_S * 25)])
    assert not any(muted[-10:])


def test_a_shaken_picture_is_set_right() -> None:
    rng = np.random.default_rng(2)
    view = np.kron(rng.integers(40, 220, (40, 50)), np.ones((8, 8))).astype(np.uint8)
    motion = MotionMap()
    for n in range(4):
        motion.step(view[20:260, 20:340], n / 25)
    moved = motion.step(view[18:258, 23:343], 0.16)
    assert moved.shift == pytest.approx((-3.0, 2.0), abs=0.3)
    assert len(moved.blobs) < 5


def test_only_the_watched_part_counts() -> None:
    roi = np.zeros((240, 320), np.uint8)
    roi[:120] = 255
    motion = MotionMap(roi)
    for n in range(4):
        motion.step(still(), n / 25)
    assert len(motion.step(with_spot(still(), 100, 200), 0.2).blobs) == 0
    assert len(motion.step(with_spot(still(), 100, 60), 0.24).blobs) == 1


def test_a_large_thing_is_no_blob_and_takes_its_rags_along() -> None:
    motion = MotionMap()
    for n in range(4):
        motion.step(still(), n / 25)
    picture = with_spot(with_spot(still(), 100, 60, 60), 162, 80, 3)
    assert len(motion.step(picture, 0.2).blobs) == 0


def blobs(*places: tuple[float, float]) -> np.ndarray:
    return np.array([(x, y, 4, 4, 3) for x, y in places], np.float32).reshape(-1, 5)


def test_a_fall_is_followed_and_a_gap_bridged() -> None:
    tracker = Tracker(360, 640)
    for n in range(20):
        t = n / 25
        tracker.step(NOTHING if n in (9, 10) else blobs((100.0, 40 + 200 * t * t)), t)
    best = max(tracker.close(), key=lambda track: len(track.spots))
    assert len(best.spots) >= 14
    assert best.chance < -20


def test_a_lost_track_ends_and_a_busy_place_costs_significance() -> None:
    tracker = Tracker(360, 640)
    for n in range(12):
        tracker.step(blobs((100.0, 40 + 300 * (n / 25) ** 2)), n / 25)
    ended = [track for n in range(12, 22) for track in tracker.step(NOTHING, n / 25)]
    assert ended
    assert tracker.tracks == []
    calm, busy = Density(360, 640), Density(360, 640)
    for _ in range(50):
        busy.step(blobs((100, 100), (104, 102)), 0.04)
    at = np.array([100.0])
    assert busy.at(at, at)[0] > 50 * calm.at(at, at)[0]
    assert busy.mean == pytest.approx(2, rel=0.4)


def test_prediction_follows_the_acceleration() -> None:
    track = falling(200.0, n=12)
    x, y, reach = predict([track], 12 / 25, 360)
    assert y[0] == pytest.approx(40 + 100 * (12 / 25) ** 2, abs=1.0)
    assert x[0] == pytest.approx(100 + 10 * 12 / 25, abs=1.0)
    assert 2 < reach[0] < 30


def test_projective_free_fall_is_fitted_better_than_a_parabola() -> None:
    t = np.arange(30) / 25
    h = t**2 + 0.2 * t
    y = (60 + 120 * h) / (1 - 0.35 * h)
    fall = fit_fall(t, y)
    assert fall is not None
    assert fall.error < 1.0
    assert fit_curve(t, y).error > 3 * fall.error
    assert fall.glide > 2 * fall.error
    assert fit_fall(t, -y) is None


def test_floors_come_back_through_perspective() -> None:
    def row(floor: float) -> float:
        return (700 - 90 * floor) / (1 + 0.05 * floor)

    points = [FloorPoint(x + 3 * f, row(f), f) for f in (1, 6, 14) for x in (200, 400)]
    floors = FloorMap.of(points, 3.0)
    for floor in (2, 5, 10, 13):
        found = floors.floor(np.array([300.0 + 3 * floor]), np.array([row(floor)]))[0]
        assert found == pytest.approx(floor, abs=0.3)
    assert floors.height(np.array([200.0]), np.array([row(6.0)]))[0] == pytest.approx(18, abs=1)


def test_two_marks_make_a_linear_scale() -> None:
    floors = FloorMap.of([FloorPoint(5, 100, 10), FloorPoint(5, 300, 0)])
    assert floors.floor(np.array([5.0]), np.array([200.0]))[0] == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize(("missed_s", "terminal"), [(0.0, 1e3), (0.4, 1e3), (0.2, 18.0)])
def test_the_height_of_release_lies_in_its_interval(missed_s: float, terminal: float) -> None:
    t = np.arange(25) / 25
    fell = terminal**2 / GRAVITY * np.log(np.cosh(GRAVITY * (t + missed_s) / terminal))
    rng = np.random.default_rng(3)
    found = fit_release(t, 40 - fell + rng.normal(0, 0.05, len(t)), np.full(len(t), 0.05))
    assert found.low - 0.3 <= 40 <= found.high + 0.3
    assert found.height == pytest.approx(40, abs=1.5)


@pytest.mark.parametrize(
    ("track", "reason"),
    [
        (falling(), ""),
        (falling(n=5), "too few points"),
        (falling(60.0), "too short a way"),
        (falling(0.0, 250.0), "not speeding up"),
        (falling(-150.0, 300.0), "not speeding up"),
        (falling(across=400.0), "not downward"),
        (falling(4000.0, n=8), "faster than gravity"),
        (falling(2.0, 18.0, n=80), "slower than gravity"),
    ],
)
def test_physics_judges(track: Track, reason: str) -> None:
    verdict = judge(track, FREE)
    assert verdict.refused == reason
    assert (verdict.score >= 0.5) == (reason == "")


def changed(**change: float) -> Track:
    track = falling()
    track.spots = [spot._replace(**{k: v for k, v in change.items() if k in Spot._fields}) for spot in track.spots]
    for name in ("chance", "alone"):
        if name in change:
            setattr(track, name, change[name])
    return track


def test_size_company_and_chance_judge_too() -> None:
    assert judge(changed(width=40, height=40), FREE).refused in ("too short a way", "too large")
    assert judge(changed(alone=2), FREE).refused == "not alone"
    assert judge(changed(chance=-3.0), FREE).refused == "may be chance"
    growing, ragged, pushed = falling(), falling(), falling()
    growing.spots = [s._replace(width=2 + n) for n, s in enumerate(growing.spots)]
    assert judge(growing, FREE).refused == "growing"
    ragged.spots = [s._replace(width=2 if n % 2 else 9) for n, s in enumerate(ragged.spots)]
    assert judge(ragged, FREE).refused == "no one thing"
    pushed.spots = [s._replace(x=100 + 90 * s.at**2) for s in pushed.spots]
    assert judge(pushed, FREE).refused == "pushed aside"
    winged = falling(across=60.0)
    winged.spots = [s._replace(x=s.x - 98) for s in winged.spots]
    assert judge(winged, FREE).refused == "came in from the side"


def verdict_at(x: float, t0: float = 0.0, n: int = 20, top: float = 40.0) -> Verdict:
    points = falling(n=n, t0=t0).array()
    return Verdict("", 0.9, points + np.array([0, x - 100, top - 40, 0, 0, 0]))


def test_a_verdict_waits_then_is_told_once() -> None:
    falls = Falls(360)
    falls.add(verdict_at(100))
    falls.add(verdict_at(103, n=12))
    assert falls.ready(1.0) == []
    assert len(falls.ready(1.6)) == 1
    falls.add(verdict_at(101))
    assert falls.ready(9.0) == []


def test_the_longer_reading_of_one_fall_stays() -> None:
    falls = Falls(360)
    falls.add(verdict_at(103, n=12))
    falls.add(verdict_at(100))
    (told,) = falls.ready(9.0)
    assert len(told.points) == 20


def test_many_at_once_are_weather_but_two_are_not() -> None:
    weather, two = Falls(360), Falls(360)
    for x in (100, 200, 300, 400):
        weather.add(verdict_at(x))
    assert weather.ready(9.0) == []
    for x in (100, 300):
        two.add(verdict_at(x))
    assert len(two.ready(9.0)) == 2


def test_pieces_of_one_fall_are_joined_and_others_are_not() -> None:
    whole = falling(n=24)
    first, second = Track(1, whole.spots[:9], -9.0, 6, 6), Track(2, whole.spots[13:], -9.0, 8, 8)
    pieces = Pieces(360)
    assert pieces.join(first) is None
    joined = pieces.join(second)
    assert joined is not None
    assert (len(joined.spots), joined.chance, joined.alone) == (20, -18.0, 14)
    elsewhere = Track(3, [s._replace(x=s.x + 200) for s in whole.spots[13:]])
    other = Pieces(360)
    other.join(first)
    assert other.join(elsewhere) is None
    assert other.join(Track(4, whole.spots[13:16])) is None


def test_landing_is_where_the_path_meets_the_ground() -> None:
    corners = np.array([(50.0, 20.0), (250.0, 20.0), (250.0, 300.0), (50.0, 200.0)])
    assert lower_edge(corners, 150.0) == pytest.approx(250)
    assert lower_edge(corners, 400.0) == 300
    said = report(verdict_at(100), 7, corners, None, {"rain": False, "night": True, "shake": False})
    assert said.track == 7
    assert said.attributes["night"] is True
    x, y = said.attributes["landing"]  # type: ignore[misc]
    assert y == pytest.approx(lower_edge(corners, said.path[-1][1]), abs=0.1)
    assert x > said.path[-1][1]

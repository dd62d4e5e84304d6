"""What stands in a lane is told once, in time, whatever the light and whoever walks by; and nothing else is."""

import dataclasses

import cv2
import numpy as np
import pytest

from devices.cameras.blocked_lane import UPDATE_S, BlockedLane
from devices.cameras.lane_zone import Zone
from simulators.scenes.lane import LaneScene, Mover, Weather
from tests.unit.cameras.lanes import DWELL_S, car, ended, phases, scene, started, watch, zone

STOP, GO = 8.0, 32.0
LENGTH = 50.0
ON_TIME = 10.0


def run(of: LaneScene, end: float = LENGTH, rate: float = 2.0) -> list[float]:
    found = watch(BlockedLane([zone(of)]), of.frame, 0, end, rate)
    assert phases(found) in (["start", "end"], ["start"], [])
    return [*started(found), *ended(found)]


@pytest.mark.parametrize("shade", [40, 95, 170, 225])
def test_a_parked_car_is_told_within_ten_seconds_of_its_dwell_and_its_leaving_too(shade: int) -> None:
    alarm, clear = run(scene(car(STOP, GO, shade=shade)))
    assert STOP + DWELL_S <= alarm <= STOP + DWELL_S + ON_TIME
    assert GO <= clear <= GO + ON_TIME


@pytest.mark.parametrize("rate", [0.5, 1.0, 5.0])
def test_the_rate_of_pictures_matters_little(rate: float) -> None:
    alarm, clear = run(scene(car(STOP, GO)), rate=rate)
    assert STOP + DWELL_S <= alarm <= STOP + DWELL_S + ON_TIME
    assert GO <= clear <= GO + ON_TIME


@pytest.mark.parametrize("what", ["van", "box"])
def test_vans_and_things_left_behind_are_told_too(what: str) -> None:
    mover = Mover(what, [(STOP, 0.2, 11.0), (GO, 0.2, 11.0)], 60)  # type: ignore[arg-type]
    assert len(run(scene(mover))) == 2


@pytest.mark.parametrize(
    "weather",
    [
        Weather(leaves=True, cloud=0.5),
        Weather(rain=60, day=0.7, noise=3),
        Weather(day=0.35, noise=4),
        Weather(shake=0.4),
        Weather(drift=-0.01),
        Weather(switch_s=14.0, switch=0.6),
        Weather(switch_s=25.0, switch=1.3),
    ],
    ids=["cloud", "rain", "night", "shake", "dusk", "darker", "brighter"],
)
def test_weather_and_light_neither_hide_nor_double_nor_hasten_it(weather: Weather) -> None:
    alarm, clear = run(scene(car(STOP, GO), weather=weather, width=480, height=270))
    assert STOP + DWELL_S <= alarm <= STOP + DWELL_S + ON_TIME
    assert GO <= clear <= GO + ON_TIME


def test_people_who_walk_by_do_not_stop_the_clock() -> None:
    people = [Mover("person", [(t, -3.0, 9.0), (t + 4, 3.0, 9.5)], 60) for t in range(9, 32, 3)]
    alarm, _ = run(scene(car(STOP, GO), *people))
    assert STOP + DWELL_S <= alarm <= STOP + DWELL_S + ON_TIME


def test_stops_shorter_than_the_dwell_are_nothing_even_in_the_same_place() -> None:
    stops = [car(t, t + 6) for t in (8.0, 20.0, 32.0)]
    assert run(scene(*stops)) == []


@pytest.mark.parametrize(
    "weather", [Weather(cloud=0.6), Weather(rain=120, day=0.6), Weather(switch_s=20.0, switch=0.55), Weather(shake=0.5)]
)
def test_an_empty_lane_is_empty(weather: Weather) -> None:
    people = [Mover("person", [(t, -3.0, 10.0), (t + 6, 3.0, 11.0)], 190) for t in (5, 21, 33)]
    assert run(scene(*people, weather=weather)) == []


def test_somebody_who_stands_and_sways_is_no_obstacle() -> None:
    people = [Mover("person", [(6.0, x, 9.0), (40.0, x, 9.0)], 40, sway=0.12) for x in (-0.6, 0.4)]
    of = scene(*people, width=640, height=360)
    assert run(of) == []


def test_what_takes_less_than_the_smallest_width_is_left_alone() -> None:
    of = scene(car(STOP, GO))
    detector = BlockedLane([dataclasses.replace(zone(of), min_width=0.9)])
    assert watch(detector, of.frame, 0, LENGTH) == []


def test_a_car_there_from_the_start_is_not_told_and_the_zone_is_unconfirmed() -> None:
    of = scene(Mover("car", [(-5.0, 0.2, 12.0), (20.0, 0.2, 12.0), (23.0, 0.2, 34.0)], 205))
    detector = BlockedLane([zone(of)])
    assert watch(detector, of.frame, 0, 45) == []
    assert detector.unconfirmed == ["lane"]


def test_with_a_picture_of_the_empty_lane_it_is_told() -> None:
    of = scene(Mover("car", [(-5.0, 0.2, 12.0), (30.0, 0.2, 12.0), (33.0, 0.2, 34.0)], 205))
    detector = BlockedLane([zone(of)], [of.empty])
    found = watch(detector, of.frame, 0, 45)
    assert phases(found) == ["start", "end"]
    assert started(found)[0] <= DWELL_S + ON_TIME
    assert detector.unconfirmed == []


def test_of_references_in_several_lights_the_likest_counts() -> None:
    of = scene(Mover("car", [(-5.0, 0.2, 12.0), (30.0, 0.2, 12.0)], 205), weather=Weather(day=0.6, leaves=False))
    wrong = np.random.default_rng(1).integers(0, 255, of.empty.shape).astype(np.uint8)
    found = watch(BlockedLane([zone(of)], [wrong, of.empty]), of.frame, 0, 30)
    assert phases(found) == ["start"]


def test_a_restart_keeps_the_time_and_the_alarm() -> None:
    of = scene(car(STOP, GO))
    first = BlockedLane([zone(of)])
    assert watch(first, of.frame, 0, 13) == []
    second = BlockedLane([zone(of)])
    second.load(first.dump(), away_s=3.0)
    found = watch(second, lambda at: of.frame(at), 16, 24)
    assert phases(found) == ["start"]
    assert STOP + DWELL_S <= started(found)[0] <= STOP + DWELL_S + ON_TIME
    third = BlockedLane([zone(of)])
    third.load(second.dump(), away_s=2.0)
    after = watch(third, of.frame, 26, LENGTH)
    assert phases(after) == ["end"]
    assert after[-1].track == found[0].track


def test_a_restart_while_the_car_left_ends_it() -> None:
    of = scene(car(STOP, GO))
    first = BlockedLane([zone(of)])
    assert phases(watch(first, of.frame, 0, 25)) == ["start"]
    second = BlockedLane([zone(of)])
    second.load(first.dump(), away_s=15.0)
    assert ended(watch(second, of.frame, 40, 55))[0] <= 40 + ON_TIME


def test_state_of_another_picture_size_is_passed_over() -> None:
    small, large = scene(car(STOP, GO)), scene(width=640, height=360)
    first = BlockedLane([zone(small)])
    watch(first, small.frame, 0, 25)
    second = BlockedLane([zone(large)])
    second.load(first.dump(), away_s=1.0)
    assert watch(second, large.frame, 0, 20) == []


def test_another_resolution_in_the_middle_ends_what_was_open_and_begins_anew() -> None:
    of = scene(car(STOP, 60.0))
    detector = BlockedLane([zone(of)])
    assert phases(watch(detector, of.frame, 0, 25)) == ["start"]
    larger = watch(detector, lambda at: np.asarray(cv2.resize(of.frame(at), (640, 360)), np.uint8), 25, 40)
    assert phases(larger) == ["end"]


def test_a_gap_in_the_stream_does_not_lose_the_car() -> None:
    of = scene(car(STOP, 90.0))
    detector = BlockedLane([zone(of)])
    found = watch(detector, of.frame, 0, 12) + watch(detector, of.frame, 70, 80)
    assert phases(found) == ["start"]


def test_outside_its_hours_a_zone_counts_but_says_nothing() -> None:
    of = scene(car(STOP, 60.0))
    detector = BlockedLane([zone(of)])
    detector.watched = set()
    assert watch(detector, of.frame, 0, 30) == []
    detector.watched = {"lane"}
    assert started(watch(detector, of.frame, 30, 34)) == [30.0]


def test_two_zones_know_their_own() -> None:
    of = scene(car(STOP, GO, z=9.0))
    near, far = of.zone[:2], of.zone[2:]
    middle = [(0.5 * (a[0] + b[0]), 0.6 * a[1] + 0.4 * b[1]) for a, b in zip(near, reversed(far), strict=True)]
    zones = [
        Zone("near", [near[0], near[1], middle[1], middle[0]], DWELL_S, 0.2),
        Zone("sky", [(0.0, 0.0), (1.0, 0.0), (1.0, 0.1), (0.0, 0.1)], DWELL_S, 0.2),
    ]
    found = watch(BlockedLane(zones), of.frame, 0, LENGTH)
    assert {each.attributes["zone"] for each in found} == {"near"}
    assert phases(found) == ["start", "end"]


def test_updates_keep_an_alarm_alive_and_close_ends_it() -> None:
    of = scene(car(STOP, 200.0))
    detector = BlockedLane([zone(of)])
    found = watch(detector, of.frame, 0, 90)
    updates = [each.end_s for each in found if each.phase == "update"]
    assert len(updates) >= 3
    assert max(np.diff([started(found)[0], *updates])) <= UPDATE_S + 1
    assert [each.phase for each in detector.close()] == ["end"]
    assert detector.close() == []


def test_the_box_covers_the_car() -> None:
    of = scene(car(STOP, GO))
    box = watch(BlockedLane([zone(of)]), of.frame, 0, 25)[0].box
    truth = of.truths(DWELL_S)[0].box
    assert box is not None
    left, top = max(box[0], truth[0]), max(box[1], truth[1])
    right, bottom = min(box[0] + box[2], truth[0] + truth[2]), min(box[1] + box[3], truth[1] + truth[3])
    both = max(right - left, 0) * max(bottom - top, 0)
    assert both / (box[2] * box[3] + truth[2] * truth[3] - both) >= 0.3


def test_a_camera_that_drifts_away_raises_nothing() -> None:
    of = scene(width=480, height=270)

    def drifting(at: float) -> np.ndarray:  # type: ignore[type-arg]
        return np.roll(of.frame(at), int(1.5 * at), axis=1)

    assert watch(BlockedLane([zone(of)]), drifting, 0, 40) == []


def test_without_zones_the_whole_picture_is_one() -> None:
    of = scene(car(STOP, GO))
    found = watch(BlockedLane(), of.frame, 0, LENGTH)
    assert phases(found) == ["start", "end"]
    assert found[0].attributes["zone"] == "whole"
    assert isinstance(found[0].attributes["coverage"], float)


def test_a_cut_to_another_view_raises_nothing_and_is_learnt() -> None:
    def sky(at: float) -> np.ndarray:  # type: ignore[type-arg]
        noise = np.random.default_rng(int(at * 10)).normal(0, 1.5, (180, 320))
        picture = np.full((180, 320), 200.0)
        if at < 15:
            picture[150:, :200] = 60
            picture[155:170, 20:60] = 130
        else:
            picture[60:160, 180:300] = 50
            picture[80:140:12, 190:290] = 150
        if at >= 30:
            picture[120:170, 40:110] = 90
            picture[130:140, 50:100] = 20
        return np.clip(picture + noise, 0, 255).astype(np.uint8)

    found = watch(BlockedLane(), sky, 0, 48)
    assert phases(found) == ["start"]
    assert 40.0 <= started(found)[0] <= 50.0
    assert found[0].box is not None
    assert found[0].box[0] == pytest.approx(40, abs=10)


def test_a_van_that_fills_the_zone_is_a_van_and_no_other_view() -> None:
    of = scene(Mover("van", [(5.0, 0.0, 34.0), (8.0, 0.0, 9.0), (32.0, 0.0, 9.0), (35.0, 0.0, 34.0)], 60))
    left, top, width, height = of.truths()[0].box
    corners = [(left, top + height), (left + width, top + height), (left + width, top + 10), (left, top + 10)]
    narrow = Zone("close", [(x / 320, min(y / 180, 1.0)) for x, y in corners], DWELL_S, 0.2)
    found = watch(BlockedLane([narrow]), of.frame, 0, LENGTH)
    assert phases(found) == ["start", "end"]
    assert STOP + DWELL_S <= started(found)[0] <= STOP + DWELL_S + ON_TIME
    assert GO <= ended(found)[0] <= GO + ON_TIME

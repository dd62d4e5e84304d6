"""A worker that dies at any moment changes no event of its lane: what stands, stands, and its time runs on."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from devices.cameras.blocked_lane import BlockedLane
from devices.cameras.detection import Detection, Frame
from devices.cameras.lane_zone import Zone
from simulators.scenes.lane import Mover
from tests.unit.cameras.lanes import DWELL_S, car, phases, scene, started, watch, zone

STOP, GO, END = 8, 28, 40
OF = scene(car(STOP, GO))
LEFT = [(0.0, 0.0), (0.6, 0.0), (0.6, 1.0), (0.0, 1.0)]
RIGHT = [(0.4, 0.0), (1.0, 0.0), (1.0, 1.0), (0.4, 1.0)]


@cache
def pictures() -> tuple[Frame, ...]:
    return tuple(OF.frame(float(at)) for at in range(END))


def seen_by(detector: BlockedLane, begin: int, end: int) -> list[Detection]:
    return [found for at in range(begin, end) for found in detector.step(pictures()[at], float(at))]


@cache
def undisturbed() -> tuple[tuple[str, float, int], ...]:
    return tuple(told(seen_by(BlockedLane([zone(OF)]), 0, END)))


def told(found: Sequence[Detection]) -> list[tuple[str, float, int]]:
    return [(each.phase, each.end_s, each.track) for each in found if each.phase != "update"]


@pytest.mark.parametrize("away_s", [1, 3])
@pytest.mark.parametrize("moment", range(5, END - 6, 4))
def test_killed_at_any_moment_it_tells_the_same(moment: int, away_s: int) -> None:
    first = BlockedLane([zone(OF)])
    before = seen_by(first, 0, moment + 1)
    second = BlockedLane([zone(OF)])
    second.load(first.dump(), away_s=float(away_s))
    after = seen_by(second, moment + away_s, END)
    both = told([*before, *after])
    assert [phase for phase, *_ in both] == ["start", "end"]
    assert [at for _, at, _ in both] == pytest.approx([at for _, at, _ in undisturbed()], abs=away_s + 4)
    assert both[0][2] == both[1][2]


def test_killed_again_and_again_it_still_tells_it_once() -> None:
    found: list[Detection] = []
    detector = BlockedLane([zone(OF)])
    for at in range(END):
        found += detector.step(pictures()[at], float(at))
        if at > 5 and at % 7 == 0:
            kept, detector = detector.dump(), BlockedLane([zone(OF)])
            detector.load(kept, away_s=1.0)
    assert phases(found) == ["start", "end"]
    assert STOP + DWELL_S <= started(found)[0] <= STOP + DWELL_S + 8


def test_a_dump_does_not_disturb_what_it_was_taken_from() -> None:
    detector = BlockedLane([zone(OF)])
    found = []
    for at in range(END):
        found += detector.step(pictures()[at], float(at))
        detector.dump()
    assert tuple(told(found)) == undisturbed()


def test_after_a_restart_an_open_alarm_is_told_again_at_once() -> None:
    first = BlockedLane([zone(OF)])
    seen_by(first, 0, 24)
    second = BlockedLane([zone(OF)])
    second.load(first.dump(), away_s=1.0)
    found = seen_by(second, 24, 27)
    assert [each.phase for each in found] == ["update"]


@pytest.mark.parametrize("dwell_s", [5.0, 8.0, 15.0])
def test_the_dwell_is_kept_to(dwell_s: float) -> None:
    detector = BlockedLane([zone(OF, dwell_s)])
    (start, _, _), *_ = (found := told(seen_by(detector, 0, END)))
    assert start == "start"
    assert STOP + dwell_s <= found[0][1] <= STOP + dwell_s + 5


def test_a_dwell_longer_than_the_stop_is_never_reached() -> None:
    assert seen_by(BlockedLane([zone(OF, GO - STOP + 4.0)]), 0, END) == []


def test_zones_that_overlap_each_tell_the_car_in_both_under_numbers_of_their_own() -> None:
    zones = [Zone("left", LEFT, DWELL_S, 0.05), Zone("right", RIGHT, DWELL_S, 0.05)]
    found = seen_by(BlockedLane(zones), 0, END)
    by_zone = {name: [each for each in found if each.attributes["zone"] == name] for name in ("left", "right")}
    assert all(phases(each) == ["start", "end"] for each in by_zone.values())
    numbers = [{each.track for each in own} for own in by_zone.values()]
    assert all(len(own) == 1 for own in numbers)
    assert numbers[0] != numbers[1]


def test_two_things_have_two_numbers_and_leave_each_for_itself() -> None:
    near = Mover("box", [(8.0, -1.2, 8.0), (24.0, -1.2, 8.0)], 220)
    far = Mover("box", [(12.0, 1.2, 12.0), (36.0, 1.2, 12.0)], 30)
    of = scene(near, far, width=480, height=270)
    found = watch(BlockedLane([Zone("lane", of.zone, DWELL_S, 0.05)]), of.frame, 0, 48, 1.0)
    assert sorted(phases(found)) == ["end", "end", "start", "start"]
    starts = {each.track: each.end_s for each in found if each.phase == "start"}
    ends = {each.track: each.end_s for each in found if each.phase == "end"}
    assert starts.keys() == ends.keys()
    assert len(starts) == 2
    assert min(starts, key=lambda track: starts[track]) == min(ends, key=lambda track: ends[track])


@pytest.mark.parametrize("seconds", [2, 6])
def test_a_lorry_that_hides_the_car_for_a_while_neither_ends_nor_doubles_it(seconds: int) -> None:
    def frame(at: float) -> Frame:
        picture = pictures()[int(at)].copy()
        if 21 <= at < 21 + seconds:
            picture[40:, 140:210] = np.random.default_rng(int(at)).integers(40, 90, (140, 70))
        return picture

    found = watch(BlockedLane([zone(OF)]), frame, 0, END, 1.0)
    assert phases(found) == ["start", "end"]
    assert started(found)[0] <= STOP + DWELL_S + 4
    assert GO <= found[-1].end_s <= GO + 8

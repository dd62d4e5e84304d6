"""The timing that rules share: dwell and release, readings of a window, the rate of a noisy value."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_rules.rule import NEVER
from alert_rules.timing import MAX_READINGS, Course, Phase, Turn, elapse, follow, rate_per_min, read_on

DWELL_S, RELEASE_S = 30.0, 60.0


def course(*readings: tuple[float, float]) -> Course:
    return Course(times=[at for at, _ in readings], values=[value for _, value in readings])


class TestFollow:
    @pytest.mark.parametrize("present", [False, None])
    def test_nothing_comes_of_nothing(self, present: bool | None) -> None:
        assert follow(None, present, 0, DWELL_S, RELEASE_S) == (None, Turn.NOTHING)

    def test_presence_starts_the_dwell(self) -> None:
        assert follow(None, True, 100, DWELL_S, RELEASE_S) == (Phase(due=130, since=100), Turn.NOTHING)

    def test_without_dwell_it_raises_at_once(self) -> None:
        assert follow(None, True, 100, 0, RELEASE_S) == (Phase(since=NEVER, raised=True), Turn.RAISE)

    @pytest.mark.parametrize("present", [True, None])
    def test_the_dwell_runs_on(self, present: bool | None) -> None:
        waiting = Phase(due=130, since=100)
        after, turn = follow(waiting, present, 120, DWELL_S, RELEASE_S)
        assert after is waiting
        assert turn is Turn.NOTHING

    def test_absence_within_the_dwell_begins_it_anew(self) -> None:
        assert follow(Phase(due=130, since=100), False, 120, DWELL_S, RELEASE_S) == (None, Turn.NOTHING)

    def test_the_end_of_the_dwell_raises(self) -> None:
        assert elapse(Phase(due=130, since=100)) == (Phase(since=NEVER, raised=True), Turn.RAISE)

    def test_absence_starts_the_release_and_its_end_clears(self) -> None:
        raised = Phase(since=NEVER, raised=True)
        ending, turn = follow(raised, False, 200, DWELL_S, RELEASE_S)
        assert (ending, turn) == (Phase(due=260, since=200, raised=True), Turn.NOTHING)
        assert ending is not None
        assert follow(ending, False, 250, DWELL_S, RELEASE_S) == (ending, Turn.NOTHING)
        assert elapse(ending) == (None, Turn.CLEAR)

    def test_without_release_it_clears_at_once(self) -> None:
        assert follow(Phase(since=NEVER, raised=True), False, 200, DWELL_S, 0) == (None, Turn.CLEAR)

    def test_a_return_ends_the_release(self) -> None:
        ending = Phase(due=260, since=200, raised=True)
        assert follow(ending, True, 230, DWELL_S, RELEASE_S) == (Phase(since=NEVER, raised=True), Turn.NOTHING)

    @pytest.mark.parametrize("present", [True, None])
    def test_what_lasts_stays_the_same_object(self, present: bool | None) -> None:
        raised = Phase(since=NEVER, raised=True)
        assert follow(raised, present, 200, DWELL_S, RELEASE_S)[0] is raised


class TestReadings:
    def test_the_first_is_kept(self) -> None:
        assert read_on(None, 10, 21.0, 120, 1.0) == course((10, 21.0))

    def test_a_like_one_soon_after_adds_nothing(self) -> None:
        known = course((10, 21.0))
        assert read_on(known, 39, 21.9, 120, 1.0) is known

    @pytest.mark.parametrize(("at", "value"), [(40, 21.0), (11, 22.0), (11, 20.0)])
    def test_time_or_difference_make_one_worth_keeping(self, at: float, value: float) -> None:
        assert read_on(course((10, 21.0)), at, value, 120, 1.0) == course((10, 21.0), (at, value))

    def test_the_window_moves(self) -> None:
        assert read_on(course((0, 1.0), (60, 2.0)), 121, 3.0, 120, 1.0) == course((60, 2.0), (121, 3.0))

    def test_late_ones_change_nothing(self) -> None:
        known = course((100, 21.0))
        assert read_on(known, 40, 99.0, 120, 1.0) is known

    def test_a_clock_set_back_begins_anew(self) -> None:
        known = course((1_000_000, 21.0))
        known.raised = True
        assert read_on(known, 40, 22.0, 120, 1.0) == Course(times=[40], values=[22.0], raised=True)

    @given(st.lists(st.tuples(st.floats(0, 30), st.floats(-40, 120)), max_size=60))
    def test_few_are_kept_in_order_and_none_is_old(self, steps: list[tuple[float, float]]) -> None:
        known: Course | None = None
        at = 0.0
        for step, value in steps:
            at += step
            known = read_on(known, at, value, 120, 0.5)
            assert len(known.times) == len(known.values) <= MAX_READINGS
            assert known.times == sorted(set(known.times))
            assert known.times[-1] - known.times[0] <= 120


class TestRate:
    @pytest.mark.parametrize("readings", [(), ((0, 1.0),), ((0, 1.0), (60, 99.0))])
    def test_two_readings_are_no_rate(self, readings: tuple[tuple[float, float], ...]) -> None:
        assert rate_per_min(course(*readings), 30) is None

    def test_a_short_span_is_no_rate(self) -> None:
        assert rate_per_min(course((0, 1.0), (10, 2.0), (29, 9.0)), 30) is None

    @given(st.floats(-20, 20), st.floats(-40, 60))
    def test_a_straight_line_gives_its_slope(self, slope: float, start: float) -> None:
        line = course(*((at, start + slope * at / 60) for at in (0.0, 37.0, 60.0, 121.0)))
        rate = rate_per_min(line, 30)
        assert rate is not None
        assert rate == pytest.approx(slope, abs=1e-6)

    @pytest.mark.parametrize("count", [3, 4, 5, 8])
    def test_one_wild_reading_does_not_decide(self, count: int) -> None:
        for wild in range(count):
            readings = [(40.0 * n, 85.0 if n == wild else 21.0) for n in range(count)]
            assert rate_per_min(course(*readings), 30) == 0

    def test_a_step_that_two_readings_show_does(self) -> None:
        rate = rate_per_min(course((0, 21.0), (60, 21.0), (120, 61.0), (180, 61.0)), 30)
        assert rate is not None
        assert rate > 8.3

    def test_noise_around_nothing_is_no_rise(self) -> None:
        noise = random.Random(4)
        for _ in range(200):
            rate = rate_per_min(course(*((20.0 * n, 21 + noise.gauss(0, 0.5)) for n in range(8))), 30)
            assert rate is not None
            assert abs(rate) < 2

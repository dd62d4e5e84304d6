"""Fire lanes: blocked ever longer, in part, and day after day at the same hour."""

from typing import Any

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind, Event
from devices.registry import Device
from tests.unit.rules.case import event
from tests.unit.rules.cases_place import standing
from tests.unit.rules.timeline import START, Timeline

CAM = "cam-1"
BLOCKED, HABIT = "fire_lane_blocked", "fire_lane_habit"
DAY = 86_400.0
STEPS = [
    (120, Action.RAISE, Severity.NOTICE),
    (300, Action.REPEAT, Severity.MAJOR),
    (900, Action.REPEAT, Severity.CRITICAL),
]


def lane(**parameters: Any) -> Timeline:
    return Timeline(Device(CAM, DeviceKind.CAMERA), rules={BLOCKED: parameters})


def grow(story: Timeline, until: int = 3, start: float = 0.0) -> None:
    """Claim the first ``until`` alerts of a car that stands since ``start``."""
    for after, action, severity in STEPS[:until]:
        story.expect(BLOCKED, CAM, between=(start + after, start + after), action=action, severity=severity)


@pytest.fixture
def camera() -> Timeline:
    return lane()


def test_what_goes_on_standing_grows_graver(camera: Timeline) -> None:
    camera.says(CAM, **standing("start"))
    for after, action, severity in STEPS:
        camera.expect_nothing(until=after - 0.001)
        said = camera.expect(BLOCKED, CAM, between=(after, after), action=action, severity=severity, subject="lane-1")
        assert said.reason.values == {"zone": "lane-1", "stood_s": float(after), "object_class": "car"}
    assert said.reason.thresholds == {"dwell_s": 120.0, "major_s": 300.0, "critical_s": 900.0}
    camera.expect_nothing(until=DAY)


def test_each_step_names_the_thresholds_that_were_met(camera: Timeline) -> None:
    camera.says(CAM, **standing("start"))
    assert camera.expect(BLOCKED, CAM, between=(120, 120)).reason.thresholds == {"dwell_s": 120.0}


def test_updates_do_not_prolong_the_dwell(camera: Timeline) -> None:
    camera.says(CAM, **standing("start"))
    for second in range(30, 120, 30):
        camera.at(second).says(CAM, **standing("update"))
    camera.expect(BLOCKED, CAM, between=(120, 120))
    camera.at(150).says(CAM, **standing("update"))
    camera.expect_nothing(until=299)


def test_a_lost_start_is_made_good_by_the_first_update(camera: Timeline) -> None:
    camera.says(CAM, **standing("update"))
    camera.expect(BLOCKED, CAM, between=(120, 120))


def test_cars_that_take_turns_block_nothing(camera: Timeline) -> None:
    for number in range(5):
        camera.at(number * 100).says(CAM, **standing("start", f"car-{number}"))
        camera.at(number * 100 + 99).says(CAM, **standing("end", f"car-{number}"))
    camera.expect_nothing(until=2_000)


def test_a_short_stop_resolves_by_itself_and_a_long_one_does_not(camera: Timeline) -> None:
    camera.says(CAM, **standing("start"))
    grow(camera, 1)
    camera.at(299).says(CAM, **standing("end"))
    camera.expect(BLOCKED, CAM, between=(299, 299), action=Action.CLEAR, auto_resolve=True)
    camera.at(1_000).says(CAM, **standing("start"))
    grow(camera, 2, start=1_000)
    camera.at(1_400).says(CAM, **standing("end"))
    camera.expect(BLOCKED, CAM, between=(1_400, 1_400), action=Action.CLEAR, auto_resolve=False)
    camera.at(2_000).says(CAM, **standing("start"))
    grow(camera, 1, start=2_000)
    camera.at(2_200).says(CAM, **standing("end"))
    camera.expect(BLOCKED, CAM, between=(2_200, 2_200), action=Action.CLEAR, auto_resolve=True)


def test_what_was_grave_once_is_mild_again_after_it_was_free(camera: Timeline) -> None:
    camera.says(CAM, **standing("start", "hedge", "lane-2", coverage=0.1)).says(CAM, **standing("start"))
    camera.at(400).says(CAM, **standing("end")).unclaimed.clear()
    camera.at(500).says(CAM, **standing("start")).at(650).says(CAM, **standing("end"))
    camera.expect(BLOCKED, CAM, between=(620, 620), severity=Severity.NOTICE)
    camera.expect(BLOCKED, CAM, between=(650, 650), action=Action.CLEAR, auto_resolve=True)


def test_the_zone_is_free_when_the_last_raised_car_leaves(camera: Timeline) -> None:
    camera.says(CAM, **standing("start", "a")).at(60).says(CAM, **standing("start", "b"))
    camera.expect(BLOCKED, CAM, between=(120, 120))
    camera.expect(BLOCKED, CAM, between=(180, 180), action=Action.REPEAT, severity=Severity.NOTICE)
    camera.at(200).says(CAM, **standing("end", "a"))
    camera.expect_nothing()
    camera.at(210).says(CAM, **standing("end", "b"))
    camera.expect(BLOCKED, CAM, between=(210, 210), action=Action.CLEAR, subject="lane-1")


def test_zones_are_judged_apart(camera: Timeline) -> None:
    camera.says(CAM, **standing("start", "a", "lane-1")).at(10).says(CAM, **standing("start", "a", "lane-2"))
    camera.expect(BLOCKED, CAM, between=(120, 120), subject="lane-1")
    camera.expect(BLOCKED, CAM, between=(130, 130), subject="lane-2")
    camera.at(140).resolve(BLOCKED, CAM, "lane-1").says(CAM, **standing("end", "a", "lane-2"))
    camera.expect(BLOCKED, CAM, between=(140, 140), action=Action.CLEAR, subject="lane-2")
    camera.expect_nothing(until=2_000)


def test_a_zone_may_have_times_of_its_own() -> None:
    story = lane(zones={"turning": {"dwell_s": 30, "critical_s": 60}})
    story.says(CAM, **standing("start", "a", "turning")).says(CAM, **standing("start", "b", "lane-1"))
    story.expect(BLOCKED, CAM, between=(30, 30), subject="turning", severity=Severity.NOTICE)
    story.expect(BLOCKED, CAM, between=(60, 60), action=Action.REPEAT, subject="turning", severity=Severity.CRITICAL)
    story.expect(BLOCKED, CAM, between=(120, 120), subject="lane-1", severity=Severity.NOTICE)


@pytest.mark.parametrize(
    ("dwell_s", "severity"), [(299, Severity.NOTICE), (300, Severity.MAJOR), (1_000, Severity.CRITICAL)]
)
def test_a_long_dwell_begins_as_grave_as_it_has_become(dwell_s: float, severity: Severity) -> None:
    story = lane(dwell_s=dwell_s)
    story.says(CAM, **standing("start"))
    story.expect(BLOCKED, CAM, between=(dwell_s, dwell_s), severity=severity)


def test_part_of_the_lane_is_a_notice_and_stays_one(camera: Timeline) -> None:
    camera.says(CAM, **standing("start", coverage=0.49))
    said = camera.expect(BLOCKED, CAM, between=(120, 120), severity=Severity.NOTICE)
    assert (said.reason.code, said.reason.values["coverage"]) == ("partly_blocked", 0.49)
    camera.expect_nothing(until=DAY)


def test_half_of_the_lane_is_the_lane(camera: Timeline) -> None:
    camera.says(CAM, **standing("start", coverage=0.5))
    grow(camera)


def test_what_spreads_is_judged_by_all_the_time_it_stood(camera: Timeline) -> None:
    camera.says(CAM, **standing("start", coverage=0.2))
    grow(camera, 1)
    camera.at(600).says(CAM, **standing("update", coverage=0.8))
    camera.expect(BLOCKED, CAM, between=(600, 600), action=Action.REPEAT, severity=Severity.MAJOR)
    camera.expect(BLOCKED, CAM, between=(900, 900), action=Action.REPEAT, severity=Severity.CRITICAL)


@pytest.mark.parametrize("coverage", ["0.1", None, -1, 7, []])
def test_a_coverage_that_makes_no_sense_counts_as_all_of_it(camera: Timeline, coverage: Any) -> None:
    camera.says(CAM, **standing("start", coverage=coverage))
    grow(camera)


@pytest.mark.parametrize("second", [100, 250, 800])
def test_a_restart_keeps_every_step(camera: Timeline, second: float) -> None:
    camera.says(CAM, **standing("start"))
    camera.at(second).restart(down_s=15)
    grow(camera)
    camera.restart().says(CAM, **standing("end"))
    camera.expect(BLOCKED, CAM, between=(900, 900), action=Action.CLEAR, auto_resolve=False)


def test_a_car_still_there_after_the_alert_was_resolved_is_raised_again(camera: Timeline) -> None:
    camera.says(CAM, **standing("start"))
    grow(camera, 1)
    camera.at(200).resolve(BLOCKED, CAM, "lane-1").at(230).says(CAM, **standing("update"))
    camera.expect(BLOCKED, CAM, between=(350, 350))


def test_a_camera_that_falls_silent_ends_nothing(camera: Timeline) -> None:
    camera.says(CAM, **standing("start"))
    grow(camera)
    camera.expect_nothing(until=DAY)


def test_several_events_in_one_message_all_count(camera: Timeline) -> None:
    events = tuple(Event("stationary_object", {"zone": z, "object_id": "a", "phase": "start"}) for z in ("y", "z"))
    camera.says(CAM, events=events).at(120)
    assert [said.transition.subject for said in camera.unclaimed] == ["y", "z"]


@pytest.mark.parametrize("phases", [("start", "end"), ("start", "end", "end"), ("start", "start", "end")], ids=str)
def test_what_comes_and_goes_within_one_message_does_not_stay(camera: Timeline, phases: tuple[str, ...]) -> None:
    camera.says(CAM, events=tuple(one for phase in phases for one in standing(phase)["events"]))
    camera.expect_nothing(until=2_000)


def test_objects_whose_end_is_never_told_fill_no_memory_and_deafen_nobody(camera: Timeline) -> None:
    for number in range(500):
        camera.at(number).says(CAM, **standing("start", f"ghost-{number}"))
        camera.says(CAM, **standing("start", "a", f"zone-{number}"))
    assert len(camera.checkpoint()._states[BLOCKED, CAM]) < 4_000
    camera.unclaimed.clear()
    camera.at(1_000).resolve(BLOCKED, CAM, "lane-1").unclaimed.clear()
    camera.says(CAM, **standing("start", "real"))
    camera.expect(BLOCKED, CAM, between=(1_120, 1_120), subject="lane-1", action=Action.RAISE)


def test_a_lane_watched_all_day_leaves_no_heap_of_timers(camera: Timeline) -> None:
    for number in range(2_000):
        camera.at(number * 40).says(CAM, **standing("start", f"car-{number}"))
        camera.at(number * 40 + 30).says(CAM, **standing("end", f"car-{number}"))
    camera.expect_nothing()
    assert len(camera.engine._timers) < 10


@pytest.fixture
def daily() -> Timeline:
    """Only the habit is judged: START is 14:13 UTC."""
    return Timeline(Device(CAM, DeviceKind.CAMERA), rules={BLOCKED: {"dwell_s": 1e9}})


def park(story: Timeline, at: float, zone: str = "lane-1", stands_s: float = 180.0) -> None:
    story.at(at).says(CAM, **standing("start", f"car-{at:g}", zone))
    story.at(at + stands_s).says(CAM, **standing("end", f"car-{at:g}", zone))


def test_the_third_day_at_the_same_hour_is_a_habit(daily: Timeline) -> None:
    for day, late_s in ((0, 0), (2, 1_800), (5, 900)):
        daily.expect_nothing()
        park(daily, day * DAY + late_s)
    at = 5 * DAY + 900 + 180
    said = daily.expect(HABIT, CAM, between=(at, at), severity=Severity.NOTICE, subject="lane-1")
    assert said.reason.code == "blocked_again_and_again"
    assert said.reason.values == {"zone": "lane-1", "days": 3, "around": "14:28"}
    assert said.reason.thresholds == {"days": 3, "within_days": 14, "spread_min": 60.0}


@pytest.mark.parametrize(
    "times",
    [
        [0, 600, 1_200],
        [0, DAY, 2 * DAY + 2 * 3_600],
        [0, DAY, 15 * DAY],
    ],
    ids=["one day", "another hour", "too long ago"],
)
def test_what_is_no_habit(daily: Timeline, times: list[float]) -> None:
    for at in times:
        park(daily, at)
    daily.expect_nothing()


def test_stops_shorter_than_the_dwell_and_other_zones_do_not_count(daily: Timeline) -> None:
    for day in range(6):
        park(daily, day * DAY, stands_s=119)
        park(daily, day * DAY + 600, zone=f"lane-{day}")
    daily.expect_nothing()


def test_hours_meet_over_midnight(daily: Timeline) -> None:
    midnight = DAY - START % DAY
    for day, offset in ((0, -600), (1, 600), (3, -600)):
        park(daily, midnight + day * DAY + offset)
    daily.expect(HABIT, CAM, between=(midnight + 3 * DAY - 600, midnight + 3 * DAY))


def test_a_car_that_stands_through_counts_once_and_at_the_dwell(daily: Timeline) -> None:
    for day in range(2):
        park(daily, day * DAY)
    daily.at(2 * DAY).says(CAM, **standing("start"))
    for second in range(30, 600, 30):
        daily.at(2 * DAY + second).says(CAM, **standing("update"))
    daily.expect(HABIT, CAM, between=(2 * DAY + 120, 2 * DAY + 120))
    daily.at(2 * DAY + 600).says(CAM, **standing("end"))
    daily.expect_nothing()


def test_the_habit_survives_a_restart_and_ends_when_something_was_done(daily: Timeline) -> None:
    park(daily, 0)
    park(daily, DAY)
    daily.restart(down_s=3_600)
    park(daily, 2 * DAY)
    daily.expect(HABIT, CAM, between=(2 * DAY, 2 * DAY + 200))
    daily.resolve(HABIT, CAM, "lane-1")
    park(daily, 3 * DAY)
    park(daily, 4 * DAY)
    daily.expect_nothing()
    park(daily, 5 * DAY)
    daily.expect(HABIT, CAM, between=(5 * DAY, 5 * DAY + 200))


def test_a_busy_lane_is_remembered_in_bounded_room(daily: Timeline) -> None:
    for number in range(300):
        park(daily, number * 400)
        daily.says(CAM, **event("stationary_object", zone=f"zone-{number}", object_id="ghost", phase="start"))
    assert len(daily.checkpoint()._states[HABIT, CAM]) < 4_000

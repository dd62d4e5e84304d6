"""What cameras detect: fire lanes blocked, objects thrown."""

from typing import Any

import pytest

from alert_rules.alert import Action
from devices.model import DeviceKind, Event
from devices.registry import Device
from tests.unit.rules.cases import event, standing
from tests.unit.rules.timeline import Timeline

BLOCKED, FELL = "fire_lane_blocked", "falling_object"


@pytest.fixture
def camera() -> Timeline:
    return Timeline(Device("cam-1", DeviceKind.CAMERA))


def test_updates_do_not_prolong_the_dwell(camera: Timeline) -> None:
    camera.says("cam-1", **standing("start"))
    for second in range(30, 120, 30):
        camera.at(second).says("cam-1", **standing("update"))
    said = camera.expect(BLOCKED, "cam-1", between=(120, 120), subject="lane-1")
    assert said.reason.values == {"zone": "lane-1", "stood_s": 120.0, "object_class": "car"}
    camera.at(150).says("cam-1", **standing("update"))
    camera.expect_nothing(until=600)


def test_a_lost_start_is_made_good_by_the_first_update(camera: Timeline) -> None:
    camera.says("cam-1", **standing("update"))
    camera.expect(BLOCKED, "cam-1", between=(120, 120))


def test_cars_that_take_turns_block_nothing(camera: Timeline) -> None:
    for number in range(5):
        camera.at(number * 100).says("cam-1", **standing("start", f"car-{number}"))
        camera.at(number * 100 + 99).says("cam-1", **standing("end", f"car-{number}"))
    camera.expect_nothing(until=2_000)


def test_the_zone_is_free_when_the_last_raised_car_leaves(camera: Timeline) -> None:
    camera.says("cam-1", **standing("start", "a")).at(60).says("cam-1", **standing("start", "b"))
    camera.expect(BLOCKED, "cam-1", between=(120, 120))
    camera.expect(BLOCKED, "cam-1", between=(180, 180))
    camera.at(200).says("cam-1", **standing("end", "a"))
    camera.expect_nothing()
    camera.at(210).says("cam-1", **standing("end", "b"))
    camera.expect(BLOCKED, "cam-1", between=(210, 210), action=Action.CLEAR, subject="lane-1")


def test_zones_are_judged_apart(camera: Timeline) -> None:
    camera.says("cam-1", **standing("start", "a", "lane-1")).at(10).says("cam-1", **standing("start", "a", "lane-2"))
    camera.expect(BLOCKED, "cam-1", between=(120, 120), subject="lane-1")
    camera.expect(BLOCKED, "cam-1", between=(130, 130), subject="lane-2")
    camera.at(140).resolve(BLOCKED, "cam-1", "lane-1").says("cam-1", **standing("end", "a", "lane-2"))
    camera.expect(BLOCKED, "cam-1", between=(140, 140), action=Action.CLEAR, subject="lane-2")


def test_a_car_still_there_after_the_alert_was_resolved_is_raised_again(camera: Timeline) -> None:
    camera.says("cam-1", **standing("start"))
    camera.expect(BLOCKED, "cam-1", between=(120, 120))
    camera.at(200).resolve(BLOCKED, "cam-1", "lane-1").at(230).says("cam-1", **standing("update"))
    camera.expect(BLOCKED, "cam-1", between=(350, 350))


def test_a_camera_that_falls_silent_ends_nothing(camera: Timeline) -> None:
    camera.says("cam-1", **standing("start"))
    camera.expect(BLOCKED, "cam-1", between=(120, 120))
    camera.expect_nothing(until=86_400)


def test_several_events_in_one_message_all_count(camera: Timeline) -> None:
    events = tuple(Event("stationary_object", {"zone": "z", "object_id": i, "phase": "start"}) for i in "ab")
    camera.says("cam-1", events=events)
    camera.at(120)
    assert [said.transition.subject for said in camera.unclaimed] == ["z", "z"]


def test_every_throw_is_its_own_alert(camera: Timeline) -> None:
    throws = tuple(Event(FELL, {"object_id": f"t{number}", "score": 0.9}) for number in range(3))
    camera.says("cam-1", events=throws)
    for number in range(3):
        said = camera.expect(FELL, "cam-1", between=(0, 0), subject=f"t{number}")
        assert said.attributes == throws[number].attributes
    camera.expect_nothing()


def test_throws_without_an_id_are_told_apart_by_their_time(camera: Timeline) -> None:
    camera.says("cam-1", **event(FELL)).at(2).says("cam-1", **event(FELL)).at(3)
    assert len({said.transition.fingerprint for said in camera.unclaimed}) == 2


@pytest.mark.parametrize("score", ["0.9", [], None, "high"])
def test_a_score_that_is_no_number_is_not_believed(camera: Timeline, score: Any) -> None:
    camera.says("cam-1", **event(FELL, object_id="t1", score=score))
    camera.expect_nothing()


def test_the_site_may_trust_its_cameras_more() -> None:
    camera = Timeline(Device("cam-1", DeviceKind.CAMERA), rules={FELL: {"min_score": 0.2}, BLOCKED: {"dwell_s": 5}})
    camera.says("cam-1", **event(FELL, object_id="t1", score=0.2)).says("cam-1", **standing("start"))
    camera.expect(FELL, "cam-1", between=(0, 0))
    camera.expect(BLOCKED, "cam-1", between=(5, 5))

"""What cameras see fall: every throw, and throws that follow each other at one facade column."""

from typing import Any

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind, Event
from devices.registry import Device
from tests.unit.rules.case import event
from tests.unit.rules.timeline import Timeline

FELL, SERIES = "falling_object", "falling_series"


@pytest.fixture
def camera() -> Timeline:
    return Timeline(Device("cam-1", DeviceKind.CAMERA))


def test_every_throw_is_its_own_alert(camera: Timeline) -> None:
    throws = tuple(Event(FELL, {"object_id": f"t{number}", "score": 0.9}) for number in range(2))
    camera.says("cam-1", events=throws)
    for number in range(2):
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
    camera = Timeline(Device("cam-1", DeviceKind.CAMERA), rules={FELL: {"min_score": 0.2}})
    camera.says("cam-1", **event(FELL, object_id="t1", score=0.2))
    camera.expect(FELL, "cam-1", between=(0, 0))


def facade(**rules: dict[str, Any]) -> Timeline:
    """Two cameras at one facade, one at another; single throws are left out of these stories."""
    places = {"cam-1": "b3", "cam-2": "b3", "cam-3": "b4"}
    devices = [Device(name, DeviceKind.CAMERA, building=building) for name, building in places.items()]
    return Timeline(*devices, rules={FELL: {"min_score": 1}, **rules})


def throw(story: Timeline, second: float, camera: str = "cam-1", **more: Any) -> None:
    story.at(second).says(camera, **event(FELL, **{"column": "B", "score": 0.9, **more}))


def test_three_throws_within_minutes_are_one_finding_with_its_history() -> None:
    story = facade()
    throw(story, 0, floor_low=8, floor_high=14)
    throw(story, 200, floor_low=10, floor_high=16)
    story.expect_nothing()
    throw(story, 500, floor_low=9, floor_high=12)
    said = story.expect(SERIES, "cam-1", between=(500, 500), severity=Severity.CRITICAL, subject="b3:B")
    assert said.reason.values == {
        "throws": 3,
        "within_s": 500.0,
        "column": "B",
        "floor_low": 10.0,
        "floor_high": 12.0,
    }
    assert said.reason.thresholds == {"times": 3, "window_s": 600.0}
    assert [one["floor_low"] for one in said.attributes["throws"]] == [8.0, 10.0, 9.0]
    story.expect_nothing(until=5_000)


def test_more_throws_tell_the_same_finding_again() -> None:
    story = facade()
    for second in (0, 100, 200):
        throw(story, second)
    first = story.expect(SERIES, "cam-1", between=(200, 200))
    throw(story, 700, "cam-2")
    more = story.expect(SERIES, "cam-1", between=(700, 700), action=Action.REPEAT)
    assert more.fingerprint == first.fingerprint
    assert len(more.attributes["throws"]) == 4
    story.expect_nothing(until=5_000)


@pytest.mark.parametrize(
    "other", [{"column": "C"}, {"camera": "cam-3"}, {"score": 0.49}], ids=["column", "building", "uncertain"]
)
def test_throws_elsewhere_do_not_add_up(other: dict[str, Any]) -> None:
    story = facade()
    throw(story, 0)
    throw(story, 100)
    throw(story, 200, **other)
    story.expect_nothing(until=5_000)


def test_a_pause_begins_a_new_series() -> None:
    story = facade()
    for second in (0, 100, 701, 800):
        throw(story, second)
    story.expect_nothing(until=5_000)


def test_two_cameras_that_see_one_throw_count_it_once() -> None:
    story = facade()
    for second in (0, 100):
        throw(story, second)
        throw(story, second + 1.5, "cam-2")
    story.expect_nothing()
    throw(story, 200)
    story.expect(SERIES, "cam-1", between=(200, 200))


def test_a_series_goes_on_after_a_restart() -> None:
    story = facade()
    throw(story, 0)
    throw(story, 100)
    story.restart(down_s=60)
    throw(story, 300)
    story.expect(SERIES, "cam-1", between=(300, 300))


def test_a_hail_of_throws_is_remembered_in_bounded_room() -> None:
    story = facade()
    for number in range(300):
        throw(story, number * 3)
    last = story.unclaimed[-1].transition
    assert last.reason.values["throws"] == 300
    assert len(last.attributes["throws"]) == 20
    assert max(len(blob) for blob in story.checkpoint()._states.values()) < 2_000

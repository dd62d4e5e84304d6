"""Cameras that see nothing of use; blips are ignored."""

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind
from devices.registry import Device
from tests.unit.rules.case import event
from tests.unit.rules.timeline import Timeline

CAM = "cam-1"
TROUBLES = [
    ("view_covered", "camera_blind", 30, Severity.MAJOR, False),
    ("image_black", "camera_blind", 30, Severity.MAJOR, False),
    ("image_blurred", "camera_blind", 30, Severity.MAJOR, False),
    ("tamper", "camera_blind", 30, Severity.MAJOR, False),
    ("view_moved", "camera_moved", 30, Severity.MAJOR, False),
    ("image_frozen", "camera_frozen", 60, Severity.MINOR, True),
    ("stream_lost", "camera_lost", 20, Severity.MINOR, True),
]
each = pytest.mark.parametrize(
    ("state", "rule", "dwell_s", "severity", "alone"), TROUBLES, ids=[row[0] for row in TROUBLES]
)


@pytest.fixture
def camera() -> Timeline:
    return Timeline(Device(CAM, DeviceKind.CAMERA))


@each
def test_it_must_last_and_ends_when_the_picture_has_been_good_for_a_while(
    camera: Timeline, state: str, rule: str, dwell_s: float, severity: Severity, alone: bool
) -> None:
    camera.says(CAM, {state: True})
    camera.expect_nothing(until=dwell_s - 0.001)
    said = camera.expect(rule, CAM, between=(dwell_s, dwell_s), severity=severity)
    assert said.reason.values == {state: True}
    assert said.reason.thresholds == {"dwell_s": float(dwell_s), "release_s": 10.0}
    camera.at(100).says(CAM, {state: False})
    camera.expect_nothing(until=109.9)
    camera.expect(rule, CAM, between=(110, 110), action=Action.CLEAR, auto_resolve=alone)
    camera.expect_nothing(until=1_000)


@each
def test_blips_shorter_than_its_own_debounce_are_ignored(
    camera: Timeline, state: str, rule: str, dwell_s: float, severity: Severity, alone: bool
) -> None:
    for number in range(20):
        camera.at(number * 100).says(CAM, {state: True})
        camera.at(number * 100 + dwell_s - 0.001).says(CAM, {state: False})
    camera.unclaimed = [said for said in camera.unclaimed if said.transition.rule == rule]
    camera.expect_nothing(until=3_000)


@each
def test_a_moment_of_picture_does_not_end_it(
    camera: Timeline, state: str, rule: str, dwell_s: float, severity: Severity, alone: bool
) -> None:
    camera.says(CAM, {state: True})
    camera.expect(rule, CAM, between=(dwell_s, dwell_s))
    camera.at(100).says(CAM, {state: False}).at(105).says(CAM, {state: True}).at(112).says(CAM, {state: None})
    camera.expect_nothing(until=1_000)


def test_one_trouble_after_the_other_is_one_blindness(camera: Timeline) -> None:
    camera.says(CAM, {"view_covered": True, "image_black": False})
    camera.at(20).says(CAM, {"view_covered": False, "image_black": True})
    camera.expect("camera_blind", CAM, between=(30, 30))
    camera.at(50).says(CAM, {"image_black": None})
    camera.expect_nothing(until=600)


def test_the_dwell_survives_a_restart(camera: Timeline) -> None:
    camera.says(CAM, {"image_frozen": True}).at(40).restart(down_s=10)
    camera.expect("camera_frozen", CAM, between=(60, 60))


def test_the_cameras_own_word_needs_no_dwell(camera: Timeline) -> None:
    camera.says(CAM, **event("camera_tamper", phase="start"))
    said = camera.expect("camera_tampered", CAM, between=(0, 0), severity=Severity.MAJOR)
    assert (said.reason.code, said.reason.values) == ("camera_says_tampered", {"phase": "start"})
    for second in range(1, 9):
        camera.at(second).says(CAM, **event("camera_tamper", phase="start"))
    camera.expect_nothing(until=3_600)
    camera.says(CAM, **event("camera_tamper", phase="end"))
    camera.expect("camera_tampered", CAM, between=(3_600, 3_600), action=Action.CLEAR, auto_resolve=False)

"""Engine, correlation and alerts in any order: raise, repeat, clear, duplicate, late, people, crash, replay.

The suite takes some hundred steps. At length:
``MODEL_STEPS=100000 python -m pytest -n 0 tests/unit/rules/test_engine_model.py``.
"""

import copy
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alert_rules.alert import INHIBITED, Alert, Condition, Handling, IllegalMove, Severity, Verdict
from alert_rules.causes import BONDS, FIRE
from devices.model import DeviceKind, Event, Report
from devices.registry import Device
from tests.unit.rules.room import START, Room

STEPS = int(os.environ.get("MODEL_STEPS", "600"))
STEPS_EACH = min(60, STEPS)
AT_LENGTH = STEPS > 10_000
LATENESS_S = 30.0

SMOKE, LIFT, GATE, CAMERA, LEAK = (
    DeviceKind.SMOKE_DETECTOR,
    DeviceKind.LIFT,
    DeviceKind.ACCESS_GATE,
    DeviceKind.CAMERA,
    DeviceKind.WATER_LEAK,
)
DEVICES = (
    Device("smoke-1", SMOKE, building="b1", zone="z1"),
    Device("smoke-2", SMOKE, building="b1", zone="z1"),
    Device("smoke-3", SMOKE, building="b2"),
    Device("lift-1", LIFT, building="b1"),
    Device("lift-2", LIFT, building="b2"),
    Device("gate-1", GATE, building="b1", zone="z2"),
    Device("lane-1", CAMERA, building="b1", zone="z2"),
    *(Device(f"leak-{n}", LEAK, building="b1", upstream="gw", zone="z3" if n < 2 else "") for n in range(4)),
    Device("gw", LEAK, building="b1"),
)
SAYINGS: dict[DeviceKind, tuple[dict[str, Any], ...]] = {
    SMOKE: (
        {"states": {"smoke": True}},
        {"states": {"smoke": False}},
        {"states": {"smoke": True}, "test": True},
        {"states": {"smoke": False, "main_power_fault": True}},
        {"measurements": {"temperature": 80.0}},
        {"measurements": {"temperature": 20.0}},
    ),
    LIFT: (
        {"states": {"car_state": "running", "passengers_present": True}},
        {"states": {"car_state": "stopped", "door_closed": True, "passengers_present": True}},
        {"states": {"car_state": "stopped", "passengers_present": False}},
        {"states": {"power_failure": True}},
        {"states": {"power_failure": False}},
        {"states": {"service_mode": "fire_return"}},
        {"states": {"service_mode": "normal"}},
        {"states": {"entrapment": True}},
        {"states": {"entrapment": False}},
    ),
    GATE: ({"states": {"door_state": "open"}}, {"states": {"door_state": "closed"}}),
    CAMERA: tuple(
        {
            "events": (
                Event("stationary_object", {"zone": "l", "object_id": "c", "phase": phase, "object_class": "car"}),
            )
        }
        for phase in ("start", "end")
    ),
    LEAK: ({"states": {"water_leak": True}}, {"states": {"water_leak": False}}),
}
PRESENCE = ({"availability": False}, {"availability": True})

Step = Callable[[Room], object]


class RoomMachine(RuleBasedStateMachine):
    """One room that crashes, and the story of it for another that never does."""

    def __init__(self) -> None:
        super().__init__()
        self.second = 0.0
        self.sequence: dict[str, int] = {}
        self.story: list[Step] = []
        self.unsaved: list[Step] = []
        self.last: Report | None = None
        self.room = Room(*DEVICES)
        for device in DEVICES:
            self.happens(self.hearing(self.report(device, {})))
        self.save()

    def happens(self, step: Step) -> None:
        self.story.append(step)
        self.unsaved.append(step)
        step(self.room)

    def hearing(self, report: Report) -> Step:
        self.last = report
        return lambda room: room.hear(copy.copy(report))

    def report(self, device: Device, what: dict[str, Any], age: float = 0.0) -> Report:
        self.sequence[device.id] = self.sequence.get(device.id, -1) + 1
        moment = START + self.second
        return Report(device.id, device.kind, moment - age, moment, sequence=self.sequence[device.id], **what)

    @rule(data=st.data(), age=st.sampled_from([0.0, 0.0, 0.0, 5.0, LATENESS_S]))
    def speak(self, data: st.DataObject, age: float) -> None:
        device = data.draw(st.sampled_from(DEVICES))
        what = data.draw(st.sampled_from((*SAYINGS[device.kind], *PRESENCE)))
        self.happens(self.hearing(self.report(device, what, age)))

    @rule()
    def deliver_again(self) -> None:
        """What arrives twice, as at-least-once delivery allows, moves nothing."""
        assert self.last is not None
        before = self.picture()
        again = copy.copy(self.last)
        again.received_at = START + self.second
        self.happens(lambda room: room.hear(copy.copy(again)))
        assert self.picture() == before

    @rule(seconds=st.sampled_from([0.5, 3.0, 10.0, 59.0, 61.0, 130.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.second += seconds
        second = self.second
        self.happens(lambda room: room.at(second))

    @precondition(lambda self: self.room.alerts())
    @rule(data=st.data(), what=st.sampled_from(["acknowledge", "judge", "resolve"]))
    def decide(self, data: st.DataObject, what: str) -> None:
        """A person's move is on the disk when it is answered; an illegal one changes nothing."""
        alert = data.draw(st.sampled_from(sorted(self.room.alerts(), key=lambda each: each.id)))
        id_, critical = alert.id, alert.severity is Severity.CRITICAL
        verdict = alert.verdict
        if what == "resolve" and critical and verdict is None:
            before = copy.copy(alert)
            with pytest.raises(IllegalMove, match="verdict"):
                self.room.book.resolve(id_, alert.version, "", "li", self.room.now)
            assert alert == before
            return
        self.happens(lambda room: decide(room, id_, what))
        self.save()

    @rule()
    def save(self) -> None:
        self.room.save()
        self.unsaved = []

    @rule(down_s=st.sampled_from([0.0, 1.0, 90.0]))
    def kill(self, down_s: float) -> None:
        """What was not on the disk is read from the journal again, and gives the same."""
        before = self.picture()
        self.room.killed()
        for step in self.unsaved:
            step(self.room)
        assert self.picture() == before
        self.wait(down_s)

    def picture(self) -> dict[str, Alert]:
        return {alert.id: copy.copy(alert) for alert in self.room.alerts()}

    @invariant()
    def no_two_alerts_on_one_matter(self) -> None:
        fingerprints = [alert.fingerprint for alert in self.room.alerts()]
        assert len(fingerprints) == len(set(fingerprints))

    @invariant()
    def every_axis_is_legal(self) -> None:
        for alert in self.room.alerts():
            assert alert.handling is Handling.OPEN
            assert alert.resolved_by is None
            assert alert.verdict is None or alert.acknowledged_by
            assert alert.last_at >= alert.raised_at
            assert alert.incident

    @invariant()
    def who_is_inhibited_has_an_active_cause(self) -> None:
        alerts = {alert.id: alert for alert in self.room.alerts()}
        for alert in alerts.values():
            by = alert.suppressed_by or ""
            if by.startswith(INHIBITED):
                assert by == f"{INHIBITED}{alert.cause}"
                assert alerts[by.removeprefix(INHIBITED)].condition is Condition.ACTIVE

    @invariant()
    def consequences_work_with_their_cause(self) -> None:
        alerts = {alert.id: alert for alert in self.room.alerts()}
        for alert in alerts.values():
            cause = alerts.get(alert.cause or "")
            if cause is not None and cause.condition is Condition.ACTIVE and alert.suppressed_by:
                assert alert.incident == cause.incident

    @invariant()
    def beside_a_fire_a_blocked_lane_is_critical(self) -> None:
        lane = next(bond.consequence for bond in BONDS if bond.name == "fire_needs_lane")
        burning = {alert.place.building for alert in self.room.alerts() if is_active(alert) and FIRE.holds(alert)}
        for alert in self.room.alerts():
            if is_active(alert) and lane.holds(alert) and alert.place.building in burning:
                assert alert.severity is Severity.CRITICAL

    @invariant()
    def lifts_are_watched_only_beside_a_fire(self) -> None:
        burning = {alert.place.building for alert in self.room.alerts() if is_active(alert) and FIRE.holds(alert)}
        assert set(self.room.book.watched.values()) <= burning

    def teardown(self) -> None:
        """A room that never crashed, given the same story, has the same alerts and the same audit."""
        self.room.save()
        calm = Room(*DEVICES)
        for step in self.story:
            step(calm)
        calm.save()
        assert calm.stored == self.room.stored
        assert [(each.action, each.alert) for each in calm.audit] == [(e.action, e.alert) for e in self.room.audit]
        for alert in calm.stored.values():
            assert alert.handling is Handling.OPEN or alert.severity is not Severity.CRITICAL or alert.verdict


def is_active(alert: Alert) -> bool:
    return alert.condition is Condition.ACTIVE


def decide(room: Room, id_: str, what: str) -> None:
    alert = room.book.get(id_)
    assert alert is not None
    if what == "acknowledge":
        room.book.acknowledge(id_, alert.version, "li", room.now)
    elif what == "judge":
        room.book.judge(id_, alert.version, Verdict.TRUE_ALARM, "", "li", room.now)
    else:
        room.book.resolve(id_, alert.version, "", "li", room.now)
        room.engine.reset(alert.rule, alert.device, alert.subject)


TestRoom = RoomMachine.TestCase
TestRoom.settings = settings(
    max_examples=max(1, STEPS // STEPS_EACH),
    stateful_step_count=STEPS_EACH,
    deadline=None,
    derandomize=not AT_LENGTH,
    suppress_health_check=list(HealthCheck),
)
if AT_LENGTH:
    TestRoom = pytest.mark.timeout(0)(TestRoom)

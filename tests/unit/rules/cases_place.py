"""How the rules about lifts, gates, lanes, facades and cameras fire, just fail to, and end."""

from typing import Any

from alert_rules.alert import Severity
from devices.model import DeviceKind, StateValue
from tests.unit.rules.case import THING, Case, event

NEVER_S = 1e9
STUCK: dict[str, StateValue] = {"car_state": "stopped", "door_closed": True, "passengers_present": True}
RUNS_OPEN: dict[str, StateValue] = {"car_state": "running", "door_closed": False}


def standing(phase: str, object_id: str = "car-7", zone: str = "lane-1", **more: Any) -> dict[str, Any]:
    return event("stationary_object", zone=zone, object_id=object_id, phase=phase, object_class="car", **more)


def denied(reason: str, **attributes: Any) -> dict[str, Any]:
    return event("access_denied", reason=reason, **attributes)


def lift(signs: dict[str, Any], almost: dict[str, Any], severity: Severity, **more: Any) -> Case:
    return Case(
        kind=DeviceKind.LIFT, signs={"states": signs}, almost={"states": almost}, severity=severity, **_end(more)
    )


def gate(signs: dict[str, Any], almost: dict[str, Any], severity: Severity, **more: Any) -> Case:
    return Case(kind=DeviceKind.ACCESS_GATE, signs=signs, almost=almost, severity=severity, **more)


def camera(signs: dict[str, Any], almost: dict[str, Any], severity: Severity, **more: Any) -> Case:
    return Case(kind=DeviceKind.CAMERA, signs=signs, almost=almost, severity=severity, **more)


def picture(rule: str, state: str, severity: Severity, dwell_s: float, auto_resolve: bool) -> Case:
    return camera(
        {"states": {state: True}},
        {"states": {state: None}},
        severity,
        dwell_s=dwell_s,
        end={"states": {state: False}},
        auto_resolve=auto_resolve,
        rules={rule: {"release_s": 0}},
    )


def _end(more: dict[str, Any]) -> dict[str, Any]:
    return {**more, "end": {"states": more["end"]}} if "end" in more else more


LIFTS: dict[str, Case] = {
    "lift_entrapment": lift(
        STUCK, {**STUCK, "passengers_present": None}, Severity.CRITICAL, dwell_s=45, end={"door_closed": False}
    ),
    "lift_unintended_movement": lift(
        {**RUNS_OPEN, "door_zone": False},
        {**RUNS_OPEN, "door_zone": True},
        Severity.CRITICAL,
        dwell_s=2,
        end={"car_state": "stopped", "door_zone": True},
    ),
    "lift_overrun": lift({"overrun_top": True}, {"overrun_top": None}, Severity.CRITICAL, end={"overrun_top": False}),
    "lift_overspeed": lift({"overspeed": True}, {"overspeed": None}, Severity.CRITICAL, end={"overspeed": False}),
    "lift_door_open_running": lift(
        RUNS_OPEN, {**RUNS_OPEN, "door_zone": True}, Severity.MAJOR, dwell_s=2, end={"door_closed": True}
    ),
    "lift_door_cycling": lift(
        {"door_repeated_cycling": True},
        {"door_repeated_cycling": None},
        Severity.MINOR,
        end={"door_repeated_cycling": False},
        auto_resolve=True,
    ),
    "lift_button_stuck": lift(
        {"landing_button_stuck": True},
        {"landing_button_stuck": None},
        Severity.MINOR,
        end={"landing_button_stuck": False},
        auto_resolve=True,
    ),
    "lift_levelling": lift(
        {"car_state": "stopped", "at_landing": False},
        {"car_state": "stopped", "at_landing": None},
        Severity.MAJOR,
        dwell_s=60,
        end={"at_landing": True},
        auto_resolve=True,
    ),
    "lift_out_of_service": lift(
        {"out_of_service": True},
        {"out_of_service": None, "service_mode": "inspection"},
        Severity.MINOR,
        dwell_s=120,
        end={"out_of_service": False},
        auto_resolve=True,
        rules={"lift_out_of_service": {"dwell_s": 120}},
    ),
    "lift_e_bike": Case(
        kind=DeviceKind.LIFT,
        signs=event("e_bike_in_car", phase="start", score=0.6),
        almost=event("e_bike_in_car", phase="start", score=0.59),
        severity=Severity.MAJOR,
    ),
    "lift_wear": lift(
        {"safety_circuit_open": True, "floor": "7"},
        {"safety_circuit_open": None, "at_landing": True},
        Severity.NOTICE,
        auto_resolve=True,
        rules={"lift_wear": {"at_least": 1, "learn_weeks": 0}},
    ),
}

GATES: dict[str, Case] = {
    "gate_forced": gate(
        event("door_forced", door_id="d1"),
        event("door_opened", door_id="d1"),
        Severity.MAJOR,
        end={"states": {"door_state": "closed"}},
    ),
    "gate_duress": gate(event("duress", door_id="d1"), event("remote_open", door_id="d1"), Severity.CRITICAL),
    "gate_held_open": gate(
        {"states": {"door_state": "open"}},
        {"states": {"door_state": "opening"}},
        Severity.MINOR,
        dwell_s=60,
        end={"states": {"door_state": "closed"}},
        auto_resolve=True,
    ),
    "gate_tailgating": gate(event("tailgating", door_id="d1"), event("access_granted", door_id="d1"), Severity.MINOR),
    "gate_refused_repeatedly": gate(
        denied("no_right", credential_ref="c9", door_id="d1"),
        denied("no_right", door_id="d1"),
        Severity.MINOR,
        subject="c9",
        rules={"gate_refused_repeatedly": {"times": 1, "doors": 1}},
    ),
    "gate_passback": gate(
        denied("anti_passback", credential_ref="c9"),
        denied("schedule", credential_ref="c9"),
        Severity.MINOR,
        subject="c9",
    ),
    "gate_expired_visitor": gate(
        denied("expired", credential_type="qr", credential_ref="c9"),
        denied("expired", credential_type="card", credential_ref="c9"),
        Severity.NOTICE,
        subject="c9",
    ),
    "gate_pass_refused": gate(
        event("pass_refused", reason="used", credential_type="qr", credential_ref="v9"),
        denied("expired", credential_type="card", credential_ref="v9"),
        Severity.MINOR,
        subject="v9",
    ),
    "gate_blocklist": gate(
        denied("blocklist", person_ref="p9"), denied("disabled", person_ref="p9"), Severity.MAJOR, subject="p9"
    ),
    "reader_tamper": gate(
        {"states": {"tamper": True}}, {"states": {"tamper": None}}, Severity.MAJOR, end={"states": {"tamper": False}}
    ),
    "resident_unseen": gate(
        event("access_granted", person_ref="p1"),
        event("access_granted", person_ref="p2"),
        Severity.MAJOR,
        dwell_s=180,
        subject="p1",
        auto_resolve=True,
        rules={"resident_unseen": {"persons": ["p1"], "at_least_h": 0.05, "learn": 0}},
    ),
}

CAMERAS: dict[str, Case] = {
    "fire_lane_blocked": camera(
        standing("start"),
        standing("end"),
        Severity.NOTICE,
        dwell_s=120,
        end=standing("end"),
        subject="lane-1",
        auto_resolve=True,
        rules={"fire_lane_blocked": {"major_s": NEVER_S, "critical_s": NEVER_S}},
    ),
    "fire_lane_habit": camera(
        standing("start"),
        standing("end"),
        Severity.NOTICE,
        subject="lane-1",
        rules={"fire_lane_habit": {"dwell_s": 0, "days": 1}, "fire_lane_blocked": {"dwell_s": NEVER_S}},
    ),
    "falling_object": camera(
        event("falling_object", object_id="t1", phase="end", score=0.5),
        event("falling_object", object_id="t1", phase="end", score=0.49),
        Severity.MAJOR,
        subject="t1",
    ),
    "falling_series": camera(
        event("falling_object", object_id="t1", column="B", score=0.9),
        event("falling_object", object_id="t1", column="B", score=0.49),
        Severity.CRITICAL,
        subject="b3:B",
        place={"building": "b3"},
        rules={"falling_series": {"times": 1}, "falling_object": {"min_score": 1}},
    ),
    "camera_blind": picture("camera_blind", "image_black", Severity.MAJOR, 30, auto_resolve=False),
    "camera_moved": picture("camera_moved", "view_moved", Severity.MAJOR, 30, auto_resolve=False),
    "camera_frozen": picture("camera_frozen", "image_frozen", Severity.MINOR, 60, auto_resolve=True),
    "camera_lost": picture("camera_lost", "stream_lost", Severity.MINOR, 20, auto_resolve=True),
    "camera_tampered": camera(
        event("camera_tamper", phase="start"),
        event("camera_tamper", phase="end"),
        Severity.MAJOR,
        end=event("camera_tamper", phase="end"),
    ),
}

__all__ = ["CASES", "STUCK", "THING", "standing"]
CASES = LIFTS | GATES | CAMERAS

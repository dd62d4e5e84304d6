"""Timed incidents: which rule must raise an alert, on which device, and when it happens."""

from random import Random
from typing import NamedTuple

from devices.model import DeviceKind
from simulators.community import Community, Member


class Incident(NamedTuple):
    """``rule`` must raise an alert on ``device``; it happens ``at_s`` seconds after the start."""

    at_s: float
    rule: str
    device: str


# Early and close together: a visitor should not wait, and a blocked lane must last a while before its alert.
DEMO = (
    (3.0, "fire_lane_blocked", DeviceKind.CAMERA, "lane"),
    (4.0, "smoke_alarm", DeviceKind.SMOKE_DETECTOR, ""),
    (6.5, "lift_entrapment", DeviceKind.LIFT, ""),
    (9.0, "gate_forced", DeviceKind.ACCESS_GATE, ""),
    (11.5, "falling_object", DeviceKind.CAMERA, "facade"),
)


def demo(community: Community) -> list[Incident]:
    """Cast the five incidents of the demonstration; the seed picks the devices."""
    rng = Random(f"demo/{community.seed}")  # noqa: S311 - repeatable, not secret
    return [Incident(at_s, rule, rng.choice(_fitting(community, kind, view)).id) for at_s, rule, kind, view in DEMO]


def _fitting(community: Community, kind: DeviceKind, view: str) -> list[Member]:
    return [member for member in community.members if member.kind is kind and member.view == view]

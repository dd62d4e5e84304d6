"""The rules about places: lifts, gates, fire lanes, facades and the cameras that watch them."""

from typing import Any

from alert_rules.access import (
    GateBlocklist,
    GateDuress,
    GateExpiredVisitor,
    GateForced,
    GateHeldOpen,
    GatePassRefused,
    ReaderTamper,
)
from alert_rules.access_groups import GatePassback, GateRefusedRepeatedly, ResidentUnseen
from alert_rules.camera import CameraBlind, CameraFrozen, CameraLost, CameraMoved, CameraTampered
from alert_rules.falling_object import FallingObject, FallingSeries
from alert_rules.fire_lane import FireLaneBlocked
from alert_rules.lane_habit import FireLaneHabit
from alert_rules.lift import LiftEntrapment
from alert_rules.lift_doors import LiftDoorCycling, LiftEBike
from alert_rules.lift_faults import (
    LiftButtonStuck,
    LiftDoorOpenRunning,
    LiftLevelling,
    LiftOutOfService,
    LiftOverrun,
    LiftOverspeed,
    LiftUnintendedMovement,
)
from alert_rules.lift_wear import LiftWear
from alert_rules.rule import Rule
from alert_rules.tailgating import GateTailgating

Rules = tuple[type[Rule[Any, Any]], ...]

LIFTS: Rules = (
    LiftEntrapment,
    LiftUnintendedMovement,
    LiftOverrun,
    LiftOverspeed,
    LiftDoorOpenRunning,
    LiftDoorCycling,
    LiftButtonStuck,
    LiftLevelling,
    LiftOutOfService,
    LiftEBike,
    LiftWear,
)
ACCESS: Rules = (
    GateForced,
    GateDuress,
    GateHeldOpen,
    GateTailgating,
    GateRefusedRepeatedly,
    GatePassback,
    GateExpiredVisitor,
    GatePassRefused,
    GateBlocklist,
    ReaderTamper,
    ResidentUnseen,
)
LANES: Rules = (FireLaneBlocked, FireLaneHabit)
FACADES: Rules = (FallingObject, FallingSeries)
CAMERAS: Rules = (CameraBlind, CameraMoved, CameraFrozen, CameraLost, CameraTampered)

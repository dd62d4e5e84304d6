"""The detectors by name, made from a camera's settings."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from devices.cameras.blocked_lane import BlockedLane
from devices.cameras.detection import Detector, Frame
from devices.cameras.errors import CameraError
from devices.cameras.falling_object import FallingConfig, FallingObjectDetector
from devices.cameras.lane_zone import Zone
from devices.cameras.projective import FloorPoint
from devices.cameras.settings import Camera

LANE_RATE = 2.0


def blocked_lane(camera: Camera | None) -> BlockedLane:
    """The lane detector of ``camera``; ``None``: the whole picture, 10 s.

    Raises:
        CameraError: a reference picture cannot be read.
    """
    if camera is None:
        return BlockedLane()
    zones = [Zone(z.id, z.polygon, z.dwell_s, z.min_width) for z in camera.zones]
    return BlockedLane(zones, [_picture(Path(name)) for name in camera.reference])


def falling_object(camera: Camera | None) -> FallingObjectDetector:
    """The detector of what falls along ``camera``'s facade; ``None``: the whole picture.

    Raises:
        CameraError: the calibration does not tell a scale.
    """
    if camera is None:
        return FallingObjectDetector()
    floors = tuple(FloorPoint(mark.x, mark.y, mark.floor) for mark in camera.calibration)
    config = FallingConfig(tuple(camera.facade or ()), floors, camera.floor_height_m, camera.min_score)
    try:
        return FallingObjectDetector(config)
    except ValueError as error:
        raise CameraError(f"camera {camera.id}: calibration", str(error), "mark floors that lie apart") from None


DETECTORS: dict[str, Callable[[Camera | None], Detector]] = {
    "falling_object": falling_object,
    "blocked_lane": blocked_lane,
}
RATES: dict[str, float | None] = {"falling_object": None, "blocked_lane": LANE_RATE}
"""Pictures per second each detector wants; ``None``: all there are."""


def _picture(path: Path) -> Frame:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise CameraError(str(path), f"cannot be read: {error.strerror}", "check reference in the site file") from None
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if len(data) else None
    if picture is None:
        raise CameraError(str(path), "is no picture", "take a still of the empty zone as JPEG or PNG")
    return np.asarray(picture, np.uint8)

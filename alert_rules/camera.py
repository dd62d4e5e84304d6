"""Cameras that see nothing of use: blind, turned away, frozen, without a picture. Pure."""

from typing import ClassVar

from pydantic import Field

from alert_rules.alert import Severity
from alert_rules.occurrence import Phased
from alert_rules.rule import Params
from alert_rules.timing import Lasting
from devices.model import DeviceKind, Report
from devices.twin import Twin


class ViewParams(Params):
    """How long a camera must be useless."""

    dwell_s: float = Field(
        30, ge=0, description="seconds; a passing lorry, a hand or a lightning flash take less; chosen"
    )
    release_s: float = Field(10, ge=0, description="seconds of good picture that end it; chosen")


class FrozenParams(Params):
    """How long a picture must stand still."""

    dwell_s: float = Field(
        60, ge=0, description="seconds of the same picture; a real sensor's noise never repeats; chosen"
    )
    release_s: float = Field(10, ge=0, description="seconds of good picture that end it; chosen")


class LostParams(Params):
    """How long a camera must send nothing."""

    dwell_s: float = Field(20, ge=0, description="seconds; a stream that reconnects by itself takes less; chosen")
    release_s: float = Field(10, ge=0, description="seconds of picture that end it; chosen")


class CameraFault(Lasting[ViewParams]):
    """Any of ``states`` for the dwell; shorter blips are ignored. Unknown changes nothing."""

    kinds = frozenset({DeviceKind.CAMERA})
    signs_of_trouble: ClassVar[tuple[str, ...]]
    ended = "picture_back"

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        unknown = False
        for name in self.signs_of_trouble:
            value = twin.states.get(name, False)
            if value is True:
                return True
            unknown = unknown or value is None
        return None if unknown else False


class CameraBlind(CameraFault):
    """The lens is covered, the picture black or without edges, or the camera says tampering: somebody has to look."""

    name = "camera_blind"
    signs_of_trouble = ("view_covered", "image_black", "image_blurred", "tamper")
    states = frozenset(signs_of_trouble)
    severity = Severity.MAJOR
    auto_resolve = False
    code = "camera_sees_nothing"
    Params = ViewParams


class CameraMoved(CameraFault):
    """The camera looks elsewhere than it was set up to: what it watches for is judged in the wrong place."""

    name = "camera_moved"
    signs_of_trouble = ("view_moved",)
    states = frozenset(signs_of_trouble)
    severity = Severity.MAJOR
    auto_resolve = False
    code = "camera_turned_away"
    Params = ViewParams


class CameraFrozen(CameraFault):
    """The same picture again and again: the camera seems to work, and shows the past."""

    name = "camera_frozen"
    signs_of_trouble = ("image_frozen",)
    states = frozenset(signs_of_trouble)
    severity = Severity.MINOR
    code = "picture_stands_still"
    Params = FrozenParams


class CameraLost(CameraFault):
    """No picture arrives."""

    name = "camera_lost"
    signs_of_trouble = ("stream_lost",)
    states = frozenset(signs_of_trouble)
    severity = Severity.MINOR
    code = "no_picture"
    Params = LostParams


class CameraTampered(Phased[Params]):
    """The camera itself says that its view was covered, moved or blurred; it has waited long enough by then."""

    name = "camera_tampered"
    kinds = frozenset({DeviceKind.CAMERA})
    events = frozenset({"camera_tamper"})
    severity = Severity.MAJOR
    code = "camera_says_tampered"
    Params = Params

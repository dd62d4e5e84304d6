"""Codes of Hikvision access controllers and camera events, as data. Access: (major, sub) -> what it means."""

from typing import Any

from msgspec import Struct

from devices.dialects.scene import Meaning
from devices.model import StateValue

ALARM, EXCEPTION, OPERATION, EVENT = 1, 2, 3, 5
HEARTBEAT = (EVENT, 0x83)


class Access(Struct, frozen=True):
    """One code's meaning: an event with fixed attributes, and states it sets."""

    event: str = ""
    attributes: dict[str, Any] = {}
    states: dict[str, StateValue] = {}


def _granted(credential: str) -> Access:
    return Access("access_granted", {"credential_type": credential})


def _denied(reason: str | None = None, credential: str | None = None) -> Access:
    return Access("access_denied", {"reason": reason, "credential_type": credential})


def _state(name: str, value: StateValue) -> Access:
    return Access(states={name: value})


_CARD = (0x01, 0x02, 0x10, 0x28, 0x2B)
_FINGERPRINT = (0x26, 0x2E, 0x45, 0x48)
_FACE = (0x36, 0x39, 0x3C, 0x3F, 0x42, 0x4B, 0x4D, 0x69)
_NO_REASON = (0x03, 0x04, 0x05, 0x0B, 0x29, 0x2A, 0x2C, 0x2D, 0x2F, 0x30, 0x66, 0x67, 0x77, 0x97, 0x9B)
_FACE_FAILED = (0x37, 0x38, 0x3A, 0x3B, 0x3D, 0x3E, 0x40, 0x41, 0x43, 0x44, 0x4E, 0x4F, 0x68, 0x70)

_EVENTS: dict[int, Access] = {
    **{code: _granted("card") for code in _CARD},
    **{code: _granted("fingerprint") for code in _FINGERPRINT},
    **{code: _granted("face") for code in _FACE},
    0x65: _granted("pin"),
    **{code: _denied() for code in _NO_REASON},
    **{code: _denied(None, "face") for code in _FACE_FAILED},
    0x06: _denied("no_right", "card"),
    0x07: _denied("schedule", "card"),
    0x08: _denied("expired", "card"),
    0x09: _denied("unknown_credential", "card"),
    0x0A: _denied("anti_passback"),
    0x0C: _denied("no_right"),
    0x0D: _denied("schedule"),
    0x0E: _denied("no_right"),
    0x0F: _denied("no_right"),
    0x27: _denied("unknown_credential", "fingerprint"),
    0x31: _denied("unknown_credential", "fingerprint"),
    0x4C: _denied("unknown_credential", "face"),
    0x50: _denied("unknown_credential", "face"),
    0x71: _denied("blocklist"),
    0x76: _denied("schedule"),
    0x98: _denied("unknown_credential", "pin"),
    0x15: _state("lock_state", "unlocked"),
    0x16: _state("lock_state", "locked"),
    0x17: Access("exit_button"),
    0x19: Access("door_opened", states={"door_state": "open"}),
    0x1A: Access("door_closed", states={"door_state": "closed"}),
    0x1B: Access("door_forced", states={"door_state": "open"}),
    0x1C: Access("door_held_open", states={"door_state": "open"}),
    0x1D: _state("relay_state", True),
    0x1E: _state("relay_state", False),
    0x25: Access("doorbell"),
    0x87: Access("door_forced"),
}
_ALARMS: dict[int, Access] = {
    **{code: _state("tamper", True) for code in (0x404, 0x406, 0x40F, 0x422)},
    **{code: _state("tamper", False) for code in (0x405, 0x407, 0x410, 0x423)},
    0x408: _state("input_state", True),
    0x409: _state("input_state", False),
    0x40A: Access("duress"),
    0x40C: _denied(),
}
_EXCEPTIONS: dict[int, Access] = {
    **{code: _state("battery_low", True) for code in (0x403, 0x411)},
    **{code: _state("battery_low", False) for code in (0x404, 0x412)},
    **{code: _state("fault", True) for code in (0x405, 0x408, 0x409, 0x40D, 0x40F)},
    **{code: _state("fault", False) for code in (0x406, 0x40A, 0x40E, 0x410)},
}
_OPERATIONS: dict[int, Access] = {
    0x400: Access("remote_open"),
    0x402: Access("remote_open"),
    0x41D: Access("remote_open"),
}

ACCESS: dict[tuple[int, int], Access] = {
    (major, sub): meant
    for major, table in ((ALARM, _ALARMS), (EXCEPTION, _EXCEPTIONS), (OPERATION, _OPERATIONS), (EVENT, _EVENTS))
    for sub, meant in table.items()
}

_MOTION = Meaning(state="motion")
_TAMPER = Meaning("camera_tamper", "tamper")
_STORAGE = Meaning(state="storage_fault")

CAMERA: dict[str, Meaning] = {
    "vmd": _MOTION,
    "motiondetection": _MOTION,
    "pir": _MOTION,
    "fielddetection": Meaning("intrusion", "occupancy"),
    "regionentrance": Meaning("intrusion"),
    "regionexiting": Meaning("intrusion"),
    "linedetection": Meaning("line_crossed"),
    "loitering": Meaning("loitering"),
    "parking": Meaning("stationary_object"),
    "unattendedbaggage": Meaning("stationary_object"),
    "io": Meaning(state="input_state"),
    "tamperdetection": _TAMPER,
    "shelteralarm": _TAMPER,
    "scenechangedetection": _TAMPER,
    "defocus": _TAMPER,
    "videoloss": Meaning(state="stream_lost"),
    "firedetection": Meaning(state="visual_fire"),
    "smokedetection": Meaning(state="visual_fire"),
    "diskfull": _STORAGE,
    "diskerror": _STORAGE,
    "diskunformat": _STORAGE,
    "facedetection": Meaning("object_detected", object_class="person"),
    "facesnap": Meaning("object_detected", object_class="person"),
}
"""``eventType`` in lower case -> meaning."""

"""What cameras of all makers see, as data: event topics and object classes -> canonical names."""

from typing import Any

from msgspec import Struct

from devices.dialects.reading import Reading
from devices.dialects.values import truth

CLASSES: dict[str, str] = {
    **dict.fromkeys(("person", "human", "people", "pedestrian", "face", "head", "man", "woman"), "person"),
    **dict.fromkeys(("car", "vehicle", "suv", "sedan", "van", "motorvehicle"), "car"),
    **dict.fromkeys(("truck", "bus", "lorry"), "truck"),
    **dict.fromkeys(("bicycle", "bike", "nonmotor", "nonvehicle", "nonmotorvehicle"), "bicycle"),
    **dict.fromkeys(("e_bike", "ebike", "e-bike", "electricbike", "motorcycle", "motorbike"), "e_bike"),
    **dict.fromkeys(("animal", "dog", "cat", "bird"), "animal"),
}

YES = frozenset({"true", "1", "active", "on", "yes", "open", "start"})
NO = frozenset({"false", "0", "inactive", "off", "no", "closed", "stop", "end"})
ACTIVE_KEYS = frozenset(
    {
        *("state", "active", "value", "triggered", "alert"),
        *("ismotion", "motion", "isinside", "logicalstate"),
        *("tampering", "tamper", "failed", "lost", "open"),
    }
)


class Meaning(Struct, frozen=True):
    """What a topic says: an event, a state that it switches, or both; ``count`` for a number of objects."""

    event: str = ""
    state: str = ""
    count: bool = False
    object_class: str = ""


TOPICS: tuple[tuple[str, Meaning], ...] = (
    ("linedetector/crossed", Meaning("line_crossed")),
    ("linecrossing", Meaning("line_crossed")),
    ("fenceguard", Meaning("line_crossed")),
    ("fielddetector/objectsinside", Meaning("intrusion", "occupancy")),
    ("ivaarea", Meaning("intrusion", "occupancy")),
    ("loitering", Meaning("loitering")),
    ("countaggregation", Meaning(count=True)),
    ("cellmotiondetector/motion", Meaning(state="motion")),
    ("motionregiondetector/motion", Meaning(state="motion")),
    ("videosource/motionalarm", Meaning(state="motion")),
    ("videoanalytics/motiondetection", Meaning(state="motion")),
    ("motionguard", Meaning(state="motion")),
    ("cameraapplicationplatform/vmd", Meaning(state="motion")),
    ("sensor/pir", Meaning(state="motion")),
    ("globalscenechange", Meaning("camera_tamper", "tamper")),
    ("videosource/imagetoo", Meaning("camera_tamper", "tamper")),
    ("videosource/tampering", Meaning("camera_tamper", "tamper")),
    ("tamperingdetection", Meaning("camera_tamper", "tamper")),
    ("defocusdetection", Meaning("camera_tamper", "tamper")),
    ("casing/open", Meaning(state="tamper")),
    ("trigger/digitalinput", Meaning(state="input_state")),
    ("io/port", Meaning(state="input_state")),
    ("io/virtualinput", Meaning(state="input_state")),
    ("trigger/relay", Meaning(state="relay_state")),
    ("io/outputport", Meaning(state="relay_state")),
    ("recognition/licenseplate", Meaning("plate_recognised")),
    ("firealarm", Meaning(state="visual_fire")),
    ("firedetection", Meaning(state="visual_fire")),
    ("smokedetection", Meaning(state="visual_fire")),
    ("videosource/signalloss", Meaning(state="stream_lost")),
    ("storage/alert", Meaning(state="storage_fault")),
    ("storage/disruption", Meaning(state="storage_fault")),
    ("storagefailure", Meaning(state="storage_fault")),
    ("hardwarefailure", Meaning(state="fault")),
    ("recognition/face", Meaning("object_detected", object_class="person")),
    ("facedetection", Meaning("object_detected", object_class="person")),
    ("objectanalytics", Meaning("object_detected", "occupancy")),
    ("objectdetection", Meaning("object_detected")),
)
"""A part of the topic in lower case -> its meaning; the first that fits counts. ONVIF's own names, then Hanwha's
(``OpenApp/WiseAI``) and Axis's (``CameraApplicationPlatform``)."""

_PHASES = {True: "start", False: "end", None: "pulse"}


def meaning(topic: str) -> Meaning | None:
    """Find what an event topic says; namespaces (``tns1:``) and letter case do not matter."""
    path = "/".join(part.rpartition(":")[2] for part in topic.split("/")).lower()
    return next((meant for part, meant in TOPICS if part in path), None)


def object_class(label: Any) -> str | None:
    """Translate a maker's word for an object; ``unknown`` for words the table lacks, ``None`` for none."""
    if not isinstance(label, str) or not label.strip():
        return None
    return CLASSES.get(label.strip().lower(), "unknown")


def tell(reading: Reading, meant: Meaning, active: Any, **attributes: Any) -> None:
    """Note what a camera says. ``active`` absent (``None``) means that it just happened; a word nobody agreed on makes
    the state unknown and no event.
    """
    is_active = None if active is None else truth(active, YES, NO)
    if active is not None and is_active is None:
        reading.unknown("active", active)
        if meant.state:
            reading.state(meant.state, None)
        return
    if meant.state:
        reading.state(meant.state, is_active is not False)
    if meant.event:
        attributes.setdefault("phase", _PHASES[is_active])
        if meant.object_class:
            attributes["object_class"] = meant.object_class
        reading.event(meant.event, **attributes)


def unnamed(reading: Reading, topic: str, active: Any) -> None:
    """Keep an event that the table lacks for people to see: makers invent topics faster than tables grow."""
    reading.unknown("topic", topic)
    reading.unknown("active", active)


def active_of(data: dict[str, Any]) -> Any:
    """Find the member that says whether it is so, by the names makers give it; ``None`` where none does."""
    for name, value in data.items():
        if value is not None and name.lower() in ACTIVE_KEYS:
            return value
    return None

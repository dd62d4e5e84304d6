"""Frigate NVR: tracked objects, reviews, motion, counts and availability. Names of people never leave the message."""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from devices.dialects import values
from devices.dialects.body import mapping
from devices.dialects.dialect import Context, Lane, Read, Route
from devices.dialects.reading import MAX_TEXT, Reading
from devices.dialects.scene import object_class
from devices.dialects.typed import typed
from devices.model import DeviceKind, Envelope, Event, Ignored, Reject, RejectReason, Report

MAX_CAMERAS = 10_000
MAX_LABELS = 64
PHASES = {"new": "start", "update": "update", "end": "end"}
AVAILABLE = {"online": True, "stopped": False, "offline": False}
ROLES = {"online": True, "offline": False}
FIRE_LANES = ("fire_lane", "fire-lane", "firelane")
# Second level below the base that is no camera's name.
OURS = ("events", "reviews", "tracked_object_update", "available")
QUIET = {
    "stats": "statistics of the server",
    "triggers": "semantic search triggers carry no time and no object class",
    "camera_activity": "a dump of all cameras' settings and objects",
    "restart": "a command",
    "onConnect": "a command",
    "notifications": "settings of web push",
    "model_state": "progress of a model download",
    "job_state": "progress of a job",
    "profile": "the profile chosen",
}


class Options(Struct, forbid_unknown_fields=True):
    """``base``: Frigate's ``topic_prefix``. ``stationary_zones``: parts of the names of zones where whatever stands is
    reported as ``stationary_object`` (a fire lane, not a car park).
    """

    base: str = "frigate"
    stationary_zones: tuple[str, ...] = FIRE_LANES


class Tracked(Struct, gc=False):
    """One side of an event: what we read of a tracked object."""

    id: str
    camera: str
    label: str = ""
    frame_time: float | None = None
    end_time: float | None = None
    score: float | None = None
    box: tuple[float, float, float, float] | None = None
    current_zones: tuple[str, ...] = ()
    stationary: bool = False
    false_positive: bool = False
    has_snapshot: bool = False
    has_clip: bool = False


class Tracking(Struct, gc=False):
    """Body of ``events``."""

    type: str
    after: Tracked
    before: Tracked | None = None


class Found(Struct, gc=False):
    """What a review holds. Sub labels may be people's names: not read."""

    objects: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


class Item(Struct, gc=False):
    """One side of a review."""

    id: str
    camera: str
    start_time: float | None = None
    end_time: float | None = None
    severity: str = ""
    data: Found = msgspec.field(default_factory=Found)


class Review(Struct, gc=False):
    """Body of ``reviews``."""

    type: str
    after: Item


_tracking = msgspec.json.Decoder(Tracking).decode
_review = msgspec.json.Decoder(Review).decode


class Frigate:
    """Decoder of Frigate. Addresses: the camera's name; the base topic for the server itself."""

    name: ClassVar[str] = "frigate"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        options = msgspec.convert(context.options, Options)
        self._context = context
        self._base = options.base
        self._zones = options.stationary_zones
        self._counts: dict[str, dict[str, int]] = {}

    def filters(self) -> dict[str, Lane]:
        base = self._base
        return {
            **{f"{base}/{topic}": Lane.ALARM for topic in OURS},
            f"{base}/+/status/+": Lane.ALARM,
            f"{base}/+/+": Lane.TELEMETRY,
        }

    def owns(self, topic: str) -> bool:
        return topic.startswith(f"{self._base}/")

    def route(self, topic: str) -> Route | Reject:
        parts = topic.removeprefix(f"{self._base}/").split("/")
        if not all(parts):
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} has an empty level")
        sender = parts[0] if len(parts) > 1 else self._base
        return Route(self.name, sender, DeviceKind.CAMERA, self._reader(parts))

    def _reader(self, parts: list[str]) -> Read:
        if len(parts) == 1:
            whole: dict[str, Read] = {
                "events": self._tracked,
                "reviews": self._reviewed,
                "tracked_object_update": self._updated,
                "available": self._available,
            }
            return whole.get(parts[0]) or _ignore(QUIET.get(parts[0], f"{parts[0][:60]!r} is no topic of objects"))
        if len(parts) == 3 and parts[1] == "status":
            return self._role(parts[2])
        if len(parts) > 2 or parts[0] in QUIET:
            return _ignore("a picture, a setting or a command")
        return self._motion if parts[1] == "motion" else self._count(parts[1])

    def _tracked(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        said = typed(_tracking, envelope)
        if isinstance(said, Reject):
            return said
        after, phase = said.after, PHASES.get(said.type)
        if phase is None:
            return Reject(RejectReason.WRONG_SHAPE, f"event type {said.type[:40]!r} is not new, update or end")
        if after.false_positive:
            return Ignored("Frigate itself holds it for a false positive")
        reading = Reading(self.name, after.camera, DeviceKind.CAMERA)
        kind = object_class(after.label)
        if kind == "unknown":
            reading.unknown("label", after.label)
        reading.events.append(Event("object_detected", _seen(after, phase, kind)))
        if self._zones and (after.stationary or said.type == "end" or (said.before and said.before.stationary)):
            self._standing(reading, said, kind)
        at = after.end_time if phase == "end" and after.end_time else after.frame_time
        return reading.report(self._context, envelope, at)

    def _standing(self, reading: Reading, said: Tracking, kind: str | None) -> None:
        """Tell who stands in a fire lane, and who no longer does: both are in the message, before and after."""
        before, after = said.before, said.after
        stood = self._watched(before) if before and before.stationary else ()
        now = self._watched(after) if after.stationary and said.type != "end" else ()
        gone = {*stood, *self._watched(after)} if said.type == "end" else {zone for zone in stood if zone not in now}
        for zone in now:
            phase = "update" if zone in stood else "start"
            reading.event("stationary_object", phase=phase, zone=zone, object_class=kind, object_id=after.id)
        for zone in sorted(gone):
            reading.event("stationary_object", phase="end", zone=zone, object_class=kind, object_id=after.id)

    def _watched(self, tracked: Tracked) -> tuple[str, ...]:
        zones = tracked.current_zones
        return tuple(zone for zone in zones if any(part in zone.lower() for part in self._zones)) if zones else ()

    def _reviewed(self, route: Route, envelope: Envelope) -> Report | Reject:
        said = typed(_review, envelope)
        if isinstance(said, Reject):
            return said
        after, phase = said.after, PHASES.get(said.type)
        if phase is None:
            return Reject(RejectReason.WRONG_SHAPE, f"review type {said.type[:40]!r} is not new, update or end")
        reading = Reading(self.name, after.camera, DeviceKind.CAMERA)
        labels = [label.removesuffix("-verified") for label in after.data.objects]
        reading.event(
            "object_detected",
            phase=phase,
            object_class=object_class(labels[0]) if labels else None,
            object_id=after.id,
            zones=",".join(after.data.zones) or None,
            rule_name=f"review {after.severity}".strip(),
        )
        at = {"start": after.start_time, "end": after.end_time}.get(phase)
        return reading.report(self._context, envelope, at)

    def _updated(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        """Take plates out of the updates; the rest is names, descriptions and classes of a known object."""
        said = mapping(envelope)
        if isinstance(said, Reject):
            return said
        if said.get("type") != "lpr":
            return Ignored(f"update of type {str(said.get('type'))[:40]!r}: a name, a description or a class")
        camera, plate = said.get("camera"), values.pseudonym(self._context.key, said.get("plate"))
        if not isinstance(camera, str) or not camera or plate is None:
            return Reject(RejectReason.WRONG_SHAPE, "a plate update needs members camera and plate")
        reading = Reading(self.name, camera, DeviceKind.CAMERA)
        reading.event(
            "plate_recognised",
            credential_ref=plate,
            plate_text=str(said["plate"]) if self._context.keep_plates else None,
            confidence=values.share(said.get("score")),
        )
        return reading.report(self._context, envelope, values.number(said.get("timestamp")))

    def _available(self, route: Route, envelope: Envelope) -> Report | Reject:
        reading = Reading(self.name, self._base, DeviceKind.CAMERA)
        reading.availability = AVAILABLE.get(_word(envelope))
        return self._said(reading, envelope, reading.availability, "online, stopped or offline")

    def _role(self, role: str) -> Read:
        def read(route: Route, envelope: Envelope) -> Report | Reject | Ignored:
            word = _word(envelope)
            if word == "disabled":
                return Ignored(f"role {role[:40]!r} is switched off on purpose")
            alive = ROLES.get(word)
            reading = Reading(self.name, route.sender, DeviceKind.CAMERA)
            if role == "detect":
                reading.availability = alive
                reading.state("stream_lost", None if alive is None else not alive)
            else:
                reading.state("fault", None if alive is None else not alive)
                reading.unknown("role", role)
            return self._said(reading, envelope, alive, "online, offline or disabled")

        return read

    def _motion(self, route: Route, envelope: Envelope) -> Report | Reject:
        moving = values.truth(_word(envelope), ("on",), ("off",))
        reading = Reading(self.name, route.sender, DeviceKind.CAMERA)
        reading.state("motion", moving)
        return self._said(reading, envelope, moving, "ON or OFF")

    def _count(self, label: str) -> Read:
        """Read counts of one label; ``object_count`` is Frigate's own ``all`` where it came, else the labels' sum."""

        def read(route: Route, envelope: Envelope) -> Report | Reject | Ignored:
            number = values.whole(_word(envelope))
            if number is None:
                return Ignored("no count: a setting, a picture or a command")
            counts = self._counts.get(route.sender)
            if counts is None:
                if len(self._counts) >= MAX_CAMERAS:
                    self._counts.clear()
                counts = self._counts[route.sender] = {}
            if label != "all" and "all" in counts:
                return Ignored("counted among all objects")
            if label == "all" or len(counts) < MAX_LABELS:
                counts[label] = number
            total = counts["all"] if label == "all" else sum(counts.values())
            reading = Reading(self.name, route.sender, DeviceKind.CAMERA)
            reading.measure("object_count", total)
            reading.state("occupancy", total > 0)
            return reading.report(self._context, envelope)

        return read

    def _said(self, reading: Reading, envelope: Envelope, value: bool | None, words: str) -> Report | Reject:
        if value is not None:
            return reading.report(self._context, envelope)
        if not envelope.payload:
            return Reject(RejectReason.EMPTY, f"empty payload on {envelope.topic[:120]!r}; expected {words}")
        return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} says {_word(envelope)[:40]!r}, not {words}")


def _seen(after: Tracked, phase: str, kind: str | None) -> dict[str, Any]:
    """Describe the object; written out by hand, since cameras send several of these a second."""
    found: dict[str, Any] = {"phase": phase, "object_id": after.id[:MAX_TEXT]}
    if kind:
        found["object_class"] = kind
    if after.current_zones:
        found["zones"] = ",".join(after.current_zones)[:MAX_TEXT]
    if after.score is not None and 0 <= after.score <= 1:
        found["score"] = after.score
    if after.box:
        found["box"] = "pixel {:g},{:g},{:g},{:g}".format(*after.box)
    if after.has_snapshot:
        found["snapshot_ref"] = found["object_id"]
    if after.has_clip:
        found["clip_ref"] = found["object_id"]
    return found


def _word(envelope: Envelope) -> str:
    return (values.text(envelope.payload[:64]) or "").strip().strip('"').lower()


def _ignore(why: str) -> Callable[[Route, Envelope], Ignored]:
    return lambda route, envelope: Ignored(why)

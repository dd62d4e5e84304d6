"""Hikvision ISAPI event notifications over a bridge topic: access events (JSON) and camera events (XML or JSON)."""

from typing import Any, ClassVar

from msgspec import Struct, structs

from devices.dialects import values
from devices.dialects.body import mapping
from devices.dialects.dialect import Context, Lane, Route
from devices.dialects.hikvision_codes import ACCESS, CAMERA, HEARTBEAT
from devices.dialects.markup import MarkupError, many, tree
from devices.dialects.reading import Reading
from devices.dialects.scene import object_class, tell, unnamed
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

MAX_PARTS = 16
_LOCAL_TIMES = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
_VERIFY = {"card": "card", "face": "face", "fp": "fingerprint", "fingerprint": "fingerprint", "pw": "pin"}


class Options(Struct, forbid_unknown_fields=True):
    """``base``: a device's messages come on ``base/SERIAL/...``."""

    base: str = "hikvision"


class Hikvision:
    """Decoder of Hikvision events. Addresses: ``SERIAL`` as the topic names it; ``SERIAL/CHANNEL`` for the cameras
    behind a recorder, which relays under its own serial number.
    """

    name: ClassVar[str] = "hikvision"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._base = Options(**context.options).base
        self._named = not context.site and not context.options

    def filters(self) -> dict[str, Lane]:
        return {f"{self._base}/#": Lane.ALARM}

    def owns(self, topic: str) -> bool:
        """Without a site the operator has named the dialect, and any topic will do: bridges choose their own."""
        return self._named or f"/{self._base}/" in f"/{topic}"

    def route(self, topic: str) -> Route | Reject:
        _, base, rest = topic.rpartition(f"{self._base}/")
        levels = rest.split("/") if base else topic.split("/")[-2:]
        serial = levels[0].strip()
        if not serial:
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not {self._base}/SERIAL/...")
        return Route(self.name, serial, DeviceKind.CAMERA, self.read)

    def read(self, route: Route, envelope: Envelope) -> Report | list[Report] | Reject | Ignored:
        """Read one notification, or a list of plates."""
        body = envelope.payload if envelope.payload[:1] == b"{" else _part(envelope.payload)
        if not body:
            return Reject(RejectReason.EMPTY, f"empty payload on {envelope.topic[:120]!r}; send JSON or XML")
        try:
            found = ("", _json(envelope, body)) if body[:1] == b"{" else tree(body)
        except MarkupError as error:
            return Reject(RejectReason.MALFORMED, f"{envelope.topic[:120]!r}: {error}")
        root, data = found
        if isinstance(data, Reject):
            return data
        data = inner if isinstance(inner := data.get("EventNotificationAlert"), dict) else data
        said = data.get("AccessControllerEvent")
        if isinstance(said, dict):
            return self._access(route, envelope, data, said)
        if root == "Plates" or "Plates" in data:
            return self._plates(route, envelope, data)
        kind = data.get("eventType")
        if isinstance(kind, str) and kind != "AccessControllerEvent":
            return self._camera(route, envelope, data)
        return Reject(
            RejectReason.WRONG_SHAPE,
            f"{envelope.topic[:120]!r}: neither AccessControllerEvent nor eventType; send ISAPI event notifications",
        )

    def _access(
        self, route: Route, envelope: Envelope, data: dict[str, Any], said: dict[str, Any]
    ) -> Report | Reject | Ignored:
        major, sub = (_code(said.get(new, said.get(old))) for new, old in _CODE_NAMES)
        if major is None or sub is None:
            return Reject(RejectReason.WRONG_SHAPE, "AccessControllerEvent without majorEventType and subEventType")
        reading = Reading(self.name, route.sender, DeviceKind.ACCESS_GATE)
        reading.historical = values.truth(said.get("currentEvent")) is False
        serial = values.whole(said.get("serialNo"))
        if serial is not None:
            reading.dedup_key = f"{serial}@{str(data.get('dateTime', ''))[:32]}"
        if (major, sub) == HEARTBEAT:
            reading.availability = True
        else:
            self._passage(reading, major, sub, said)
        return self._timed(reading, envelope, data.get("dateTime"))

    def _passage(self, reading: Reading, major: int, sub: int, said: dict[str, Any]) -> None:
        """Note an access event. The person's name and picture stay out; numbers become pseudonyms."""
        meant = ACCESS.get((major, sub))
        if meant is None:
            reading.unknown("code", f"{major}/{sub}")
            return
        for name, value in meant.states.items():
            reading.state(name, value)
        if not meant.event:
            return
        person = values.pseudonym(self._context.key, said.get("employeeNoString", said.get("employeeNo")))
        card = values.pseudonym(self._context.key, said.get("cardNo"))
        reading.event(
            meant.event,
            reason=meant.attributes.get("reason"),
            credential_type=meant.attributes.get("credential_type") or _verify_mode(said.get("currentVerifyMode")),
            credential_ref=card or person,
            person_ref=person,
            door_id=_id(said.get("doorNo")),
            reader_id=_id(said.get("cardReaderNo")),
        )

    def _camera(self, route: Route, envelope: Envelope, data: dict[str, Any]) -> Report | Ignored:
        kind, state = data["eventType"].strip().lower(), data.get("eventState")
        reading = Reading(self.name, self._address(route, data), DeviceKind.CAMERA)
        reading.historical = values.truth(data.get("isDataRetransmission")) is True
        meant = CAMERA.get(kind)
        if kind == "anpr":
            self._plate(reading, data.get("ANPR"))
        elif kind == "heartbeat":
            reading.availability = True
        elif meant is None:
            if state is None:
                return Ignored(f"eventType {kind[:60]!r} has no canonical meaning")
            unnamed(reading, kind, state)
        else:
            tell(reading, meant, state, **_seen(data, state))
            if kind == "videoloss" and values.truth(state, ("active",), ("inactive",)) is False:
                reading.availability = True
        return self._timed(reading, envelope, data.get("dateTime"))

    def _address(self, route: Route, data: dict[str, Any]) -> str:
        channel = values.whole(data.get("channelID", data.get("dynChannelID")))
        if channel is None:
            return route.sender
        own = f"{route.sender}/{channel}"
        return own if channel > 1 or self._context.registry.resolve(self.name, own) else route.sender

    def _plates(self, route: Route, envelope: Envelope, data: dict[str, Any]) -> list[Report] | Ignored:
        inner = data["Plates"] if isinstance(data.get("Plates"), dict) else data
        reports = []
        for number, plate in enumerate(p for p in many(inner.get("Plate")) if isinstance(p, dict)):
            reading = Reading(self.name, route.sender, DeviceKind.CAMERA)
            self._plate(reading, plate)
            taken = str(plate.get("captureTime", ""))
            reading.dedup_key = f"{str(plate.get('picName', ''))[:64] or taken[:32]}-{number}"
            at = values.local(taken[:15], self._context.zone, "%Y%m%dT%H%M%S")
            reports.append(reading.report(self._context, envelope, at, local=True))
        return reports or Ignored("a list without plates")

    def _plate(self, reading: Reading, plate: Any) -> None:
        said = plate if isinstance(plate, dict) else {}
        number = said.get("plateNumber", said.get("licensePlate"))
        direction, lane = str(said.get("direction", "")), _id(said.get("laneNo", said.get("line")))
        ref = values.pseudonym(self._context.key, number)
        if ref is None or str(number).strip().lower() in ("unknown", "noplate", "无车牌"):
            reading.event("no_plate_read", direction=_DIRECTIONS.get(direction), lane=lane)
            return
        reading.event(
            "plate_recognised",
            credential_ref=ref,
            plate_text=str(number) if self._context.keep_plates else None,
            direction=_DIRECTIONS.get(direction, "unknown"),
            lane=lane,
            plate_color=said.get("plateColor"),
            confidence=values.share(said.get("confidenceLevel"), 0.01),
        )

    def _timed(self, reading: Reading, envelope: Envelope, written: Any) -> Report:
        """Finish with the device's time: with an offset, or local in the site's zone; a broken one is no time."""
        at = values.iso(written)
        if at is not None:
            return reading.report(self._context, envelope, at)
        for pattern in _LOCAL_TIMES:
            at = values.local(written, self._context.zone, pattern)
            if at is not None:
                return reading.report(self._context, envelope, at, local=True)
        if written is not None:
            reading.unknown("date_time", written)
        return reading.report(self._context, envelope)


_CODE_NAMES = (("majorEventType", "major"), ("subEventType", "minor"))
# Forward and reverse are as the camera sees it; which of them is in depends on where it hangs.
_DIRECTIONS = {"in": "in", "out": "out"}


def _code(value: Any) -> int | None:
    """Read a code written as a number, decimal text or hexadecimal text (``0x4b``)."""
    if isinstance(value, str) and value.strip().lower().startswith("0x"):
        try:
            return int(value.strip(), 16)
        except ValueError:
            return None
    return values.whole(value)


def _id(value: Any) -> str | None:
    return str(value).strip()[:64] or None if isinstance(value, str | int) and not isinstance(value, bool) else None


def _verify_mode(mode: Any) -> str | None:
    """A mode such as ``cardOrFace`` names several credentials: which one was used it does not tell."""
    return _VERIFY.get(mode.lower()) if isinstance(mode, str) else None


def _seen(data: dict[str, Any], state: Any) -> dict[str, Any]:
    """What a camera event says about the object: class, region, box (0 to 1) and phase."""
    found: dict[str, Any] = {"object_class": object_class(data.get("detectionTarget"))}
    regions = data.get("DetectionRegionList")
    entries = many(regions.get("DetectionRegionEntry")) if isinstance(regions, dict) else many(regions)
    entries = [entry for entry in entries if isinstance(entry, dict)]
    zones = [zone for entry in entries if (zone := _id(entry.get("regionID")))]
    if zones:
        found["zones"] = ",".join(zones)
        found["zone"] = zones[0]
    for entry in entries:
        found["object_class"] = found["object_class"] or object_class(entry.get("detectionTarget"))
        found.setdefault("box", _box(entry.get("TargetRect")))
    count = values.whole(data.get("activePostCount"))
    if count is not None and count > 1 and values.truth(state, ("active",), ("inactive",)):
        found["phase"] = "update"
    return found


def _box(rect: Any) -> str | None:
    if not isinstance(rect, dict):
        return None
    sides = [values.number(rect.get(name, rect.get(name.lower()))) for name in ("X", "Y", "width", "height")]
    return None if None in sides else "0-1 " + ",".join(f"{side:g}" for side in sides if side is not None)


def _part(payload: bytes) -> bytes:
    """Return the JSON or XML text of a payload, also out of a multipart form with pictures beside it."""
    body = payload.replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf").strip()
    if not body.startswith(b"--"):
        return body
    boundary = body.split(b"\n", 1)[0].strip()
    for part in body.split(boundary, MAX_PARTS)[1:]:
        content = part.replace(b"\r\n", b"\n").partition(b"\n\n")[2].strip()
        if content[:1] in (b"{", b"<"):
            return content
    return body


def _json(envelope: Envelope, body: bytes) -> dict[str, Any] | Reject:
    return mapping(envelope if body is envelope.payload else structs.replace(envelope, payload=body))

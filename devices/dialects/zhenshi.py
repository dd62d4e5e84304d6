"""Zhenshi (臻识) number plate cameras: ``device/SN/message/up/NAME``, on some firmware ``SN/device/message/up/NAME``.

The body is in ``payload.body`` or in ``payload``; the HTTP push has the same objects without an envelope. Plates are
base64 over MQTT and plain UTF-8 over HTTP. 255 and 65535 stand for unknown. One passing vehicle is told several times
under one ``plateid``. ``sec`` of the time stamp counts, its calendar members contradict it on some cameras.
"""

import binascii
from base64 import b64decode
from contextlib import suppress
from typing import Any, ClassVar

from devices.dialects.body import mapping
from devices.dialects.dialect import YEAR_2020, Context, Lane, NoOptions, Read, Route
from devices.dialects.reading import Reading
from devices.dialects.values import member, number, pseudonym, share, truth, whole
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

GATE = DeviceKind.ACCESS_GATE
UP = "/message/up/"
NO_PLATE = frozenset({"", "_无_", "无", "无牌车", "_无牌车_", "unknown"})
COLOURS = {1: "blue", 2: "yellow", 3: "white", 4: "black", 5: "green", 6: "yellow_green"}
LINGERING, REVERSED = 64, 66
TRIGGERS = {LINGERING: "vehicle_lingering", REVERSED: "vehicle_reversed"}
BARRIER = {0: "down", 1: "up"}
INPUT = {0: False, 1: True}
MAX_PLATE = 32


class Zhenshi:
    """Decoder of Zhenshi plate cameras."""

    name: ClassVar[str] = "zhenshi"
    Options: ClassVar[Any] = NoOptions

    def __init__(self, context: Context) -> None:
        self._context = context
        self._readers: dict[str, Read] = {
            "ivs_result": self._read_plate,
            "gpio_in": self._read_input,
            "barr_gate_status": self._read_barrier,
            "keep_alive": self._read_alive,
        }

    def filters(self) -> dict[str, Lane]:
        return {
            order + UP + name: Lane.TELEMETRY if name == "keep_alive" else Lane.ALARM
            for order in ("device/+", "+/device")
            for name in self._readers
        }

    def owns(self, topic: str) -> bool:
        return "/message/" in topic or "zhenshi" in topic.lower() or topic.lower().startswith(("(http push", "http/"))

    def route(self, topic: str) -> Route | Reject:
        before, up, name = topic.partition(UP)
        if not up:
            down = "/message/" in topic
            return Route(self.name, "" if down else topic, GATE, _ignore_command if down else self._read_push)
        levels = before.strip("$/").split("/")
        if len(levels) != 2 or "device" not in levels:
            return Reject(
                RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not device/SN{UP}NAME nor SN/device{UP}NAME"
            )
        serial = levels[1] if levels[0] == "device" else levels[0]
        return Route(self.name, serial, GATE, self._readers.get(name, _ignore))

    def _read_plate(self, route: Route, envelope: Envelope) -> Report | Reject:
        opened = _open(route, envelope)
        if isinstance(opened, Reject):
            return opened
        body, inner = opened
        return self._plate(route.sender, inner.get("AlarmInfoPlate"), number(body.get("timestamp")), envelope, True)

    def _read_push(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        """Read what came over HTTP: the objects alone; who speaks is in ``serialno``."""
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        for name in ("AlarmInfoPlate", "AlarmGioIn"):
            alarm = body.get(name)
            serial = member(alarm, "serialno")
            if not isinstance(alarm, dict):
                continue
            if not isinstance(serial, str) or not serial.strip():
                return _shapeless(envelope, f"{name}.serialno")
            if name == "AlarmInfoPlate":
                return self._plate(serial.strip(), alarm, None, envelope, False)
            return self._input(serial.strip(), alarm, None, envelope)
        return _shapeless(envelope, "AlarmInfoPlate and AlarmGioIn")

    def _plate(self, serial: str, alarm: Any, sent: float | None, envelope: Envelope, encoded: bool) -> Report | Reject:
        result = member(alarm, "result", "PlateResult")
        if not isinstance(result, dict):
            return _shapeless(envelope, "AlarmInfoPlate.result.PlateResult")
        reading = Reading(self.name, serial, GATE)
        reading.historical = truth(result.get("isoffline")) is True
        plate = _licence(result.get("license"), encoded)
        code, reference = self._event(reading, result, plate)
        if truth(result.get("is_fake_plate")):
            reading.unknown("is_fake_plate", True)
        plate_id = whole(result.get("plateid"))
        if plate_id:
            reading.dedup_key = f"plate:{plate_id}:{reference}:{code}"
        return reading.report(self._context, envelope, _time(result, sent))

    def _event(self, reading: Reading, result: dict[str, Any], plate: str) -> tuple[str, str | None]:
        """Note the one event a result is. ``direction`` is a way across the picture: in or out it does not say."""
        trigger, colour = whole(result.get("triggerType")), whole(result.get("colorType"))
        confidence, way = share(result.get("confidence"), 0.01), whole(result.get("direction"))
        reference = pseudonym(self._context.key, plate) if plate else None
        if way:
            reading.unknown("direction", way)
        code = TRIGGERS.get(trigger) if trigger is not None else None
        if code is not None:
            reading.event(code, credential_ref=reference)
        elif not plate:
            code = "no_plate_read"
            reading.event(code, direction="unknown")
        else:
            code = "plate_recognised"
            reading.event(
                code,
                plate_text=plate if self._context.keep_plates else None,
                credential_ref=reference,
                plate_color=COLOURS.get(colour) if colour is not None else None,
                confidence=confidence,
                direction="unknown",
            )
        return code, reference

    def _read_input(self, route: Route, envelope: Envelope) -> Report | Reject:
        opened = _open(route, envelope)
        if isinstance(opened, Reject):
            return opened
        body, inner = opened
        return self._input(route.sender, inner.get("AlarmGioIn"), number(body.get("timestamp")), envelope)

    def _input(self, serial: str, alarm: Any, sent: float | None, envelope: Envelope) -> Report | Reject:
        result = member(alarm, "result", "TriggerResult")
        if not isinstance(result, dict):
            return _shapeless(envelope, "AlarmGioIn.result.TriggerResult")
        reading = Reading(self.name, serial, GATE)
        value = whole(result.get("value"))
        reading.state("input_state", INPUT.get(value) if value is not None else None, result.get("value"))
        reading.unknown("input", result.get("source"))
        return reading.report(self._context, envelope, sent)

    def _read_barrier(self, route: Route, envelope: Envelope) -> Report | Reject:
        opened = _open(route, envelope)
        if isinstance(opened, Reject):
            return opened
        body, inner = opened
        if "gate_status" not in inner:
            return _shapeless(envelope, "payload.body.gate_status")
        reading = Reading(self.name, route.sender, GATE)
        status = whole(inner["gate_status"])
        reading.state("barrier_state", BARRIER.get(status) if status is not None else None, inner["gate_status"])
        connected = truth(inner.get("connect_status"))
        if connected is not None:
            reading.state("fault", not connected)
        return reading.report(self._context, envelope, number(body.get("timestamp")))

    def _read_alive(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        if envelope.retained:
            return Ignored("a kept heartbeat is no sign of life")
        opened = _open(route, envelope)
        if isinstance(opened, Reject):
            return opened
        reading = Reading(self.name, route.sender, GATE)
        reading.availability = True
        return reading.report(self._context, envelope, number(opened[0].get("timestamp")))


def _open(route: Route, envelope: Envelope) -> tuple[dict[str, Any], dict[str, Any]] | Reject:
    """Return the message and its inner object, wherever the firmware puts it."""
    body = mapping(envelope)
    if isinstance(body, Reject):
        return body
    claimed = body.get("sn")
    if claimed is not None and str(claimed).strip() != route.sender:
        return Reject(
            RejectReason.IDENTITY_MISMATCH,
            f"payload says camera {str(claimed)[:64]!r}, topic says {route.sender[:64]!r}; the topic decides",
        )
    inner = body.get("payload", body)
    if isinstance(inner, dict) and isinstance(inner.get("body"), dict):
        inner = inner["body"]
    return body, inner if isinstance(inner, dict) else {}


def _licence(raw: Any, encoded: bool) -> str:
    """Return the plate's text, empty if there was none. Plain text on MQTT is taken as it is."""
    word = raw.replace("\x00", "").strip() if isinstance(raw, str) else ""
    if encoded and word.isascii():
        with suppress(binascii.Error, UnicodeDecodeError):
            word = b64decode(word, validate=True).decode().replace("\x00", "").strip()
    return "" if word.lower() in NO_PLATE else word[:MAX_PLATE]


def _time(result: dict[str, Any], sent: float | None) -> float | None:
    """Return when the vehicle passed, else when the camera said so."""
    stamp = member(result, "timeStamp", "Timeval")
    seconds = number(member(stamp, "sec"))
    if seconds is None or seconds < YEAR_2020:
        return sent if sent is not None else seconds
    micros = number(member(stamp, "usec")) or 0.0
    return seconds + micros / 1e6 if 0 <= micros < 1e6 else seconds


def _shapeless(envelope: Envelope, members: str) -> Reject:
    return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} lacks {members}")


def _ignore(route: Route, envelope: Envelope) -> Ignored:
    return Ignored("a picture, serial data or the camera's own affairs")


def _ignore_command(route: Route, envelope: Envelope) -> Ignored:
    return Ignored("a command to the camera, not its word")

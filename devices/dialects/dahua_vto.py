"""Dahua door stations (VTO) behind a bridge: ``PREFIX/EVENT/Event`` and ``PREFIX/MagneticLock/Status``, JSON.

``Data.UTC`` is the time; ``LocaleTime`` has no zone and is wrong by an hour in summer somewhere, so it is not read.
Some bridges write comments and trailing commas. The address is the serial number, or the prefix where the message has
none or only the prefix is registered.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from msgspec import Struct, convert

from devices.dialects.body import BROKEN, decode_json, mapping
from devices.dialects.dialect import Context, Lane, Route
from devices.dialects.lenient_json import strip_extras
from devices.dialects.reading import Reading
from devices.dialects.values import number, pseudonym, text, truth, whole
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

GATE, CAMERA = DeviceKind.ACCESS_GATE, DeviceKind.CAMERA
REMOTE, BUTTON = 4, 5
METHODS = {0: "pin", 1: "card", 2: "card", 3: "card", REMOTE: "remote", 6: "fingerprint", 15: "face"}
DIRECTIONS = {"entry": "in", "exit": "out"}
PHASES = {"Start": True, "Stop": False}
# What a door station says about itself: no passage, no alarm.
CHATTER = frozenset(
    {
        "APConnect",
        "AccessSnap",
        "BackKeyLight",
        "BackLightOff",
        "BackLightOn",
        "CallNoAnswered",
        "CallSnap",
        "HangupPhone",
        "IgnoreInvite",
        "KeepLightOn",
        "NTPAdjustTime",
        "PassiveHungup",
        "RequestCallState",
        "RtspSessionDisconnect",
        "SIPRegisterResult",
        "TimeChange",
    }
)
# Events that start and stop -> state, kind of device that has it.
SWITCHED = {
    "VideoMotion": ("motion", CAMERA),
    "VideoBlind": ("tamper", CAMERA),
    "VideoLoss": ("stream_lost", CAMERA),
    "AlarmLocal": ("input_state", GATE),
    "ChassisIntruded": ("tamper", GATE),
}
HAPPENED = {"Invite": "doorbell", "BreakIn": "door_forced", "DoorNotClosed": "door_held_open", "Duress": "duress"}
DOORS = {"open": "open", "close": "closed", "closed": "closed"}
Told = Callable[[Reading, Any, dict[str, Any]], Ignored | None]


class Options(Struct, forbid_unknown_fields=True):
    """``prefix`` is the bridge's first topic level."""

    prefix: str = "DahuaVTO"


class DahuaVto:
    """Decoder of Dahua door stations."""

    name: ClassVar[str] = "dahua_vto"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._prefix = convert(context.options, Options).prefix.rstrip("/")
        self._strict = "prefix" in context.options
        self._told: dict[str, Told] = {
            "AccessControl": self._access,
            "FingerPrintCheck": _fingerprint,
            "DoorStatus": _door,
        }

    def filters(self) -> dict[str, Lane]:
        return {f"{self._prefix}/+/Event": Lane.ALARM, f"{self._prefix}/+/Status": Lane.ALARM}

    def owns(self, topic: str) -> bool:
        if topic.startswith(self._prefix + "/"):
            return True
        return not self._strict and topic.count("/") >= 2 and topic.endswith(("/Event", "/MagneticLock/Status"))

    def route(self, topic: str) -> Route | Reject:
        levels = topic.split("/")
        prefix, leaf = "/".join(levels[:-2]), levels[-1]
        if leaf == "Event" and prefix:
            return Route(self.name, prefix, GATE, self._reader(levels[-2]))
        if levels[-2:] == ["MagneticLock", "Status"] and prefix:
            return Route(self.name, prefix, GATE, self._read_lock)
        if topic.startswith(self._prefix + "/Command/"):
            return Route(self.name, self._prefix, GATE, _ignore_command)
        return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not {self._prefix}/EVENT/Event")

    def _reader(self, event: str) -> Callable[[Route, Envelope], Report | Reject | Ignored]:
        """Build the reader of one event's topic."""

        def read(route: Route, envelope: Envelope) -> Report | Reject | Ignored:
            body = _body(envelope)
            if isinstance(body, Reject):
                return body
            data = body.get("Data")
            if not isinstance(data, dict):
                data = {}
            if event in CHATTER:
                return Ignored(f"{event} is no passage and no alarm")
            reading = Reading(self.name, self._address(route, body), SWITCHED.get(event, ("", GATE))[1])
            action = body.get("Action")
            ignored = self._tell(event, reading, action if isinstance(action, str) else None, data)
            if ignored is not None:
                return ignored
            report = reading.report(self._context, envelope, number(data.get("UTC")))
            nothing = not (report.events or report.states or report.raw_codes)
            return Ignored(f"{event} says nothing about a {report.kind}") if nothing else report

        return read

    def _tell(self, event: str, reading: Reading, action: str | None, data: dict[str, Any]) -> Ignored | None:
        told = self._told.get(event)
        if told is not None:
            return told(reading, action, data)
        if event in SWITCHED:
            reading.state(SWITCHED[event][0], PHASES.get(action or ""), action)
            if event == "VideoBlind":
                reading.event("camera_tamper", phase={"Start": "start", "Stop": "end"}.get(action or ""))
        elif event in HAPPENED:
            if action == "Stop":
                return Ignored(f"{event} is over")
            reading.event(HAPPENED[event])
        else:
            reading.unknown("event", event)
            reading.unknown("action", action)
        return None

    def _access(self, reading: Reading, action: Any, data: dict[str, Any]) -> Ignored | None:
        """Somebody opened the door, or was refused. A remote opening is told as that too."""
        method, key = whole(data.get("Method")), self._context.key
        person = pseudonym(key, data.get("UserID"))
        passage = {
            "credential_type": METHODS.get(method) if method is not None else None,
            "credential_ref": pseudonym(key, data.get("CardNo")) or person,
            "person_ref": person,
            "direction": DIRECTIONS.get(str(data.get("Type")).lower()),
            "reader_id": str(data["ReaderID"])[:32] if data.get("ReaderID") is not None else None,
        }
        if method not in METHODS and method != BUTTON:
            reading.unknown("Method", data.get("Method"))
        accepted = truth(data.get("Status"))
        if accepted is None:
            reading.unknown("Status", data.get("Status"))
        elif not accepted:
            reading.event("access_denied", **passage)
            if data.get("ErrorCode") is not None:
                reading.unknown("ErrorCode", data["ErrorCode"])
        elif method == BUTTON:
            reading.event("exit_button")
        else:
            reading.event("access_granted", **passage)
            if method == REMOTE:
                reading.event("remote_open", person_ref=person)
        if data.get("RecNo") is not None and data.get("UTC") is not None:
            reading.dedup_key = f"rec:{str(data['RecNo'])[:32]}:{str(data['UTC'])[:32]}"
        return None

    def _read_lock(self, route: Route, envelope: Envelope) -> Report | Reject:
        """Read the lock; the bridge infers it from the unlocking time, nothing senses it."""
        body = _body(envelope)
        if isinstance(body, Reject):
            return body
        if "isLocked" not in body:
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} lacks isLocked")
        reading = Reading(self.name, self._address(route, body), GATE)
        locked = truth(body["isLocked"])
        reading.state("lock_state", None if locked is None else "locked" if locked else "unlocked", body["isLocked"])
        return reading.report(self._context, envelope)

    def _address(self, route: Route, body: dict[str, Any]) -> str:
        serial = body.get("serialNumber")
        if not isinstance(serial, str) or not serial.strip():
            return route.sender
        known = self._context.registry.resolve
        serial = serial.strip()[:128]
        return route.sender if known(self.name, route.sender) and not known(self.name, serial) else serial


def _fingerprint(reading: Reading, action: Any, data: dict[str, Any]) -> Ignored | None:
    """A known finger is followed by AccessControl; number 0 is a finger nobody knows."""
    if whole(data.get("FingerPrintID")) != 0:
        return Ignored("AccessControl tells the outcome")
    reading.event("access_denied", reason="unknown_credential", credential_type="fingerprint")
    return None


def _door(reading: Reading, action: Any, data: dict[str, Any]) -> Ignored | None:
    raw = data.get("Status")
    reading.state("door_state", DOORS.get(str(raw).lower()), raw)
    return None


def _ignore_command(route: Route, envelope: Envelope) -> Ignored:
    return Ignored("a command to the door station, not its word")


def _body(envelope: Envelope) -> dict[str, Any] | Reject:
    """Read the object; where strict JSON fails, once more without comments and trailing commas."""
    found = mapping(envelope)
    if isinstance(found, dict) or found.reason is not RejectReason.MALFORMED:
        return found
    try:
        mended = decode_json(strip_extras(text(envelope.payload) or ""))
    except BROKEN:
        return found
    return mended if isinstance(mended, dict) else found

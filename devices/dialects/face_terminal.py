"""Face recognition terminals: ``mqtt/face/ID/{Rec,Snap}``, ``mqtt/face/basic``, ``mqtt/face/heartbeat``, JSON.

Numbers are text. Pictures, names, identity and telephone numbers are in every record; none of them is even decoded.
``Sendintime`` 0 marks a record kept on the terminal and sent late. Times are local.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct, convert, field

from devices.dialects.dialect import Context, Lane, Read, Route
from devices.dialects.reading import Reading
from devices.dialects.typed import typed
from devices.dialects.values import local, pseudonym, share, truth, whole
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

PASSED, REFUSED, UNREGISTERED = 1, 2, 3
BLOCKLISTED = 1
GATE = DeviceKind.ACCESS_GATE


class Options(Struct, forbid_unknown_fields=True):
    """``base`` is what precedes the terminal's id in its topics."""

    base: str = "mqtt/face"


class _Info(Struct):
    """The members that matter, under the names of several firmware versions."""

    terminal: Any = field(default=None, name="facesluiceId")
    terminal_misspelt: Any = field(default=None, name="facesluiceld")
    device: Any = field(default=None, name="DeviceID")
    custom: Any = field(default=None, name="customId")
    custom_newer: Any = field(default=None, name="CustomizeID")
    uuid: Any = field(default=None, name="PersonUUID")
    person: Any = field(default=None, name="personId")
    person_newer: Any = field(default=None, name="PersonID")
    record: Any = field(default=None, name="RecordID")
    snap: Any = field(default=None, name="SnapID")
    status: Any = field(default=None, name="VerifyStatus")
    person_type: Any = field(default=None, name="PersonType")
    similarity: Any = field(default=None, name="similarity1")
    similarity_newer: Any = field(default=None, name="Similarity1")
    in_time: Any = field(default=None, name="Sendintime")
    time: Any = None
    created: Any = field(default=None, name="CreateTime")
    alarm: Any = field(default=None, name="AlarmAction")


class _Body(Struct):
    operator: str = ""
    info: _Info = field(default_factory=_Info)
    terminal: Any = field(default=None, name="facesluiceId")


_decode = msgspec.json.Decoder(_Body).decode


class FaceTerminal:
    """Decoder of face recognition terminals."""

    name: ClassVar[str] = "face_terminal"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._base = convert(context.options, Options).base.rstrip("/") + "/"

    def filters(self) -> dict[str, Lane]:
        base = self._base
        return {
            f"{base}+/Rec": Lane.ALARM,
            f"{base}+/Snap": Lane.ALARM,
            f"{base}basic": Lane.ALARM,
            f"{base}heartbeat": Lane.TELEMETRY,
        }

    def owns(self, topic: str) -> bool:
        return topic.startswith(self._base)

    def route(self, topic: str) -> Route | Reject:
        levels = topic.removeprefix(self._base).split("/")
        read: Read | None = None
        if len(levels) == 1:
            read = self._read_presence if levels[0].lower() in ("basic", "heartbeat") else _ignore
        elif len(levels) == 2:
            read = {"Rec": self._read_record, "Snap": self._read_record}.get(levels[1], _ignore)
        if read is None or not levels[0]:
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not {self._base}ID/(Rec|Snap)")
        return Route(self.name, levels[0], GATE, read)

    def _read_presence(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        """Read ``basic`` and ``heartbeat``; all terminals share these topics."""
        body = typed(_decode, envelope)
        if isinstance(body, Reject):
            return body
        address = _terminal(body)
        word = body.operator.lower()
        if address is None or word not in ("online", "offline", "heartbeat"):
            what = f"operator {body.operator[:40]!r} and terminal {address!r}"
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} has {what}; see docs/dialects.md")
        if envelope.retained and word == "heartbeat":
            return Ignored("a kept heartbeat is no sign of life")
        reading = Reading(self.name, address, GATE)
        reading.availability = word != "offline"
        return reading.report(self._context, envelope, local(body.info.time, self._context.zone), local=True)

    def _read_record(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        body = typed(_decode, envelope)
        if isinstance(body, Reject):
            return body
        claimed = _terminal(body)
        if claimed is not None and claimed != route.sender:
            return Reject(
                RejectReason.IDENTITY_MISMATCH,
                f"payload says terminal {claimed[:64]!r}, topic says {route.sender[:64]!r}; the topic decides",
            )
        if not body.operator.lower().endswith("push"):
            return Ignored(f"operator {body.operator[:40]!r} is no record of a passage")
        info = body.info
        if info.alarm:
            return Ignored("a picture with a finding about clothes or the like")
        reading = Reading(self.name, route.sender, GATE)
        reading.historical = truth(info.in_time) is False
        self._judge(reading, info, "Snap" if envelope.topic.endswith("/Snap") else "Rec")
        record, when = info.record or info.snap, info.time or info.created
        if record is not None and when is not None:
            reading.dedup_key = f"{'snap' if info.record is None else 'rec'}:{str(record)[:32]}:{str(when)[:32]}"
        return reading.report(self._context, envelope, local(when, self._context.zone), local=True)

    def _judge(self, reading: Reading, info: _Info, channel: str) -> None:
        """Say whether the terminal let somebody pass. A ``Snap`` without status is a face it does not know."""
        status = whole(info.status)
        if status is None and info.status is None and channel == "Snap":
            status = UNREGISTERED
        key, person = self._context.key, _person(info)
        reference = None if status == UNREGISTERED else pseudonym(key, person)
        similarity = share(info.similarity if info.similarity is not None else info.similarity_newer, 0.01)
        seen = {
            "credential_type": "face",
            "credential_ref": reference,
            "person_ref": reference,
            "confidence": similarity or None,
        }
        if status == PASSED:
            reading.event("access_granted", **seen)
        elif status == REFUSED:
            listed = whole(info.person_type) == BLOCKLISTED
            reading.event("access_denied", reason="blocklist" if listed else "no_right", **seen)
        elif status == UNREGISTERED:
            reading.event("access_denied", reason="unknown_credential", **seen)
        else:
            reading.unknown("VerifyStatus", info.status)


def _ignore(route: Route, envelope: Envelope) -> Ignored:
    return Ignored("a command to the terminal or its acknowledgement")


def _terminal(body: _Body) -> str | None:
    info = body.info
    return _text(info.terminal) or _text(info.terminal_misspelt) or _text(info.device) or _text(body.terminal)


def _person(info: _Info) -> str | None:
    """Return the id the site gave the person, else the terminal's own number for them."""
    for given in (info.custom, info.custom_newer, info.uuid, info.person, info.person_newer):
        if given and (word := _text(given)) and word != "0":
            return word
    return None


def _text(value: Any) -> str | None:
    return str(value).strip()[:128] or None if isinstance(value, (str, int)) else None

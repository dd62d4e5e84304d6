"""ZKTeco push (ADMS) records: lines of ``name=value``, parted by tabs or commas. See docs/dialects.md."""

import re
from typing import Any, ClassVar

from msgspec import Struct, convert

from devices.dialects import values
from devices.dialects.dialect import Context, Lane, Route
from devices.dialects.reading import Reading
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report, StateValue

MAX_LINES = 500
_SN = re.compile(r"SN=([A-Za-z0-9_.:-]{1,64})")
_VERIFY = {"1": "fingerprint", "3": "pin", "4": "card", "15": "face"}
_DIRECTION = {"0": "in", "1": "out"}


class Meaning(Struct, frozen=True):
    """What one number under ``event`` means: an event, with its reason, or states."""

    event: str = ""
    reason: str | None = None
    states: dict[str, StateValue] = {}


# Number 0 is in a published record; the others are commonly given for this maker and unchecked against a document.
EVENTS: dict[str, Meaning] = {
    **{str(n): Meaning("access_granted") for n in (0, 1, 2, 3, 4, 14)},
    "8": Meaning("remote_open"),
    "21": Meaning("access_denied", "schedule"),
    "22": Meaning("access_denied", "schedule"),
    "23": Meaning("access_denied", "no_right"),
    "24": Meaning("access_denied", "anti_passback"),
    "27": Meaning("access_denied", "unknown_credential"),
    "28": Meaning("door_held_open"),
    "29": Meaning("access_denied", "expired"),
    "30": Meaning("access_denied", "unknown_credential"),
    "100": Meaning(states={"tamper": True}),
    "101": Meaning("duress"),
    "102": Meaning("door_forced"),
    "103": Meaning("duress"),
    "200": Meaning("door_opened", states={"door_state": "open"}),
    "201": Meaning("door_closed", states={"door_state": "closed"}),
    "202": Meaning("exit_button"),
}


class Options(Struct, forbid_unknown_fields=True):
    """``base``: records come on ``base/SERIAL/...``, as the push endpoint writes them."""

    base: str = "zkteco"


class ZkTeco:
    """Decoder of access records. Address: the serial number."""

    name: ClassVar[str] = "zkteco"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._base = convert(context.options, Options).base.rstrip("/") + "/"
        self._named = not context.site and not context.options

    def filters(self) -> dict[str, Lane]:
        return {f"{self._base}#": Lane.ALARM}

    def owns(self, topic: str) -> bool:
        """Without a site the operator has named the dialect, and any topic will do."""
        return self._named or topic.startswith(self._base)

    def route(self, topic: str) -> Route | Reject:
        serial = topic.removeprefix(self._base).partition("/")[0] if topic.startswith(self._base) else ""
        if not serial and (found := _SN.search(topic)):
            serial = found[1]
        return Route(self.name, serial or topic, DeviceKind.ACCESS_GATE, self.read if serial else self._read_any)

    def read(self, route: Route, envelope: Envelope) -> list[Report] | Reject | Ignored:
        """Read every line; the topic says whose they are."""
        text = values.text(envelope.payload, "gbk")
        records = [_record(line) for line in (text or "").splitlines()[:MAX_LINES] if line.strip()]
        if not records:
            return Reject(RejectReason.EMPTY, f"no record on {envelope.topic[:120]!r}; send lines of name=value")
        if not all(records):
            return Reject(RejectReason.MALFORMED, f"{envelope.topic[:120]!r}: a line is not name=value, tab or comma")
        said = [record for record in records if "event" in record or "cardno" in record or "pin" in record]
        if not said:
            return Ignored("a record without event, card and person")
        return [self._report(route.sender, envelope, record) for record in said]

    def _read_any(self, route: Route, envelope: Envelope) -> list[Report] | Reject | Ignored:
        """The topic names no serial number; a record may."""
        found = re.search(r"(?:^|[\t,\n])sn=([A-Za-z0-9_.:-]{1,64})", values.text(envelope.payload, "gbk") or "")
        return self.read(Route(self.name, found[1] if found else route.sender, route.kind, self.read), envelope)

    def _report(self, serial: str, envelope: Envelope, record: dict[str, str]) -> Report:
        reading = Reading(self.name, serial, DeviceKind.ACCESS_GATE)
        person = values.pseudonym(self._context.key, record.get("pin"))
        card = values.pseudonym(self._context.key, record.get("cardno"))
        meant = EVENTS.get(record.get("event", ""))
        if meant is None:
            reading.unknown("event", record.get("event", "scan"))
            if card or person:
                reading.unknown("credential_ref", card or person)
        else:
            for name, value in meant.states.items():
                reading.state(name, value)
            if meant.event:
                reading.event(
                    meant.event,
                    reason=meant.reason,
                    credential_type=_VERIFY.get(record.get("verifytype", "")),
                    credential_ref=card or person,
                    person_ref=person,
                    direction=_DIRECTION.get(record.get("inoutstatus", "")),
                    door_id=record.get("eventaddr"),
                )
        if record.get("index"):
            reading.dedup_key = f"{record['index'][:32]}@{record.get('time', '')[:32]}"
        at = values.local(record.get("time"), self._context.zone)
        return reading.report(self._context, envelope, at, local=True)


def _record(line: str) -> dict[str, str]:
    """Read one line; empty where it is no record."""
    parts = [part.partition("=") for part in re.split(r"[\t,]", line.strip()) if part.strip()]
    return {name.strip().lower(): value.strip() for name, equals, value in parts if equals}

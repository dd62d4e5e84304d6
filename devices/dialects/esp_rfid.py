"""ESP-RFID door controllers: JSON on ``TOPIC/send``, ``TOPIC/tag``, text on ``TOPIC/io/*`` and ``TOPIC/avty``.

Older firmware uses the bare ``TOPIC``. Several doors may share a topic; then ``hostname`` says which one speaks, and is
the address; else the topic is. The meaning of log lines is in their English. Truth is text, ``"false"`` included.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from msgspec import Struct, convert

from devices.dialects.body import mapping
from devices.dialects.dialect import MAX_AHEAD_S, Context, Lane, Route
from devices.dialects.fields import anonymous
from devices.dialects.reading import Reading
from devices.dialects.values import number, pseudonym, text, truth
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

GATE = DeviceKind.ACCESS_GATE
GRANTED = frozenset({"admin", "always"})
DENIED = {"disabled": "disabled", "expired": "expired"}
REFUSED = "denied"
# (source, part of the English text) -> states, event. The first that fits counts.
LOG_LINES: tuple[tuple[str, str, dict[str, bool | str], str], ...] = (
    ("door", "open", {"door_state": "open"}, "door_opened"),
    ("door", "clos", {"door_state": "closed"}, "door_closed"),
    ("doorbell", "ring", {}, "doorbell"),
    ("tamper", "max open time", {"door_state": "open"}, "door_held_open"),
    ("tamper", "tampered", {"tamper": True}, "door_forced"),
)
TELLING = frozenset({"door", "doorbell", "tamper", "rfid"})
# Text on TOPIC/io/NAME -> states, event.
IO: dict[tuple[str, str], tuple[dict[str, bool | str], str]] = {
    ("door", "on"): ({"door_state": "open"}, ""),
    ("door", "open"): ({"door_state": "open"}, ""),
    ("door", "off"): ({"door_state": "closed"}, ""),
    ("door", "closed"): ({"door_state": "closed"}, ""),
    ("tamper", "on"): ({"tamper": True}, "door_forced"),
    ("tamper", "off"): ({"tamper": False}, ""),
    ("doorbell", "on"): ({}, "doorbell"),
    ("doorbell", "off"): ({}, ""),
    ("lock", "locked"): ({"lock_state": "locked"}, ""),
    ("lock", "unlocked"): ({"lock_state": "unlocked"}, ""),
}
COMMANDS = frozenset({"cmd", "accesslist"})
SAME_CARD_S = 2.0
MAX_REMEMBERED = 4096


class Options(Struct, forbid_unknown_fields=True):
    """``topics`` are the TOPICs configured in the controllers."""

    topics: tuple[str, ...] = ("/rfid",)


class EspRfid:
    """Decoder of ESP-RFID. Remembers each door's last refusal: one refused card is told twice."""

    name: ClassVar[str] = "esp_rfid"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._topics = [topic.rstrip("/") for topic in convert(context.options, Options).topics]
        self._strict = "topics" in context.options
        self._refusals: dict[str, tuple[float, str, bool]] = {}

    def filters(self) -> dict[str, Lane]:
        """A filter that ends in ``/#`` also matches the bare topic."""
        return {f"{topic}/#": Lane.ALARM for topic in self._topics}

    def owns(self, topic: str) -> bool:
        """Without configured topics, go by what the firmware appends; a bare topic has a single level."""
        if any(topic == base or topic.startswith(base + "/") for base in self._topics):
            return True
        if self._strict:
            return False
        head, _, leaf = topic.rpartition("/")
        return leaf in ("send", "tag", "avty") or head.endswith("/io") or "/" not in topic.strip("/")

    def route(self, topic: str) -> Route | Reject:
        head, _, leaf = topic.rpartition("/")
        if topic in self._topics or not head:
            return Route(self.name, topic, GATE, self._read_json)
        if head.endswith("/io"):
            return Route(self.name, head.removesuffix("/io"), GATE, self._read_io)
        if leaf == "avty":
            return Route(self.name, head, GATE, self._read_availability)
        if leaf in COMMANDS:
            return Route(self.name, head, GATE, _ignore_command)
        if leaf == "tag":
            return Route(self.name, head, GATE, self._read_tag)
        if leaf == "send":
            return Route(self.name, head, GATE, self._read_json)
        return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} ends in none of send, tag, io/NAME, avty and cmd")

    def _read_json(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        told = str(body.get("type", "")).lower()
        reading = Reading(self.name, self._address(route, body), GATE)
        if told == "access":
            return self._access(reading, body, envelope)
        if told in ("boot", "heartbeat"):
            if envelope.retained:
                return Ignored("a kept heartbeat is no sign of life")
            reading.availability = True
            return self._report(reading, body, envelope)
        if told in ("info", "warn", "erro", "error"):
            return self._log_line(reading, body, envelope)
        if "cmd" in body or "command" in body or "uid" in body or told:
            return Ignored("a command, its acknowledgement or a list of users")
        return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} has no type; is it an ESP-RFID's?")

    def _read_tag(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        if "uid" not in body and "access" not in body:
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} has neither uid nor access")
        return self._access(Reading(self.name, self._address(route, body), GATE), body, envelope)

    def _access(self, reading: Reading, body: dict[str, Any], envelope: Envelope) -> Report:
        word = str(body.get("access", "")).strip().lower()
        known = truth(body.get("isKnown", body.get("isknown")))
        uid = str(body.get("uid", "")).strip()
        card = {"credential_type": "card", "credential_ref": pseudonym(self._context.key, uid)}
        reason = "unknown_credential" if known is False else DENIED.get(word)
        if reason is None and word == REFUSED:
            reason = "no_right" if known else "unknown_credential"
        if reason is not None:
            reading.event("access_denied", reason=reason, **card)
            self._join_refusals(reading, body, card["credential_ref"] or "", True)
        elif word in GRANTED and not uid and body.get("username") == "MQTT":
            reading.event("remote_open")
        elif word in GRANTED:
            reading.event("access_granted", **card)
        else:
            reading.unknown("access", word[:40])
        return self._report(reading, body, envelope)

    def _log_line(self, reading: Reading, body: dict[str, Any], envelope: Envelope) -> Report | Ignored:
        source, line = str(body.get("src", "")).lower(), str(body.get("desc", "")).lower()
        for where, part, states, event in LOG_LINES:
            if source == where and part in line:
                for name, value in states.items():
                    reading.state(name, value)
                reading.event(event)
                return self._report(reading, body, envelope)
        if source == "rfid" and "unknown" in line:
            reading.event("access_denied", reason="unknown_credential", credential_type="card")
            self._join_refusals(reading, body, "", False)
            return self._report(reading, body, envelope)
        if source not in TELLING:
            return Ignored(f"the controller's log about {source[:20] or 'itself'}")
        reading.raw[source] = anonymous(line)  # prose may name somebody; the journal has it
        return self._report(reading, body, envelope)

    def _join_refusals(self, reading: Reading, body: dict[str, Any], reference: str, is_access: bool) -> None:
        """Give both messages about one refused card the same key, whichever comes first."""
        at = number(body.get("time"))
        if at is None:
            return
        before, key, was_access = self._refusals.get(reading.address, (0.0, "", is_access))
        if was_access is not is_access and abs(at - before) <= SAME_CARD_S:
            reading.dedup_key = key
            del self._refusals[reading.address]
            return
        reading.dedup_key = f"refused:{at:.0f}:{reference or 'card'}"
        if len(self._refusals) >= MAX_REMEMBERED:
            self._refusals.clear()
        self._refusals[reading.address] = (at, reading.dedup_key, is_access)

    def _read_io(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        word = (text(envelope.payload) or "").strip().strip('"').lower()
        name = envelope.topic.rpartition("/")[2].rstrip("0123456789").lower()
        meant = IO.get((name, word))
        if meant is None:
            what = f"{envelope.topic[:120]!r} says {word[:40]!r}"
            return Reject(RejectReason.WRONG_SHAPE, f"{what}; door, tamper, doorbell and lock are known")
        states, event = meant
        if not states and not event:
            return Ignored("the bell is let go")
        reading = Reading(self.name, route.sender, GATE)
        for state, value in states.items():
            reading.state(state, value)
        if event:
            reading.event(event)
        return reading.report(self._context, envelope)

    def _read_availability(self, route: Route, envelope: Envelope) -> Report | Reject:
        online = truth(text(envelope.payload), ("online",), ("offline",))
        if online is None:
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} is neither online nor offline")
        reading = Reading(self.name, route.sender, GATE)
        reading.availability = online
        return reading.report(self._context, envelope)

    def _address(self, route: Route, body: dict[str, Any]) -> str:
        """Return the host name, unless only the topic is registered."""
        host = body.get("hostname", body.get("door"))
        if not isinstance(host, str) or not host.strip():
            return route.sender
        known = self._context.registry.resolve
        host = host.strip()[:128]
        return route.sender if known(self.name, route.sender) and not known(self.name, host) else host

    def _report(self, reading: Reading, body: dict[str, Any], envelope: Envelope) -> Report:
        """Finish with the controller's clock, which in some firmware counts local time from 1970."""
        at = number(body.get("time"))
        if at is None or at <= envelope.received_at + MAX_AHEAD_S:
            return reading.report(self._context, envelope, at)
        zone = self._context.zone
        offset = datetime.fromtimestamp(envelope.received_at, zone).utcoffset() or timedelta()
        return reading.report(self._context, envelope, at - offset.total_seconds(), local=True)


def _ignore_command(route: Route, envelope: Envelope) -> Ignored:
    return Ignored("a command to the controller, not its word; a kept one opens the door at every reconnect")

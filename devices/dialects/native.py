"""The native dialect: ``community/{site}/{kind}/{device}/{channel}``, JSON. Documented in ``docs/native.md``."""

import re
from collections.abc import Container
from datetime import datetime
from typing import Annotated, Any, ClassVar
from zlib import crc32

import msgspec

from devices.dialects.body import BROKEN
from devices.dialects.dialect import MAX_BEHIND_S, Context, Lane, NoOptions, Read, Route, plausible
from devices.dialects.fields import anonymous, plain
from devices.dialects.typed import typed
from devices.dialects.values import text
from devices.model import DeviceKind, Envelope, Event, Reject, RejectReason, Report, StateValue, TimeQuality
from devices.names import EVENTS, QUANTITIES, STATES

MAX_TEXT = 500
MAX_SHARED = 1_000
EXPECTED = "what docs/native.md says"
_TOPIC = re.compile(r"community/([^/]+)/([a-z_]+)/([A-Za-z0-9][A-Za-z0-9_.:-]{0,63})/(telemetry|event|status)")
_KINDS = {str(kind): kind for kind in DeviceKind}
_SOURCE_UTC = TimeQuality.SOURCE_UTC


class _AnyText:
    """Allowed values of a free text."""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str)


_BOOLS = frozenset({True, False})
_ANY_TEXT = _AnyText()


class _Table:
    """What one kind of device may say: limits of quantities, allowed values of states."""

    def __init__(self, kind: DeviceKind) -> None:
        self.limits = {name: (q.low, q.high) for name, q in QUANTITIES.items() if kind in q.kinds}
        self.words: dict[str, Container[StateValue]] = {}
        self._shared: dict[tuple[tuple[str, StateValue], ...], dict[str, StateValue]] = {}
        for name, state in STATES.items():
            if kind in state.kinds:
                text: Container[StateValue] = frozenset(state.values) if state.values else _ANY_TEXT
                self.words[name] = _BOOLS if state.type == "bool" else text

    def measured(self, given: dict[str, float | None], raw: dict[str, Any]) -> dict[str, float | None]:
        """Keep what the table knows and its limits allow; the rest goes to ``raw`` for people to see."""
        kept: dict[str, float | None] = {}
        for name, value in given.items():
            limit = self.limits.get(name)
            if limit is None or (value is not None and not limit[0] <= value <= limit[1]):
                raw[name] = value
            elif value is not None:
                kept[name] = value
        return kept

    def all_known(self, given: dict[str, StateValue]) -> bool:
        """Tell whether every state is in the table with a value of its type: the usual case, checked first."""
        words = self.words
        for name, value in given.items():
            allowed = words.get(name)
            if allowed is None or (value is not None and value not in allowed):
                return False
        return True

    def shared(self, states: dict[str, StateValue]) -> dict[str, StateValue]:
        """The one copy of such states: most devices of a kind are in one of few, and few stay in the cache."""
        if len(self._shared) >= MAX_SHARED:
            self._shared.clear()
        return self._shared.setdefault(tuple(states.items()), states)

    def known(self, given: dict[str, StateValue], raw: dict[str, Any]) -> dict[str, StateValue]:
        """Keep known states with values of their type; a word nobody agreed on is unknown (``None``), not false."""
        kept: dict[str, StateValue] = {}
        for name, value in given.items():
            allowed = self.words.get(name)
            if allowed is None:
                raw[name] = anonymous(value)
                continue
            meant = _TRUTH.get(value, value) if allowed is _BOOLS and isinstance(value, str) else value
            kept[name] = meant if meant in allowed else None
            if meant not in allowed and value is not None:
                raw[name] = plain(value)
        return kept


_TRUTH = {"true": True, "false": False}


Stamp = float | str | None


class Payload(msgspec.Struct, gc=False):
    """Body of ``telemetry`` and ``event``. Unknown members are ignored, so that newer devices can say more."""

    device: str | None = None
    ts: Stamp = None
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    measurements: dict[str, float | None] = {}
    states: dict[str, StateValue] = {}
    events: tuple[dict[str, Any], ...] = ()
    test: bool = False
    historical: bool = False


class Status(msgspec.Struct, gc=False):
    """Body of ``status``, the device's will among them."""

    status: str
    device: str | None = None
    ts: Stamp = None


_payload = msgspec.json.Decoder(Payload)
_status = msgspec.json.Decoder(Status)


class Native:
    """Decoder of the native dialect."""

    name: ClassVar[str] = "native"
    Options: ClassVar[Any] = NoOptions

    def __init__(self, context: Context) -> None:
        self._site = context.site
        self._readers = {kind: _reader(kind, context.keep_plates) for kind in DeviceKind}

    def filters(self) -> dict[str, Lane]:
        site = self._site
        return {
            f"community/{site}/+/+/event": Lane.ALARM,
            f"community/{site}/+/+/status": Lane.ALARM,
            f"community/{site}/+/+/telemetry": Lane.TELEMETRY,
        }

    def owns(self, topic: str) -> bool:
        return topic.startswith("community/")

    def route(self, topic: str) -> Route | Reject:
        match = _TOPIC.fullmatch(topic)
        kind = _KINDS.get(match[2]) if match else None
        if match is None or kind is None:
            return Reject(
                RejectReason.BAD_TOPIC,
                f"topic {topic[:120]!r} is not community/SITE/KIND/DEVICE/(telemetry|event|status) "
                f"with KIND one of {', '.join(_KINDS)}",
            )
        if self._site and match[1] != self._site:
            return Reject(RejectReason.BAD_TOPIC, f"topic names site {match[1]!r}, this gateway serves {self._site!r}")
        return Route("native", match[3], kind, _read_status if match[4] == "status" else self._readers[kind])


def _reader(kind: DeviceKind, keep_plates: bool) -> Read:
    """Build the reader of ``telemetry`` and ``event`` of one kind, its tables at hand."""
    table = _Table(kind)
    limits, decode = table.limits, _payload.decode

    def read(route: Route, envelope: Envelope) -> Report | Reject:
        raw: dict[str, Any] | None = None
        try:
            body = decode(envelope.payload)
        except BROKEN:
            mended = typed(decode, envelope, EXPECTED)
            if isinstance(mended, Reject):
                saved, raw = _salvaged(envelope.payload)
                if saved is None:
                    return mended
                mended = saved
            body = mended
        if body.device is not None and body.device != route.sender:
            return _mismatch(route, body.device)
        received_at, ts = envelope.received_at, body.ts
        if type(ts) is float and received_at - MAX_BEHIND_S < (at := ts / 1000) < received_at:
            quality = _SOURCE_UTC
        else:
            at, quality = _event_time(ts, received_at, body.historical)
        measurements, states = body.measurements, body.states
        try:  # the usual case first: every name is in the table and every value within its limits
            for name, value in measurements.items():
                low, high = limits[name]
                if not low <= value <= high:  # type: ignore[operator]
                    measurements = table.measured(measurements, raw := raw or {})
                    break
        except (KeyError, TypeError):
            measurements = table.measured(measurements, raw := raw or {})
        if states == route.states:
            states = route.states
        elif table.all_known(states):
            route.states = states = table.shared(states)
        else:
            states = table.known(states, raw := raw or {})
        events = _events(kind, body.events, raw := raw or {}, keep_plates) if body.events else ()
        return Report(
            route.device,
            kind,
            at,
            received_at,
            quality,
            measurements,  # type: ignore[arg-type] # no None is left
            states,
            events,
            None,
            envelope.retained,
            body.historical,
            body.test,
            route.registered,
            body.seq,
            f"{crc32(envelope.payload):08x}" if body.seq is None and ts is not None else None,
            raw or None,
        )

    return read


def _read_status(route: Route, envelope: Envelope) -> Report | Reject:
    word = envelope.payload.strip()
    status = Status(word.decode()) if word in (b"online", b"offline") else typed(_status.decode, envelope, EXPECTED)
    if isinstance(status, Reject):
        return status
    if status.device is not None and status.device != route.sender:
        return _mismatch(route, status.device)
    if status.status not in ("online", "offline"):
        return Reject(RejectReason.WRONG_SHAPE, f"status is {status.status[:40]!r}; say online or offline")
    at, quality = _event_time(status.ts, envelope.received_at, False)
    return Report(
        device=route.device,
        kind=route.kind,
        at=at,
        received_at=envelope.received_at,
        time_quality=quality,
        availability=status.status == "online",
        snapshot=envelope.retained,
        registered=route.registered,
    )


def _salvaged(payload: bytes) -> tuple[Payload | None, dict[str, Any]]:
    """Keep the states and events of a message that is wrong elsewhere: a fire must not fall with a broken thermometer.

    Returns what could be kept (``None`` where that is neither a state nor an event) and what was dropped.
    """
    body = Payload()
    dropped: dict[str, Any] = {}
    try:
        given = msgspec.json.decode(text(payload) or "")
    except BROKEN:
        return None, dropped
    for name, value in given.items() if isinstance(given, dict) else ():
        parts = value.items() if name in ("measurements", "states") and isinstance(value, dict) else [(name, value)]
        for part, content in parts:
            one = {name: {part: content}} if part != name or isinstance(value, dict) else {name: content}
            try:
                _add(body, name, msgspec.convert(one, Payload))
            except msgspec.ValidationError:
                dropped[part] = anonymous(content)
    return (body if body.states or body.events else None), dropped


def _add(body: Payload, name: str, read: Payload) -> None:
    if name in ("measurements", "states"):
        setattr(body, name, {**getattr(body, name), **getattr(read, name)})
    elif name in Payload.__struct_fields__:
        setattr(body, name, getattr(read, name))


def _mismatch(route: Route, claimed: str) -> Reject:
    return Reject(
        RejectReason.IDENTITY_MISMATCH,
        f"payload says device {claimed[:64]!r}, topic says {route.sender!r}; the topic decides who speaks",
    )


def _event_time(ts: float | str | None, received_at: float, historical: bool) -> tuple[float, TimeQuality]:
    if type(ts) is float and received_at - MAX_BEHIND_S < (at := ts / 1000) < received_at:
        return at, _SOURCE_UTC
    if ts is None:
        return received_at, TimeQuality.RECEIVED_ONLY
    if isinstance(ts, str):
        try:
            moment = datetime.fromisoformat(ts)
        except ValueError:
            return received_at, TimeQuality.RECEIVED_ONLY
        if moment.tzinfo is None:
            return received_at, TimeQuality.RECEIVED_ONLY
        return plausible(moment.timestamp(), received_at, historical)
    return plausible(ts / 1000, received_at, historical)


def _events(
    kind: DeviceKind, given: tuple[dict[str, Any], ...], raw: dict[str, Any], keep_plates: bool
) -> tuple[Event, ...]:
    kept, strange = [], []
    for item in given:
        code = item.get("code")
        known = EVENTS.get(code) if isinstance(code, str) else None
        if known is None or kind not in known.kinds:
            strange.append(plain(code))
            continue
        given_here = {k: _bounded(v) for k, v in item.items() if k in known.attributes}
        if not keep_plates:
            given_here.pop("plate_text", None)
        kept.append(Event(code, given_here))  # type: ignore[arg-type] # a known code is text
    if strange:
        raw["events"] = strange
    return tuple(kept)


def _bounded(value: Any) -> Any:
    """What states and stores can hold: integers beyond 64 bits become text, whatever is nested becomes JSON."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)[:MAX_TEXT]
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()[:MAX_TEXT]
    return value[:MAX_TEXT] if isinstance(value, str) else value

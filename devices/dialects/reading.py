"""Collects what one message says about one device and turns it into a report of canonical names only."""

from typing import Any
from zlib import crc32

from msgspec import Struct

from devices.dialects.dialect import MAX_AHEAD_S, MAX_BEHIND_S, YEAR_2020, Context, plausible
from devices.model import DeviceKind, Envelope, Event, Report, StateValue, TimeQuality
from devices.names import EVENTS, QUANTITIES, STATES

MAX_TEXT = 500
# Looking a member up on an enumeration takes longer than a dictionary does.
_SOURCE_UTC, _RECEIVED_ONLY = TimeQuality.SOURCE_UTC, TimeQuality.RECEIVED_ONLY
_LOCAL_ASSUMED = TimeQuality.SOURCE_LOCAL_ASSUMED
_LIMITS = {name: (quantity.low, quantity.high) for name, quantity in QUANTITIES.items()}
_BOOLS = frozenset(name for name, state in STATES.items() if state.type == "bool")
_WORDS = {name: frozenset(state.values) for name, state in STATES.items() if state.values}
_TEXTS = frozenset(STATES) - _BOOLS - _WORDS.keys()
_ATTRIBUTES = {code: frozenset(event.attributes) for code, event in EVENTS.items()}
_MEASURED = {kind: frozenset(n for n, q in QUANTITIES.items() if kind in q.kinds) for kind in DeviceKind}
_STATED = {kind: frozenset(n for n, s in STATES.items() if kind in s.kinds) for kind in DeviceKind}


class Reading(Struct, gc=False):
    """One device's part of one message.

    What the tables do not know, or what is out of their limits, goes to ``raw_codes``; it is never guessed at. ``kind``
    is what the content looks like; the inventory's kind wins where the device is registered.
    """

    dialect: str
    address: str
    kind: DeviceKind
    measurements: dict[str, float] = {}
    states: dict[str, StateValue] = {}
    events: list[Event] = []
    raw: dict[str, Any] = {}
    availability: bool | None = None
    test: bool = False
    historical: bool = False
    snapshot: bool = False
    sequence: int | None = None
    dedup_key: str | None = None

    def measure(self, name: str, value: float | None, raw: Any = None) -> None:
        """Note a quantity in the table's unit; ``None`` says nothing, ``raw`` is what the device wrote."""
        low, high = _LIMITS[name]
        if value is None:
            if raw is not None:
                self.raw[name] = raw
        elif low <= value <= high:
            self.measurements[name] = value
        else:
            self.raw[name] = value if raw is None else raw

    def state(self, name: str, value: StateValue, raw: Any = None) -> None:
        """Note a state; ``None`` is unknown, and says so. A word the table does not know is unknown too."""
        if type(value) is str:
            agreed = value in _WORDS[name] if name in _WORDS else name in _TEXTS
        else:
            agreed = (value is True or value is False) and name in _BOOLS
        if agreed:
            self.states[name] = value
            return
        self.states[name] = None
        if value is not None or raw is not None:
            self.raw[name] = value if raw is None else raw

    def event(self, code: str, **attributes: Any) -> None:
        """Note an event; attributes the table does not allow, and unknown (``None``) ones, are left out."""
        allowed = _ATTRIBUTES[code]
        for name, value in list(attributes.items()):
            if value is None or name not in allowed:
                del attributes[name]
            elif type(value) is not str or len(value) > MAX_TEXT:
                attributes[name] = _bounded(value)
        self.events.append(Event(code, attributes))

    def unknown(self, name: str, value: Any) -> None:
        """Keep something nobody agreed on, for people to see."""
        self.raw[name] = _bounded(value)

    @property
    def empty(self) -> bool:
        return not (self.measurements or self.states or self.events) and self.availability is None

    def report(self, context: Context, envelope: Envelope, at: float | None = None, local: bool = False) -> Report:
        """Finish. ``at`` is the device's own time in epoch seconds, ``local`` that its zone was assumed."""
        device = context.registry.resolve(self.dialect, self.address)
        received_at = envelope.received_at
        quality, key = _RECEIVED_ONLY, self.dedup_key
        if at is None:
            at = received_at
        else:
            # The usual case of ``plausible`` first.
            if at >= YEAR_2020 and received_at - MAX_BEHIND_S <= at <= received_at + MAX_AHEAD_S:
                quality = _SOURCE_UTC
            else:
                at, quality = plausible(at, received_at, self.historical)
            if quality is _SOURCE_UTC:
                # Without a sequence, the same bytes about the same moment are the same message. A clock that stands
                # still proves nothing: the heartbeats of such a device are all alike and all true.
                if not key and self.sequence is None:
                    key = crc32(envelope.payload).to_bytes(4, "big").hex()
                if local:
                    quality = _LOCAL_ASSUMED
        kind = device.kind if device else self.kind
        measurements, states, measured, stated = self.measurements, self.states, _MEASURED[kind], _STATED[kind]
        if not measured.issuperset(measurements):
            measurements = {n: v for n, v in measurements.items() if n in measured}
        if not stated.issuperset(states):
            states = {n: v for n, v in states.items() if n in stated}
        return Report(  # by position: names would cost four times as much
            device.id if device else self.address[:MAX_TEXT],
            kind,
            at,
            received_at,
            quality,
            measurements,
            states,
            tuple([e for e in self.events if kind in EVENTS[e.code].kinds]) if self.events else (),
            self.availability,
            self.snapshot or envelope.retained,
            self.historical,
            self.test,
            device is not None,
            self.sequence,
            key or None,
            self.raw or None,
            self.dialect,
        )


def _bounded(value: Any) -> Any:
    """What states and stores can hold: integers beyond 64 bits become text, long text is cut."""
    kind = type(value)
    if (kind is str and len(value) <= MAX_TEXT) or kind is bool or kind is float:
        return value
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)[:MAX_TEXT]
    if isinstance(value, dict | list):
        return str(value)[:MAX_TEXT]
    return value[:MAX_TEXT] if isinstance(value, str) else value

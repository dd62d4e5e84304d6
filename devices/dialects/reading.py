"""Collects what one message says about one device and turns it into a report of canonical names only."""

from typing import Any
from zlib import crc32

from devices.dialects.dialect import Context, plausible
from devices.model import DeviceKind, Envelope, Event, Report, StateValue, TimeQuality
from devices.names import EVENTS, QUANTITIES, STATES

MAX_TEXT = 500
_DATED = frozenset({TimeQuality.SOURCE_UTC, TimeQuality.SOURCE_LOCAL_ASSUMED})
_BOOLS = frozenset(name for name, state in STATES.items() if state.type == "bool")
_WORDS = {name: frozenset(state.values) for name, state in STATES.items() if state.values}
_MEASURED = {kind: frozenset(n for n, q in QUANTITIES.items() if kind in q.kinds) for kind in DeviceKind}
_STATED = {kind: frozenset(n for n, s in STATES.items() if kind in s.kinds) for kind in DeviceKind}


class Reading:
    """One device's part of one message.

    What the tables do not know, or what is out of their limits, goes to ``raw_codes``; it is never guessed at. ``kind``
    is what the content looks like; the inventory's kind wins where the device is registered.
    """

    __slots__ = (
        "address",
        "availability",
        "dedup_key",
        "dialect",
        "events",
        "historical",
        "kind",
        "measurements",
        "raw",
        "sequence",
        "snapshot",
        "states",
        "test",
    )

    def __init__(self, dialect: str, address: str, kind: DeviceKind) -> None:
        self.dialect = dialect
        self.address = address
        self.kind = kind
        self.measurements: dict[str, float] = {}
        self.states: dict[str, StateValue] = {}
        self.events: list[Event] = []
        self.raw: dict[str, Any] = {}
        self.availability: bool | None = None
        self.test = False
        self.historical = False
        self.snapshot = False
        self.sequence: int | None = None
        self.dedup_key: str | None = None

    def measure(self, name: str, value: float | None, raw: Any = None) -> None:
        """Note a quantity in the table's unit; ``None`` says nothing, ``raw`` is what the device wrote."""
        quantity = QUANTITIES[name]
        if value is None or not quantity.low <= value <= quantity.high:
            if value is not None or raw is not None:
                self.raw[name] = value if raw is None else raw
            return
        self.measurements[name] = value

    def state(self, name: str, value: StateValue, raw: Any = None) -> None:
        """Note a state; ``None`` is unknown, and says so. A word the table does not know is unknown too."""
        if type(value) is str:
            agreed = value in _WORDS.get(name, ())
        else:
            agreed = (value is True or value is False) and name in _BOOLS
        if agreed:
            self.states[name] = value
            return
        state = STATES[name]
        known = value is None or (isinstance(value, bool) if state.type == "bool" else isinstance(value, str))
        if known and isinstance(value, str) and state.values and value not in state.values:
            known = False
        if not known or (value is None and raw is not None):
            self.raw[name] = value if raw is None else raw
        self.states[name] = value if known else None

    def event(self, code: str, **attributes: Any) -> None:
        """Note an event; attributes the table does not allow, and unknown (``None``) ones, are left out."""
        allowed = EVENTS[code].attributes
        kept = {k: _bounded(v) for k, v in attributes.items() if k in allowed and v is not None}
        self.events.append(Event(code, kept))

    def unknown(self, name: str, value: Any) -> None:
        """Keep something nobody agreed on, for people to see."""
        self.raw[name] = _bounded(value)

    @property
    def empty(self) -> bool:
        return not (self.measurements or self.states or self.events) and self.availability is None

    def report(self, context: Context, envelope: Envelope, at: float | None = None, local: bool = False) -> Report:
        """Finish. ``at`` is the device's own time in epoch seconds, ``local`` that its zone was assumed."""
        device = context.registry.resolve(self.dialect, self.address)
        when, quality = envelope.received_at, TimeQuality.RECEIVED_ONLY
        if at is not None:
            when, quality = plausible(at, envelope.received_at, self.historical)
            if local and quality is TimeQuality.SOURCE_UTC:
                quality = TimeQuality.SOURCE_LOCAL_ASSUMED
        kind = device.kind if device else self.kind
        measurements, states, measured, stated = self.measurements, self.states, _MEASURED[kind], _STATED[kind]
        if not measured.issuperset(measurements):
            measurements = {n: v for n, v in measurements.items() if n in measured}
        if not stated.issuperset(states):
            states = {n: v for n, v in states.items() if n in stated}
        return Report(  # by position: names would cost four times as much
            device.id if device else self.address[:MAX_TEXT],
            kind,
            when,
            envelope.received_at,
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
            self.dedup_key or self._content_key(envelope, quality),
            self.raw or None,
            self.dialect,
        )

    def _content_key(self, envelope: Envelope, quality: TimeQuality) -> str | None:
        """Without a sequence, the same bytes about the same moment are the same message.

        A clock that stands still proves nothing: the heartbeats of such a device are all alike and all true.
        """
        if self.sequence is not None or quality not in _DATED:
            return None
        return f"{crc32(envelope.payload):08x}"


def _bounded(value: Any) -> Any:
    """What states and stores can hold: integers beyond 64 bits become text, long text is cut."""
    if type(value) is str and len(value) <= MAX_TEXT:
        return value
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)[:MAX_TEXT]
    if isinstance(value, dict | list):
        return str(value)[:MAX_TEXT]
    return value[:MAX_TEXT] if isinstance(value, str) else value

"""Decide whether a message may enter the journal: size, topic, rate. What needs the payload read is judged later."""

from collections.abc import Iterable
from typing import cast

from msgspec import Struct

from devices.decode import Decoder
from devices.dialects.dialect import Route
from devices.model import Envelope, Reject, RejectReason

MAX_SENDERS = 400_000


class Meter(Struct, gc=False):
    """When a sender's next message is ``due`` at the agreed rate, as ``gate`` counts."""

    gate: object
    due: float = 0.0


class Admission:
    """Admits or refuses messages of one lane.

    The rate limit per sender is the generic cell rate algorithm (ITU-T I.371): one number a sender. Each lane has its
    own, so that a device flooding telemetry still gets its fire alarm through.
    """

    def __init__(self, decoder: Decoder, *, max_payload_bytes: int, rate_per_s: float, burst: int) -> None:
        self._decoder = decoder
        self._max_payload = max_payload_bytes
        self._interval = 1.0 / rate_per_s
        self._tolerance = burst / rate_per_s
        self._ceiling = self._tolerance + 2 * self._interval
        self._rate = rate_per_s
        self._meters: dict[str, Meter] = {}
        self._gate = object()

    def sift(self, envelopes: Iterable[Envelope]) -> tuple[list[Envelope], list[tuple[Envelope, Reject]]]:
        """Part ``envelopes`` into those let in and those refused, each with the reason."""
        admitted: list[Envelope] = []
        refused: list[tuple[Envelope, Reject]] = []
        known, route_of, limit = self._decoder.known, self._decoder.route, self._max_payload
        gate, interval, tolerance = self._gate, self._interval, self._tolerance
        for envelope in envelopes:
            route = known(envelope.topic) or route_of(envelope.topic)
            if type(route) is not Route:
                refused.append((envelope, cast(Reject, route)))
                continue
            # Kept with the route: at many devices a look-up of its own is a wait for memory.
            meter = route.meter
            if meter is None or meter.gate is not gate:
                meter = route.meter = self._meter(route.sender)
            now = envelope.received_at
            due = meter.due
            # Beyond the ceiling gets only a clock that was set back: lock nobody out for it.
            if due < now or due - now > self._ceiling:
                due = now
            if due - now > tolerance or len(envelope.payload) > limit:
                refused.append((envelope, self._reason(envelope, route.sender)))
                continue
            meter.due = due + interval
            admitted.append(envelope)
        return admitted, refused

    def _meter(self, sender: str) -> Meter:
        """The sender's own: all its topics share it."""
        if len(self._meters) >= MAX_SENDERS:
            self._meters.clear()
        return self._meters.setdefault(sender, Meter(self._gate))

    def _reason(self, envelope: Envelope, sender: str) -> Reject:
        size = len(envelope.payload)
        if size > self._max_payload:
            detail = f"payload of {size} bytes; ingest.max_payload_bytes is {self._max_payload}"
            return Reject(RejectReason.TOO_LARGE, detail)
        return Reject(RejectReason.RATE_LIMITED, f"{sender} sends more than {self._rate:g} messages per second")

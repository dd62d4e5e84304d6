"""Decide whether a message may enter the journal: size, topic, rate. What needs the payload read is judged later."""

from devices.decode import Decoder
from devices.dialects.dialect import Route
from devices.model import Envelope, Reject, RejectReason

MAX_SENDERS = 400_000


class Admission:
    """Admits or refuses messages of one lane.

    The rate limit per sender is the generic cell rate algorithm (ITU-T I.371): one float a sender. Each lane has its
    own, so that a device flooding telemetry still gets its fire alarm through.
    """

    def __init__(self, decoder: Decoder, *, max_payload_bytes: int, rate_per_s: float, burst: int) -> None:
        self._decoder = decoder
        self._max_payload = max_payload_bytes
        self._interval = 1.0 / rate_per_s
        self._tolerance = burst / rate_per_s
        self._rate = rate_per_s
        self._due: dict[str, float] = {}

    def admit(self, envelope: Envelope) -> Reject | None:
        """Return why ``envelope`` is refused, or ``None``."""
        if len(envelope.payload) > self._max_payload:
            return Reject(
                RejectReason.TOO_LARGE,
                f"payload of {len(envelope.payload)} bytes; ingest.max_payload_bytes is {self._max_payload}",
            )
        route = self._decoder.route(envelope.topic)
        if type(route) is Route:
            return self._within_rate(route.sender, envelope.received_at)
        return route  # type: ignore[return-value]

    def _within_rate(self, sender: str, now: float) -> Reject | None:
        due = self._due.get(sender, 0.0)
        if due < now:
            due = now
        if due - now > self._tolerance:
            return Reject(RejectReason.RATE_LIMITED, f"{sender} sends more than {self._rate:g} messages per second")
        if len(self._due) >= MAX_SENDERS:
            self._due.clear()
        self._due[sender] = due + self._interval
        return None

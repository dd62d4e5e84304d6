"""The last seconds of a stream as it came: encoded packets, from which evidence is cut without re-encoding."""

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from devices.cameras.stream_clock import StreamClock

MAX_BYTES = 96_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """One packet. ``at``: seconds on the ring's clock; ``pts``, ``dts`` in ``base``."""

    at: float
    data: bytes
    pts: int
    dts: int
    base: Fraction
    duration: int
    key: bool


class Ring:
    """Keeps ``seconds`` and the key frame before them, or less where that is more than ``max_bytes``."""

    def __init__(self, seconds: float, live: bool, max_bytes: int = MAX_BYTES) -> None:
        self._seconds = seconds
        self._clock = StreamClock(live)
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: deque[Kept] = deque()
        self.now = 0.0

    def add(self, packet: Any, arrival: float) -> None:
        """Take a packet of the video stream; one without any time is left out."""
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is None:
            return
        at = self._clock.at(float(stamp * packet.time_base), arrival)
        self.now = self.now if at is None else at
        data = bytes(packet)
        pts = packet.pts if packet.pts is not None else stamp
        self._kept.append(
            Kept(self.now, data, pts, stamp, packet.time_base, packet.duration or 0, bool(packet.is_keyframe))
        )
        self._bytes += len(data)
        self._trim()

    def cut(self, begin: float, end: float) -> list[Kept]:
        """The packets from the last key frame at or before ``begin`` (else the first one there is) to ``end``."""
        keys = [index for index, kept in enumerate(self._kept) if kept.key]
        before = [index for index in keys if self._kept[index].at <= begin]
        if not keys:
            return []
        first = before[-1] if before else keys[0]
        return [kept for index, kept in enumerate(self._kept) if index >= first and kept.at <= end]

    def _trim(self) -> None:
        oldest = self.now - self._seconds
        while self._kept and (self._bytes > self._max_bytes or self._spare(oldest)):
            self._bytes -= len(self._kept.popleft().data)

    def _spare(self, oldest: float) -> bool:
        """Whether the first packet is older than wanted, and another key frame follows that is old enough."""
        if self._kept[0].at >= oldest:
            return False
        return any(kept.key and kept.at <= oldest for index, kept in enumerate(self._kept) if index) or (
            not self._kept[0].key
        )

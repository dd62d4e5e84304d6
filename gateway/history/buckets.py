"""Stored points -> fields per bucket: numbers averaged, all else last. Pure."""

import msgspec
from msgspec import Struct

from devices.model import StateValue
from gateway.history.store import Series, Value

INFINITY = float("inf")


class Body(Struct, array_like=True, gc=False):
    """What the embedded store keeps of one report. Fields are appended, never reordered: old files hold old bodies."""

    measurements: dict[str, float]
    states: dict[str, StateValue]
    online: bool | None = None
    event: str | None = None
    test: bool = False


_decode = msgspec.msgpack.Decoder(Body).decode


class Buckets:
    """Add points in order of time and checksum, then ask for the series. A point that is there twice counts once."""

    def __init__(self, width_ms: int) -> None:
        self._width_ms = width_ms
        self._newest = (-1, 0)
        self._sums: dict[str, dict[float, list[float]]] = {}
        self._lasts: dict[str, dict[float, Value]] = {}

    def add(self, at_ms: int, checksum: int, body: bytes) -> None:
        """Take one stored point in."""
        if (at_ms, checksum) == self._newest:
            return
        self._newest = (at_ms, checksum)
        bucket = (at_ms - at_ms % self._width_ms) / 1000
        point = _decode(body)
        for name, value in point.measurements.items():
            if -INFINITY < value < INFINITY:
                mean = self._sums.setdefault(name, {}).setdefault(bucket, [0.0, 0.0])
                mean[0] += value
                mean[1] += 1.0
        for name, state in point.states.items():
            self._last(name, bucket, state)
        self._last("online", bucket, point.online)
        self._last("event", bucket, point.event)
        self._last("test", bucket, point.test or None)

    def series(self) -> Series:
        """The fields seen, each with its buckets in order of time."""
        fields: Series = {name: [(t, s / n) for t, (s, n) in means.items()] for name, means in self._sums.items()}
        return fields | {name: list(lasts.items()) for name, lasts in self._lasts.items()}

    def _last(self, name: str, bucket: float, value: StateValue) -> None:
        if value is not None:
            self._lasts.setdefault(name, {})[bucket] = value

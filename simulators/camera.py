"""A smart camera: over a fire lane it sees cars stop and leave, along a facade it sees things fall."""

from random import Random
from typing import Any

from simulators.script import Say, Script, about, cannot

REPORT_S = 30.0
DROP_OFFS = 0.15
LONGEST_DROP_OFF_S = 6.0
BLOCKED_S = 240.0
UPDATE_S = 5.0


class Camera:
    """Detects on board and sends what it found. ``view`` is lane, facade or lobby; ``zone`` is the watched zone."""

    def __init__(self, rng: Random, view: str, zone: str, floors: int) -> None:
        self._rng = rng
        self._view = view
        self._zone = zone
        self._floors = floors
        self._standing: dict[str, Any] | None = None

    def ordinary(self) -> Script:
        yield self._report(), self._rng.uniform(1.0, REPORT_S)
        while True:
            if self._view == "lane" and self._rng.random() < DROP_OFFS:
                yield from self._stop(self._rng.uniform(2.0, LONGEST_DROP_OFF_S))
            yield self._report(), about(self._rng, REPORT_S)

    def incident(self, rule: str) -> Script:
        if rule == "fire_lane_blocked" and self._view == "lane":
            return self._stop(BLOCKED_S)
        if rule == "falling_object" and self._view == "facade":
            return self._throw()
        raise cannot(f"camera over a {self._view}", rule)

    def _stop(self, seconds: float) -> Script:
        left = [] if self._standing is None else self._detect(self._standing, "end").events
        car = {"code": "stationary_object", "zone": self._zone, "object_class": "car", "object_id": self._object_id()}
        self._standing = car
        yield Say("event", events=[*left, *self._detect(car, "start").events]), min(seconds, UPDATE_S)
        while seconds > UPDATE_S:
            seconds -= UPDATE_S
            yield self._detect(car, "update"), min(seconds, UPDATE_S)
        self._standing = None
        yield self._detect(car, "end"), REPORT_S

    def _throw(self) -> Script:
        low = self._rng.randrange(2, max(self._floors - 2, 3))
        thing = {
            "code": "falling_object",
            "object_id": self._object_id(),
            "floor_low": low,
            "floor_high": low + 2,
            "column": self._rng.choice("ABCD"),
            "speed": round(self._rng.uniform(12.0, 28.0), 1),
        }
        yield self._detect(thing, "end"), REPORT_S

    def _detect(self, seen: dict[str, Any], phase: str) -> Say:
        score = round(self._rng.uniform(0.82, 0.98), 2)
        return Say("event", events=[{**seen, "phase": phase, "score": score}])

    def _object_id(self) -> str:
        return f"o{self._rng.randrange(16**8):08x}"

    def _report(self) -> Say:
        frames = {
            "frame_rate": round(self._rng.uniform(24.0, 25.0), 1),
            "object_count": float(self._rng.randrange(0, 5)),
        }
        return Say("telemetry", frames, {"motion": frames["object_count"] > 0, "tamper": False})

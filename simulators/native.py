"""The native dialect's encoder: topic, JSON and sequence number, written from the dialect's description alone."""

import json
from typing import Any

from simulators.script import Say


class NativeVoice:
    """Speaks for one device; the sequence number grows by one with each report, whatever its channel."""

    def __init__(self, site: str, kind: str, device: str) -> None:
        self._prefix = f"community/{site}/{kind}/{device}/"
        self._device = device
        self._sequence = 0

    def encode(self, say: Say, at: float) -> tuple[str, bytes]:
        """Return topic and payload of ``say`` at ``at`` (epoch seconds); empty members are left out."""
        self._sequence += 1
        body: dict[str, Any] = {"device": self._device, "ts": _milliseconds(at), "seq": self._sequence}
        members = (("measurements", say.measurements), ("states", say.states), ("events", say.events))
        body.update((name, value) for name, value in members if value)
        return self._prefix + say.channel, _json(body)

    def status(self, online: bool, at: float) -> tuple[str, bytes]:
        """Return topic and payload of the availability message, which is published retained."""
        return self._prefix + "status", _json({"status": "online" if online else "offline", "ts": _milliseconds(at)})


def _milliseconds(at: float) -> int:
    return round(at * 1000)


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

"""What the devices of a fault run say. Pure. A message is known by its device and sequence, wherever it turns up."""

import json
from typing import Any

from msgspec import Struct

SITE = "faults"
STEP_MS = 100
"""Event time of a device's message: its base plus sequence times this, so that the history tells the sequence back."""

RATE_PER_DEVICE = 1000 / STEP_MS
BACKGROUND = ("smoke_detector", "lift", "access_gate", "camera")
STRANGER = "x"

Message = tuple[str, bytes]


class Incident(Struct, frozen=True):
    """A device that gets into trouble: what it publishes, and the one alert that must come of it."""

    device: str
    kind: str
    rule: str
    repeats: int
    steps: tuple[tuple[str, dict[str, Any]], ...]


def background_kind(index: int) -> str:
    return BACKGROUND[index % len(BACKGROUND)]


def telemetry(index: int, sequence: int, base_ms: int) -> Message:
    """What background device ``index`` says ``sequence``-th: ordinary life, no alert."""
    kind = background_kind(index)
    at = base_ms + sequence * STEP_MS
    if kind == "smoke_detector":
        said = (
            f'"measurements":{{"smoke_density":0.01,"battery_percent":{sequence % 50 + 50}}},"states":{{"smoke":false}}'
        )
    elif kind == "lift":
        said = f'"measurements":{{"run_count":{sequence}}},"states":{{"car_state":"running","door_closed":true}}'
    elif kind == "access_gate":
        said = f'"measurements":{{"passage_count":{sequence}}},"states":{{"door_state":"closed"}}'
    else:
        said = f'"measurements":{{"frame_rate":25.0}},"states":{{"motion":{"true" if sequence % 2 else "false"}}}'
    body = f'{{"device":"d{index}","ts":{at},"seq":{sequence},{said}}}'
    return f"community/{SITE}/{kind}/d{index}/telemetry", body.encode()


def incident(index: int) -> Incident:
    """The ``index``-th incident: five kinds in turn, each on a device of its own, the last unknown to the gateway."""
    return _INCIDENTS[index % len(_INCIDENTS)](index)


def incident_message(trouble: Incident, sequence: int, base_ms: int) -> Message:
    """The incident's ``sequence``-th message (from 1)."""
    channel, said = trouble.steps[sequence - 1]
    body = {"device": trouble.device, "ts": base_ms + sequence * STEP_MS, "seq": sequence, **said}
    return f"community/{SITE}/{trouble.kind}/{trouble.device}/{channel}", json.dumps(body).encode()


def _state(name: str, value: bool) -> tuple[str, dict[str, Any]]:
    return "event", {"states": {name: value}}


def _battery(percent: int) -> tuple[str, dict[str, Any]]:
    return "telemetry", {"measurements": {"battery_percent": percent}}


def _fire(index: int) -> Incident:
    steps = (_state("smoke", True), _battery(90), _state("smoke", False), _state("smoke", True))
    return Incident(f"a{index}", "smoke_detector", "smoke_alarm", 1, steps)


def _entrapment(index: int) -> Incident:
    steps = (_state("entrapment", True), _state("entrapment", False), _state("entrapment", True))
    return Incident(f"a{index}", "lift", "lift_entrapment", 1, steps)


def _forced(index: int) -> Incident:
    forced = ("event", {"events": [{"code": "door_forced"}]})
    return Incident(f"a{index}", "access_gate", "gate_forced", 2, (forced, forced, _battery(80), forced))


def _leak(index: int) -> Incident:
    return Incident(f"a{index}", "water_leak", "water_leak", 0, (_battery(70), _state("water_leak", True)))


def _stranger(index: int) -> Incident:
    return Incident(f"{STRANGER}{index}", "smoke_detector", "smoke_alarm", 0, (_state("heat", True),))


_INCIDENTS = (_fire, _entrapment, _forced, _leak, _stranger)

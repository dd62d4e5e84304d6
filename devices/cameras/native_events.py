"""A detection as the native dialect tells it; see docs/native.md. Pure."""

from collections.abc import Mapping
from typing import Any

from devices.cameras.detection import Detection
from devices.names import EVENTS


def event(seen: Detection, object_id: str, evidence: Mapping[str, str]) -> dict[str, Any]:
    """One member of ``events``: what the table of names allows, and no more."""
    told: dict[str, Any] = {"object_id": object_id, "phase": seen.phase, "score": round(seen.score, 3)}
    if seen.box is not None:
        told["box"] = [round(float(side), 1) for side in seen.box]
    told |= dict(seen.attributes) | dict(evidence)
    allowed = EVENTS[seen.kind].attributes
    return {"code": seen.kind, **{name: value for name, value in told.items() if name in allowed}}


def stored(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Says that a promised clip is finished."""
    return {"code": "evidence_stored", **attributes}

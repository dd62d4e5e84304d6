"""Runs one detector over one recording, in a process of its own: a damaged file may abort the decoder."""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from devices.cameras.child import call
from devices.cameras.detection import Detection
from devices.cameras.detectors import DETECTORS, RATES
from devices.cameras.errors import CameraError, shown
from devices.cameras.render import Renderer
from devices.cameras.settings import Camera
from devices.cameras.source import Source


def run(clip: str, detector: str, camera: Camera | None, render: Path | None) -> dict[str, Any]:
    """Try ``detector`` on ``clip`` in a child process.

    Returns:
        The result as `look` gives it.

    Raises:
        CameraError: not readable; with ``partial``, the result so far, where there is one.
    """
    job = {"clip": clip, "detector": detector, "render": str(render or "")}
    if camera is not None:
        job["camera"] = msgspec.to_builtins(camera)
    return call("devices.cameras.trial", job, shown(clip))


def look(clip: str, name: str, camera: Camera | None, render: Path | None) -> dict[str, Any]:
    """Try a detector here and now.

    Returns:
        ``events`` in order of their beginning, ``frames`` looked at, ``seconds_processed`` of the recording and
        ``cpu_seconds``; ``error`` with place, cause and remedy where the recording breaks off.
    """
    begun = time.process_time()
    detector = DETECTORS[name](camera)
    found: list[Detection] = []
    frames = 0
    result: dict[str, Any] = {}
    with Source(clip, luma=detector.luma and render is None, rate=RATES[name]) as source:
        renderer = Renderer(render, source) if render else None
        try:
            for picture in source.pictures():
                frames += 1
                found += detector.step(picture.frame, picture.at)
                if renderer:
                    renderer.add(picture, found)
        except CameraError as error:
            if not frames:
                raise
            result["error"] = error.args
        found += detector.close()
        if renderer:
            renderer.close()
    spent = round(time.process_time() - begun, 3)
    summary = {"events": events(found), "frames": frames, "seconds_processed": round(source.last_s, 3)}
    return summary | {"cpu_seconds": spent} | result


def events(found: list[Detection]) -> list[dict[str, Any]]:
    """One event per thing: its first box, its last end."""
    things: dict[tuple[str, int], dict[str, Any]] = {}
    for each in found:
        known = things.setdefault((each.kind, each.track), _event(each))
        known["end_s"] = each.end_s
        known["score"] = max(known["score"], each.score)
    return sorted(things.values(), key=lambda event: float(event["start_s"]))


def _event(each: Detection) -> dict[str, Any]:
    told = {name: value for name, value in asdict(each).items() if name not in ("kind", "phase", "track", "attributes")}
    if each.kind == "falling_object":
        told["path"] = [[round(float(value), 3) for value in point] for point in each.path]
    told = {name: value for name, value in told.items() if value not in ((), None)}
    alarm = {"alarm_s": each.end_s} if each.kind == "stationary_object" else {}
    return {"type": each.kind, **told, **alarm, **each.attributes}


def _main() -> None:
    job = json.load(sys.stdin)
    camera = msgspec.convert(job["camera"], Camera) if "camera" in job else None
    try:
        answer = look(job["clip"], job["detector"], camera, Path(job["render"]) if job["render"] else None)
    except CameraError as error:
        answer = {"error": error.args}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    _main()

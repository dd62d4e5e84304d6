"""Takes one picture from a camera: to draw zones on, or as reference of an empty lane."""

import json
import sys
from pathlib import Path
from typing import Any

from devices.cameras.child import call
from devices.cameras.clip import Outlines, mask, write_picture
from devices.cameras.errors import CameraError, shown
from devices.cameras.source import Source


def take(address: str, masks: Outlines, out: Path) -> dict[str, Any]:
    """Write the first whole picture of a camera as JPEG, masked, in a process of its own.

    Returns:
        ``width``, ``height`` and ``sha256``.

    Raises:
        CameraError: no picture, or no place for it.
    """
    job = {"address": address, "masks": [[list(point) for point in outline] for outline in masks], "out": str(out)}
    return call("devices.cameras.still", job, shown(address))


def _take(address: str, masks: Outlines, out: Path) -> dict[str, Any]:
    with Source(address, luma=False) as source:
        picture = next((each for each in source.pictures() if each.key), None)
    if picture is None:
        raise CameraError(shown(address), "sent no whole picture", "try again")
    try:
        digest = write_picture(out, mask(picture.frame, masks))
    except OSError as error:
        raise CameraError(str(out), f"cannot be written: {error.strerror}", "choose another place") from None
    return {"width": picture.frame.shape[1], "height": picture.frame.shape[0], "sha256": digest}


def _main() -> None:
    job = json.load(sys.stdin)
    try:
        answer = _take(job["address"], job["masks"], Path(job["out"]))
    except CameraError as error:
        answer = {"error": error.args}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    _main()

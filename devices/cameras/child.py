"""Does one job in a process of its own: a damaged picture may abort the decoder, and with it whatever decodes."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from devices.cameras.errors import CameraError

ABORTED = "re-encode the recording, or take another; nothing else is affected"


def call(module: str, job: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Run ``module`` with ``job`` on its standard input, passwords included; its last line is the answer.

    Raises:
        CameraError: it said so in ``error``, the rest of its answer is in ``partial``; or it died.
    """
    command = [sys.executable, "-m", module]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)  # noqa: S603
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise CameraError(place, f"the decoder died over it (exit {done.returncode})", ABORTED) from None
    if "error" in answer:
        error = CameraError(*answer.pop("error"))
        error.partial = answer or None
        raise error
    return answer

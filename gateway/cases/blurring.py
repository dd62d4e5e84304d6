"""Has pictures and clips blurred by the cameras' part, in a process of its own: the gateway knows no pixels."""

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from gateway.cases.export import Unblurred
from gateway.cases.files import Kept

LONGEST_S = 120.0
NEEDED = ("cv2", "av", "numpy")


def blur(kept: Kept) -> bytes:
    """The file with nobody recognisable in it.

    Raises:
        Unblurred: the cameras' part is not installed, or cannot read the file.
    """
    if absent := [name for name in NEEDED if find_spec(name) is None]:
        raise Unblurred(f"{', '.join(absent)} is not installed: install community-gateway[cameras], or show faces")
    with tempfile.TemporaryDirectory(prefix="case-") as folder:
        made = Path(folder) / f"blurred{kept.path.suffix}"
        command = [sys.executable, "-m", "devices.cameras.coarse", str(kept.path), str(made)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=LONGEST_S, check=False)  # noqa: S603 - our own
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unblurred(f"not blurred: {type(error).__name__}") from None
        if done.returncode or not made.is_file():
            raise Unblurred(f"not blurred: {done.stderr.decode(errors='replace').strip()[-200:] or 'no reason given'}")
        return made.read_bytes()

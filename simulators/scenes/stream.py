"""Makes recordings of rendered scenes and serves them over RTSP, as a camera would."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

SYSTEM_PYTHON = "/usr/bin/python3"


def record(
    path: Path,
    frame: Callable[[float], NDArray[Any]],
    seconds: float,
    rate: int = 5,
    keys: int = 5,
    codec: str = "libx264",
) -> Path:
    """Write ``seconds`` of a scene, the container by the path's ending. ``keys``: a key frame every so many frames."""
    options = {"g": str(keys), "bf": "0", "preset": "ultrafast", "crf": "20"} if codec == "libx264" else {}
    container = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=container) as file:
        stream: Any = file.add_stream(codec, rate=rate, options=options)
        stream.pix_fmt = "yuv420p"
        stream.height, stream.width = frame(0.0).shape[:2]
        for index in range(round(seconds * rate)):
            picture = frame(index / rate)
            colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture
            image = av.VideoFrame.from_ndarray(np.ascontiguousarray(colour), format="bgr24")
            image.pts, image.time_base = index, Fraction(1, rate)
            file.mux(stream.encode(image))
        file.mux(stream.encode(None))
    return path


def available() -> str | None:
    """Why no RTSP can be served here; ``None``: it can."""
    check = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    try:
        done = subprocess.run([SYSTEM_PYTHON, "-c", check], capture_output=True, check=False)  # noqa: S603
    except OSError:
        return f"{SYSTEM_PYTHON} is not there"
    return None if done.returncode == 0 else "gir1.2-gst-rtsp-server-1.0 and python3-gi are not installed"


@contextmanager
def rtsp(path: Path, port: int, user: str = "", password: str = "") -> Iterator[str]:
    """Serve a recording; yields the address without user and password."""
    job = {"path": str(path), "port": port, "user": user, "password": password}
    command = [SYSTEM_PYTHON, str(Path(__file__).with_name("rtsp_server.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            assert server.stdin is not None and server.stdout is not None  # noqa: S101, PT018 - piped
            server.stdin.write(json.dumps(job))
            server.stdin.close()
            if server.stdout.readline() != "ready\n":
                raise RuntimeError("the RTSP server did not start")
            yield f"rtsp://127.0.0.1:{port}/camera"
        finally:
            server.kill()

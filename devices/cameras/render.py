"""Writes a recording again with what a detector found drawn into it, to look at."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError

from devices.cameras.detection import Detection, Frame
from devices.cameras.errors import CameraError
from devices.cameras.source import Picture, Source

MILLISECOND = Fraction(1, 1000)
FELL, STANDS = (0, 0, 255), (0, 160, 255)
SHOWN_S = 3.0
MARKED = "choose another place or name, ending in .mp4"


class Renderer:
    """An annotated copy.

    Raises:
        CameraError: the file cannot be written.
    """

    def __init__(self, path: Path, source: Source) -> None:
        self._path = path
        self._size = (source.stream.width // 2 * 2, source.stream.height // 2 * 2)
        self._last = -1
        try:
            path.touch()
            self._file: Any = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        except (FFmpegError, OSError) as error:
            raise CameraError(str(path), f"cannot be written: {error.strerror}", MARKED) from None
        self._stream: Any = self._file.add_stream("libx264", rate=25, options={"crf": "23", "preset": "veryfast"})
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = MILLISECOND

    def add(self, picture: Picture, found: Sequence[Detection]) -> None:
        """Write one frame with what is known by then."""
        stamp = round(picture.at * 1000)
        if stamp <= self._last:
            return
        self._last = stamp
        image = picture.frame.copy() if picture.frame.ndim == 3 else cv2.cvtColor(picture.frame, cv2.COLOR_GRAY2BGR)
        for each in _open(found, picture.at):
            _mark(image, each)
        cv2.putText(image, f"{picture.at:.1f} s", (8, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 2)
        image = cv2.resize(image, self._size) if image.shape[1::-1] != self._size else image
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image, np.uint8), format="bgr24")
        frame.pts, frame.time_base = stamp, MILLISECOND
        self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        self._file.mux(self._stream.encode(None))
        self._file.close()


def _open(found: Sequence[Detection], at: float) -> list[Detection]:
    last = {(each.kind, each.track): each for each in found}
    return [each for each in last.values() if each.phase != "end" or at - each.end_s < SHOWN_S]


def _mark(image: Frame | Any, each: Detection) -> None:
    if each.box is not None:
        left, top, width, height = (int(side) for side in each.box)
        cv2.rectangle(image, (left, top), (left + width, top + height), STANDS, 2)
        text = f"{each.attributes.get('stood_s', '')} s"
        cv2.putText(image, text, (left, max(top - 6, 12)), cv2.FONT_HERSHEY_SIMPLEX, 0.6, STANDS, 2)
    if each.path:
        points = np.array([(x, y) for _, x, y in each.path]).round().astype(np.int32)
        cv2.polylines(image, [points], False, FELL, 2)
        for x, y in points.tolist():
            cv2.circle(image, (x, y), 4, FELL, 1)

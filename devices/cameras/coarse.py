"""Makes pictures and clips so coarse that nobody can be recognised, for handing them out.

The whole picture becomes blocks: a detector misses faces that are turned, small or in the dark, and one missed
face is one too many. Blocks are a fiftieth of the picture's longer side. Faces are still recognised at 16 x 16 blocks
(Harmon, The Recognition of Faces, Scientific American 229, 1973), that is when one fills a third of the picture.

``python -m devices.cameras.coarse SOURCE TARGET``; ``.jpg`` or ``.mp4``, both of the same kind.
"""

import sys
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError

from devices.cameras.clip import MICROSECOND, MP4, Colour

BLOCKS = 50
"""Along the longer side."""


def coarse(picture: Colour) -> Colour:
    """The picture in blocks, of the same size."""
    height, width = picture.shape[:2]
    side = max(-(-max(height, width) // BLOCKS), 2)
    small = cv2.resize(picture, (max(width // side, 1), max(height // side, 1)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def coarse_picture(source: Path, target: Path) -> None:
    """Write the still at ``source`` in blocks. Raises OSError."""
    picture = cv2.imdecode(np.frombuffer(source.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None or not cv2.imwrite(str(target), coarse(picture)):
        raise OSError(0, "is no picture", str(source))


def coarse_clip(source: Path, target: Path) -> None:
    """Write the clip at ``source`` in blocks, without sound. Raises OSError."""
    try:
        with av.open(str(source)) as recording, av.open(str(target), "w", format="mp4", options=MP4) as out:
            _encode(recording, out)
    except (FFmpegError, IndexError) as error:
        raise OSError(0, f"is no clip ({error})", str(source)) from None


def _encode(recording: Any, out: Any) -> None:
    made: Any = None
    last = -1
    for frame in recording.decode(recording.streams.video[0]):
        picture = coarse(frame.to_ndarray(format="bgr24"))
        picture = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
        if made is None:
            made = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "28"})
            made.height, made.width = picture.shape[:2]
            made.pix_fmt, made.codec_context.time_base = "yuv420p", MICROSECOND
        shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture, np.uint8), format="bgr24")
        last = max(round((frame.time or 0.0) * 1e6), last + 1_000)
        shown.pts, shown.time_base = last, MICROSECOND
        out.mux(made.encode(shown))
    if made is not None:
        out.mux(made.encode(None))


def main(arguments: list[str]) -> int:
    """Run as a program; returns its exit status."""
    source, target = (Path(each) for each in arguments)
    try:
        (coarse_clip if source.suffix == ".mp4" else coarse_picture)(source, target)
    except OSError as error:
        sys.stderr.write(f"{source.name}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

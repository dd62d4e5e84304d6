"""Cuts evidence from kept packets: a clip, a still, and a composite of a fall. Files appear whole or not at all."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from devices.cameras.detection import Point
from devices.cameras.ring import Kept

PLAYABLE = ("h264",)
"""Codecs every browser plays in MP4; others are encoded anew."""
MP4 = {"movflags": "+faststart"}
QUALITY = 88
MICROSECOND = Fraction(1, 1_000_000)
Outlines = Sequence[Sequence[Point]]
Colour = NDArray[Any]


def write_clip(path: Path, packets: Sequence[Kept], stream: Any, masks: Outlines) -> str:
    """Write an MP4 of the original packets; encode anew only where masks or the codec demand it.

    Returns:
        The file's SHA-256.

    Raises:
        OSError: it cannot be written, or the packets make no clip.
    """
    make = _remux if not masks and stream.codec_context.name in PLAYABLE else _encode
    return _whole(path, lambda part: make(part, packets, stream, masks))


def write_picture(path: Path, picture: Colour) -> str:
    """Write a JPEG; returns its SHA-256. Raises OSError."""
    good, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not good:
        raise OSError(0, "the picture cannot be encoded", str(path))
    return _whole(path, lambda part: part.write_bytes(data.tobytes()))


def still(packets: Sequence[Kept], stream: Any, at: float, masks: Outlines) -> Colour | None:
    """The picture nearest to ``at``, in colour and masked."""
    nearest, best = None, float("inf")
    for when, picture in pictures(packets, stream):
        if abs(when - at) <= best:
            nearest, best = picture, abs(when - at)
    return None if nearest is None else mask(nearest, masks)


def stroboscope(packets: Sequence[Kept], stream: Any, path: Sequence[Point], masks: Outlines) -> Colour | None:
    """One picture with the falling thing at every moment: where it differs most from the usual, and its path."""
    shots = [picture for _, picture in pictures(packets, stream)][-60:]
    if not shots:
        return None
    size = shots[-1].shape
    usual = np.median(np.stack([shot for shot in shots if shot.shape == size][:: max(len(shots) // 12, 1)]), axis=0)
    most, composite = np.zeros(size[:2], np.int16), usual.astype(np.uint8)
    for shot in (shot for shot in shots if shot.shape == size):
        off = np.abs(shot.astype(np.int16) - usual.astype(np.int16)).max(axis=2)
        composite = np.where((off > most)[..., None], shot, composite)
        most = np.maximum(most, off)
    composite = mask(composite, masks)
    for x, y in path:
        cv2.circle(composite, (round(x), round(y)), 7, (0, 0, 255), 1, cv2.LINE_AA)
    return composite


def mask(picture: Colour, masks: Outlines) -> Colour:
    """Blacken the masked parts."""
    if not masks:
        return picture
    size = picture.shape[1], picture.shape[0]
    shown = picture.copy()
    for points in masks:  # one by one: where two filled at once overlap, OpenCV leaves a hole
        cv2.fillPoly(shown, [(np.array(points) * size).round().astype(np.int32)], (0, 0, 0))
    return shown


def pictures(packets: Sequence[Kept], stream: Any) -> Iterator[tuple[float, Colour]]:
    """Decode packets apart from the running decoder."""
    decoder: Any = av.CodecContext.create(stream.codec_context.name, "r")
    decoder.extradata = stream.codec_context.extradata
    times = {kept.pts: kept.at for kept in packets}
    last = packets[-1].at if packets else 0.0
    for kept in [*packets, None]:
        try:
            decoded = decoder.decode(_packet(kept) if kept else None)
        except (FFmpegError, EOFError):
            continue
        for frame in decoded:
            yield times.get(frame.pts, last), frame.to_ndarray(format="bgr24")


def _packet(kept: Kept) -> Any:
    packet = av.Packet(kept.data)
    packet.pts, packet.dts, packet.time_base = kept.pts, kept.dts, kept.base
    packet.duration, packet.is_keyframe = kept.duration, kept.key
    return packet


def _remux(path: Path, packets: Sequence[Kept], stream: Any, masks: Outlines) -> None:
    with av.open(str(path), "w", format="mp4", options=MP4) as out:
        target = out.add_stream_from_template(stream)
        last = -1
        for kept in packets:
            packet = _packet(kept)
            stamp = round((kept.at - packets[0].at) / float(kept.base))
            packet.pts, packet.dts = stamp + kept.pts - kept.dts, max(stamp, last + 1)
            packet.pts, last = max(packet.pts, packet.dts), packet.dts
            packet.stream = target
            out.mux(packet)


def _encode(path: Path, packets: Sequence[Kept], stream: Any, masks: Outlines) -> None:
    with av.open(str(path), "w", format="mp4", options=MP4) as out:
        target: Any = None
        last = -1
        for at, picture in pictures(packets, stream):
            shown = mask(picture, masks)[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
            if target is None:
                target = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "23"})
                target.height, target.width = shown.shape[:2]
                target.pix_fmt, target.codec_context.time_base = "yuv420p", MICROSECOND
            if shown.shape[:2] != (target.height, target.width):
                shown = cv2.resize(shown, (target.width, target.height))
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown, np.uint8), format="bgr24")
            last = max(round((at - packets[0].at) * 1e6), last + 1000)
            frame.pts, frame.time_base = last, MICROSECOND
            out.mux(target.encode(frame))
        if target is not None:
            out.mux(target.encode(None))


def _whole(path: Path, write: Callable[[Path], object]) -> str:
    """Write beside, make durable, then give it its name: a crash leaves no half file under the name."""
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write(part)
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        part.replace(path)
    except FFmpegError as error:
        raise OSError(error.errno, error.strerror or "no clip can be made of it", str(path)) from None
    finally:
        part.unlink(missing_ok=True)
    return digest

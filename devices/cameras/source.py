"""Opens what delivers pictures: RTSP over TCP, HTTP MJPEG, files. Original packets are kept for evidence.

Decoding is done with as few frames as the wanted rate needs: frames nothing refers to are skipped, and key frames
alone are decoded where they come often enough. Neither av's error texts nor its log are passed on: both may quote the
address.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import numpy as np
from av.error import FFmpegError

from devices.cameras.detection import Frame
from devices.cameras.errors import CameraError, shown
from devices.cameras.stream_clock import StreamClock

SCHEMES = ("rtsp", "rtsps", "http", "https", "file")
PROTOCOLS = {
    "rtsp": "rtsp,rtp,tcp,tls,crypto",
    "rtsps": "rtsp,rtsps,rtp,tcp,tls,crypto",
    "http": "http,tcp",
    "https": "https,tls,tcp",
    "file": "file",
}
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mjpeg,mpjpeg,h264,hevc,m4v,mpegvideo,rtsp,dhav"
)
"""Containers only: no playlist or script that names further files or hosts."""

OPEN_S = 10.0
READ_S = 10.0
MAX_PIXELS = 7680 * 4320
TRUNCATED_S = 1.0
TRUNCATED_SHARE = 0.05
KEYS_EVERY_S = 1.1
LUMA_FIRST = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray")
CHECK = "check the camera and the network"
NO_VIDEO = "give a recording or stream that a player can show"


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded frame. ``at``: seconds on the stream's clock; ``key``: decodable alone."""

    frame: Frame
    at: float
    key: bool


class Source:
    """An opened stream. Use as a context manager.

    Args:
        address: RTSP or HTTP URL, ``file:`` URL or path.
        luma: frames as (height, width) luma, else BGR.
        rate: pictures per second wanted; ``None``: all.
        keep: called with each packet of the video stream, for the evidence ring.

    Raises:
        CameraError: not opened, or no video in it.
    """

    def __init__(
        self,
        address: str,
        luma: bool = True,
        rate: float | None = None,
        keep: Callable[[Any], None] | None = None,
    ) -> None:
        self.shown = shown(address)
        self._luma = luma
        self._rate = rate
        self._keep = keep
        self._container = _open(address, self.shown)
        self.live = urlsplit(address).scheme in ("rtsp", "rtsps") or self._container.format.name == "mpjpeg"
        videos = self._container.streams.video
        if not videos:
            self._container.close()
            raise CameraError(self.shown, "has no video in it", NO_VIDEO)
        self.stream = videos[0]
        self.stream.codec_context.thread_count = 1
        if rate is not None:
            self.stream.codec_context.skip_frame = "NONREF"
        self._clock = StreamClock(self.live)
        self._packet_clock = StreamClock(self.live)
        self._last_key: float | None = None
        self.damaged = 0
        self.frames = 0
        self.last_s = 0.0

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the stream."""
        self._container.close()

    @property
    def anchored(self) -> int:
        """How often the stream's clock leapt and was anchored anew."""
        return self._clock.anchored

    def pictures(self) -> Iterator[Picture]:
        """Decode until the end.

        Raises:
            CameraError: the stream broke off, a recording ends before its own length, or nothing could be decoded.
        """
        due = 0.0
        for frame in self._frames():
            at = self._clock.at(frame.time, time.monotonic())
            if at is None:
                continue
            self.last_s = max(self.last_s, at)
            self._watch_keys(frame, at)
            if self._rate is not None and at < due:
                continue
            if self._rate is not None:
                due = max(due + 1 / self._rate, at + 0.5 / self._rate)
            yield Picture(self._pixels(frame), at, bool(frame.key_frame))
        self._judge_end()

    def _frames(self) -> Iterator[av.VideoFrame]:
        packets = self._container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.EOFError):
                return
            except FFmpegError as error:
                if not self.live and self.frames:
                    self.damaged += 1
                    return
                raise CameraError(
                    self.shown, f"broke off: {error.strerror}", "check the camera and the network"
                ) from None
            self._take(packet)
            try:
                decoded = packet.decode()
            except FFmpegError:
                self.damaged += 1
                continue
            for frame in decoded:
                self.frames += 1
                if isinstance(frame, av.VideoFrame):
                    yield frame

    def _take(self, packet: Any) -> None:
        """The stream has come as far as its packets have, decoded or not."""
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is None or not packet.size:
            return
        at = self._packet_clock.at(float(stamp * packet.time_base), time.monotonic())
        self.last_s = max(self.last_s, at or 0.0)
        if self._keep is not None:
            self._keep(packet)

    def _watch_keys(self, frame: av.VideoFrame, at: float) -> None:
        if self._rate is None or not frame.key_frame:
            return
        if self._last_key is not None:
            often = at - self._last_key <= max(KEYS_EVERY_S, 1 / self._rate)
            self.stream.codec_context.skip_frame = "NONKEY" if often else "NONREF"
        self._last_key = at

    def _pixels(self, frame: av.VideoFrame) -> Frame:
        if frame.width * frame.height > MAX_PIXELS:
            raise CameraError(self.shown, f"frames of {frame.width} x {frame.height}", "set the camera to 8K or less")
        if not self._luma:
            return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
        if frame.format.name not in LUMA_FIRST:
            return np.asarray(frame.to_ndarray(format="gray"), np.uint8)
        plane = frame.planes[0]
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return lines[: frame.height, : frame.width]

    def _judge_end(self) -> None:
        if self.frames == 0:
            raise CameraError(self.shown, "holds no picture that can be decoded", NO_VIDEO)
        if self.live:
            raise CameraError(self.shown, "ended", CHECK)
        promised = _promised_s(self._container, self.stream)
        if promised - self.last_s > max(TRUNCATED_S, TRUNCATED_SHARE * promised):
            cause = f"breaks off after {self.last_s:.1f} of {promised:.1f} s"
            raise CameraError(self.shown, cause, "copy the recording again; what was readable has been looked at")


def _open(address: str, place: str) -> Any:
    target, scheme = _target(address, place)
    options = {"protocol_whitelist": PROTOCOLS[scheme], "format_whitelist": FORMATS}
    if scheme in ("rtsp", "rtsps"):
        options |= {"rtsp_transport": "tcp", "analyzeduration": "2000000"}
    av.logging.set_level(None)
    try:
        return av.open(target, options=options, timeout=(OPEN_S, READ_S), metadata_errors="replace")
    except (FFmpegError, OSError, ValueError) as error:
        remedy = NO_VIDEO if scheme == "file" else "check address, user, password and network of the camera"
        raise CameraError(place, f"cannot be opened: {_reason(error)}", remedy) from None


def _target(address: str, place: str) -> tuple[str, str]:
    scheme = urlsplit(address).scheme if "://" in address else "file"
    if scheme not in SCHEMES:
        raise CameraError(place, "is no address of a camera", f"use one of {', '.join(SCHEMES)}")
    if scheme != "file":
        return address, scheme
    path = Path(address.removeprefix("file://")).resolve()
    if not path.is_file():
        raise CameraError(place, "is no file" if path.exists() else "does not exist", "check the path")
    return f"file:{path}", scheme


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _promised_s(container: Any, stream: Any) -> float:
    """How long the recording says it is; 0 where it does not say."""
    whole = (container.duration or 0) / av.time_base
    rate = float(stream.average_rate or 0)
    by_count = stream.frames / rate if rate > 0 and stream.frames else 0.0
    start = (container.start_time or 0) / av.time_base
    return max(whole - max(start, 0.0) if whole > start > 0 else whole, by_count)

"""Recordings whose stamps pause, lack pictures or begin late, and the only ways in to a camera."""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from devices.cameras.errors import CameraError
from devices.cameras.source import FORMATS, PROTOCOLS, SCHEMES, Source


def record(path: Path, stamps_ms: list[int]) -> Path:
    """A recording whose n-th picture, four shades lighter than the last, bears the n-th stamp."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for n, stamp in enumerate(stamps_ms):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 4 * n, np.uint8), format="rgb24")
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def times(path: Path, rate: float | None = None) -> list[float]:
    with Source(str(path), rate=rate) as source:
        return [picture.at for picture in source.pictures()]


@pytest.mark.parametrize("begin", [0, 5_000])
def test_dropped_pictures_and_pauses_keep_their_time_and_the_first_is_at_nought(tmp_path: Path, begin: int) -> None:
    stamps = [0, 200, 400, 1000, 1200, 9000, 9200]
    found = times(record(tmp_path / "gaps.mkv", [begin + stamp for stamp in stamps]))
    assert found == pytest.approx([stamp / 1000 for stamp in stamps], abs=0.002)


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
def test_a_rate_is_an_upper_bound_over_any_gap(tmp_path: Path, rate: float) -> None:
    stamps = [n * 200 for n in range(30)] + [20_000 + n * 200 for n in range(20)]
    found = times(record(tmp_path / "gaps.mkv", stamps), rate)
    assert found[0] == 0.0
    assert all(later - earlier >= 0.5 / rate for earlier, later in itertools.pairwise(found))
    assert len(found) <= rate * 10 + 3
    assert any(at >= 20 for at in found)


@pytest.mark.parametrize("scheme", ["ftp", "udp", "rtp", "srt", "rtmp", "data", "concat", "crypto", "RTSPX", "gopher"])
def test_no_other_scheme_is_opened(scheme: str) -> None:
    with pytest.raises(CameraError) as caught:
        Source(f"{scheme}://user:hidden@127.0.0.1/x")
    assert caught.value.cause == "is no address of a camera"
    assert caught.value.remedy == "use one of rtsp, rtsps, http, https, file"
    assert "hidden" not in str(caught.value)


def test_every_scheme_has_its_protocols_and_none_reads_files_but_its_own() -> None:
    assert set(PROTOCOLS) == set(SCHEMES)
    assert [scheme for scheme in SCHEMES if "file" in PROTOCOLS[scheme].split(",")] == ["file"]
    assert not {"hls", "concat", "dash", "image2", "lavfi", "sdp"} & set(FORMATS.split(","))


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="is no file"):
        Source(str(tmp_path))

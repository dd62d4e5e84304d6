"""Recordings and addresses open, or say in words why not; nothing secret is in those words."""

import http.server
import itertools
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from devices.cameras.errors import CameraError, shown
from devices.cameras.source import Source
from simulators.scenes.lane import LaneScene
from simulators.scenes.stream import record
from tests.servers import free_port


def read(address: str | Path, **how: Any) -> tuple[int, Source]:
    with Source(str(address), **how) as source:
        return sum(1 for _ in source.pictures()), source


def refusal(address: str | Path) -> CameraError:
    with pytest.raises(CameraError) as caught:
        read(address)
    return caught.value


def test_every_picture_of_a_recording_with_its_time(lane_clip: Path) -> None:
    with Source(str(lane_clip)) as source:
        pictures = list(source.pictures())
    assert len(pictures) == 220
    assert [round(picture.at, 3) for picture in pictures[:3]] == [0.0, 0.2, 0.4]
    assert pictures[0].frame.shape == (180, 320)
    assert pictures[0].key


def test_luma_is_the_picture(lane_clip: Path, lane_scene: LaneScene) -> None:
    with Source(str(lane_clip)) as source:
        first = next(source.pictures()).frame
    assert abs(float(first.mean()) - 0.86 * float(lane_scene.frame(0).mean()) - 16) < 6  # studio range
    assert np.corrcoef(first.ravel(), lane_scene.frame(0).ravel())[0, 1] > 0.9


def test_colour_when_asked_for(lane_clip: Path) -> None:
    with Source(str(lane_clip), luma=False) as source:
        assert next(source.pictures()).frame.shape == (180, 320, 3)


def test_a_rate_needs_key_frames_only_where_they_come_often(lane_clip: Path) -> None:
    count, source = read(lane_clip, rate=2.0)
    assert 40 <= count <= 50
    assert source.frames < 70


def test_a_rate_decodes_all_where_key_frames_are_rare(tmp_path: Path, lane_scene: LaneScene) -> None:
    clip = record(tmp_path / "rare.mp4", lane_scene.frame, 12, keys=40)
    count, source = read(clip, rate=2.0)
    assert 23 <= count <= 25
    assert source.frames == 60


def test_every_packet_is_handed_over(lane_clip: Path) -> None:
    kept: list[int] = []
    read(lane_clip, rate=2.0, keep=lambda packet: kept.append(packet.size))
    assert len(kept) == 220
    assert sum(kept) <= lane_clip.stat().st_size


def test_a_change_of_resolution_in_the_middle_goes_on(tmp_path: Path, lane_scene: LaneScene) -> None:
    parts = [record(tmp_path / "a.ts", lane_scene.frame, 3, codec="mpeg2video")]
    larger = lambda at: np.asarray(cv2.resize(lane_scene.frame(at), (640, 360)), np.uint8)  # noqa: E731
    parts.append(record(tmp_path / "b.ts", larger, 3, codec="mpeg2video"))
    whole = tmp_path / "both.ts"
    whole.write_bytes(b"".join(part.read_bytes() for part in parts))
    with Source(str(whole)) as source:
        pictures = list(source.pictures())
    assert {picture.frame.shape for picture in pictures} == {(180, 320), (360, 640)}
    assert all(b.at > a.at for a, b in itertools.pairwise(pictures))


def test_what_is_no_video(tmp_path: Path) -> None:
    text = tmp_path / "note.mp4"
    text.write_text("a note\n" * 500)
    assert "cannot be opened" in refusal(text).cause
    (tmp_path / "empty.mp4").touch()
    assert "cannot be opened" in refusal(tmp_path / "empty.mp4").cause


def test_what_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.mp4").cause == "does not exist"
    assert refusal(tmp_path).cause == "is no file"


def test_a_recording_cut_off_is_read_as_far_as_it_goes(tmp_path: Path, lane_clip: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(lane_clip.read_bytes()[: lane_clip.stat().st_size // 2])
    seen = []
    with Source(str(cut)) as source, pytest.raises(CameraError, match=r"breaks off after .* of 44.0 s"):
        seen += list(source.pictures())
    assert source.last_s > 10


def test_damage_in_the_middle_costs_pictures_only(tmp_path: Path, lane_clip: Path) -> None:
    data = bytearray(lane_clip.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = b"\xff" * 4000
    hurt = tmp_path / "hurt.mp4"
    hurt.write_bytes(data)
    count, _ = read(hurt)
    assert count > 150


@pytest.mark.parametrize(
    "address",
    ["concat:a|b", "ftp://host/x", "udp://host:1", "pipe:0", "lavfi://testsrc", "rtmp://host/x", "subfile,,start,0:/x"],
)
def test_other_ways_in_are_closed(address: str) -> None:
    assert refusal(address).cause in ("is no address of a camera", "does not exist")


def test_a_playlist_does_not_lead_elsewhere(tmp_path: Path, lane_clip: Path) -> None:
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{lane_clip}\n#EXT-X-ENDLIST\n")
    assert "cannot be opened" in refusal(playlist).cause


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("rtsp://admin:s3cret@10.0.0.9:554/Streaming/101?token=abc", "rtsp://10.0.0.9:554"),
        ("rtsp://10.0.0.9/user=admin_password=s3cret_channel=1", "rtsp://10.0.0.9"),
        ("http://admin:s3cret@[fe80::1]:80/x", "http://[fe80::1]:80"),
        ("file:///var/x.mp4", "/var/x.mp4"),
        ("/var/x.mp4", "/var/x.mp4"),
        ("rtsp://host:99999/", "unreadable address"),
    ],
)
def test_passwords_are_not_shown(address: str, words: str) -> None:
    assert shown(address) == words


def test_a_refused_connection_names_no_password() -> None:
    error = refusal(f"rtsp://admin:s3cret@127.0.0.1:{free_port()}/x")
    assert "s3cret" not in "".join(error.lines())
    assert "refused" in error.cause.lower()


@contextmanager
def web(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/video"
        finally:
            server.shutdown()
            thread.join()


class Motion(http.server.BaseHTTPRequestHandler):
    """A camera that pushes JPEGs, then ends."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for shade in range(40, 200, 4):
            picture = np.full((120, 160), shade, np.uint8)
            jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
            self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
            self.wfile.write(jpeg + b"\r\n")
        self.wfile.write(b"--frame--\r\n")

    def log_message(self, *_: object) -> None:
        """Be quiet."""


class Refusing(Motion):
    def do_GET(self) -> None:
        self.send_error(401)


def test_http_mjpeg() -> None:
    with web(Motion) as url, Source(url) as source:
        assert source.live
        first = next(source.pictures())
    assert first.frame.shape == (120, 160)


def test_a_camera_that_answers_with_an_error() -> None:
    with web(Refusing) as url:
        error = refusal(url.replace("http://", "http://admin:s3cret@"))
    assert "cannot be opened" in error.cause
    assert "s3cret" not in str(error)


def test_the_library_writes_nothing_of_its_own(tmp_path: Path) -> None:
    code = (
        "from devices.cameras.source import Source\n"
        "from devices.cameras.errors import CameraError\n"
        "try: Source('rtsp://admin:s3cret@127.0.0.1:9/x')\n"
        "except CameraError as error: print(error)\n"
    )
    python = __import__("sys").executable
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert "s3cret" not in done.stdout + done.stderr
    assert done.stdout.startswith("rtsp://127.0.0.1:9: cannot be opened")

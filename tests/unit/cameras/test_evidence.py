"""Evidence: the original packets, whole files, masks burnt in, a bound that never eats what is finished."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from devices.cameras.clip import mask, pictures, still, stroboscope, write_clip
from devices.cameras.detection import Detection
from devices.cameras.evidence import DAY_S, Evidence, sweep, used
from devices.cameras.ring import Ring
from devices.cameras.settings import EvidenceLimits
from devices.cameras.source import Source
from simulators.scenes.lane import LaneScene
from simulators.scenes.stream import record

LEFT_HALF = [[(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]]
LANE = Detection("stationary_object", "start", 1, 8.0, 18.0, 0.9, box=(1.0, 2.0, 3.0, 4.0))
FALL = Detection("falling_object", "end", 1, 17.0, 18.0, 0.9, path=((17.0, 100.0, 20.0), (18.0, 110.0, 150.0)))


@contextmanager
def ring_at(clip: Path, seconds: float, keep_s: float = 60.0) -> Iterator[tuple[Ring, Any, Iterator[Any]]]:
    """A ring filled up to ``seconds`` of ``clip``, its stream, and the pictures to come."""
    with Source(str(clip), keep=lambda packet: ring.add(packet, 0.0)) as source:
        ring = Ring(keep_s, live=False)
        coming = source.pictures()
        for picture in coming:
            if picture.at >= seconds:
                break
        yield ring, source.stream, coming


def probe(path: Path) -> tuple[str, float, int]:
    """Codec, seconds and frames of a clip that decodes from its first frame on."""
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
        assert frames[0].key_frame
        return file.streams.video[0].codec_context.name, frames[-1].time - frames[0].time, len(frames)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_cut_begins_with_the_key_frame_before(lane_clip: Path) -> None:
    with ring_at(lane_clip, 20) as (ring, _, _):
        packets = ring.cut(12.5, 16.0)
    assert packets[0].key
    assert packets[0].at == pytest.approx(12.0, abs=0.01)
    assert packets[-1].at == pytest.approx(16.0, abs=0.01)


def test_a_ring_keeps_its_seconds_and_no_more(lane_clip: Path) -> None:
    with ring_at(lane_clip, 30, keep_s=5.0) as (ring, _, _):
        packets = ring.cut(0.0, 99.0)
    assert 24.0 <= packets[0].at <= 25.1
    assert packets[0].key


def test_a_ring_keeps_to_its_bytes(lane_clip: Path) -> None:
    ring = Ring(60.0, live=False, max_bytes=100_000)
    with Source(str(lane_clip), keep=lambda packet: ring.add(packet, 0.0)) as source:
        for _ in source.pictures():
            assert sum(len(kept.data) for kept in ring.cut(0, 99)) <= 100_000


def test_a_ring_without_a_key_frame_gives_nothing() -> None:
    assert Ring(10.0, live=False).cut(0.0, 1.0) == []


def test_a_clip_holds_the_very_packets(tmp_path: Path, lane_clip: Path) -> None:
    with ring_at(lane_clip, 20) as (ring, stream, _):
        packets = ring.cut(10.0, 20.0)
        digest = write_clip(tmp_path / "clip.mp4", packets, stream, [])
    assert digest == sha256(tmp_path / "clip.mp4")
    assert probe(tmp_path / "clip.mp4") == ("h264", pytest.approx(10.0, abs=0.3), len(packets))
    with av.open(str(tmp_path / "clip.mp4")) as file:
        sizes = [packet.size for packet in file.demux(video=0) if packet.size]
    assert sizes == [len(kept.data) for kept in packets]  # not encoded anew
    data = (tmp_path / "clip.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # a browser can start at once


def test_masks_are_burnt_in(tmp_path: Path, lane_clip: Path) -> None:
    with ring_at(lane_clip, 20) as (ring, stream, _):
        write_clip(tmp_path / "clip.mp4", ring.cut(10.0, 20.0), stream, LEFT_HALF)
        shown = still(ring.cut(10.0, 20.0), stream, 15.0, LEFT_HALF)
    assert shown is not None
    assert not shown[:, :155].any()
    assert shown[:, 165:].any()
    with av.open(str(tmp_path / "clip.mp4")) as file:
        frame = next(file.decode(video=0)).to_ndarray(format="gray")
    assert frame[:, :150].max() < 30
    assert frame[:, 170:].max() > 100


def test_what_browsers_do_not_play_is_encoded_anew(tmp_path: Path, lane_scene: LaneScene) -> None:
    old = record(tmp_path / "old.avi", lane_scene.frame, 8, codec="mpeg4")
    with ring_at(old, 6) as (ring, stream, _):
        write_clip(tmp_path / "clip.mp4", ring.cut(1.0, 6.0), stream, [])
    codec, seconds, _ = probe(tmp_path / "clip.mp4")
    assert codec == "h264"
    assert seconds == pytest.approx(5.0, abs=1.5)


def test_a_failed_write_leaves_no_half_file(tmp_path: Path, lane_clip: Path) -> None:
    (tmp_path / "clip.mp4").mkdir()
    with ring_at(lane_clip, 10) as (ring, stream, _), pytest.raises(OSError, match="clip"):
        write_clip(tmp_path / "clip.mp4", ring.cut(5.0, 10.0), stream, [])
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_the_composite_shows_the_fall_at_every_moment(tmp_path: Path) -> None:
    def fall(at: float) -> np.ndarray:  # type: ignore[type-arg]
        picture = np.full((180, 320), 120, np.uint8)
        cv2.circle(picture, (100, int(20 + 20 * at)), 6, 250, -1)
        return picture

    clip = record(tmp_path / "fall.mp4", fall, 8)
    with ring_at(clip, 7) as (ring, stream, _):
        composite = stroboscope(ring.cut(0.0, 7.0), stream, [(100.0, 20.0), (100.0, 160.0)], LEFT_HALF[:0])
        masked = stroboscope(ring.cut(0.0, 7.0), stream, [], LEFT_HALF)
    assert composite is not None
    assert masked is not None
    column = composite[20:150, 100].mean(axis=1)
    assert (column > 180).mean() > 0.6
    assert not masked[:, :150].any()


def test_pictures_of_damaged_packets_are_passed_over(lane_clip: Path) -> None:
    with ring_at(lane_clip, 10) as (ring, stream, _):
        packets = ring.cut(0.0, 10.0)
        broken = [
            kept if index % 7 else type(kept)(kept.at, b"\x00" * 50, kept.pts, kept.dts, kept.base, 1, False)
            for index, kept in enumerate(packets, 1)
        ]
        assert len(list(pictures(broken, stream))) > 20
        assert still([], stream, 0.0, []) is None
        assert stroboscope([], stream, [], []) is None


def test_without_masks_nothing_is_copied() -> None:
    picture = np.ones((4, 4, 3), np.uint8)
    assert mask(picture, []) is picture


def test_a_blocked_lane_has_a_still_at_once_and_a_clip_later(tmp_path: Path, lane_clip: Path) -> None:
    kept = Evidence(tmp_path, "cam", EvidenceLimits(before_s=5, after_s=4), [])
    with ring_at(lane_clip, 18) as (ring, stream, coming):
        told = kept.begin("s1-1", LANE, ring, stream, ring.now, 1000.0)
        assert told["snapshot_ref"] == "cam/s1-1/still.jpg"
        assert told["snapshot_sha256"] == sha256(tmp_path / told["snapshot_ref"])
        assert kept.due(ring, stream) == []
        for picture in coming:
            if picture.at >= 22.2:
                break
        [clip] = kept.due(ring, stream)
    assert clip["object_id"] == "s1-1"
    assert clip["clip_sha256"] == sha256(tmp_path / clip["clip_ref"])
    assert probe(tmp_path / clip["clip_ref"])[1] == pytest.approx(9.0, abs=1.3)
    note = json.loads((tmp_path / "cam" / "s1-1" / "evidence.json").read_text())
    assert note["kind"] == "stationary_object"
    assert note["files"] == {"still.jpg": told["snapshot_sha256"], "clip.mp4": clip["clip_sha256"]}


def test_a_fall_has_a_composite_too(tmp_path: Path, lane_clip: Path) -> None:
    kept = Evidence(tmp_path, "cam", EvidenceLimits(before_s=5, after_s=4), [])
    with ring_at(lane_clip, 19) as (ring, stream, _):
        told = kept.begin("f1-1", FALL, ring, stream, ring.now, 1000.0)
    assert set(told) == {"snapshot_ref", "snapshot_sha256", "composite_ref", "composite_sha256"}
    assert cv2.imread(str(tmp_path / told["composite_ref"])).shape == (180, 320, 3)


def test_what_is_open_when_the_stream_breaks_off_is_finished_with_what_there_is(
    tmp_path: Path, lane_clip: Path
) -> None:
    kept = Evidence(tmp_path, "cam", EvidenceLimits(before_s=5, after_s=20), [])
    with ring_at(lane_clip, 18) as (ring, stream, _):
        kept.begin("s1-1", LANE, ring, stream, ring.now, 1000.0)
        [clip] = kept.due(ring, stream, all_of_it=True)
        assert kept.due(ring, stream, all_of_it=True) == []
    assert probe(tmp_path / clip["clip_ref"])[1] == pytest.approx(5.0, abs=1.3)


def test_at_the_bound_nothing_new_is_made_and_nothing_old_is_lost(tmp_path: Path, lane_clip: Path) -> None:
    old = tmp_path / "cam" / "s0-1"
    old.mkdir(parents=True)
    with (old / "clip.mp4").open("wb") as file:
        os.truncate(file.fileno(), 10_000_000)
    kept = Evidence(tmp_path, "cam", EvidenceLimits(max_bytes=10_000_000), [])
    with ring_at(lane_clip, 18) as (ring, stream, _):
        assert kept.begin("s1-1", LANE, ring, stream, ring.now, 1000.0) == {}
        assert kept.failed
        assert kept.due(ring, stream, all_of_it=True) == []
        assert used(tmp_path) == 10_000_000
        (old / "clip.mp4").unlink()
        assert kept.begin("s1-2", LANE, ring, stream, ring.now, 1000.0)
        assert not kept.failed


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, lane_clip: Path) -> None:
    (tmp_path / "cam").write_text("in the way")
    kept = Evidence(tmp_path, "cam", EvidenceLimits(), [])
    with ring_at(lane_clip, 18) as (ring, stream, _):
        assert kept.begin("s1-1", LANE, ring, stream, ring.now, 1000.0) == {}
    assert kept.failed


def test_each_class_is_kept_for_its_own_time(tmp_path: Path) -> None:
    for name, kind in (("f1", "falling_object"), ("s1", "stationary_object")):
        folder = tmp_path / "cam" / name
        folder.mkdir(parents=True)
        (folder / "evidence.json").write_text(json.dumps({"kind": kind, "at": 0.0, "files": {}}))
    (tmp_path / "cam" / "broken").mkdir()
    (tmp_path / "cam" / "broken" / "evidence.json").write_text("{")
    limits = EvidenceLimits(falling_object_days=10, stationary_object_days=5)
    assert sweep(tmp_path, limits, 4 * DAY_S) == []
    assert sweep(tmp_path, limits, 6 * DAY_S) == ["cam/s1"]
    assert sweep(tmp_path, limits, 11 * DAY_S) == ["cam/f1"]
    assert (tmp_path / "cam" / "broken").exists()

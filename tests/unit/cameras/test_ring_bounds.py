"""The ring's bounds for any stream, the key frame a cut begins with, and evidence by class, mask and hash."""

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cameras.clip import mask, write_picture
from devices.cameras.evidence import DAY_S, Evidence, sweep, used
from devices.cameras.ring import Ring
from devices.cameras.settings import EvidenceLimits

BASE = Fraction(1, 1000)
LIMITS = EvidenceLimits(falling_object_days=10, stationary_object_days=5)


def packet(at_ms: int | None, key: bool, size: int = 100) -> av.Packet:
    made = av.Packet(b"\x01" * size)
    made.time_base = BASE
    made.pts = made.dts = at_ms
    made.is_keyframe = key
    return made


def filled(seconds: float, keys_every: int, count: int, max_bytes: int = 10_000_000) -> Ring:
    """Ten packets a second, every ``keys_every``-th a key frame."""
    ring = Ring(seconds, live=False, max_bytes=max_bytes)
    for n in range(count):
        ring.add(packet(n * 100, n % keys_every == 0), 0.0)
    return ring


@given(st.integers(1, 30), st.integers(1, 40), st.integers(1, 200))
def test_a_ring_holds_its_seconds_from_a_key_frame_on_and_no_group_more(
    seconds: int, keys_every: int, count: int
) -> None:
    ring = filled(seconds, keys_every, count)
    kept = ring.cut(0.0, ring.now)
    last = (count - 1) * 0.1
    assert ring.now == pytest.approx(last)
    assert kept[0].key
    assert kept[-1].at == pytest.approx(last)
    assert kept[0].at <= max(last - seconds, 0.0) + 1e-6
    assert kept[0].at > last - seconds - keys_every * 0.1 - 1e-6


@given(st.integers(1, 40), st.floats(0, 30), st.floats(0, 10))
def test_a_cut_begins_with_the_last_key_frame_before_and_ends_in_time(
    keys_every: int, begin: float, length: float
) -> None:
    kept = filled(60, keys_every, 300).cut(begin, begin + length)
    assert kept[0].key
    assert kept[0].at <= begin + 1e-9
    assert sum(each.key and each.at <= begin for each in kept) == 1
    assert all(each.at <= begin + length for each in kept)
    assert np.all(np.diff([each.dts for each in kept]) == 100)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5_000)), max_size=60), st.integers(100, 9_000))
def test_a_ring_never_holds_more_than_its_bytes(packets: list[tuple[bool, int]], max_bytes: int) -> None:
    ring = Ring(1e6, live=False, max_bytes=max_bytes)
    for n, (key, size) in enumerate(packets):
        ring.add(packet(n * 100, key, size), 0.0)
        kept = ring.cut(0.0, ring.now)
        assert sum(len(each.data) for each in kept) <= max_bytes
        assert not kept or kept[0].key


def test_packets_without_time_are_left_out_and_repeated_ones_kept() -> None:
    ring = Ring(10, live=False)
    for at, key in ((0, True), (None, True), (40, False), (40, False), (80, False)):
        ring.add(packet(at, key), 0.0)
    assert [each.at for each in ring.cut(0, 9)] == pytest.approx([0, 0.04, 0.04, 0.08])


def test_a_camera_set_back_to_1970_goes_on_in_the_ring() -> None:
    ring = Ring(10, live=True)
    stamps = [1_700_000_000_000 + n * 200 for n in range(10)] + [n * 200 for n in range(10)]
    for n, stamp in enumerate(stamps):
        ring.add(packet(stamp, n % 5 == 0), 500.0 + n * 0.2)
    times = [each.at for each in ring.cut(0.0, 9.0)]
    assert len(times) == 20
    assert np.diff(times) == pytest.approx([0.2] * 19, abs=0.01)


def test_before_the_first_key_frame_there_is_nothing_to_cut() -> None:
    ring = Ring(10, live=False)
    for n in range(5):
        ring.add(packet(n * 100, False), 0.0)
    assert ring.cut(0, 9) == []
    ring.add(packet(500, True), 0.0)
    assert [each.at for each in ring.cut(0, 9)] == [0.5]
    assert ring.cut(0, 0.4) == []


def note(root: Path, camera: str, name: str, kind: str, at: float, size: int = 10) -> Path:
    folder = root / camera / name
    folder.mkdir(parents=True)
    (folder / "evidence.json").write_text(json.dumps({"kind": kind, "at": at, "files": {}}))
    (folder / "clip.mp4").write_bytes(b"x" * size)
    return folder


@pytest.mark.parametrize(("kind", "days"), [("falling_object", 10), ("stationary_object", 5), ("a later kind", 10)])
def test_a_class_is_kept_to_the_second_of_its_last_day(tmp_path: Path, kind: str, days: int) -> None:
    folder = note(tmp_path, "cam", "x-1", kind, 1000.0)
    assert sweep(tmp_path, LIMITS, 1000.0 + days * DAY_S) == []
    assert folder.exists()
    assert sweep(tmp_path, LIMITS, 1001.0 + days * DAY_S) == ["cam/x-1"]
    assert not folder.exists()
    assert sweep(tmp_path, LIMITS, 1001.0 + days * DAY_S) == []


def test_the_sweep_keeps_what_other_cameras_need_and_what_is_no_evidence(tmp_path: Path) -> None:
    note(tmp_path, "a", "old", "falling_object", 0.0)
    young = note(tmp_path, "b", "young", "falling_object", 10 * DAY_S)
    (tmp_path / "a" / "readme").write_text("of the operator")
    assert sweep(tmp_path, LIMITS, 11 * DAY_S) == ["a/old"]
    assert young.exists()
    assert (tmp_path / "a" / "readme").exists()
    assert sweep(tmp_path / "gone", LIMITS, 11 * DAY_S) == []


def test_used_counts_every_file_below(tmp_path: Path) -> None:
    assert used(tmp_path / "gone") == 0
    before = used(tmp_path)
    folder = note(tmp_path, "a", "x", "falling_object", 0.0, 5000)
    assert used(tmp_path) - before == 5000 + (folder / "evidence.json").stat().st_size


@pytest.mark.parametrize(("before", "after"), [(0, 0), (10, 10), (60, 60)])
def test_the_ring_is_asked_for_more_than_the_clip(tmp_path: Path, before: float, after: float) -> None:
    kept = Evidence(tmp_path, "cam", EvidenceLimits(before_s=before, after_s=after), [])
    assert kept.seconds >= before + after + 20
    assert not kept.has("x-1")
    note(tmp_path, "cam", "x-1", "falling_object", 0.0)
    assert kept.has("x-1")


def test_the_hash_is_that_of_the_file_and_no_part_is_left(tmp_path: Path) -> None:
    path = tmp_path / "still.jpg"
    digest = write_picture(path, np.full((40, 60, 3), 90, np.uint8))
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [each.name for each in tmp_path.iterdir()] == ["still.jpg"]
    assert write_picture(path, np.full((40, 60, 3), 91, np.uint8)) != digest


@given(st.integers(16, 200), st.integers(16, 200))
def test_masks_that_overlap_are_all_black_and_nothing_else_is(width: int, height: int) -> None:
    picture = np.full((height, width, 3), 200, np.uint8)
    left = [[(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]]
    top = [[(0.0, 0.0), (1.0, 0.0), (1.0, 0.25), (0.0, 0.25)]]
    masked = mask(picture, [*left, *top])
    assert not masked[:, : width // 2].any()
    assert not masked[: height // 4].any()
    assert (masked[height // 4 + 2 :, width // 2 + 2 :] == 200).all()
    assert (picture == 200).all()

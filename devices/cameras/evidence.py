"""Keeps the evidence of detections below one folder, each with its SHA-256, within a bound and for its time.

Nothing finished is deleted to make room: at the bound no new files are made, and the camera says so.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.cameras.clip import Outlines, still, stroboscope, write_clip, write_picture
from devices.cameras.detection import Detection
from devices.cameras.ring import Kept, Ring
from devices.cameras.settings import EvidenceLimits

DAY_S = 86_400.0
NOTE = "evidence.json"
LEAD_S = 0.5


@dataclass(frozen=True, slots=True)
class Pending:
    """A clip that waits for its end; times on the ring's clock."""

    object_id: str
    kind: str
    folder: Path
    begin: float
    end: float


class Evidence:
    """The evidence of one camera.

    Args:
        root: folder of all evidence; references count from it.
        masks: outlines to blacken, as shares of the picture.
    """

    def __init__(self, root: Path, camera: str, limits: EvidenceLimits, masks: Outlines) -> None:
        self._root = root
        self._own = root / camera
        self._limits = limits
        self._masks = masks
        self._pending: list[Pending] = []
        self.failed = False
        """The last file could not be kept: the disk or the bound is full."""

    @property
    def seconds(self) -> float:
        """How much of the stream must be kept at hand."""
        return self._limits.before_s + self._limits.after_s + 30.0

    def has(self, object_id: str) -> bool:
        """Whether there is anything of this object."""
        return (self._own / object_id / NOTE).exists()

    def begin(self, object_id: str, seen: Detection, ring: Ring, stream: Any, at: float, now: float) -> dict[str, str]:
        """Make the pictures of a detection now and promise a clip.

        Args:
            at: the detector's time of this moment, which is ``ring.now``; ``now``: seconds since 1970.

        Returns:
            References and hashes for the event.
        """
        folder = self._own / object_id
        if not self._room():
            return {}
        shift = ring.now - at
        falls = seen.kind == "falling_object"
        begin = (seen.start_s if falls else at) + shift - self._limits.before_s
        self._pending.append(Pending(object_id, seen.kind, folder, begin, ring.now + self._limits.after_s))
        told: dict[str, str] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _note(folder, {"kind": seen.kind, "at": now, "files": {}})
            start = seen.start_s + shift if falls else ring.now
            packets = ring.cut(start - LEAD_S, ring.now)
            self._picture(told, "snapshot", folder / "still.jpg", still(packets, stream, start, self._masks))
            if falls:
                path = [(x, y) for _, x, y in seen.path]
                self._picture(told, "composite", folder / "fall.jpg", stroboscope(packets, stream, path, self._masks))
        except OSError:
            self.failed = True
        return told

    def due(self, ring: Ring, stream: Any, all_of_it: bool = False) -> list[dict[str, str]]:
        """Finish the clips whose end has come; ``all_of_it``: those too that must do with less.

        Returns:
            One event's attributes for each file.
        """
        ready = [each for each in self._pending if all_of_it or ring.now >= each.end]
        self._pending = [each for each in self._pending if each not in ready]
        return [told for each in ready if (told := self._finish(each, ring.cut(each.begin, each.end), stream))]

    def _finish(self, clip: Pending, packets: Sequence[Kept], stream: Any) -> dict[str, str] | None:
        path = clip.folder / "clip.mp4"
        if not packets or not self._room():
            return None
        try:
            digest = write_clip(path, packets, stream, self._masks)
            _note_file(path, digest)
        except OSError:
            self.failed = True
            return None
        self.failed = False
        return {"object_id": clip.object_id, "clip_ref": self._name(path), "clip_sha256": digest}

    def _picture(self, told: dict[str, str], name: str, path: Path, picture: Any) -> None:
        if picture is None:
            return
        digest = write_picture(path, picture)
        _note_file(path, digest)
        told[f"{name}_ref"], told[f"{name}_sha256"] = self._name(path), digest

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _room(self) -> bool:
        self.failed = used(self._root) >= self._limits.max_bytes
        return not self.failed


def used(root: Path) -> int:
    """Bytes of all evidence."""
    total = 0
    for folder, _, files in os.walk(root):
        for name in files:
            try:
                total += (Path(folder) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total


def sweep(root: Path, limits: EvidenceLimits, now: float) -> list[str]:
    """Delete what is older than its class is kept; returns the names of what was deleted."""
    days = {"falling_object": limits.falling_object_days, "stationary_object": limits.stationary_object_days}
    gone = []
    for note in root.glob(f"*/*/{NOTE}"):
        try:
            told = json.loads(note.read_text())
        except (OSError, ValueError):
            continue
        if now - float(told["at"]) > days.get(told["kind"], limits.falling_object_days) * DAY_S:
            shutil.rmtree(note.parent, ignore_errors=True)
            gone.append(note.parent.relative_to(root).as_posix())
    return gone


def _note(folder: Path, told: Mapping[str, object]) -> None:
    note = folder / NOTE
    part = note.with_suffix(".part")
    part.write_text(json.dumps(told))
    part.replace(note)


def _note_file(path: Path, digest: str) -> None:
    note = path.parent / NOTE
    told = json.loads(note.read_text())
    told["files"][path.name] = digest
    _note(path.parent, told)

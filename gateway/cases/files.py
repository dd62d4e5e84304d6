"""Finds the pictures and clips of an alert. What camera workers noted decides; the alert only says where to look.

Files are asked for by an id that says nothing of their path, and are found again by listing the alert's own.
"""

import hashlib
import json
import re
from base64 import b32encode
from pathlib import Path
from typing import Any

from msgspec import Struct

from alert_rules.alert import Alert

NOTE = "evidence.json"
NOTE_BYTES = 1_000_000
MEDIA = {".jpg": ("picture", "image/jpeg"), ".mp4": ("clip", "video/mp4")}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")


class Kept(Struct, frozen=True):
    """One file. ``sha256`` is what was noted when it was made; ``name`` is unique within the alert."""

    id: str
    name: str
    kind: str
    media_type: str
    bytes: int
    sha256: str
    path: Path

    def view(self) -> dict[str, Any]:
        """As the API shows it: without its path."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name != "path"}


def files_of(root: Path, alert: Alert) -> list[Kept]:
    """Every file kept of what ``alert`` is about, below ``root``, the folder of all evidence."""
    found: dict[Path, Kept] = {}
    for camera, thing in sorted(_objects(alert)):
        folder = root / camera / thing
        for name, sha256 in sorted(_noted(folder).items()):
            kept = _kept(root, folder / name, sha256, alert)
            if kept is not None:
                found[kept.path] = kept
    return list(found.values())


def _objects(alert: Alert) -> set[tuple[str, str]]:
    """Cameras and objects that the alert names: its subject, ``object_id`` and references such as ``clip_ref``."""
    told = {**alert.reason.values, **alert.attributes}
    found = {(alert.device, alert.subject), (alert.device, str(told.get("object_id", "")))}
    for name, value in told.items():
        if name.endswith("_ref") and isinstance(value, str) and len(parts := value.split("/")) == 3:
            found.add((parts[0], parts[1]))
    return {(camera, thing) for camera, thing in found if _NAME.fullmatch(camera) and _NAME.fullmatch(thing)}


def _noted(folder: Path) -> dict[str, str]:
    try:
        with (folder / NOTE).open("rb") as file:
            told = json.loads(file.read(NOTE_BYTES))
        return {str(name): str(sha256) for name, sha256 in told["files"].items() if _NAME.fullmatch(str(name))}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _kept(root: Path, path: Path, sha256: str, alert: Alert) -> Kept | None:
    kind, media_type = MEDIA.get(path.suffix, ("", ""))
    try:
        whole = path.resolve(strict=True)
        inside = whole.is_relative_to(root.resolve()) and whole.is_file()
        size = whole.stat().st_size
    except OSError:
        return None
    if not kind or not inside:
        return None
    short = path.relative_to(root).as_posix()
    hashed = hashlib.blake2b(f"{alert.id}/{short}".encode(), digest_size=15).digest()
    id_ = b32encode(hashed).decode().lower()
    return Kept(id_, short.replace("/", "_").replace(":", "-"), kind, media_type, size, sha256, whole)

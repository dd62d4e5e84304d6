"""The archive of a case: a ZIP file whose every byte follows from its members, so that any changed bit shows. Pure.

Members are stored, not compressed, in the order of the manifest, which comes first; ``manifest.sha256`` after it seals
it. Whoever changes the whole file consistently is found out by the digest that the audit chain keeps of the manifest.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
FORMAT = "community-gateway case 1"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def pack(facts: Mapping[str, Any], members: Mapping[str, bytes]) -> bytes:
    """Make an archive of ``members`` by name. ``facts`` are the manifest's own: which alert, who made it, when."""
    listed = [{"name": name, "bytes": len(body), "sha256": digest(body)} for name, body in members.items()]
    manifest = as_json({"format": FORMAT, **facts, "members": listed})
    return container([(MANIFEST, manifest), (SEAL, seal(manifest)), *members.items()])


def seal(manifest: bytes) -> bytes:
    """What stands in ``manifest.sha256``; `sha256sum -c` understands it."""
    return f"{digest(manifest)}  {MANIFEST}\n".encode()


def container(members: Iterable[tuple[str, bytes]]) -> bytes:
    """The ZIP file of ``members``; the same members give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, body in members:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = 3, _READABLE
            archive.writestr(info, body)
    return out.getvalue()


def as_json(value: Any) -> bytes:
    """JSON for people to read, the same text for the same value."""
    return (json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n").encode("utf-8", "backslashreplace")

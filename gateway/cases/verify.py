"""Checks the archive of a case without the gateway: names every altered, missing or added member."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from gateway.alerts.audit import row_hash
from gateway.cases.archive import FORMAT, MANIFEST, SEAL, container, digest, seal
from gateway.errors import OperatorError

TIMELINE = "timeline.json"
MAX_BYTES = 4_000_000_000


class Fault(Struct, frozen=True):
    """One thing that is not as it was made. ``member``: its name; empty for the archive itself."""

    member: str
    what: str


class Checked(Struct, frozen=True):
    """What was found; sound without ``faults``. ``digest`` is the manifest's, as the audit chain keeps it."""

    faults: list[Fault]
    manifest: dict[str, Any]
    digest: str


def verify_file(path: Path) -> Checked:
    """Check the archive at ``path``.

    Raises:
        OperatorError: it cannot be read.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise OperatorError(str(path), "is larger than any case", "give a file made by gateway case export")
        return verify(path.read_bytes())
    except OSError as error:
        remedy = "give a file made by gateway case export"
        raise OperatorError(str(path), f"cannot be read: {error.strerror}", remedy) from None


def verify(data: bytes) -> Checked:
    """Check an archive."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except Exception as error:  # whatever zipfile makes of damaged bytes: it raises a dozen kinds
        return Checked([Fault("", f"the archive's directory is altered: {error}")], {}, "")
    with archive:
        found, faults = _read(archive)
    manifest, more = _manifest(found)
    faults += more
    if manifest:
        faults += _members(found, manifest)
        faults += _rows(found.get(TIMELINE, b""))
    if not faults:
        faults += _container(data, found)
    return Checked(faults, manifest, digest(found.get(MANIFEST, b"")))


def _read(archive: zipfile.ZipFile) -> tuple[dict[str, bytes], list[Fault]]:
    found: dict[str, bytes] = {}
    faults: list[Fault] = []
    for info in archive.infolist():
        if info.filename in found:
            faults.append(Fault(info.filename, "added: it is there twice"))
            continue
        try:
            found[info.filename] = archive.read(info)
        except Exception as error:  # as above
            faults.append(Fault(info.filename, f"altered: {error}"))
            found[info.filename] = b""
    return found, faults


def _manifest(found: dict[str, bytes]) -> tuple[dict[str, Any], list[Fault]]:
    """The manifest, where it can be believed."""
    missing = [Fault(name, "missing") for name in (MANIFEST, SEAL) if name not in found]
    if missing:
        return {}, missing
    sealed = seal(found[MANIFEST]) == found[SEAL]
    try:
        manifest = json.loads(found[MANIFEST])
        listed = {str(each["name"]): str(each["sha256"]) for each in manifest["members"]}
    except (ValueError, KeyError, TypeError):
        return {}, [Fault(MANIFEST, "altered: it is no manifest any more")]
    if manifest.get("format") != FORMAT:
        return {}, [Fault(MANIFEST, f"altered, or of another version: not {FORMAT!r}")]
    if not sealed:
        return {**manifest, "members": listed}, [Fault(MANIFEST, f"altered: it does not match {SEAL}")]
    return {**manifest, "members": listed}, []


def _members(found: dict[str, bytes], manifest: dict[str, Any]) -> Iterator[Fault]:
    listed: dict[str, str] = manifest["members"]
    for name, expected in listed.items():
        if name not in found:
            yield Fault(name, "missing")
        elif digest(found[name]) != expected:
            yield Fault(name, "altered: its SHA-256 is not the manifest's")
    for name in found.keys() - listed.keys() - {MANIFEST, SEAL}:
        yield Fault(name, "added: the manifest does not know it")


def _rows(timeline: bytes) -> Iterator[Fault]:
    """Each audit row carries its hash over itself and the row before it."""
    try:
        rows = json.loads(timeline)
        for r in rows:
            hashed = row_hash(r["prev_hash"], r["seq"], r["at"], r["actor"], r["action"], r["alert"], r["detail"])
            if hashed != r["hash"]:
                yield Fault(TIMELINE, f"altered: audit row {r['seq']} does not match its own hash")
    except (ValueError, KeyError, TypeError):
        yield Fault(TIMELINE, "altered: it cannot be read")


def _container(data: bytes, found: dict[str, bytes]) -> Iterator[Fault]:
    """Every byte follows from the members: what differs now is the archive's own."""
    whole = container(found.items())
    if data != whole:
        pairs = enumerate(zip(data, whole, strict=False))
        at = next((i for i, (one, other) in pairs if one != other), min(len(data), len(whole)))
        yield Fault(_owner(whole, at), f"altered: byte {at} of the archive's own structure")


def _owner(whole: bytes, at: int) -> str:
    """The member whose header holds byte ``at``; empty for the directory."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        if at >= archive.start_dir:
            return ""
        return max((i for i in archive.infolist() if i.header_offset <= at), key=lambda i: i.header_offset).filename

"""Heads of the audit chain in a file, one JSON object per line."""

import json
import os
from pathlib import Path

from gateway.errors import OperatorError

TAIL_BYTES = 65_536


def append(path: Path, line: bytes) -> None:
    """Add a line to a file, on the disk when this returns. Raises OSError."""
    with path.open("ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def newest(path: Path) -> tuple[int, str]:
    """The last head noted in a file; a line that was cut short is passed over.

    Raises:
        OperatorError: there is none.
    """
    remedy = "give a file that `anchors` of the site file names"
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - TAIL_BYTES, 0))
            lines = file.read().splitlines()
    except OSError as error:
        raise OperatorError(str(path), f"cannot be read: {error.strerror}", remedy) from None
    for line in reversed(lines):
        try:
            told = json.loads(line)
            seq, digest = int(told["seq"]), str(told["hash"])
        except (ValueError, KeyError, TypeError):
            continue
        if len(digest) == 64:
            return seq, digest
    raise OperatorError(str(path), "holds no head of an audit chain", remedy)

"""The journal's head, noted beside the journal: a log that lost its newest rows cannot know so by itself.

The note is written after each commit and not synced. It may lag behind after a power cut; it never runs ahead.
"""

import contextlib
import os
import struct
import zlib
from pathlib import Path

_FORMAT = struct.Struct(">QI")


class Anchor:
    """The file that holds the next sequence of a journal."""

    def __init__(self, journal: Path) -> None:
        self._file = os.open(journal.with_suffix(".head"), os.O_RDWR | os.O_CREAT, 0o600)

    def read(self) -> int:
        """Return the head noted last; 0 where there is none, or the note itself is damaged."""
        noted = os.pread(self._file, _FORMAT.size, 0)
        if len(noted) != _FORMAT.size:
            return 0
        head, crc = _FORMAT.unpack(noted)
        return int(head) if zlib.crc32(noted[:8]) == crc else 0

    def write(self, head: int) -> None:
        """Note ``head``. A disk that refuses costs a hint, not the commit."""
        with contextlib.suppress(OSError):
            os.pwrite(self._file, _FORMAT.pack(head, zlib.crc32(head.to_bytes(8, "big"))), 0)

    def close(self) -> None:
        os.close(self._file)

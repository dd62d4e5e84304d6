"""One row of the journal: a group commit's messages, under a checksum that covers its place in the log as well."""

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from devices.model import Envelope

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Envelope]).decode
_place = struct.Struct(">QQB").pack

Row = tuple[int, int, float, int, int, bytes]
"""seq, count, at, packed, crc, body"""


def pack(seq: int, envelopes: Sequence[Envelope]) -> Row:
    """Make the row that begins at ``seq``."""
    body = _encode(envelopes)
    return seq, len(envelopes), envelopes[-1].received_at, 0, _checksum(seq, len(envelopes), 0, body), body


def unpack(seq: Any, count: Any, packed: Any, crc: Any, body: Any) -> list[Envelope] | None:
    """Return the messages, or ``None`` where the row is damaged; damage may have changed the types, too."""
    try:
        if _checksum(seq, count, packed, body) != crc:
            return None
        envelopes = _decode(zlib.decompress(body) if packed else body)
    except (struct.error, TypeError, zlib.error, msgspec.MsgspecError):
        return None
    return envelopes if len(envelopes) == count else None


def compress(seq: int, count: int, packed: int, crc: int, body: bytes) -> tuple[int, int, bytes] | None:
    """Return ``packed``, ``crc`` and ``body`` of the compressed row; ``None`` where the row is damaged."""
    if packed or unpack(seq, count, packed, crc, body) is None:
        return None
    small = zlib.compress(body, 1)
    return 1, _checksum(seq, count, 1, small), small


def _checksum(seq: int, count: int, packed: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_place(seq, count, packed)))

"""JSON decoded straight into a struct, so that what nobody reads, pictures above all, is never built."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from devices.dialects.values import text
from devices.model import Envelope, Reject, RejectReason

T = TypeVar("T")
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def typed(decode: Callable[[bytes | str], T], envelope: Envelope, expected: str = "") -> T | Reject:
    """Decode the payload with a ``msgspec`` decoder; with NULs and byte order mark removed where it needs it.

    ``expected`` says, in a refusal, what should have come.
    """
    try:
        return decode(envelope.payload)
    except _BROKEN:
        return _cleaned(decode, envelope, expected)


def _cleaned(decode: Callable[[bytes | str], T], envelope: Envelope, expected: str) -> T | Reject:
    where = envelope.topic[:120]
    wanted = f"; expected {expected}" if expected else ""
    cleaned = text(envelope.payload)
    if cleaned is not None and not cleaned.strip():
        return Reject(RejectReason.EMPTY, f"empty payload on {where!r}; send JSON")
    try:
        return decode(cleaned or "")
    except msgspec.ValidationError as error:
        return Reject(RejectReason.WRONG_SHAPE, f"{where!r}: {error}{wanted}")
    except _BROKEN as error:
        return Reject(RejectReason.MALFORMED, f"{where!r} carries no JSON: {error}; was it cut short?{wanted}")

"""JSON bodies as devices write them: with byte order marks, NULs, or broken."""

from typing import Any

import msgspec

from devices.dialects.values import text
from devices.model import Envelope, Reject, RejectReason

decode_json = msgspec.json.Decoder().decode
BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def loads(envelope: Envelope) -> Any:
    """Read a JSON payload; what cannot be read is a ``Reject``."""
    try:
        return decode_json(envelope.payload)
    except BROKEN:
        return _cleaned(envelope)


def mapping(envelope: Envelope) -> dict[str, Any] | Reject:
    """Read a JSON object; anything else is a ``Reject``."""
    found = loads(envelope)
    if type(found) is dict or type(found) is Reject:
        return found
    where = envelope.topic[:120]
    return Reject(RejectReason.WRONG_SHAPE, f"{where!r} carries {type(found).__name__}; send a JSON object")


def _cleaned(envelope: Envelope) -> Any:
    if not envelope.payload.strip():
        return Reject(RejectReason.EMPTY, f"empty payload on {envelope.topic[:120]!r}; send JSON")
    try:
        return decode_json(text(envelope.payload) or "")
    except BROKEN as error:
        return Reject(RejectReason.MALFORMED, f"{envelope.topic[:120]!r} carries no JSON: {error}")

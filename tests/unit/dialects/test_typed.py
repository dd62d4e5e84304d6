"""Decoding straight into a struct."""

import msgspec
import pytest

from devices.dialects.typed import typed
from devices.model import Envelope, Reject, RejectReason


class Body(msgspec.Struct):
    number: int = 0


decode = msgspec.json.Decoder(Body).decode


@pytest.mark.parametrize(
    "payload", [b'{"number": 3}', b'\x00{"number": 3}\x00', b'\xef\xbb\xbf{"number": 3, "more": "x"}']
)
def test_what_can_be_read(payload: bytes) -> None:
    found = typed(decode, Envelope("t", payload, 0.0))
    assert isinstance(found, Body)
    assert found.number == 3


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", RejectReason.EMPTY),
        (b"\x00 ", RejectReason.EMPTY),
        (b"{", RejectReason.MALFORMED),
        (b"\xff\xfe{}", RejectReason.MALFORMED),
        (b"[]", RejectReason.WRONG_SHAPE),
        (b'{"number": "3"}', RejectReason.WRONG_SHAPE),
        (b'{"more": ' + b"[" * 100_000, RejectReason.MALFORMED),
    ],
)
def test_what_cannot(payload: bytes, reason: RejectReason) -> None:
    found = typed(decode, Envelope("some/topic", payload, 0.0))
    assert isinstance(found, Reject)
    assert found.reason is reason
    assert "some/topic" in found.detail

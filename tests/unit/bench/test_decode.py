"""The bench of decoding: every dialect is measured, JSON apart from the rest."""

import gc

from devices.dialects import DIALECTS
from devices.model import Envelope
from tests.bench import decode


def test_every_dialect_is_measured() -> None:
    said: list[str] = []
    found = decode.run(20, 1, said.append)
    assert set(found["json_us"]) | set(found["other_us"]) == set(DIALECTS)
    assert len(said) == len(DIALECTS)
    assert found["slowest_us"] == max(found["json_us"].values()) == found["json_us"][found["slowest"]]
    assert all(cost > 0 for cost in (*found["json_us"].values(), *found["other_us"].values()))


def test_frames_and_words_are_no_json() -> None:
    assert decode.is_json(b'{"a": 1}')
    assert decode.is_json(b"[1]")
    assert not any(map(decode.is_json, (b"", b"ON", b"@@\x01", b"<xml/>", b"1")))


def test_time_goes_on_from_message_to_message() -> None:
    first, second = decode.envelopes(Envelope("t", b"x", 5.0), 2)
    assert (first.received_at, first.payload) == (5.0, b"x")
    assert second.received_at > first.received_at


def test_garbage_is_left_alone_only_meanwhile() -> None:
    with decode.uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()

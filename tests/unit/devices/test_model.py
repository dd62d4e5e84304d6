"""The canonical model survives the journal, and its words are closed sets."""

import msgspec
import pytest

from devices.model import DeviceKind, Envelope, Event, RejectReason, Report, TimeQuality
from tests.unit.devices.making import NOON


@pytest.mark.parametrize(
    "envelope",
    [
        Envelope("t", b"", NOON),
        Envelope("t/\u706b", b"\x00\xff", NOON + 0.123456, qos=0, retained=True),
    ],
)
def test_an_envelope_survives_the_journal(envelope: Envelope) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(envelope), type=Envelope) == envelope


def test_an_envelope_written_without_its_later_members_is_still_read() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(["t", b"x", NOON]), type=Envelope) == Envelope("t", b"x", NOON)


def test_a_report_survives_json() -> None:
    report = Report("d", DeviceKind.LIFT, NOON, NOON, states={"a": None}, events=(Event("e", {"x": 1}),), sequence=3)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_reports_share_no_default() -> None:
    first, second = (Report("d", DeviceKind.LIFT, NOON, NOON) for _ in range(2))
    first.states["smoke"] = True
    assert second.states == {}


@pytest.mark.parametrize("words", [DeviceKind, TimeQuality, RejectReason])
def test_words_are_fit_for_labels(words: type[DeviceKind]) -> None:
    assert all(str(word) == word.value == word.name.lower() for word in words)

"""The Sparkplug codec: what it writes it reads, what is broken it refuses, whatever the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects import sparkplug_payload as wire
from devices.dialects.sparkplug_payload import Metric, Payload, decode, encode

# Written out by hand from the field numbers of the Tahu definition.
BY_HAND = bytes.fromhex(
    "08e807"  # timestamp 1000
    "120e" + "0a0154" + "1005" + "18e807" + "2002" + "50ffff03"  # T, alias 5, at 1000, Int16, 65535
    "1803"  # seq 3
)


def test_bytes_by_hand() -> None:
    read = decode(BY_HAND)
    assert (read.timestamp, read.seq) == (1000, 3)
    (metric,) = read.metrics
    assert (metric.name, metric.alias, metric.timestamp, metric.datatype) == ("T", 5, 1000, wire.INT16)
    assert metric.read_as(0) == -1
    assert encode(Payload(1000, 3, [Metric("T", 5, 1000, wire.INT16, value=0xFFFF)])) == BY_HAND


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (wire.INT8, -128),
        (wire.INT16, -2),
        (wire.INT32, -70_000),
        (wire.INT64, -(2**63)),
        (wire.UINT8, 255),
        (wire.UINT16, 65_535),
        (wire.UINT32, 2**32 - 1),
        (wire.UINT64, 2**64 - 1),
        (wire.FLOAT, 1.5),
        (wire.DOUBLE, 0.1),
        (wire.BOOLEAN, True),
        (wire.BOOLEAN, False),
        (wire.STRING, "12楼"),
        (wire.TEXT, ""),
        (wire.DATETIME, 1_790_000_000_000),
    ],
)
def test_every_scalar_survives(datatype: int, value: object) -> None:
    (read,) = decode(encode(Payload(1, 0, [Metric("m", datatype=datatype, value=value)]))).metrics
    assert read.read_as(0) == value
    assert type(read.read_as(0)) is type(value)


def test_negative_small_numbers_are_read_in_either_width() -> None:
    """Some encoders sign-extend an Int8 to 32 or 64 bits, others write its eight bits."""
    for written in (0xF6, 0xFFFFFFF6, 0xFFFFFFFFFFFFFFF6):
        assert Metric(datatype=wire.INT8, value=written).read_as(0) == -10


def test_the_data_type_may_come_from_the_birth() -> None:
    assert Metric(value=0xFFFF).read_as(wire.INT16) == -1
    assert Metric(value=0xFFFF).read_as(0) == 0xFFFF


def test_flags_and_properties() -> None:
    (read,) = decode(
        encode(Payload(1, 0, [Metric("m", 7, 2, wire.FLOAT, True, False, 2.5, quality=0, unit="m/s")]))
    ).metrics
    assert (read.historical, read.null, read.quality, read.unit) == (True, False, 0, "m/s")


def test_null_wins_over_a_value() -> None:
    assert decode(bytes.fromhex("1205" + "0a016d" + "3801")).metrics[0].value is None
    assert decode(bytes.fromhex("1207" + "0a016d" + "5005" + "3801")).metrics[0].value is None


def test_what_is_not_scalar_is_opaque() -> None:
    for tag in ("8201", "8a01", "9201"):  # bytes, data set, template
        (read,) = decode(bytes.fromhex("1206" + "0a016d" + tag + "00")).metrics
        assert read.value is wire.OPAQUE


def test_newer_fields_are_skipped() -> None:
    assert decode(BY_HAND + bytes.fromhex("2201" + "78" + "fa0101" + "00")) == decode(BY_HAND)


@pytest.mark.parametrize(
    "broken",
    [
        "08",  # a number that is not there
        "08ffffffffffffffffffff01",  # a number longer than ten bytes
        "1220" + "0a01",  # a metric longer than the message
        "0b",  # a group
        "0a0100",  # time written as text
        "1001",  # metrics written as a number
        "1203" + "0a01ff",  # no UTF-8
        "1204" + "65000000",  # a float of three bytes
        "1202" + "6001",  # a float written as a number
        "1202" + "7a05",
        "1202" + "4a05",
        "2a05",
    ],
)
def test_broken_bytes_are_refused(broken: str) -> None:
    with pytest.raises(ValueError, match=r"number|field|bytes|wire|message|written|size|decode|float"):
        decode(bytes.fromhex(broken))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read = decode(data)
    except ValueError:
        return
    assert len(read.metrics) <= len(data)


@given(st.integers(0, len(BY_HAND) - 1), st.integers(0, 255))
def test_flipped_bytes_are_read_or_refused(at: int, byte: int) -> None:
    try:
        decode(BY_HAND[:at] + bytes([byte]) + BY_HAND[at + 1 :])
    except ValueError:
        return


def test_a_cut_message_is_never_read_as_a_whole_one() -> None:
    whole = decode(BY_HAND)
    for end in range(len(BY_HAND)):
        try:
            assert decode(BY_HAND[:end]) != whole
        except ValueError:
            continue

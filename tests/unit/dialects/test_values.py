"""Times as devices write them: the short way finds what the long way finds."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.values import iso, local, number

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")  # with summer time, unlike Shanghai
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # whose summer time is half an hour
ZONES = st.sampled_from([UTC, SHANGHAI, BERLIN, LORD_HOWE])
MOMENTS = st.datetimes(datetime(2019, 12, 31), datetime(2040, 1, 1)).map(lambda t: t.replace(microsecond=0))


@given(MOMENTS, ZONES, st.sampled_from(" T"))
def test_a_local_time_is_read_in_its_zone(moment: datetime, zone: Any, between: str) -> None:
    assert local(moment.isoformat(between), zone) == moment.replace(tzinfo=zone).timestamp()


@given(MOMENTS, st.integers(-14 * 60, 14 * 60), st.sampled_from(" T"))
def test_a_time_with_an_offset_is_read_by_it(moment: datetime, minutes: int, between: str) -> None:
    zoned = moment.isoformat(between) + f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    expected = moment.replace(tzinfo=UTC).timestamp() - minutes * 60
    assert iso(zoned) == expected
    assert local(zoned, BERLIN) == expected


@pytest.mark.parametrize("hour", range(24))
def test_the_minutes_around_a_change_of_the_clock_keep_apart(hour: int) -> None:
    start = datetime(2026, 10, 25) + timedelta(hours=hour)
    for minute in range(-2, 3):
        moment = start + timedelta(minutes=minute)
        assert local(str(moment), BERLIN) == moment.replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-04T03:02:60",
        "2026-05-04T03:02:6x",
        "2026-05-04T03:02:\N{SUPERSCRIPT TWO}1",
        "2026-05-04T03:62:01",
        "2026-02-30T03:02:01",
        "0001-01-01 00:00:01",
        "                   ",
        "not a time at all!!",
        "x" * 20,
        "x" * 25,
        "",
        None,
        20260504030201,
    ],
)
def test_what_is_no_time_is_unknown(written: Any) -> None:
    assert iso(written) is None
    assert local(written, SHANGHAI) is None or written == "0001-01-01 00:00:01"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-05-04T03:02:01Z", 1_777_863_721.0),
        ("2026-05-04T03:02:01.5Z", 1_777_863_721.5),
        ("20260504T030201+0000", 1_777_863_721.0),
    ],
)
def test_an_offset_is_needed_where_no_zone_is_given(written: str, expected: float | None) -> None:
    assert iso(written) == expected


@pytest.mark.parametrize(
    ("given_", "scale", "expected"),
    [
        (1.5, 1.0, 1.5),
        (1.5, 2.0, 3.0),
        (3, 1.0, 3.0),
        (" 83.0 ", 1.0, 83.0),
        (float("nan"), 1.0, None),
        (float("inf"), 1.0, None),
        (-float("inf"), 1.0, None),
        (True, 1.0, None),
        ("1_0", 1.0, None),
        (10**400, 1.0, None),
        (None, 1.0, None),
    ],
)
def test_only_finite_numbers_are_numbers(given_: Any, scale: float, expected: float | None) -> None:
    assert number(given_, scale) == expected

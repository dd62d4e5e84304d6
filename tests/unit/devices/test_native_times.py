"""When a native message says it happened, and how far that is believed."""

from typing import Any

import pytest

from devices.model import TimeQuality
from tests.unit.devices.making import NOON, report

HOUR = 3_600.0


@pytest.mark.parametrize(
    ("at", "quality"),
    [
        (NOON, TimeQuality.SOURCE_UTC),
        (NOON - 1, TimeQuality.SOURCE_UTC),
        (NOON + 59, TimeQuality.SOURCE_UTC),
        (NOON + 61, TimeQuality.FUTURE_REJECTED),
        (NOON + 1e9, TimeQuality.FUTURE_REJECTED),
        (NOON * 1000, TimeQuality.FUTURE_REJECTED),
        (NOON * 1e6, TimeQuality.FUTURE_REJECTED),
        (NOON - 23.9 * HOUR, TimeQuality.SOURCE_UTC),
        (NOON - 24.1 * HOUR, TimeQuality.DEVICE_UNSYNCED),
        (0, TimeQuality.DEVICE_UNSYNCED),
        (-5, TimeQuality.DEVICE_UNSYNCED),
        (NOON / 1000, TimeQuality.DEVICE_UNSYNCED),
    ],
)
def test_a_time_must_be_plausible_or_the_receipt_counts(at: float, quality: TimeQuality) -> None:
    """A clock that counts in other units, or not at all, does not silence a fire."""
    found = report({"ts": int(at * 1000), "states": {"smoke": True}})
    assert found.time_quality is quality
    assert found.at == (pytest.approx(at, rel=0, abs=0.001) if quality is TimeQuality.SOURCE_UTC else NOON)


def test_stored_records_may_be_older_than_a_day_but_not_than_2020() -> None:
    month = report({"ts": (NOON - 30 * 24 * HOUR) * 1000, "historical": True})
    assert (month.at, month.historical) == (NOON - 30 * 24 * HOUR, True)
    ancient = report({"ts": 1_577_836_799_000, "historical": True})
    assert (ancient.at, ancient.time_quality) == (NOON, TimeQuality.DEVICE_UNSYNCED)


@pytest.mark.parametrize(
    ("ts", "at", "quality"),
    [
        ("2026-09-21T22:13:20+08:00", NOON, TimeQuality.SOURCE_UTC),
        ("2026-09-21T14:13:20Z", NOON, TimeQuality.SOURCE_UTC),
        ("2026-09-21T14:13:19.5+00:00", NOON - 0.5, TimeQuality.SOURCE_UTC),
        ("2026-09-21T14:13:20", NOON, TimeQuality.RECEIVED_ONLY),
        ("yesterday", NOON, TimeQuality.RECEIVED_ONLY),
        ("", NOON, TimeQuality.RECEIVED_ONLY),
        ("0001-01-01T00:00:00+23:59", NOON, TimeQuality.DEVICE_UNSYNCED),
        ("9999-12-31T23:59:59-23:59", NOON, TimeQuality.FUTURE_REJECTED),
        (NOON * 1000 - 0.5, NOON - 0.0005, TimeQuality.SOURCE_UTC),
        (None, NOON, TimeQuality.RECEIVED_ONLY),
    ],
)
def test_times_come_in_two_forms(ts: Any, at: float, quality: TimeQuality) -> None:
    found = report({"ts": ts})
    assert found.time_quality is quality
    assert found.at == pytest.approx(at, rel=0, abs=1e-6)

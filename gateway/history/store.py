"""What a time-series store promises, and which one the site file asks for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from devices.model import Report
from devices.registry import Device, Registry
from gateway.config import reveal
from gateway.site import History

Value = float | bool | str
Series = dict[str, list[tuple[float, Value]]]

EARLIEST_S = 0.0
LATEST_S = 9_200_000_000.0
"""Just below the largest int64 of nanoseconds; every store counts time in those."""

MAX_BUCKETS = 10_000


class Unavailable(Exception):
    """Not now; the same call may succeed later. ``retry_after``: seconds the store asked to be left alone."""

    def __init__(self, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class Refused(Exception):
    """The store will never take this batch as it is; a part of it may still be welcome."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class HistoryStore(Protocol):
    """Synchronous. One thread writes; another may query meanwhile. Writing the same reports again changes nothing."""

    def write(self, reports: Sequence[Report]) -> None:
        """Store ``reports``; those of unregistered devices are left out.

        Raises:
            Unavailable: nothing is lost by repeating the same call.
            Refused: repeating is futile; some of the reports may have been stored.
        """

    def query(self, device: Device, start: float, end: float, every_s: float) -> Series:
        """Fields of ``device`` in ``[start, end)`` (epoch seconds), numbers averaged and all else last per bucket.

        Buckets are multiples of ``every_s`` since the epoch, named by their start and widened where more than
        ``MAX_BUCKETS`` would be needed; empty ones are left out.

        Raises:
            Unavailable: the store does not answer.
            ValueError: the interval is not one.
        """

    def ping(self) -> None:
        """Raise ``Unavailable`` unless the store answers."""

    def close(self) -> None:
        """Release connections and files."""


def bucket_ms(start: float, end: float, every_s: float) -> int:
    """Width of a query's buckets in milliseconds: at least 1, and no more than ``MAX_BUCKETS`` of them.

    Raises:
        ValueError: ``start`` is not before ``end``, or either is out of range.
    """
    if not EARLIEST_S <= start < end <= LATEST_S:
        raise ValueError(f"history from {start} to {end}: start must come before end, both in epoch seconds")
    narrowest = (end - start) * 1000 / MAX_BUCKETS
    wished = every_s * 1000 if every_s > 0 else 1
    return max(1, round(min(max(wished, narrowest), LATEST_S)))


def check_time(report: Report) -> None:
    """Raise ``Refused`` if no store can hold the report's time."""
    if not EARLIEST_S <= report.at <= LATEST_S:
        raise Refused(f"{report.device}: time {report.at} s is outside {EARLIEST_S} to {LATEST_S}; check its clock")


@contextmanager
def encoding() -> Iterator[None]:
    """Refuse what cannot be encoded (a lone surrogate, a word where a number belongs) instead of stalling on it."""
    try:
        yield
    except (TypeError, ValueError, OverflowError, AttributeError, msgspec.MsgspecError) as error:
        raise Refused(f"cannot be encoded: {error}") from error


def open_store(config: History, data_dir: Path, registry: Registry, site_id: str) -> HistoryStore:
    """The store ``config`` asks for.

    Raises:
        Unavailable: the embedded store's file cannot be opened. A server that is away raises on first use instead.
        OperatorError: the token is not where the site file says it is.
    """
    if config.store == "embedded":
        from gateway.history.sqlite import SqliteStore

        return SqliteStore(data_dir / "history.db", registry, keep_s=config.keep_days * 86_400)
    # Imported here: the client and its dependencies cost an embedded site memory for nothing.
    from gateway.history.influxdb import InfluxStore

    return InfluxStore(config, reveal(config.token) if config.token else "", registry, site_id)

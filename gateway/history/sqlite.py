"""The embedded store: one SQLite file, for sites without a database server.

``point`` is ordered by device and time, as queries want it; writing there directly would touch one page per device and
batch. So batches are appended to ``tail`` and merged into ``point``, sorted, once there are many. A checksum of the
content is part of a point's key: written again it replaces itself, and two of one millisecond are two points.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from zlib import crc32

import msgspec

from devices.model import Report
from devices.registry import Device, Registry
from gateway.history.buckets import Body, Buckets
from gateway.history.sqlite_file import SCHEMA, connect, guarded, transaction
from gateway.history.store import EARLIEST_S, LATEST_S, Series, bucket_ms, check_time, encoding

MERGE_ROWS = 100_000
MERGE_AFTER_S = 3_600
PURGE_SERIES = 20
PURGE_SPARE = 100

NAME = "INSERT INTO series (device, kind) VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET kind = excluded.kind"
APPEND = "INSERT INTO tail (series, at_ms, checksum, body) VALUES (?, ?, ?, ?)"
MERGE = (
    "INSERT OR REPLACE INTO point (series, at_ms, checksum, body)"
    " SELECT series, at_ms, checksum, body FROM tail ORDER BY series, at_ms, checksum",
    "DELETE FROM tail",
)
READ = (
    "SELECT at_ms, checksum, body FROM point WHERE series = :series AND at_ms >= :start AND at_ms < :end"
    " UNION ALL SELECT at_ms, checksum, body FROM tail WHERE series = :series AND at_ms >= :start AND at_ms < :end"
    " ORDER BY at_ms, checksum"
)
PURGE = (
    "DELETE FROM point WHERE series = :series AND (at_ms, checksum) IN (SELECT at_ms, checksum FROM point"
    " WHERE series = :series AND at_ms < :before ORDER BY at_ms, checksum LIMIT :limit)"
)

Row = tuple[int, int, int, bytes]


class SqliteStore:
    """``keep_s``: points older than that, seen from the newest receipt, are deleted a few with each write."""

    def __init__(self, path: Path, registry: Registry, keep_s: float) -> None:
        self._path = path
        self._registry = registry
        self._keep_s = keep_s
        self._series: dict[str, int] = {}
        self._fresh: list[str] = []
        self._encode = msgspec.msgpack.Encoder().encode
        self._tail_rows = 0
        self._merged_at = 0.0
        self._purged = 0
        self._writing, self._reading = Lock(), Lock()
        with guarded(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = connect(path)
            self._writer.executescript(SCHEMA)
            self._reader = connect(path)

    def write(self, reports: Sequence[Report]) -> None:
        with self._writing, guarded(self._path):
            try:
                with transaction(self._writer):
                    self._write(reports)
            except BaseException:
                self._forget_fresh()
                raise

    def query(self, device: Device, start: float, end: float, every_s: float) -> Series:
        buckets = Buckets(bucket_ms(start, end, every_s))
        bounds = {"start": round(start * 1000), "end": round(end * 1000)}
        with self._reading, guarded(self._path):
            known = self._reader.execute("SELECT id FROM series WHERE device = ?", (device.id,)).fetchone()
            if known is not None:
                for at_ms, checksum, body in self._reader.execute(READ, {"series": known[0], **bounds}):
                    buckets.add(at_ms, checksum, body)
        return buckets.series()

    def ping(self) -> None:
        with self._reading, guarded(self._path):
            self._reader.execute("SELECT 1 FROM series LIMIT 1").fetchone()

    def close(self) -> None:
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    def _write(self, reports: Sequence[Report]) -> None:
        self._fresh.clear()
        with encoding():
            rows = list(self._rows(reports))
        if not rows:
            return
        self._writer.executemany(APPEND, rows)
        now = reports[-1].received_at
        self._purge(now, 2 * len(rows) + PURGE_SPARE)
        self._tail_rows += len(rows)
        if self._tail_rows >= MERGE_ROWS or not 0 <= now - self._merged_at < MERGE_AFTER_S:
            for statement in MERGE:
                self._writer.execute(statement)
            self._tail_rows, self._merged_at = 0, now

    def _rows(self, reports: Sequence[Report]) -> Iterator[Row]:
        known, encode = self._series, self._encode
        for report in reports:
            series = known.get(report.device) or self._new_series(report.device)
            if series is None or not report.registered:
                continue
            if not EARLIEST_S <= report.at <= LATEST_S:
                check_time(report)
            event = ",".join([event.code for event in report.events]) if report.events else None
            if not report.measurements and not report.states and event is None and report.availability is None:
                continue
            body = encode(Body(report.measurements, report.states, report.availability, event, report.test))
            yield series, int(report.at * 1000 + 0.5), crc32(body), body

    def _new_series(self, device_id: str) -> int | None:
        device = self._registry.get(device_id)
        if device is None:
            return None
        self._writer.execute(NAME, (device.id, str(device.kind)))
        (series,) = self._writer.execute("SELECT id FROM series WHERE device = ?", (device.id,)).fetchone()
        self._series[device_id] = int(series)
        self._fresh.append(device_id)
        return int(series)

    def _forget_fresh(self) -> None:
        """The ids of series first seen in a batch that was rolled back are gone with it."""
        for device in self._fresh:
            self._series.pop(device, None)

    def _purge(self, now: float, limit: int) -> None:
        """Delete at most ``limit`` outlived points, round robin over the series: no write waits for a big clean-up."""
        before = int(max(now - self._keep_s, EARLIEST_S) * 1000)
        sql = "SELECT id FROM series WHERE id > ? ORDER BY id LIMIT ?"
        ids = self._writer.execute(sql, (self._purged, PURGE_SERIES)).fetchall()
        self._purged = ids[-1][0] if len(ids) == PURGE_SERIES else 0
        for (series,) in ids:
            outlived = {"series": series, "before": before, "limit": max(0, limit)}
            limit -= self._writer.execute(PURGE, outlived).rowcount

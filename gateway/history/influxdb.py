"""InfluxDB 1.8, 2.x and 3.x, and what else takes their ``/api/v2/write``: written and read synchronously.

The client's own batching keeps points in memory and drops them after some retries; here the journal is the queue, so
every write is one request that either succeeded or is repeated by the caller.
"""

import re
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import msgspec
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from devices.model import Report
from devices.registry import Device, Registry
from gateway.history import influxql
from gateway.history.line_protocol import LineEncoder
from gateway.history.store import Refused, Series, Unavailable, bucket_ms, encoding
from gateway.site import History

REFUSALS = frozenset({400, 413, 422})
"""Answers about the data itself: malformed or conflicting point, batch too large, partial write."""

HINTS = {
    401: "the token is missing or wrong; check history.token",
    403: "the token may not do this; give it read and write access to the bucket",
    404: "no such bucket or database, or this is no InfluxDB; check history.bucket, history.org and history.url",
}
DETAIL_CHARS = 500

Answer = TypeVar("Answer")


class InfluxStore:
    """One server, one bucket. ``token`` stays in memory and out of every message.

    Attributes:
        collisions: points of one device and millisecond but different content, moved apart by nanoseconds.
    """

    def __init__(self, config: History, token: str, registry: Registry, site_id: str) -> None:
        self.collisions = 0
        self._config = config
        self._encoder = LineEncoder(registry, site_id)
        self._client: Any = InfluxDBClient(
            config.url, token, org=config.org or "-", timeout=int(config.timeout_s * 1000)
        )
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, reports: Sequence[Report]) -> None:
        with encoding():
            lines = self._encoder.encode(reports)
        if lines.points:
            self._call(lambda: self._writer.write(self._config.bucket, self._client.org, lines.data))
            self.collisions += lines.moved

    def query(self, device: Device, start: float, end: float, every_s: float) -> Series:
        width = bucket_ms(start, end, every_s)
        asked = {"db": self._config.bucket, "epoch": "ms", "q": influxql.statement(device, start, end, width)}
        return influxql.series(self._call(lambda: self._get("/query", asked)))

    def ping(self) -> None:
        self._call(lambda: self._get("/ping", {}))

    def close(self) -> None:
        self._client.close()

    def _get(self, path: str, parameters: dict[str, str]) -> bytes:
        api = self._client.api_client
        answer = api.call_api(path, "GET", query_params=parameters, _preload_content=False, _return_http_data_only=True)
        return bytes(answer.data)

    def _call(self, request: Callable[[], Answer]) -> Answer:
        try:
            return request()
        except ApiException as error:
            raise judge(error, self._config.url) from None
        except (HTTPError, OSError, UnicodeDecodeError) as error:
            raise Unavailable(f"{self._config.url} does not answer ({type(error).__name__}); is it running?") from None


def judge(error: ApiException, url: str) -> Unavailable | Refused:
    """What an answer other than success means. Wrong settings lose nothing: the points wait for the operator."""
    status = int(error.status or 0)
    said = _said(error.body)
    detail = f"{url} answered {status} {error.reason or ''}: {said or 'no reason given'}"
    if status in REFUSALS and (status == 413 or _speaks_influx(error)):
        return Refused(detail)
    hint = HINTS.get(status) or ("check history.url: is this an InfluxDB?" if status < 500 and status != 429 else "")
    return Unavailable(f"{detail}; {hint}" if hint else detail, retry_after(error.headers))


def _said(body: Any) -> str:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    return re.sub(r"\s+", " ", text).strip()[:DETAIL_CHARS]


def _speaks_influx(error: ApiException) -> bool:
    """Whether the refusal is the store's own: any web server answers 400, and its opinion must not cost a point."""
    try:
        answer = msgspec.json.decode(error.body or b"")
    except msgspec.DecodeError:
        return False
    return isinstance(answer, dict) and ("error" in answer or "message" in answer)


def retry_after(headers: Any) -> float | None:
    """Seconds asked for by ``Retry-After``: a number, or a time seen from the answer's ``Date`` (RFC 9110, 10.2.3)."""
    wished = {str(name).lower(): str(value) for name, value in dict(headers or {}).items()}
    value = wished.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(wished["date"])).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None

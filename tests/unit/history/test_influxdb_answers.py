"""What each answer of a server means: the batch is hopeless, or it waits. Wrong settings never cost a point."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from gateway.history.influxdb import InfluxStore, retry_after
from gateway.history.store import Refused, Unavailable
from gateway.site import History
from tests.servers import free_port
from tests.unit.history.answers import Answer, answering
from tests.unit.history.samples import LIFT, SITE, T0, registry, said, speeds

CANARY = "s3cret-canary"
DONE = Answer(204)


@contextmanager
def store_at(url: str, timeout_s: float = 5) -> Iterator[InfluxStore]:
    config = History(store="influxdb", url=url, bucket="b", org="o", timeout_s=timeout_s)
    store = InfluxStore(config, CANARY, registry(), SITE)
    try:
        yield store
    finally:
        store.close()


def outcome(answer: Answer) -> Unavailable | Refused:
    with answering(answer) as server, store_at(server.url) as store, pytest.raises((Unavailable, Refused)) as caught:
        store.write(speeds(2))
    assert CANARY not in str(caught.value)
    assert isinstance(caught.value, Unavailable | Refused)
    return caught.value


def test_a_batch_is_one_request_with_nanoseconds_and_the_token() -> None:
    with answering(DONE) as server, store_at(server.url) as store:
        store.write(speeds(3))
    ((path, headers, body),) = server.requests
    assert path == "/api/v2/write?org=o&bucket=b&precision=ns"
    assert headers["Authorization"] == f"Token {CANARY}"
    assert body.count(b"\n") == 2
    assert body.endswith(b" speed=2.0 1750000002000000000")


def test_a_batch_that_says_nothing_is_no_request() -> None:
    with answering(DONE) as server, store_at(server.url) as store:
        store.write([said(LIFT)])
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"error":"partial write: field type conflict dropped=1"}'),
        (400, b'{"code":"invalid","message":"unable to parse"}'),
        (413, b"<html>too large</html>"),
        (422, b'{"code":"unprocessable entity","message":"partial write"}'),
    ],
)
def test_an_opinion_about_the_data_refuses_the_batch(status: int, body: bytes) -> None:
    refused = outcome(Answer(status, body))
    assert isinstance(refused, Refused)
    assert str(status) in refused.detail


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "check history.token"),
        (403, "write access"),
        (404, "check history.bucket"),
        (405, "check history.url"),
        (301, "check history.url"),
    ],
)
def test_a_wrong_setting_waits_for_the_operator_with_a_hint(status: int, hint: str) -> None:
    away = outcome(Answer(status, b'{"message":"no"}'))
    assert isinstance(away, Unavailable)
    assert hint in away.detail


@pytest.mark.parametrize("body", [b"<html>400 Bad Request</html>", b"", b"[]", b"\xff\xfe", b'"error"', b'{"hint": 1}'])
def test_any_web_servers_400_is_no_verdict_on_the_data(body: bytes) -> None:
    assert isinstance(outcome(Answer(400, body)), Unavailable)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(status: int) -> None:
    away = outcome(Answer(status, b'{"error":"busy"}', {"Retry-After": "7"}))
    assert isinstance(away, Unavailable)
    assert away.retry_after == 7.0
    assert "busy" in away.detail


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "0"}, 0.0),
        ({"retry-after": " 12 "}, 12.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"Retry-After": "soon", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "²"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(headers: dict[str, str] | None, seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_nobody_listening_is_unavailable() -> None:
    with store_at(f"http://127.0.0.1:{free_port()}") as store:
        with pytest.raises(Unavailable, match="does not answer"):
            store.write(speeds(1))
        with pytest.raises(Unavailable, match="does not answer"):
            store.ping()


def test_a_slow_server_is_given_up_after_the_timeout() -> None:
    with answering(Answer(204, hang=Event())) as server, store_at(server.url, timeout_s=0.2) as store:
        started = time.monotonic()
        with pytest.raises(Unavailable, match="does not answer"):
            store.write(speeds(1))
        assert time.monotonic() - started < 5


def test_a_half_open_connection_is_given_up_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with store_at(url, timeout_s=0.2) as store, pytest.raises(Unavailable, match="does not answer"):
            store.write(speeds(1))


def test_a_garbled_answer_is_no_success() -> None:
    assert isinstance(outcome(Answer(200, b"\xff" * 8)), Unavailable)


def test_the_next_write_works_after_the_server_came_back() -> None:
    with answering(Answer(503), DONE) as server, store_at(server.url) as store:
        with pytest.raises(Unavailable):
            store.write(speeds(2))
        store.write(speeds(2))
    assert server.requests[0][2] == server.requests[1][2]


def test_collisions_are_counted_once_though_the_write_was_repeated() -> None:
    twins = [said(LIFT, T0, measurements={"speed": value}) for value in (1.0, 2.0)]
    with answering(Answer(503), DONE) as server, store_at(server.url) as store:
        with pytest.raises(Unavailable):
            store.write(twins)
        assert store.collisions == 0
        store.write(twins)
        assert store.collisions == 1
    assert server.requests[0][2] == server.requests[1][2]


def test_a_server_without_influxql_says_so_when_asked() -> None:
    welcome = Answer(200, b"<html>welcome</html>")
    with answering(welcome) as server, store_at(server.url) as store:
        store.ping()
        with pytest.raises(Unavailable, match="does not answer InfluxQL"):
            store.query(LIFT, T0, T0 + 60, 10)

"""The inbox: what comes out, when a source ends, and when nothing comes."""

import os

import pytest

from gateway.demo.client import Client
from gateway.demo.inbox import Inbox
from gateway.demo.outcome import Happened
from gateway.errors import OperatorError
from tests.servers import free_port


def test_announcements_come_out_as_incidents() -> None:
    reader, writer = os.pipe()
    inbox = Inbox()
    inbox.listen(os.fdopen(reader, encoding="utf-8"))
    with os.fdopen(writer, "w", encoding="utf-8") as community:
        community.write('{"rule": "smoke_alarm", "device": "smoke-b1-01", "published_at": 12.5}\n')
    assert inbox.next(10) == Happened("smoke_alarm", "smoke-b1-01", 12.5)


def test_silence_is_no_news() -> None:
    assert Inbox().next(0.01) is None


def test_a_stream_that_cannot_open_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.demo.inbox.OPEN_S", 0.5)
    inbox = Inbox()
    with pytest.raises(OperatorError, match="stream"):
        inbox.follow(Client(free_port()))
    with pytest.raises(OperatorError, match="refused"):
        inbox.next(10)

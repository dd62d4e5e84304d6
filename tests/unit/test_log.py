"""Log lines: one JSON object each, whatever goes in."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway import log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    level = root.level
    stream = io.StringIO()
    log.configure("info", stream)
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.removeHandler(bridge())
    root.setLevel(level)


def bridge() -> log._Bridge:
    return next(handler for handler in logging.getLogger().handlers if isinstance(handler, log._Bridge))


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_time_and_level(stream: io.StringIO) -> None:
    structlog.get_logger().warning("broker lost", host="b", retry_s=2.5)
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["host"], line["retry_s"]) == ("broker lost", "warning", "b", 2.5)
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "nasty", ["a\r\nb", "\x1b[2J", "\u202egnp", "\x85\u2028\u2029", "\x07\x9b", "\ufeff\U000e0041"]
)
def test_nothing_that_moves_a_cursor_or_text_reaches_the_terminal(stream: io.StringIO, nasty: str) -> None:
    structlog.get_logger().info("said", topic=nasty)
    raw = stream.getvalue()
    assert raw.removesuffix("\n").isprintable()
    assert lines(stream)[0]["topic"] == nasty


def test_chinese_stays_readable(stream: io.StringIO) -> None:
    structlog.get_logger().info("said", name="1号楼烟感")
    assert "1号楼烟感" in stream.getvalue()


anything = st.text() | st.binary() | st.floats() | st.integers() | st.none() | st.lists(st.text()) | st.just(object())


@given(st.dictionaries(st.text(min_size=1), anything, max_size=4))
def test_any_event_becomes_one_line_of_json(event: dict[str, Any]) -> None:
    line = log.render(None, "info", event)
    assert len(line.splitlines()) == 1
    assert json.loads(line).keys() == event.keys()


def test_lone_surrogates_are_written_too() -> None:
    assert "\\ud800" in json.loads(log.render(None, "", {"a": "\ud800"}))["a"]


@pytest.mark.parametrize("key", ["password", "token", "authorization", "secret", "cookie"])
def test_secrets_given_by_mistake_are_hidden(stream: io.StringIO, key: str) -> None:
    structlog.get_logger().info("connecting", **{key: "hunter2"})
    assert lines(stream)[0][key] == log.HIDDEN
    assert "hunter2" not in stream.getvalue()


def test_libraries_go_the_same_way(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("started on %s\n", "port")
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["level"]) == ("started on port\n", "uvicorn.error", "info")


def test_exceptions_are_kept_inside_the_line(stream: io.StringIO) -> None:
    try:
        int("two\nlines")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("lib").exception("failed too")
    ours, theirs = lines(stream)
    assert "ValueError: invalid literal" in ours["exception"]
    assert "ValueError: invalid literal" in theirs["exception"]


def test_a_record_with_a_broken_format_is_still_logged(stream: io.StringIO) -> None:
    bridge().handle(logging.makeLogRecord({"msg": "%d of %d", "args": ("one",)}))
    assert lines(stream)[0]["event"] == "%d of %d"


def test_the_level_holds_for_both(stream: io.StringIO) -> None:
    structlog.get_logger().debug("no")
    logging.getLogger("lib").debug("no")
    logging.getLogger("uvicorn.access").info("no")
    assert stream.getvalue() == ""
    log.configure("debug", stream)
    structlog.get_logger().debug("yes")
    assert lines(stream)[0]["event"] == "yes"


def test_warnings_are_logged(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old option", UserWarning, stacklevel=1)
    assert "old option" in lines(stream)[0]["event"]


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    sink = log._Sink(Full())
    sink.msg("line")
    closed = io.StringIO()
    closed.close()
    log._Sink(closed).msg("line")

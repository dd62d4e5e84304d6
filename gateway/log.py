"""Logs: one JSON object a line on stderr, whatever a device, a person or a library puts into the text.

Payloads reach the log as values, so line breaks, terminal escapes and bidirectional overrides are written as escapes:
a device cannot forge a line or repaint an operator's terminal. Chinese and other letters stay readable.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

import msgspec
import structlog

Level = Literal["debug", "info", "warning", "error"]
LEVELS: dict[str, Level] = {"debug": "debug", "info": "info", "warning": "warning", "error": "error"}

HIDDEN = "[hidden]"
_SECRET_KEYS = frozenset({"password", "token", "secret", "authorization", "cookie", "once"})
_QUIET = ("uvicorn.access", "alembic", "influxdb_client", "apprise", "asyncio", "paho")
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")


class _Sink:
    """Writes one line per event. A log that cannot be written must not stop the gateway, so failures end here."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        stream = self._stream or sys.stderr
        try:
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError):  # full disk, closed pipe
            return

    log = debug = info = warning = warn = error = critical = exception = fatal = failure = msg


class _Bridge(logging.Handler):
    """Carries the standard library's records (uvicorn, alembic, influxdb) into the same lines."""

    def __init__(self, sink: _Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        event: dict[str, Any] = {"event": _message(record), "logger": record.name, "level": record.levelname.lower()}
        if record.exc_info:
            event["exception"] = logging.Formatter().formatException(record.exc_info)
        self._sink.msg(render(None, "", structlog.processors.TimeStamper(fmt="iso", utc=True)(None, "", event)))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # a library's format does not match its arguments
        return str(record.msg)


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


def render(_logger: object, _method: str, event: Mapping[str, Any]) -> str:
    """Turn an event into one line of JSON that is safe on any terminal."""
    shown = {key: HIDDEN if key in _SECRET_KEYS else value for key, value in event.items()}
    try:
        text = msgspec.json.encode(shown, enc_hook=repr).decode()
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError, RecursionError):
        text = json.dumps({key: repr(value) for key, value in shown.items()})
    return _UNSAFE.sub(_escape, text)


def configure(level: Level = "info", stream: TextIO | None = None) -> None:
    """Send our own events and every library's records to ``stream`` (default: stderr) as JSON lines.

    Args:
        level: the mildest level written; chatty libraries start at warning.
        stream: where to; ``None`` follows ``sys.stderr``.
    """
    sink = _Sink(stream)
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: sink,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Bridge(sink)], level=number, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    logging.captureWarnings(True)

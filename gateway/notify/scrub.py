"""Keeps the secrets in channel addresses (tokens, passwords, robot keys) out of logs and errors."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import unquote, unquote_plus

HIDDEN = "[hidden]"
SHORTEST = 4
ERROR_LIMIT = 200
SENDER_LOG = "apprise"
LOGS = (SENDER_LOG, "urllib3.connectionpool", "urllib3.util.retry")


def pieces(url: str) -> set[str]:
    """Every part of ``url`` that may be a secret: in some services even the host name is the token."""
    _, _, rest = url.partition("://")
    path, _, query = (rest or url).partition("?")
    raw = re.split(r"[/:@,#;]", path) + [item.partition("=")[2] for item in query.split("&")]
    userinfo = set(re.split(r":", path.rpartition("@")[0]))
    known = {p for p in raw if len(p) >= SHORTEST} | userinfo | {url, rest}
    return {form for p in known for form in (p, unquote(p), unquote_plus(p)) if form}


class Scrub(logging.Filter):
    """Replaces known secrets in log records, whichever logger's filter it is."""

    def __init__(self) -> None:
        super().__init__()
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, url: str) -> None:
        """Never let a part of ``url`` through from now on."""
        found = pieces(url)
        if not found <= self._known:
            self._known |= found
            longest_first = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """``text`` without the secrets."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.text(record.getMessage()), ()
        record.exc_info = record.exc_text = None
        return True

    def install(self) -> None:
        """Put this filter on the libraries that see the addresses."""
        for name in LOGS:
            logging.getLogger(name).addFilter(self)


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if _collecting.get() is self:
            self.lines.append(record.getMessage())


# Not the thread's id: the library may send in a thread of its own, to which it hands on the context.
_collecting: ContextVar[_Collector | None] = ContextVar("collecting", default=None)


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Collect what the sending library warns of in this context: it answers a failure with a bare ``False``."""
    collector = _Collector()
    logger = logging.getLogger(SENDER_LOG)
    logger.addHandler(collector)
    token = _collecting.set(collector)
    try:
        yield collector.lines
    finally:
        _collecting.reset(token)
        logger.removeHandler(collector)

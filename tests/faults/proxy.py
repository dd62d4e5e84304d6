"""Stands between the gateway and a time-series server, and misbehaves as told."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_S = 1.5
RETRY_AFTER_S = 1
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


class Mood(StrEnum):
    """How the server answers."""

    WELL = "well"
    SLOW = "slow"
    HALF_OPEN = "half-open"
    ANSWERS_400 = "400"
    ANSWERS_429 = "429"
    ANSWERS_503 = "503"


class Proxy:
    """``poison``: a write that holds this text is refused with 400 in every mood, as a store refuses a bad point."""

    def __init__(self, upstream: str, poison: bytes) -> None:
        self.mood = Mood.WELL
        self.upstream = upstream
        self.poison = poison
        self.answered: dict[int, int] = {}
        self.released = threading.Event()

    def be(self, mood: Mood) -> None:
        """Change the mood; what hung in the old one is let go."""
        self.mood = mood
        self.released.set()
        self.released = threading.Event()


@contextmanager
def proxy(upstream: str, poison: bytes, port: int) -> Iterator[Proxy]:
    """Serve on the loopback ``port`` until the block ends."""
    state = Proxy(upstream, poison)

    class Handler(_Handler):
        proxy = state

    server = _Server(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        state.be(Mood.WELL)
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up on us is what these runs are about."""


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        state = self.proxy
        if state.mood is Mood.HALF_OPEN:
            state.released.wait(60)
            self.close_connection = True
            return
        if state.mood is Mood.SLOW:
            state.released.wait(SLOW_S)
        if state.mood is Mood.ANSWERS_429:
            self._answer(429, b"{}", {"Retry-After": str(RETRY_AFTER_S)})
        elif state.mood is Mood.ANSWERS_503:
            self._answer(503, b"upstream is gone")
        elif state.mood is Mood.ANSWERS_400:
            self._answer(400, b"<html>no idea what this is</html>")
        elif state.poison in body:
            self._answer(400, b'{"code":"invalid","message":"unable to parse"}')
        else:
            self._pass_on(body)

    def _pass_on(self, body: bytes) -> None:
        connection = http.client.HTTPConnection(urlsplit(self.proxy.upstream).netloc, timeout=10)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP | {"host"}}
        try:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            self._answer(answer.status, answer.read(), dict(answer.getheaders()))
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # as a server does that is killed
        finally:
            connection.close()

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        state = self.proxy
        state.answered[status] = state.answered.get(status, 0) + 1
        self.send_response(status)
        for name, value in (headers or {}).items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

"""A web server that answers what the test wants: the far end of the wire, where stores misbehave."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import NamedTuple


class Answer(NamedTuple):
    """``hang``: answer only after this event, which a test may never set."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    hang: Event | None = None


class Server(ThreadingHTTPServer):
    """Answers from ``script`` in turn, the last one for ever; keeps what it was sent."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, script: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.path, dict(self.headers), body))
        answer = self.server.script.pop(0) if len(self.server.script) > 1 else self.server.script[0]
        if answer.hang is not None:
            answer.hang.wait(30)
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST  # noqa: N815 - the base class's name

    def log_message(self, *_: object) -> None:
        """Quiet: a test that fails shows ``requests``."""


@contextmanager
def answering(*script: Answer) -> Iterator[Server]:
    """Run a server until the block ends."""
    server = Server(list(script))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        for answer in script:
            if answer.hang is not None:
                answer.hang.set()
        server.shutdown()
        thread.join()
        server.server_close()

"""Real services to notify: a web server and a mail server that refuse as often as told, then accept."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers import free_port


class Webhook:
    """Answers 503 ``refusals`` times, then 200; ``accepted`` are the bodies, ``attempts`` counts requests."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.attempts = 0
        self.accepted: list[dict[str, Any]] = []
        self.port = 0

    def take(self, body: bytes) -> int:
        self.attempts += 1
        if self.attempts <= self.refusals:
            return 503
        self.accepted.append(json.loads(body))
        return 200


@contextmanager
def webhook(refusals: int = 0) -> Iterator[Webhook]:
    """A web server on a free loopback port."""
    hook = Webhook(refusals)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(hook.take(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: the test reports."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()


class Mailbox:
    """A handler of aiosmtpd: 451 ``refusals`` times, then 250."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.attempts = 0
        self.accepted: list[tuple[str, str]] = []
        self.port = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.attempts += 1
        if self.attempts <= self.refusals:
            return "451 4.3.0 try again later"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        part = message.get_body(("plain",))
        assert part is not None
        self.accepted.append((str(message["Subject"]), part.get_content()))
        return "250 OK"


@contextmanager
def mail_server(refusals: int = 0) -> Iterator[Mailbox]:
    """An SMTP server on a free loopback port."""
    box = Mailbox(refusals)
    box.port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()

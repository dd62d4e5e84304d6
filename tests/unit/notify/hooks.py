"""A web server that takes webhooks, or misbehaves as told, and the openssl that checks signatures."""

import base64
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from tests.servers import require

Answer = Callable[[BaseHTTPRequestHandler], None]


class Call(NamedTuple):
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


class Hook:
    """``calls`` are the requests; ``answer`` decides what they get."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls: list[Call] = []
        self.port = 0
        self.ended = threading.Event()


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@contextmanager
def hook(answer: Answer | None = None, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Hook]:
    """Serve on a loopback port; 204 unless told otherwise."""
    made = Hook(answer or status(204))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.calls.append(Call(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            with suppress(OSError):
                made.answer(self)

        def do_GET(self) -> None:
            made.calls.append(Call(self.path, {}, b""))
            status(200)(self)

        def log_message(self, *_: object) -> None:
            """Nothing: the test reports."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that breaks off is what some tests are about."""

    with Server(("127.0.0.1", port), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield made
        finally:
            made.ended.set()
            server.shutdown()
            thread.join()


def drip(made: Hook) -> Answer:
    """Send the status line a byte at a time, for as long as anybody listens."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not made.ended.wait(0.02):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    return answer


def silence(made: Hook) -> Answer:
    """Take the request and say nothing."""

    def answer(_: BaseHTTPRequestHandler) -> None:
        made.ended.wait(60)

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close without an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def signature(key: bytes, call: Call) -> str:
    """What openssl, not us, makes of a call."""
    said = b".".join((call.headers["webhook-id"].encode(), call.headers["webhook-timestamp"].encode(), call.body))
    command = [require("openssl"), "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.hex()}", "-binary"]
    done = subprocess.run(command, input=said, capture_output=True, check=True, timeout=30)
    return f"v1,{base64.b64encode(done.stdout).decode()}"


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that vouches for itself, and a server that shows it."""
    cert, key = folder / "hook.crt", folder / "hook.key"
    command = [require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hook"]
    more = ["-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command, *more], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context

"""A web server that answers as the gateway's health routes do, until it is told otherwise."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class GatewayLike:
    """``answers`` are status and body by path; ``hangs``: a request gets no answer while the server lives."""

    def __init__(self) -> None:
        lanes = {"alarm": {"head": 7, "evaluate_lag": 2, "history_lag": 0}}
        ready = json.dumps({"ready": True, "lanes": lanes}).encode()
        self.answers = {"/healthz": (200, b"ok\n"), "/readyz": (200, ready)}
        self.hangs = False
        self.ended = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def idle(self) -> None:
        """Everything that came was evaluated."""
        lanes = {"alarm": {"head": 7, "evaluate_lag": 0, "history_lag": 0}}
        self.answers["/readyz"] = (200, json.dumps({"ready": True, "lanes": lanes}).encode())


@contextmanager
def gateway_like() -> Iterator[GatewayLike]:
    """Serve on a free loopback port."""
    made = GatewayLike()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if made.hangs:
                made.ended.wait(60)
                return
            status, body = made.answers[self.path]
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the test reports."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield made
        finally:
            made.ended.set()
            server.shutdown()
            thread.join()

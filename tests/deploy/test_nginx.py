"""The proxy example in a real nginx: events pass at once, figures stay inside, TLS only."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.deploy.broker import DEPLOY, succeed
from tests.servers import free_port, listens, process, require

pytestmark = pytest.mark.server
FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Console(BaseHTTPRequestHandler):
    """Answers with the Host it saw; the stream sends one event and stays open."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/api/stream":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"event: alert\ndata: fire\n\n")
            self.rfile.read(1)
            return
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the test reports."""


@pytest.fixture(scope="module")
def backend() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Console) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def proxy(backend: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    nginx, folder = require("nginx"), tmp_path_factory.mktemp("nginx")
    succeed("certificates.sh", "ca", CERTIFICATES=str(folder))
    succeed("certificates.sh", "server", "console.example.org", CERTIFICATES=str(folder))
    plain, tls = free_port(), free_port()
    site = (DEPLOY / "nginx/console.conf").read_text()
    for old, new in {
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl;\n": "",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
        "/etc/nginx/certs/console": f"{folder}/server",
        "http://127.0.0.1:8080": f"http://127.0.0.1:{backend}",
    }.items():
        assert old in site
        site = site.replace(old, new)
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in FOLDERS)
    conf = folder / "nginx.conf"
    conf.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n"
    )
    command = [nginx, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(conf)]
    with process(command, folder / "log", lambda: listens(tls)):
        yield tls, folder


def connect(proxy: tuple[int, Path]) -> ssl.SSLSocket:
    port, folder = proxy
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        return context.wrap_socket(raw, server_hostname="console.example.org")


def get(proxy: tuple[int, Path], path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("console.example.org")
    connection.sock = connect(proxy)
    connection.request("GET", path)
    answer = connection.getresponse()
    status, body = answer.status, answer.read()
    connection.close()
    return status, body


def test_an_event_passes_while_the_stream_stays_open(proxy: tuple[int, Path]) -> None:
    with connect(proxy) as sock:
        sock.sendall(b"GET /api/stream HTTP/1.1\r\nHost: console.example.org\r\n\r\n")
        received = b""
        while b"data: fire" not in received:
            part = sock.recv(4096)
            assert part, received
            received += part


def test_the_gateway_sees_the_host_the_browser_asked_for(proxy: tuple[int, Path]) -> None:
    assert get(proxy, "/") == (200, b"console.example.org")


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/healthz"])
def test_figures_stay_inside(proxy: tuple[int, Path], path: str) -> None:
    assert get(proxy, path)[0] == 404

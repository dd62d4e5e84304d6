"""A guard's console, as far as fault runs need one: alerts as the API lists them and as the stream brings them."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.ledger import add_person, login_url

View = dict[str, Any]
HEADERS = {"X-Requested-With": "community-gateway", "Content-Type": "application/json"}
PERSON = "guard"


class Console:
    """Logged in at the gateway on loopback ``port``."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port = port
        self._cookie = cookie
        self._news = threading.Condition()
        self.streamed: list[tuple[float, View]] = []
        """Alerts as the stream brought them, each with the monotonic time of its arrival."""

    def get(self, path: str) -> View:
        """GET ``path``.

        Raises:
            RuntimeError: the answer was not a success.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("GET", path, headers={"Cookie": self._cookie})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{path} was answered with {answer.status}: {body[:300]!r}")
            return dict(json.loads(body))
        finally:
            connection.close()

    def alerts(self, device: str) -> list[View]:
        """Every alert of ``device``, resolved ones too."""
        found = self.get(f"/api/alerts?state=all&limit=500&q={device}")["items"]
        return [alert for alert in found if alert["device"] == device]

    def problems(self) -> set[str]:
        """Codes of what the operator is told."""
        return {problem["code"] for problem in self.get("/api/health")["problems"]}

    def await_alert(self, device: str, timeout: float, saved: bool | None = None) -> tuple[float, View]:
        """The first alert of ``device`` on the stream (with that ``saved``), and when it came.

        Raises:
            TimeoutError: it did not come.
        """
        with self._news:
            self._news.wait_for(lambda: self._find(device, saved) is not None, timeout)
            found = self._find(device, saved)
        if found is None:
            raise TimeoutError(f"no alert of {device} with saved={saved} on the stream within {timeout} s")
        return found

    def _find(self, device: str, saved: bool | None) -> tuple[float, View] | None:
        for at, view in self.streamed:
            if view["device"] == device and saved in (None, view["saved"]):
                return at, view
        return None

    @contextmanager
    def following(self) -> Iterator[None]:
        """Follow the stream until the block ends."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("GET", "/api/stream", headers={"Cookie": self._cookie})
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"the stream was answered with {answer.status}")
        closing = threading.Event()
        reader = threading.Thread(target=self._read, args=(answer, closing))
        reader.start()
        try:
            yield
        finally:
            closing.set()
            reader.join(15)  # the stream pings every 10 s
            connection.close()

    def _read(self, answer: http.client.HTTPResponse, closing: threading.Event) -> None:
        event = b""
        while not closing.is_set():
            line = answer.readline()
            if not line:
                return
            if line.startswith(b"event:"):
                event = line[6:].strip()
            elif line.startswith(b"data:") and event == b"alert":
                with self._news:
                    self.streamed.append((time.monotonic(), json.loads(line[5:])))
                    self._news.notify_all()


def log_in(site: Path, port: int) -> Console:
    """Make an account on the site's database and log in at its running gateway."""
    add_person(site, PERSON, PERSON, "administrator", None, "en")
    token = login_url(site, PERSON, 600, "http://127.0.0.1").partition("#once=")[2]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/api/login/once", json.dumps({"token": token}), HEADERS)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the login was answered with {answer.status}")
        return Console(port, (answer.getheader("Set-Cookie") or "").partition(";")[0])
    finally:
        connection.close()

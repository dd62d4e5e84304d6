"""A client of the gateway's API, as a console is one: logs in once, lists alerts, follows the stream."""

import http.client
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from gateway.errors import OperatorError

HEADERS = {"X-Requested-With": "community-gateway", "Content-Type": "application/json"}
SILENCE_S = 30.0
"""The stream pings every 10 s; three missed pings are a dead line."""

View = dict[str, Any]


class Client:
    """One session with the API on the loopback ``port``."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._headers = dict(HEADERS)

    def ready(self) -> bool:
        """Whether the gateway takes in messages and evaluates them."""
        try:
            with self._answer("GET", "/readyz", timeout_s=2) as answer:
                return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False

    def login_once(self, token: str) -> None:
        """Spend a one-time token on a session.

        Raises:
            OperatorError: the gateway refuses it.
        """
        with self._answer("POST", "/api/login/once", json.dumps({"token": token})) as answer:
            self._must_be_ok(answer, "logging in")
            self._headers["Cookie"] = (answer.getheader("Set-Cookie") or "").partition(";")[0]

    def alerts(self) -> list[View]:
        """Every alert, open or not, newest first (at most 500).

        Raises:
            OperatorError: the gateway refuses.
        """
        with self._answer("GET", "/api/alerts?state=all&limit=500") as answer:
            self._must_be_ok(answer, "listing alerts")
            items: list[View] = json.load(answer)["items"]
            return items

    def follow(self, opened: Callable[[], None]) -> Iterator[View]:
        """Yield alerts as they arrive or change, until the stream ends. ``opened`` is called when it stands.

        Raises:
            OperatorError: the gateway refuses.
            OSError: the line went dead.
        """
        with self._answer("GET", "/api/stream", timeout_s=SILENCE_S) as answer:
            self._must_be_ok(answer, "following the stream")
            opened()
            for event, data in events(iter(answer.readline, b"")):
                if event == "alert":
                    yield json.loads(data)

    @contextmanager
    def _answer(
        self, method: str, path: str, body: str | None = None, timeout_s: float = 10
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout_s)
        try:
            connection.request(method, path, body, self._headers)
            with connection.getresponse() as answer:
                yield answer
        finally:
            connection.close()

    def _must_be_ok(self, answer: http.client.HTTPResponse, doing: str) -> None:
        if answer.status >= 300:
            cause = f"{doing} was answered with {answer.status}: {answer.read(300).decode(errors='replace')}"
            raise OperatorError(f"http://127.0.0.1:{self._port}", cause, "run gateway demo again")


def events(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Parse server-sent events into (name, data); comments and events without data are passed over."""
    name, data = "message", list[str]()
    for line in lines:
        field, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not field and not value:
            if data:
                yield name, "\n".join(data)
            name, data = "message", []

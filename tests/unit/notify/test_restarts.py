"""A real mail server and real web servers that fail, stall, and take a message whose sender dies before it hears so."""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.alerts.records import Changes, Message
from gateway.alerts.store import AlertStore
from tests.servers import free_port, wait_until
from tests.unit.notify.hooks import Hook, hook, status
from tests.unit.notify.making import changed
from tests.unit.notify.restarting import started

RESTARTS = 20
LONG_S = 60.0
WAYS = ("refuse", "stall", "take and kill", "kill and take", "work")


class Trouble:
    """What the receivers do to the process that lives now. ``taken`` holds each key accepted, as often as it was."""

    def __init__(self) -> None:
        self.way = "work"
        self.taken: Counter[str] = Counter()
        self.bodies: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._left = 0

    def begin(self, pid: int, way: str, requests: int) -> None:
        """From now on kill ``pid`` at the ``requests``-th request."""
        with self._lock:
            self._pid, self.way, self._left = pid, way, requests

    def strikes(self) -> bool:
        """Count a request; tell whether the process is to die at it."""
        with self._lock:
            self._left -= 1
            return self._pid is not None and self._left <= 0

    def kill(self) -> None:
        with self._lock:
            if self._pid is not None:
                os.kill(self._pid, signal.SIGKILL)
            self._pid = None

    def take(self, key: str, body: str) -> None:
        with self._lock:
            self.taken[key] += 1
            self.bodies.setdefault(key, set()).add(body)


def web(trouble: Trouble, server: Hook, header: str, handler: BaseHTTPRequestHandler) -> None:
    """Answer one request of a web service."""
    key = handler.headers[header]
    body = next(call.body for call in reversed(server.calls) if call.headers[header.lower()] == key)
    struck, way = trouble.strikes(), trouble.way
    if way in ("refuse", "stall") and struck:
        trouble.kill()  # stalled to its end: no answer at all
        return
    if way == "refuse":
        status(503)(handler)
        return
    trouble.take(key, subject_of(body))
    if struck and way == "kill and take":
        trouble.kill()
        return
    status(200)(handler)
    if struck:
        trouble.kill()


def subject_of(body: bytes) -> str:
    """What the message is about, whatever else differs between two attempts at it."""
    said = json.loads(body)
    return str(said["data"]["alert"]["id"] if "data" in said else said["message"].splitlines()[-1])


class Mail:
    """A mail server's handler."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        struck, way = self._trouble.strikes(), self._trouble.way
        if way in ("refuse", "stall"):
            if struck:
                self._trouble.kill()
            return "451 4.3.0 try again later"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content)
        payload = message.get_payload(decode=True)
        assert isinstance(payload, bytes)
        self._trouble.take(message["Idempotency-Key"], payload.decode().splitlines()[-1])
        if struck:
            self._trouble.kill()
        return "250 OK"


@contextmanager
def receivers(trouble: Trouble) -> Iterator[dict[str, str]]:
    """Serve; gives the addresses."""
    mail = Controller(Mail(trouble), hostname="127.0.0.1", port=free_port())
    mail.start()
    try:
        with hook() as program, hook() as chat:
            program.answer = lambda handler: web(trouble, program, "webhook-id", handler)
            chat.answer = lambda handler: web(trouble, chat, "Idempotency-Key", handler)
            yield {
                "hook": f"http://127.0.0.1:{program.port}/",
                "chat": f"json://127.0.0.1:{chat.port}/",
                "mail": f"mailto://127.0.0.1:{mail.port}?mode=insecure&format=text&from=gate@example.org&to=a@example.org",
            }
    finally:
        mail.stop()


def message(number: int, channel: str) -> Message:
    alert = f"a{number}"
    payload = {**changed(id=alert), "change": {**changed()["change"], "id": f"{alert}-1"}}
    id_ = f"{alert}:{channel}:raised"
    return Message(id=id_, alert=alert, channel=channel, stage="raised", created_at=1.0 + number, payload=payload)


@pytest.mark.timeout(300)
def test_over_twenty_kills_nothing_is_lost_and_what_comes_twice_bears_one_key(tmp_path: Path) -> None:
    url, trouble = f"sqlite:///{tmp_path}/alerts.db", Trouble()
    store = AlertStore(url)
    store.migrate()
    with receivers(trouble) as addresses:
        for number in range(RESTARTS):
            child = started(url, addresses)
            trouble.begin(child.pid or 0, WAYS[number % len(WAYS)], requests=1 + number % 3)
            # Now, so that there are three requests yet to come even if the child was fast.
            store.commit(Changes(messages=[message(number, channel) for channel in addresses]))
            child.join(LONG_S)
            assert child.exitcode == -signal.SIGKILL
        child = started(url, addresses)
        trouble.begin(child.pid or 0, "work", requests=1_000_000)
        wait_until(lambda: not store.due_messages(float("inf"), 1), LONG_S, "all was delivered")
        trouble.kill()
        child.join(LONG_S)
    store.close()
    programs = {f"a{number}-1" for number in range(RESTARTS)}
    people = {f"a{number}:{channel}:raised" for number in range(RESTARTS) for channel in ("chat", "mail")}
    assert trouble.taken.keys() == programs | people
    assert all(len(bodies) == 1 for bodies in trouble.bodies.values())
    assert any(times > 1 for times in trouble.taken.values()), "no sender died between the service's yes and its record"

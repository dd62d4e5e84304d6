"""What reaches the demonstration from its two sources, the API's stream and the community's output, in one queue."""

import http.client
import json
import queue
import threading
import time
from typing import IO, NamedTuple

from gateway.demo.client import Client, View
from gateway.demo.outcome import Happened
from gateway.errors import OperatorError

OPEN_S = 10.0


class Arrived(NamedTuple):
    """An alert as the stream sent it, and when (epoch seconds)."""

    view: View
    at: float


class Inbox:
    """Two reading threads and one queue. The threads end with their sources, and never outlive the program."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Arrived | Happened | OperatorError] = queue.SimpleQueue()

    def follow(self, client: Client) -> None:
        """Start following the API's stream; return once it stands, so that nothing is missed from here on.

        Raises:
            OperatorError: it does not stand within 10 s.
        """
        opened = threading.Event()
        threading.Thread(target=self._stream, args=(client, opened), daemon=True).start()
        if not opened.wait(OPEN_S):
            raise OperatorError("the API's stream", f"did not open within {OPEN_S:.0f} s", "try again")

    def listen(self, announcements: IO[str]) -> None:
        """Start reading the community's announcements."""
        threading.Thread(target=self._announcements, args=(announcements,), daemon=True).start()

    def next(self, timeout_s: float) -> Arrived | Happened | None:
        """Return what came next, or ``None`` after ``timeout_s`` seconds without news.

        Raises:
            OperatorError: a source failed.
        """
        try:
            news = self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(news, OperatorError):
            raise news
        return news

    def _stream(self, client: Client, opened: threading.Event) -> None:
        cause = "the gateway ended it"
        try:
            for view in client.follow(opened.set):
                self._queue.put(Arrived(view, time.time()))
        except (OSError, ValueError, OperatorError, http.client.HTTPException) as error:
            cause = str(error)
        self._queue.put(OperatorError("the API's stream", cause, "try again"))

    def _announcements(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                self._queue.put(Happened(**json.loads(line)))

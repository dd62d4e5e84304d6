"""Background traffic from a process of its own, so that making and sending it costs the measured ones nothing.

Run as ``python -m tests.bench.feed PORT COUNT DEVICES FIRST RATE`` (rate 0: as fast as the broker acknowledges). Prints
``ready`` once the messages are made, waits for a line, sends them, and prints the messages per second it reached.
"""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

from tests.bench.traffic import messages, publish

WINDOW = 10_000
"""Unacknowledged messages allowed: half a second of the fastest storm, so that the pace is ours, not the broker's."""


class Feed:
    """A stream of telemetry, ready to start."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        self._said: Queue[str] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        if self._next(600) != "ready":
            raise RuntimeError("the publisher did not get ready")

    def start(self) -> None:
        """Begin to send; returns at once."""
        assert self._child.stdin is not None
        self._child.stdin.write("go\n")
        self._child.stdin.flush()

    @property
    def running(self) -> bool:
        """Whether it has more to send, or to be acknowledged."""
        return self._said.empty() and self._child.poll() is None

    def finish(self, timeout: float = 600) -> float:
        """Wait until everything is acknowledged; return the messages per second that were reached."""
        return float(self._next(timeout))

    def run(self) -> float:
        """Start and finish."""
        self.start()
        return self.finish()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            self._said.put(line.strip())
        self._said.put("")

    def _next(self, timeout: float) -> str:
        line = self._said.get(timeout=timeout)
        if not line:
            raise RuntimeError("the publisher ended before its time; what it said stands above")
        return line


@contextmanager
def feed(port: int, count: int, devices: int, first: int = 0, rate: float = 0) -> Iterator[Feed]:
    """Prepare ``count`` messages of ``devices`` devices, of which ``first`` were sent before."""
    arguments = [str(value) for value in (port, count, devices, first, rate)]
    command = [sys.executable, "-m", "tests.bench.feed", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield Feed(child)
        finally:
            child.kill()


def main(arguments: list[str]) -> None:
    port, count, devices, first = (int(value) for value in arguments[:4])
    rate = float(arguments[4])
    made = messages(count, devices, first)
    print("ready", flush=True)
    sys.stdin.readline()
    print(count / asyncio.run(publish(port, made, WINDOW, rate or None)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""The programs a demonstration starts: each with its own log, all ended by their own process id."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from gateway.errors import OperatorError
from gateway.show import plain

SBIN = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_S = 30.0
STOP_S = 10.0
LOG_LINES = 10
LOG_WIDTH = 400


class Processes:
    """Starts programs and, on leaving, ends them, the last one first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[tuple[str, subprocess.Popen[str]]] = []

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start ``command``; what it prints goes to its log."""
        self._start(name, command, heard=False)

    def start_heard(self, name: str, command: Sequence[str]) -> IO[str]:
        """Start ``command``; its errors go to its log, and its output is returned to read from."""
        output = self._start(name, command, heard=True).stdout
        assert output is not None  # noqa: S101 - it is a pipe
        return output

    def check(self) -> None:
        """Make sure all of them still run.

        Raises:
            OperatorError: one has ended by itself; carries the end of its log.
        """
        for name, child in self._running:
            if child.poll() is not None:
                cause = f"ended with {child.returncode}\n{self._tail(name)}"
                raise OperatorError(name, cause, "mend this and try again")

    def wait_until(self, ready: Callable[[], bool], name: str, limit_s: float = START_S) -> None:
        """Wait for ``ready``, which is asked ten times a second.

        Raises:
            OperatorError: a program ended, or it took longer than ``limit_s`` seconds.
        """
        deadline = time.monotonic() + limit_s
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                cause = f"not ready within {limit_s:g} s\n{self._tail(name)}"
                raise OperatorError(name, cause, "mend what the lines above name and try again")
            time.sleep(0.1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._running:
            _end(self._running.pop()[1])

    def _start(self, name: str, command: Sequence[str], heard: bool) -> "subprocess.Popen[str]":
        """A session of its own keeps Ctrl-C from reaching the program before us, so that all end in order."""
        with self._log(name).open("ab") as log, _unbroken():
            child = subprocess.Popen(  # noqa: S603 - our own programs and the broker, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if heard else log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
            self._running.append((name, child))
        return child

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _tail(self, name: str) -> str:
        lines = self._log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {plain(line[:LOG_WIDTH])}" for line in lines[-LOG_LINES:])


def find_broker() -> str:
    """Return the path of mosquitto.

    Raises:
        OperatorError: it is not installed.
    """
    path = shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", os.defpath), *SBIN)))
    if path is None:
        remedy = "install it: sudo apt install mosquitto (Debian, Ubuntu), or brew install mosquitto (macOS)"
        raise OperatorError("mosquitto", "the MQTT broker is not installed", remedy)
    return path


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections on the loopback ``port``."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _unbroken() -> Iterator[None]:
    """Hold signals to stop back until the block is done: what was started must be on the list before all unwinds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, object]] = []
    before = {number: signal.signal(number, lambda *what: came.append(what)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for caught, _ in came[:1]:
        signal.raise_signal(caught)


def _end(child: "subprocess.Popen[str]") -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()

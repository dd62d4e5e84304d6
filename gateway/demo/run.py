"""Runs the demonstration from start to end; whatever happens, nothing it started is left behind."""

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.live import Live

from gateway.demo import screen, stage
from gateway.demo.client import Client, View
from gateway.demo.inbox import Inbox
from gateway.demo.outcome import compare, is_good
from gateway.demo.processes import SIGNALS, Processes, free_port
from gateway.demo.tally import Tally

INTERRUPTED = 130
CHECK_EVERY_S = 0.5


def run_demo(seconds: float | None, devices: int = 300) -> int:
    """Run a broker, the gateway and a community of ``devices`` devices on this machine.

    Without ``seconds``: until Ctrl-C, and the exit code is 0. With: that long, counted from when the community comes to
    life; then print the expected and the raised alerts, and return 0 only if they match. Call from the main thread.

    Raises:
        OperatorError: something is missing, or a program ended by itself.
    """
    console = Console(highlight=False)
    with _signals(), tempfile.TemporaryDirectory(prefix="community-gateway-demo-") as folder:
        try:
            with Processes(Path(folder)) as processes:
                try:
                    return _perform(console, processes, Path(folder), seconds, devices)
                finally:
                    _deaf()
        except KeyboardInterrupt:
            console.print("stopped")
            return 0 if seconds is None else INTERRUPTED


def _perform(console: Console, processes: Processes, folder: Path, seconds: float | None, devices: int) -> int:
    console.print("starting broker, gateway and community ...")
    broker_port = stage.start_broker(processes, folder)
    api_port = free_port()
    site = stage.write_site(folder, broker_port, api_port, devices)
    client = stage.start_gateway(processes, site, api_port)
    inbox, tally = Inbox(), Tally()
    inbox.follow(client)
    screen.welcome(console, stage.login_link(site), devices)
    inbox.listen(stage.start_community(processes, broker_port, devices))
    with _display(console, tally, live=seconds is None and console.is_terminal) as show:
        _watch(inbox, tally, processes, seconds, show)
    return _conclude(console, client, tally)


def _watch(
    inbox: Inbox, tally: Tally, processes: Processes, seconds: float | None, show: Callable[[View | None], None]
) -> None:
    deadline = float("inf") if seconds is None else time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        processes.check()
        news = inbox.next(min(left, CHECK_EVERY_S))
        if news is not None:
            show(tally.take(news))


def _conclude(console: Console, client: Client, tally: Tally) -> int:
    tally.catch_up(client.alerts(), time.time())
    rows = compare(tally.happened, tally.raised())
    console.print(screen.comparison(rows))
    return 0 if is_good(rows) else 1


@contextmanager
def _display(console: Console, tally: Tally, live: bool) -> Iterator[Callable[[View | None], None]]:
    """A table that stays up to date on a terminal, else one line for each new alert."""
    if not live:
        yield lambda new: console.print(screen.line(new), soft_wrap=True) if new else None
        return
    with Live(screen.alerts(tally.views), console=console, auto_refresh=False) as table:
        yield lambda _: table.update(screen.alerts(tally.views), refresh=True)


@contextmanager
def _signals() -> Iterator[None]:
    """Let the first signal to stop unwind as Ctrl-C does, and further ones not disturb the clearing up."""
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    _deaf()
    raise KeyboardInterrupt


def _deaf() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)

"""Handles on the processes of a fault run: the gateway that is killed and the devices that go on publishing."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tests.faults.publisher import SETTLE_S, Record
from tests.servers import end

POLL_S = 0.02
STOP_S = 60.0
QUIET_S = 2.0


class Gateway:
    """A gateway that can be started, killed and started again on the same site file."""

    def __init__(self, site: Path, log: Path, module: str = "gateway.cli") -> None:
        self.site = site
        settings = json.loads(site.read_text())
        self.port = int(settings["api"]["port"])
        self.data = Path(settings["data_dir"])
        self.log = log
        self._module = module
        self._began = 0.0
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", self._module, "run", "--site", str(self.site)]
        self._began = time.monotonic()
        with self.log.open("ab") as out:
            self._child = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    @property
    def child(self) -> subprocess.Popen[bytes]:
        assert self._child is not None
        return self._child

    def kill(self) -> None:
        """End it as a power switch would, as far as the process is concerned."""
        self.child.kill()
        self.child.wait()

    def stop(self) -> int:
        """Ask it to end; return its exit status."""
        self.child.terminate()
        return self.child.wait(STOP_S)

    def wait_ready(self, timeout: float = 60.0) -> float:
        """Wait until it takes messages in; return the seconds since ``start``."""
        self.wait(lambda state: bool(state.get("ready")), timeout, "ready")
        return time.monotonic() - self._began

    def cpu_s(self) -> float:
        """CPU time it has taken since ``start``."""
        times = psutil.Process(self.child.pid).cpu_times()
        return float(times.user + times.system)

    def wait_settled(self, timeout: float) -> None:
        """Wait until the broker brought everything: all is judged and in the history, and no more comes."""
        self.wait(Settled(), timeout, "settled")

    def wait(self, predicate: Callable[[dict[str, Any]], bool], timeout: float, what: str) -> None:
        """Poll ``/readyz`` until ``predicate`` holds for its body.

        Raises:
            RuntimeError: the gateway ended.
            TimeoutError: it did not hold in time.
        """
        until = time.monotonic() + timeout
        while not predicate(state := self.state()):
            if self.child.poll() is not None:
                raise RuntimeError(f"the gateway ended with {self.child.returncode}:\n{self.log_end()}")
            if time.monotonic() > until:
                raise TimeoutError(f"the gateway was not {what} within {timeout} s: {state}\n{self.log_end()}")
            time.sleep(POLL_S)

    def state(self) -> dict[str, Any]:
        """The body of ``/readyz``; empty while nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return dict(json.load(connection.getresponse()))
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        finally:
            connection.close()

    def metrics(self) -> str:
        """The text of ``/metrics``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def log_end(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


@contextmanager
def gateway(site: Path, log: Path, module: str = "gateway.cli") -> Iterator[Gateway]:
    """A gateway, started and ready; whatever of it runs at the end of the block is ended."""
    actor = Gateway(site, log, module)
    actor.start()
    try:
        actor.wait_ready()
        yield actor
    finally:
        end(actor.child)


class Devices:
    """The publishing process; ``finish`` ends it and returns its record."""

    def __init__(self, child: subprocess.Popen[bytes], out: Path) -> None:
        self._child = child
        self._out = out

    def finish(self) -> Record:
        assert self._child.stdin is not None
        self._child.stdin.close()
        if self._child.wait(SETTLE_S + 30) != 0:
            raise RuntimeError("the publisher failed; its error is above")
        return msgspec.msgpack.decode(self._out.read_bytes(), type=Record)


@contextmanager
def devices(
    folder: Path, broker: int, *, rate: float, incidents_per_s: float, incidents: int, seed: int
) -> Iterator[Devices]:
    """Devices that publish to ``broker`` until ``finish`` or the end of the block."""
    out = folder / "published"
    options = {
        "port": broker,
        "rate": rate,
        "incidents-per-s": incidents_per_s,
        "incidents": incidents,
        "seed": seed,
        "out": out,
    }
    command = [sys.executable, "-m", "tests.faults.publisher", *(f"--{k}={v}" for k, v in options.items())]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        try:
            yield Devices(child, out)
        finally:
            end(child)


class Settled:
    """Whether the lanes have been at rest for ``QUIET_S``."""

    def __init__(self) -> None:
        self._heads: list[int] = []
        self._since = time.monotonic()

    def __call__(self, state: dict[str, Any]) -> bool:
        lanes = state.get("lanes", {}).values()
        heads = [lane["head"] for lane in lanes]
        if heads != self._heads or not state.get("ready"):
            self._heads, self._since = heads, time.monotonic()
        lag = sum(lane["evaluate_lag"] + lane["history_lag"] for lane in lanes)
        return bool(heads) and lag == 0 and time.monotonic() - self._since >= QUIET_S

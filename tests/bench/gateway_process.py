"""A gateway in a process of its own, watched from outside."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.servers import end, free_port

START_S = 60.0


class GatewayProcess:
    """Handle on a running gateway."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self._ps = psutil.Process(process.pid)

    def ready(self) -> dict[str, Any]:
        """The body of ``/readyz``; empty while nobody listens."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except OSError:
            return {}

    def wait_ready(self) -> None:
        self.wait(lambda state: bool(state.get("ready")), START_S, "the gateway to be ready")

    def wait_heads(self, total: int, timeout: float) -> None:
        """Wait until ``total`` messages went all the way."""

        def all_done(state: dict[str, Any]) -> bool:
            lanes = state.get("lanes", {}).values()
            lag = sum(lane["evaluate_lag"] + lane["history_lag"] for lane in lanes)
            return bool(sum(lane["head"] for lane in lanes) >= total and lag == 0)

        self.wait(all_done, timeout, f"{total} messages to be stored and judged")

    def wait(self, predicate: Any, timeout: float, what: str) -> None:
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended with {self.process.returncode}")
            if predicate(self.ready()):
                return
            time.sleep(0.2)
        raise TimeoutError(f"waited {timeout} s for {what}; last: {self.ready()}")

    def cpu_s(self) -> float:
        times = self._ps.cpu_times()
        return float(times.user + times.system)

    def rss_mb(self) -> float:
        return float(self._ps.memory_info().rss) / 1e6

    def peak_mb(self) -> float:
        """The highest resident size so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(float(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6


@contextmanager
def gateway(site: Path, log: Path) -> Iterator[GatewayProcess]:
    """Run the gateway on ``site`` (JSON) with its API on a free port until the block ends."""
    body = json.loads(site.read_text())
    body["api"] = {"port": free_port()}
    site.write_text(json.dumps(body))
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "run", "--site", str(site)], stdout=out, stderr=out
        )
    try:
        running = GatewayProcess(child, body["api"]["port"])
        running.wait_ready()
        yield running
    finally:
        end(child)

"""Messages per CPU-second from broker to store, against the ordinary use of the same packages."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.gateway_process import gateway
from tests.bench.traffic import site_file
from tests.servers import mosquitto, victoria_metrics

COUNT = 200_000
DEVICES = 1_000
ROUNDS = 3
BROKER = "max_inflight_messages 0\nmax_queued_messages 0\n"


def run(count: int = COUNT, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure both in turn; medians of ``rounds``."""
    ours, usual = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            ours.append(count / _ours(Path(folder), count))
            usual.append(count / _usual(Path(folder), count))
    ratios = [a / b for a, b in zip(ours, usual, strict=True)]
    return {
        "messages": count,
        "gateway_per_cpu_s": round(statistics.median(ours)),
        "usual_per_cpu_s": round(statistics.median(usual)),
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(r, 2) for r in ratios],
    }


def _ours(folder: Path, count: int) -> float:
    with mosquitto(folder, BROKER) as port, victoria_metrics(folder) as store:
        history = {"store": "influxdb", "url": store, "bucket": "bench", "org": "bench"}
        site = site_file(folder / "site.json", port, DEVICES, folder / "var", history=history)
        with gateway(site, folder / "gateway.log") as running:
            before = running.cpu_s()
            with held(running.process.pid):
                _publish(port, count)
            running.wait_heads(count, 300)
            return running.cpu_s() - before


def _usual(folder: Path, count: int) -> float:
    with mosquitto(folder, BROKER) as port, victoria_metrics(folder) as store:
        command = [sys.executable, "-m", "tests.bench.usual", str(port), store, str(count)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline().strip() == "ready"
            with held(child.pid):
                _publish(port, count)
            return float(child.stdout.readline())


@contextmanager
def held(pid: int) -> Iterator[None]:
    """Stop a subscribed consumer while the broker fills its queue, so that both consumers meet the same backlog."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _publish(port: int, count: int) -> None:
    subprocess.run([sys.executable, "-m", "tests.bench.traffic", str(port), str(count), str(DEVICES)], check=True)

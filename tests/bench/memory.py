"""Resident size of the whole gateway after every device reported three times."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.feed import feed
from tests.bench.figures import medians
from tests.bench.gateway_process import gateway
from tests.bench.latency import BROKER
from tests.bench.traffic import site_file
from tests.servers import mosquitto

SIZES = (1_000, 10_000, 100_000)
REPORTS = 3
ROUNDS = 3
SETTLE_S = 6.0
"""Longer than the five seconds between checkpoints, so that one of all twins is among what is measured."""


def run(
    sizes: tuple[int, ...] = SIZES, rounds: int = ROUNDS, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Measure each size; medians of ``rounds``."""
    done = []
    for number in range(rounds):
        found = {}
        for size in sizes:
            say(f"round {number + 1} of {rounds}, {size} devices")
            with tempfile.TemporaryDirectory() as folder:
                found[str(size)] = _measure(Path(folder), size)
        done.append(found)
    return {"reports_each": REPORTS, "rounds": rounds, "devices": medians(done)}


def _measure(folder: Path, devices: int) -> dict[str, float]:
    with mosquitto(folder, BROKER) as port:
        site = site_file(folder / "site.json", port, devices, folder / "var")
        with gateway(site, folder / "gateway.log") as running:
            started = running.rss_mb()
            with feed(port, devices * REPORTS, devices) as telemetry:
                telemetry.run()
            running.wait_heads(devices * REPORTS, 300)
            time.sleep(SETTLE_S)
            return {
                "started_mb": round(started, 1),
                "rss_mb": round(running.rss_mb(), 1),
                "peak_mb": round(running.peak_mb(), 1),
            }

"""CPU per message as the site grows: the same number of messages, from ever more devices."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.feed import feed
from tests.bench.figures import medians
from tests.bench.gateway_process import GatewayProcess, gateway
from tests.bench.ingest import BROKER, held
from tests.bench.traffic import site_file
from tests.servers import mosquitto, victoria_metrics

SIZES = (100, 1_000, 10_000, 100_000)
COUNT = 200_000
ROUNDS = 3
REPORTS_BEFORE = 2
WARM_UP = 20_000
PATIENT = 600
"""Keep-alive in seconds: a gateway that is held must not be given up by the broker."""


def run(
    sizes: tuple[int, ...] = SIZES,
    count: int = COUNT,
    rounds: int = ROUNDS,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure each size; medians of ``rounds``, the ratio being that of each round's dearest and cheapest."""
    done = []
    for number in range(rounds):
        found = {}
        for size in sizes:
            say(f"round {number + 1} of {rounds}, {size} devices")
            with tempfile.TemporaryDirectory() as folder:
                found[str(size)] = _measure(Path(folder), size, count)
        costs = [each["us_per_message"] for each in found.values()]
        done.append({"ratio": round(max(costs) / min(costs), 3), "devices": found})
    return {"messages": count, "rounds": rounds, **medians(done), "ratios": [each["ratio"] for each in done]}


def _measure(folder: Path, devices: int, count: int) -> dict[str, float]:
    """Every device reports at least twice before the clock starts; what those first reports cost is given beside."""
    with mosquitto(folder, BROKER) as port, victoria_metrics(folder) as store:
        history = {"store": "influxdb", "url": store, "bucket": "bench", "org": "bench"}
        broker = {"port": port, "keep_alive_s": PATIENT}
        site = site_file(folder / "site.json", port, devices, folder / "var", history=history, mqtt=broker)
        with gateway(site, folder / "gateway.log") as running:
            before = max(devices * REPORTS_BEFORE, WARM_UP)
            first = _cost(running, port, devices, before, 0)
            cost = _cost(running, port, devices, count, before)
            return {"us_per_message": round(cost, 2), "first_reports_us": round(first, 2)}


def _cost(running: GatewayProcess, port: int, devices: int, count: int, first: int) -> float:
    """CPU microseconds per message, for a backlog of ``count``."""
    with feed(port, count, devices, first) as telemetry:
        before = running.cpu_s()
        with held(running.process.pid):
            telemetry.run()
        running.wait_heads(first + count, 600)
        return (running.cpu_s() - before) / count * 1e6

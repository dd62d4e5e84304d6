"""The broker restarted in good order, again and again, while devices publish."""

import random
import time
from contextlib import ExitStack
from pathlib import Path

from tests.faults.actors import Gateway, devices, gateway
from tests.faults.findings import Finding
from tests.faults.oracle import close_books
from tests.faults.site import broker_settings, fixed_port, write_site
from tests.servers import mosquitto

RATE = 1_000.0
INCIDENTS_PER_S = 5.0
RECONNECT_S = 30.0
LONGEST_LIFE_S = 3.0
LONGEST_ABSENCE_S = 2.0
CATCH_UP_S = 300.0


def run(folder: Path, seed: int, restarts: int) -> Finding:
    """Restart the broker that often, let the gateway catch up, and close the books."""
    finding = Finding("broker restarted", seed)
    chance = random.Random(seed)
    port = fixed_port()
    incidents = round(restarts * 20 * INCIDENTS_PER_S) + 200
    site = write_site(folder, port, round(RATE / 10), incidents)
    with ExitStack() as stack:
        broker = stack.enter_context(ExitStack())
        broker.enter_context(mosquitto(folder, broker_settings(folder), port=port))
        running = stack.enter_context(gateway(site, folder / "gateway.log"))
        publishing = stack.enter_context(
            devices(folder, port, rate=RATE, incidents_per_s=INCIDENTS_PER_S, incidents=incidents, seed=seed)
        )
        times = [_restart(folder, port, broker, running, chance) for _ in range(restarts)]
        record = publishing.finish()
        running.wait_settled(CATCH_UP_S)
        finding.exactly("exit status of the gateway", running.stop(), 0)
    finding.note("restarts", restarts)
    finding.at_most("longest time to reconnect, s", max(times), RECONNECT_S)
    finding.exactly("messages the broker never acknowledged", record.unacknowledged, 0)
    finding.survival(close_books(folder / "var", record))
    return finding


def _restart(folder: Path, port: int, broker: ExitStack, running: Gateway, chance: random.Random) -> float:
    """End the broker, wait until the gateway says so, start it again; return seconds until both lanes are back."""
    time.sleep(chance.uniform(0.0, LONGEST_LIFE_S))
    broker.close()
    running.wait(lambda state: state.get("ready") is False, 30, "aware that the broker is gone")
    time.sleep(chance.uniform(0.0, LONGEST_ABSENCE_S))
    broker.enter_context(mosquitto(folder, broker_settings(folder), port=port))
    began = time.monotonic()
    running.wait(lambda state: bool(state.get("ready")), 2 * RECONNECT_S, "back with the broker")
    return time.monotonic() - began

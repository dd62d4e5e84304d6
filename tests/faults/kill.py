"""``kill -9`` of the gateway at random instants while devices publish, again and again."""

import random
import statistics
import time
from pathlib import Path

from tests.faults.actors import Gateway, devices
from tests.faults.findings import Finding
from tests.faults.oracle import close_books
from tests.faults.site import broker_settings, fixed_port, write_site
from tests.servers import end, mosquitto

RATE = 5_000.0
INCIDENTS_PER_S = 10.0
EARLY = 0.2
"""Share of kills that hit a gateway still starting."""

LIFE_S = 2.5
START_S = 5.0
READY_CPU_S = 5.0
"""What a machine busy with other things cannot spoil."""

Ready = tuple[float, float]
"""Seconds from start to ready by the clock, and of CPU time."""

CATCH_UP_S = 300.0


def run(
    folder: Path, seed: int, kills: int, ready_s: float, share: float, module: str = "gateway.cli", rate: float = RATE
) -> Finding:
    """Kill ``module`` that often, let it catch up, stop it in good order and close the books.

    ``ready_s`` bounds every start; a publisher below ``share`` of ``rate`` voids the run.
    """
    finding = Finding("kill -9 of the gateway", seed)
    chance = random.Random(seed)
    incidents = round(kills * (LIFE_S + START_S) * INCIDENTS_PER_S) + 200
    with mosquitto(folder, broker_settings(folder), port=fixed_port()) as broker:
        site = write_site(folder, broker, round(rate / 10), incidents)
        actor = Gateway(site, folder / "gateway.log", module)
        actor.start()
        try:
            actor.wait_ready()
            pace = {"rate": rate, "incidents_per_s": INCIDENTS_PER_S, "incidents": incidents}
            with devices(folder, broker, **pace, seed=seed) as publishing:  # type: ignore[arg-type]
                times = [_kill_once(actor, chance) for _ in range(kills)]
                times.append(_ready(actor))
                record = publishing.finish()
            actor.wait_settled(CATCH_UP_S)
            finding.exactly("exit status of the last stop", actor.stop(), 0)
        finally:
            end(actor.child)
    finding.note("kills", kills)
    finding.note("messages per second offered", rate)
    finding.at_least("messages per second achieved", record.rate, share * rate)
    finding.exactly("messages the broker never acknowledged", record.unacknowledged, 0)
    starts = list(filter(None, times))
    finding.at_most("longest time to ready, s", max(took for took, _ in starts), ready_s)
    finding.note("median time to ready, s", statistics.median(took for took, _ in starts))
    finding.at_most("longest CPU time to ready, s", max(cpu for _, cpu in starts), READY_CPU_S)
    finding.survival(close_books(folder / "var", record))
    return finding


def _kill_once(actor: Gateway, chance: random.Random) -> Ready | None:
    """Kill at a random instant of the start or of the life after it; return what ready took if it got there."""
    took = None
    if chance.random() < EARLY:
        time.sleep(chance.uniform(0.0, 1.5))
    else:
        took = _ready(actor)
        time.sleep(chance.uniform(0.0, LIFE_S))
    actor.kill()
    actor.start()
    return took


def _ready(actor: Gateway) -> Ready:
    return actor.wait_ready(), actor.cpu_s()

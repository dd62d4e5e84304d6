"""Reports judged per CPU-second with the whole catalogue on, as the site grows. No sockets, no disk: the engine alone.

The reports are those of ``traffic``, decoded before the clock starts: two in three repeat what was known and differ in a
measurement, as telemetry does. Counted is processor time of this process with garbage collection as the gateway sets it.
"""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from alert_rules.catalogue import RULES, build_rules
from alert_rules.engine import Engine
from devices.decode import Decoder
from devices.model import DeviceKind, Envelope, Report
from devices.registry import Device, Registry
from gateway.app import GC_THRESHOLD
from tests.bench.figures import medians
from tests.bench.traffic import KINDS, SITE, payload

SIZES = (100, 10_000, 100_000)
COUNT = 200_000
ROUNDS = 3
SLICE = 10_000
START = 1_790_000_000.0
STEP_S = 0.001
FLAT = 1.25


def run(
    sizes: tuple[int, ...] = SIZES,
    count: int = COUNT,
    rounds: int = ROUNDS,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure each size; medians of ``rounds``, ``ratio`` being that of each round's fastest and slowest size."""
    done = []
    for number in range(rounds):
        found = {}
        for size in sizes:
            say(f"round {number + 1} of {rounds}, {size} devices")
            found[str(size)] = round(measure(size, count))
        rates = list(found.values())
        done.append({"per_cpu_s": min(rates), "ratio": round(max(rates) / min(rates), 3), "devices": found})
    return {"rules": len(RULES), "reports": count, "rounds": rounds, **medians(done)}


def measure(devices: int, count: int) -> float:
    """Reports per CPU-second. Each device has reported twice before the clock starts."""
    registry = inventory(devices)
    engine = Engine(build_rules({}), registry, START)
    before = devices * 2
    for reports in _reports(registry, devices, before, 0):
        judge(engine, reports)
    spent = 0.0
    for reports in _reports(registry, devices, count, before):
        gc.collect()
        gc.freeze()
        threshold = gc.get_threshold()
        gc.set_threshold(*GC_THRESHOLD)
        began = time.process_time()
        judge(engine, reports)
        spent += time.process_time() - began
        gc.set_threshold(*threshold)
    gc.unfreeze()
    return count / spent


def judge(engine: Engine, reports: list[Report]) -> None:
    """As the gateway does, in order of receipt."""
    observe = engine.observe
    for report in reports:
        observe(report, report.received_at)


def inventory(devices: int) -> Registry:
    """The site of ``traffic``."""
    return Registry(
        Device(f"d{i}", DeviceKind(KINDS[i % 4]), building=f"b{i % 20}", floor=str(i % 30), expect_every_s=3600)
        for i in range(devices)
    )


def _reports(registry: Registry, devices: int, count: int, first: int) -> Iterator[list[Report]]:
    """``count`` reports in slices, so that memory does not hold them all at once."""
    decoder = Decoder(registry, SITE)
    for begin in range(first, first + count, SLICE):
        reports: list[Report] = []
        for i in range(begin, min(begin + SLICE, first + count)):
            device = i % devices
            at = START + i * STEP_S
            topic = f"community/{SITE}/{KINDS[device % 4]}/d{device}/telemetry"
            found = decoder.decode(Envelope(topic, payload(i, device, i // devices + 1, int(at * 1000)), at))
            assert isinstance(found, list), found
            reports += found
        yield reports


if __name__ == "__main__":
    print(msgspec.json.encode(run()).decode())

"""Reports judged per CPU-second with the whole catalogue on, as the site grows. No sockets, no disk: the engine alone.

Every device speaks once a minute, as on a quiet day: detectors and cameras repeat themselves but for a measurement,
lifts run and stand, gates let people in. Counted is processor time, with garbage collection as the gateway sets it.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from alert_rules.catalogue import RULES, build_rules
from alert_rules.engine import Engine
from devices.model import DeviceKind, Event, Report, StateValue
from devices.registry import Device, Registry
from gateway.service import GC_THRESHOLD

SIZES = (100, 10_000, 100_000)
COUNT = 200_000
ROUNDS = 3
SLICE = 2_000
START = 1_790_000_000.0
EVERY_S = 60.0
KINDS = (
    DeviceKind.SMOKE_DETECTOR,
    DeviceKind.SMOKE_DETECTOR,
    DeviceKind.LIFT,
    DeviceKind.ACCESS_GATE,
    DeviceKind.CAMERA,
    DeviceKind.WATER_LEAK,
)


Said = tuple[dict[str, float], dict[str, StateValue], tuple[Event, ...]]


def run(
    sizes: tuple[int, ...] = SIZES,
    count: int = COUNT,
    rounds: int = ROUNDS,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure each size, in turns; the best of ``rounds``, since whatever else runs on the machine can only slow it."""
    found: dict[str, int] = {}
    for number in range(rounds):
        for size in sizes:
            say(f"round {number + 1} of {rounds}, {size} devices")
            found[str(size)] = max(found.get(str(size), 0), round(measure(size, count)))
    slowest, fastest = min(found.values()), max(found.values())
    return {
        "rules": len(RULES),
        "reports": count,
        "rounds": rounds,
        "per_cpu_s": slowest,
        "ratio": round(fastest / slowest, 3),
        "devices": found,
    }


def measure(devices: int, count: int) -> float:
    """Reports per CPU-second. Each device has reported twice before the clock starts."""
    registry = inventory(devices)
    engine, speakers = Engine(build_rules({}), registry, START), list(registry)
    for report in reports(speakers, 0, devices * 2):
        engine.observe(report, report.received_at)
    spent = 0.0
    with _as_the_gateway():
        for begin in range(devices * 2, devices * 2 + count, SLICE):
            # Made right before they are judged, as in the gateway, which decodes late and in slices.
            spent += judge(engine, list(reports(speakers, begin, SLICE)))
    return count / spent


def judge(engine: Engine, given: list[Report]) -> float:
    """Processor seconds to judge ``given``, in order of receipt."""
    observe = engine.observe
    began = time.process_time()
    for report in given:
        observe(report, report.received_at)
    return time.process_time() - began


def inventory(devices: int) -> Registry:
    """Devices of all kinds in twenty buildings; every third knows its zone."""
    return Registry(
        Device(
            f"d{i}",
            KINDS[i % len(KINDS)],
            building=f"b{i % 20}",
            floor=str(i % 30),
            zone=f"z{i % 200}" if i % 3 == 0 else "",
            expect_every_s=3600,
        )
        for i in range(devices)
    )


def reports(devices: Sequence[Device], begin: int, count: int) -> Iterator[Report]:
    """Round robin over the devices, so that each speaks once a minute."""
    for i in range(begin, begin + count):
        device = devices[i % len(devices)]
        at = START + i * EVERY_S / len(devices)
        turn = i // len(devices)
        measurements, states, events = _quiet_day(device.kind, turn, i)
        yield Report(
            device.id, device.kind, at, at, measurements=measurements, states=states, events=events, sequence=turn
        )


def _quiet_day(
    kind: DeviceKind, turn: int, i: int
) -> tuple[dict[str, float], dict[str, StateValue], tuple[Event, ...]]:
    match kind:
        case DeviceKind.SMOKE_DETECTOR:
            noise = i % 7 * 0.01
            measured = {"smoke_density": noise, "temperature": 21.5 + noise, "battery_percent": 97.0}
            return measured, {"smoke": False, "tamper": False}, ()
        case DeviceKind.LIFT:
            runs = turn % 3 == 0
            states: dict[str, StateValue] = {
                "car_state": "running" if runs else "stopped",
                "door_closed": runs,
                "passengers_present": runs,
            }
            return {"speed": 1.5 if runs else 0.0, "load_percent": 30.0 if runs else 0.0}, states, ()
        case DeviceKind.ACCESS_GATE:
            enters = turn % 4 == 0
            who = (Event("access_granted", {"credential_ref": f"c{i % 500}", "door_id": "d", "direction": "in"}),)
            shut: dict[str, StateValue] = {"door_state": "closed", "lock_state": "locked"}
            return {"passage_count": float(turn // 4), "battery_percent": 88.0}, shut, who if enters else ()
        case DeviceKind.CAMERA:
            return {"frame_rate": 24.9, "object_count": float(i % 3)}, {"motion": turn % 5 == 0}, ()
        case _:
            return {"battery_percent": 90.0, "temperature": 18.0}, {"water_leak": False}, ()


@contextmanager
def _as_the_gateway() -> Iterator[None]:
    """Garbage collection as the gateway sets it: rare, and nothing that is old is walked."""
    before = gc.get_threshold()
    gc.set_threshold(*GC_THRESHOLD)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)

"""Cost: a message costs the same in a big community as in a small one, since only devices that are due are touched."""

import time
import tracemalloc
from itertools import islice

from simulators.community import build
from simulators.timeline import timeline
from tests.unit.simulators.hour import START

BIG = 10_000


def seconds_per_message(devices: int, count: int = 20_000) -> float:
    life = timeline(build(devices, 1), [], START)
    for _ in islice(life, devices * 2):
        pass
    begun = time.process_time()
    for _ in islice(life, count):
        pass
    return (time.process_time() - begun) / count


def test_a_message_of_ten_thousand_devices_costs_hardly_more_than_one_of_three_hundred() -> None:
    # A scan of all devices for the next one due would cost some thirty times as much.
    small = min(seconds_per_message(300) for _ in range(3))
    assert min(seconds_per_message(BIG) for _ in range(3)) < 5 * small


def test_ten_thousand_devices_fit_a_small_machine() -> None:
    tracemalloc.start()
    try:
        life = timeline(build(BIG, 1), [], START)
        for _ in islice(life, BIG * 2):
            pass
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used / BIG < 8_000

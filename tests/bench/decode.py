"""Microseconds to decode one message, per dialect, with the samples of ``tests/catalog``.

Every sample is decoded over and over by the gateway's own decoder (routes are cached, as when it runs). Counted
is processor time without garbage collection, the best of several rounds, as ``timeit`` does: whatever else runs on the
machine can only add to it. A dialect's figure is the mean over its samples.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from devices.dialects import DIALECTS
from devices.model import Envelope
from tests.catalog.sample import Sample, samples

MESSAGES = 1_000
ROUNDS = 7


def run(count: int = MESSAGES, rounds: int = ROUNDS, say: Callable[[str], None] = lambda step: None) -> dict[str, Any]:
    """Measure every dialect, what is JSON apart from what is not (frames, XML, plain words).

    ``slowest_us`` is the dearest of the dialects that speak JSON.
    """
    json: dict[str, float] = {}
    other: dict[str, float] = {}
    with uncollected():
        for name in sorted(DIALECTS):
            given = [sample for sample in samples(name) if isinstance(sample.expect, list) and sample.expect]
            say(f"{name}, {len(given)} samples")
            for figures, own in ((json, True), (other, False)):
                costs = [best(sample, count, rounds) for sample in given if is_json(sample.envelope.payload) is own]
                if costs:
                    figures[name] = round(statistics.fmean(costs) * 1e6, 2)
    slowest = max(json, key=json.__getitem__)
    return {"slowest": slowest, "slowest_us": json[slowest], "json_us": json, "other_us": other, "messages": count}


def is_json(payload: bytes) -> bool:
    """Whether a payload is a JSON object or list."""
    return payload[:1] in (b"{", b"[")


def best(sample: Sample, count: int, rounds: int) -> float:
    """Seconds per message."""
    decoder = sample.decoder()
    batch = envelopes(sample.envelope, count)
    decoder.decode_all(batch[:2])
    return min(timed(lambda: decoder.decode_all(batch)) for _ in range(rounds)) / count


def timed(work: Callable[[], object]) -> float:
    """Processor seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: its time depends on what else is in memory."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def envelopes(like: Envelope, count: int) -> list[Envelope]:
    """The same message at later and later times."""
    return [msgspec.structs.replace(like, received_at=like.received_at + n * 0.001) for n in range(count)]

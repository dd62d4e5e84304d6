"""From measured values to figures. Pure."""

import math
import statistics
from collections.abc import Sequence
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that at least ``share`` per cent of all do not exceed.

    Raises:
        ValueError: there are no values, or ``share`` is not above 0 and up to 100.
    """
    if not values or not 0 < share <= 100:
        raise ValueError(f"no percentile {share} of {len(values)} values")
    return sorted(values)[math.ceil(share / 100 * len(values)) - 1]


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """How long things took, in milliseconds."""
    return {
        "p50_ms": round(percentile(seconds, 50) * 1000, 1),
        "p99_ms": round(percentile(seconds, 99) * 1000, 1),
        "max_ms": round(max(seconds) * 1000, 1),
    }


def medians(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The median of each number over ``rounds`` of one shape; what is no number is taken from the last."""
    return {name: _median([each[name] for each in rounds]) for name in rounds[-1]}


def _median(values: list[Any]) -> Any:
    last = values[-1]
    if isinstance(last, dict):
        return medians(values)
    if isinstance(last, bool) or not isinstance(last, int | float):
        return last
    middle = statistics.median(values)
    return round(middle) if all(isinstance(value, int) for value in values) else round(middle, 3)

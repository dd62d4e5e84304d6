"""How much anybody may ask: a bucket per session, per token, and per address of those who are neither.

A bucket holds ``BURST`` requests and refills at ``PER_S``. A person who works alerts comes nowhere near it; a runaway
script does. In memory and bounded: a flood of addresses must not become a flood of counters.
"""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from starlette.exceptions import HTTPException

BURST = 600
PER_S = 60.0
MOST_KEYS = 10_000
LOGIN_COST = 10
"""What one login counts for: sixty at once, then six a second, since each costs the processor dearly."""

EXPORT_COST = 60
"""What one export counts for: ten at once, then one a second."""


class Limits:
    """Token buckets by key. ``now`` is a clock in seconds that never jumps."""

    def __init__(self, now: Callable[[], float], burst: float = BURST, per_s: float = PER_S) -> None:
        self._now = now
        self._burst = burst
        self._per_s = per_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, cost: float = 1.0) -> None:
        """Count a request of ``key``. Beyond :data:`MOST_KEYS` keys the one that asked longest ago starts afresh.

        Raises:
            HTTPException: 429 with ``Retry-After``, whole seconds until the bucket holds ``cost`` again.
        """
        now = self._now()
        left, at = self._buckets.get(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        if left < cost:
            wait = max(1, ceil((cost - left) / self._per_s))
            raise HTTPException(429, f"too many requests; try again in {wait} s, and ask less often", _after(wait))
        self._buckets[key] = (left - cost, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)


def _after(wait_s: int) -> dict[str, str]:
    return {"Retry-After": str(wait_s)}

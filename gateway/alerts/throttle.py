"""Slows down guessing of passwords: a count of failures per account and address.

Kept in memory: writing each failure would let anybody wear out the flash and fill the disk, and a restart gives a
guesser five more tries, no more. The key has the address in it, so guessing from elsewhere locks nobody out.
"""

from collections import OrderedDict

FAILURES = 5
WINDOW_S = 60.0
MOST_KEYS = 10_000


class Throttle:
    """At most :data:`FAILURES` failures per key within :data:`WINDOW_S` seconds. Memory is bounded."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def wait(self, username: str, address: str, now: float) -> float:
        """Seconds until this pair may try again; 0: at once."""
        recent = self._recent(username, address, now)
        return recent[-FAILURES] + WINDOW_S - now if len(recent) >= FAILURES else 0.0

    def failed(self, username: str, address: str, now: float) -> None:
        """Count a failure. Beyond :data:`MOST_KEYS` pairs the one that failed longest ago is forgotten."""
        key = (username, address)
        self._failures[key] = [*self._recent(username, address, now), now]
        self._failures.move_to_end(key)
        if len(self._failures) > MOST_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, username: str, address: str) -> None:
        """Forget the pair's failures."""
        self._failures.pop((username, address), None)

    def _recent(self, username: str, address: str, now: float) -> list[float]:
        # A failure "in the future" means the clock was set back; counting it could lock the operator out for hours.
        return [at for at in self._failures.get((username, address), ()) if 0 <= now - at < WINDOW_S]

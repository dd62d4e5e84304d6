"""Joins messages of a busy channel, so that a flood of small things neither hides a fire nor outruns the service. Pure.

A channel takes so many messages a minute. While there is room each goes by itself; once more wait than there is room
for, those of one incident go as one. The last room of a minute takes all that waits. Nothing waits longer than a
minute, but for fires: they go at once and take room too.
"""

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.notify.ports import Row
from gateway.notify.routing import severity_rank
from gateway.notify.templates import DIGEST

WINDOW_S = 60.0


class Pace:
    """Counts what one channel was sent in the last minute, on a clock that never jumps; ``limit`` 0 is none."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sent: deque[float] = deque()

    @property
    def limited(self) -> bool:
        return self._limit > 0

    def note(self, now: float) -> None:
        """A message goes out now."""
        if self.limited:
            self._sent.append(now)

    def room(self, now: float) -> int:
        """How many messages may still go now."""
        while self._sent and self._sent[0] <= now - WINDOW_S:
            self._sent.popleft()
        return max(self._limit - len(self._sent), 0)

    def wait(self, now: float) -> float:
        """Seconds until there is room; 0 where there is."""
        if self.room(now) or not self.limited:
            return 0.0
        return self._sent[len(self._sent) - self._limit] + WINDOW_S - now


def held(row: Row, pace: Pace, now: float) -> bool:
    """Tell whether ``row`` must wait for room. A real critical alert never does."""
    return severity_rank(row.payload) > 0 and pace.wait(now) > 0


def batch(rows: Sequence[Row], pace: Pace, now: float, alone: bool = False) -> list[Row]:
    """Choose from ``rows`` (at least one; the most urgent first; none is held) those that go next as one message.

    ``alone`` after a failure: a message that the service never takes must not hold up others by being joined to them.
    """
    first = rows[0]
    if alone or severity_rank(first.payload) == 0 or not pace.limited:
        return [first]
    room = pace.room(now)
    waiting = [row for row in rows if severity_rank(row.payload) > 0]
    if len(waiting) <= room:
        return [first]
    return waiting if room <= 1 else [row for row in waiting if _incident(row) == _incident(first)]


def joined(rows: Sequence[Row]) -> tuple[str, Mapping[str, Any], str]:
    """Stage, payload and key of the one message that ``rows`` become."""
    if len(rows) == 1:
        return rows[0].stage, rows[0].payload, rows[0].id
    digest = hashlib.blake2b("\n".join(sorted(row.id for row in rows)).encode(), digest_size=8).hexdigest()
    messages = [{**row.payload, "stage": row.stage} for row in rows]
    gravest = min((row.payload for row in rows), key=severity_rank)
    payload = {"severity": gravest.get("severity"), "test": gravest.get("test", False), "messages": messages}
    return DIGEST, payload, f"{DIGEST}:{rows[0].channel}:{digest}"


def _incident(row: Row) -> str:
    return str(row.payload.get("incident") or row.alert)

"""The clock, as a port: whoever needs the time takes a ``Clock``, and tests bring their own."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of time."""

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC; may jump when the machine's clock is set."""

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps, says nothing about the time of day."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

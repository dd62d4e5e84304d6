"""The clock, as a port: whoever needs the time takes a ``Clock``, and tests bring their own."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from zlib import crc32

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Two readings of time."""

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC; may jump when the machine's clock is set."""

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps, says nothing about the time of day."""

    def epoch(self) -> str:
        """Names the moment that ``monotonic`` counts from; "" where that may differ after every start."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()

    def epoch(self) -> str:
        try:
            return BOOT_ID.read_text().strip() if hasattr(time, "CLOCK_BOOTTIME") else ""
        except OSError:
            return ""


class SteadyTime:
    """Seconds that never jump, through restarts too; at the first start they begin with the time of day.

    While the machine is up its own uptime carries on, whatever the time of day is set to. Only over a reboot the
    difference of the time of day is taken, never backwards.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = clock.now() - clock.monotonic()

    def now(self) -> float:
        """The steady time."""
        return self._clock.monotonic() + self._offset

    def save(self) -> dict[str, int]:
        """What the next start needs, in whole milliseconds."""
        moments = {"now": self.now(), "uptime": self._clock.monotonic(), "of_day": self._clock.now()}
        return {name: round(moment * 1_000) for name, moment in moments.items()} | {"epoch": self._epoch()}

    def restore(self, saved: Mapping[str, int]) -> None:
        """Go on where :meth:`save` stood."""
        if not saved:
            return
        if saved["epoch"] == self._epoch() != -1:
            gone = self._clock.monotonic() - saved["uptime"] / 1_000
        else:
            gone = max(self._clock.now() - saved["of_day"] / 1_000, 0.0)
        self._offset = saved["now"] / 1_000 + gone - self._clock.monotonic()

    def _epoch(self) -> int:
        """The epoch as a number; without one every start is a new one."""
        name = self._clock.epoch()
        return crc32(name.encode()) if name else -1

"""The drain's two neighbours, scripted: where reports come from and where they go."""

import asyncio
from collections.abc import Callable, Sequence

from devices.model import Report
from devices.registry import Device
from gateway.history.store import Refused, Series, Unavailable


class Script:
    """A source: hands out ``batches``, then waits for ever. ``done`` is set once the last one is committed."""

    def __init__(self, *batches: list[Report]) -> None:
        self.batches = list(batches)
        self.committed: list[int] = []
        self.done = asyncio.Event()
        self._handed = 0

    async def next(self, limit: int) -> tuple[list[Report], int]:
        if self._handed == len(self.batches):
            await asyncio.Event().wait()
        self._handed += 1
        return self.batches[self._handed - 1][:limit], self._handed

    async def commit(self, position: int) -> None:
        self.committed.append(position)
        if position == len(self.batches):
            self.done.set()


class Ledger:
    """A store: keeps what it took, after raising ``troubles`` in turn; refuses batches with a report it ``hates``."""

    def __init__(self, troubles: Sequence[Unavailable] = (), hates: Callable[[Report], bool] = lambda _: False) -> None:
        self.taken: list[Report] = []
        self.attempts: list[list[Report]] = []
        self.hates = hates
        self.troubles = list(troubles)

    def write(self, reports: Sequence[Report]) -> None:
        self.attempts.append(list(reports))
        if self.troubles:
            raise self.troubles.pop(0)
        if any(self.hates(report) for report in reports):
            raise Refused("hated")
        self.taken.extend(reports)

    def query(self, device: Device, start: float, end: float, every_s: float) -> Series:
        raise NotImplementedError

    def ping(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

"""Named, owned tasks: one that fails stops the gateway loudly instead of leaving it half alive."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Tasks:
    """Starts tasks and watches them; the first failure is kept in ``failure`` and sets ``stop``."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.failure: BaseException | None = None
        self._stop = stop
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks[name] = task

    async def finish(self, *prefixes: str, within_s: float) -> None:
        """Wait for the tasks whose names begin with any of ``prefixes``; after ``within_s`` cancel them."""
        if chosen := self._running(prefixes):
            await asyncio.wait(chosen, timeout=within_s)
            await self.cancel(*prefixes, within_s=within_s)

    async def cancel(self, *prefixes: str, within_s: float) -> None:
        """Cancel tasks and give them ``within_s`` to put away what they hold."""
        if chosen := self._running(prefixes):
            for task in chosen:
                task.cancel()
            await asyncio.wait(chosen, timeout=within_s)

    def _running(self, prefixes: tuple[str, ...]) -> list[asyncio.Task[None]]:
        return [task for name, task in self._tasks.items() if name.startswith(prefixes) and not task.done()]

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        error = task.exception()
        log.critical("task_failed", task=task.get_name(), exc_info=error)
        self.failure = self.failure or error
        self._stop.set()

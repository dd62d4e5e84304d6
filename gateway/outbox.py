"""The notifier's port on the alert store, kept off the event loop."""

import asyncio
from collections.abc import Sequence

from gateway.alerts.records import OutboxRow
from gateway.alerts.store import AlertStore
from gateway.evaluate import Evaluator


class StoredOutbox:
    """Reads beside the evaluation, writes in its thread."""

    def __init__(self, store: AlertStore, evaluator: Evaluator) -> None:
        self._store = store
        self._evaluator = evaluator

    async def due_messages(self, now: float, limit: int) -> Sequence[OutboxRow]:
        return await asyncio.to_thread(self._store.due_messages, now, limit)

    async def messages_sent(self, ids: Sequence[str], now: float) -> None:
        await self._evaluator.in_thread(self._store.messages_sent, ids, now)

    async def message_failed(self, id: str, error: str, next_at: float) -> None:
        await self._evaluator.in_thread(self._store.message_failed, id, error, next_at)

"""Tokens off the event loop; implements the API's port."""

import asyncio
from collections.abc import Sequence

import structlog

from gateway.alerts.database import StoreUnavailable
from gateway.alerts.people import By
from gateway.alerts.tokens import USED_EVERY_S, Scope, Token, TokenStore
from gateway.clock import Clock
from gateway.evaluate import Evaluator

log = structlog.get_logger(__name__)


class TokenDesk:
    """Reads in threads; writes in the thread that owns writing to the store."""

    def __init__(self, store: TokenStore, clock: Clock, evaluator: Evaluator) -> None:
        self._store = store
        self._clock = clock
        self._in_thread = evaluator.in_thread

    async def find(self, secret: str) -> Token | None:
        now = self._clock.now()
        found = await asyncio.to_thread(self._store.find, secret, now)
        if found and now - (found.last_used_at or 0.0) >= USED_EVERY_S:
            await self._note_use(found, now)
        return found

    async def create(
        self, name: str, scopes: Sequence[Scope], buildings: Sequence[str], valid_s: float, actor: str
    ) -> tuple[Token, str]:
        by = By(actor, self._clock.now())
        return await self._in_thread(self._store.create, name, scopes, buildings, valid_s, by)

    async def everything(self) -> list[Token]:
        return await asyncio.to_thread(self._store.everything)

    async def revoke(self, token_id: str, actor: str) -> Token:
        return await self._in_thread(self._store.revoke, token_id, By(actor, self._clock.now()))

    async def _note_use(self, token: Token, now: float) -> None:
        """A full disk must not lock out a program that reads."""
        try:
            await self._in_thread(self._store.used, token.id, now)
        except StoreUnavailable as error:
            log.warning("token_use_not_noted", token=token.id, error=str(error))

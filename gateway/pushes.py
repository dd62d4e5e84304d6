"""Messages that come by HTTP instead of MQTT: the same way in, and answered only after the same commit."""

import asyncio
import hmac
from collections.abc import Mapping

import mqtt5

from gateway.api.ports import Unavailable
from gateway.config import reveal
from gateway.ingest.intake import Intake
from gateway.site import Site

MAX_WAITING = 200
PATIENCE_S = 10.0


def tokens_of(site: Site) -> dict[str, str]:
    """The token of each push endpoint that is open."""
    given = {maker: getattr(site.push, maker) for maker in type(site.push).model_fields}
    return {maker: reveal(secret) for maker, secret in given.items() if secret is not None}


class _Answer:
    """The connection of one pushed message: acknowledged is committed."""

    def __init__(self) -> None:
        self.committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def acknowledge(self, packet_ids: list[int]) -> None:
        if not self.committed.done():
            self.committed.set_result(None)

    def pause(self) -> None:
        """One message cannot be slowed down; how many wait is bounded instead."""

    def resume(self) -> None:
        """See ``pause``."""


class PushDesk:
    """Takes pushed messages into the alarm lane. ``tokens``: the secret of each maker whose endpoint is open."""

    def __init__(self, intake: Intake, tokens: Mapping[str, str], patience_s: float = PATIENCE_S) -> None:
        self._intake = intake
        self._tokens = tokens
        self._patience_s = patience_s
        self._waiting = 0

    def accepts(self, maker: str, token: str) -> bool:
        """Tell whether ``token`` opens the endpoint of ``maker``; compared in constant time."""
        known = self._tokens.get(maker, "")
        return bool(known) and hmac.compare_digest(known.encode(), token.encode())

    async def push(self, topic: str, payload: bytes) -> None:
        """Take one message; returns when it, or the refusal it met, is on disk.

        Raises:
            Unavailable: the disk refuses, or too many wait; the sender should send it again.
        """
        if self._waiting >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} pushed messages wait for the disk; send it again later")
        answer = _Answer()
        packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1)
        self._waiting += 1
        try:
            self._intake.take(answer, [packet])
            async with asyncio.timeout(self._patience_s):
                await answer.committed
        except TimeoutError:
            raise Unavailable("the journal does not take it now (is the disk full?); send it again later") from None
        finally:
            self._waiting -= 1

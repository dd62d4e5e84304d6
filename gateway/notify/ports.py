"""What the sender of notifications needs from others. Times are epoch seconds, UTC."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from gateway.site import Secret

Reveal = Callable[[Secret], str]
"""Reads a secret; raises ``OperatorError``, ``OSError`` or ``KeyError``, never with the secret in the message."""


class Row(Protocol):
    """One notification on its way. ``payload`` is the alert as the API shows it."""

    @property
    def id(self) -> str: ...
    @property
    def alert(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def created_at(self) -> float: ...
    @property
    def payload(self) -> dict[str, Any]: ...
    @property
    def attempts(self) -> int: ...


class Outbox(Protocol):
    """Where messages wait until their channel confirms them; it outlives the process."""

    async def due_messages(self, now: float, limit: int, /) -> Sequence[Row]:
        """At most ``limit`` unsent rows whose next attempt is due."""

    async def messages_sent(self, ids: Sequence[str], now: float, /) -> None:
        """The channel confirmed; the rows are never due again. All of them are noted, or none."""

    async def message_failed(self, message_id: str, error: str, next_at: float, /) -> None:
        """Count the attempt; the row is due again at ``next_at``."""


class Undelivered(Exception):
    """The channel did not confirm. The message says why and holds no secret."""


class Endpoint(Protocol):
    """One channel, ready to send. ``deliver`` is called in a worker thread and may block."""

    @property
    def per_minute(self) -> int:
        """Messages it takes a minute before they are joined; 0: any number."""

    def deliver(self, stage: str, alert: Mapping[str, Any], key: str, /) -> str:
        """Send; returns once the service confirmed, with what it said.

        ``key`` is the same whenever this message is sent again: where the service carries such a thing, its receiver
        knows by it what came twice.

        Raises:
            Undelivered: it did not.
        """

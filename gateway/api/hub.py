"""Server-sent events: one publisher, many consoles.

What a console hears, and what it should do:

* On a first connection the newest ``id`` without an event, so that a browser knows where it stands even if nothing
  happens before it loses the line. On ``open`` it should fetch devices and health: only alerts are kept for replay.
* ``alert``: an AlertView, with a growing ``id``. A browser that reconnects names the last id it saw (``Last-Event-ID``)
  and gets the alerts since then, as long as the last ``KEPT`` hold them all.
* ``reload``: they do not (too old, or the gateway restarted). Fetch alerts afresh.
* ``devices``, ``health``: the newest state, no id, never replayed.
* A comment, ``: ping``, at a fixed interval, so that both ends notice a dead line.

Ids begin at the wall clock's milliseconds, so those of an earlier run are always recognised as old.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec

KEPT = 1000
QUEUE_LIMIT = 1000
PING_S = 10.0
RETRY_MS = 2000
REPLAYED = "alert"
_PING = b": ping\n\n"


class Closed(Exception):
    """The gateway is stopping."""


class Hub:
    """Fans events out to every subscriber. Use from the event loop only; nothing here waits."""

    def __init__(self, first_id: int, ping_s: float = PING_S) -> None:
        """``first_id``: id of the first alert event, above every id of earlier runs (wall clock in ms).

        ``ping_s``: seconds between pings, by the loop's clock.
        """
        self._head = first_id - 1
        self._ping_s = ping_s
        self._ring: deque[tuple[str, bytes]] = deque(maxlen=KEPT)
        self._subscriptions: set[Subscription] = set()
        self._closed = False
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._subscriptions)

    @property
    def scoped(self) -> bool:
        """Whether somebody listens who may not hear of every building."""
        return any(subscription.buildings for subscription in self._subscriptions)

    def publish(self, event: str, data: Any, building: str = "") -> None:
        """Send ``data`` (JSON as bytes, or anything msgspec encodes), encoded once, to whoever hears of ``building``.

        Without one everybody does.
        """
        body = data if isinstance(data, bytes) else msgspec.json.encode(data)
        frame = _frame(event, body)
        if event == REPLAYED:
            self._head += 1
            frame = b"id: %d\n%b" % (self._head, frame)
            self._ring.append((building, frame))
        for subscription in tuple(self._subscriptions):
            if _hears(subscription.buildings, building) and not subscription.offer(frame):
                self.dropped += 1
                self.leave(subscription)

    def subscribe(self, last_id: int | None = None, buildings: tuple[str, ...] = ()) -> "Subscription":
        """Join from now on, or from the event after ``last_id``; leave with ``leave``.

        ``buildings``: hear of these alone, and of what has none.

        Raises:
            Closed: the hub was closed.
        """
        if self._closed:
            raise Closed
        subscription = Subscription(self._opening(last_id, buildings), self._ping_s, buildings)
        self._subscriptions.add(subscription)
        return subscription

    def leave(self, subscription: "Subscription") -> None:
        self._subscriptions.discard(subscription)
        subscription.close()

    def close(self) -> None:
        """End every stream after what is queued; call before the server is told to stop, which waits for them."""
        self._closed = True
        for subscription in tuple(self._subscriptions):
            self.leave(subscription)

    def _opening(self, last_id: int | None, buildings: tuple[str, ...]) -> list[bytes]:
        retry, here = b"retry: %d\n\n" % RETRY_MS, b"id: %d\n" % self._head
        if last_id is None:
            return [retry, here + b"\n"]
        missed = self._head - last_id
        if not 0 <= missed <= len(self._ring):
            return [retry, here + _frame("reload", b"{}")]
        kept = list(self._ring)
        heard = [frame for building, frame in kept[len(kept) - missed :] if _hears(buildings, building)]
        return [retry, *heard]


class Subscription:
    """One console's queue."""

    def __init__(self, opening: list[bytes], ping_s: float, buildings: tuple[str, ...] = ()) -> None:
        self.buildings = buildings
        self._queue = deque(opening)
        self._room = QUEUE_LIMIT + len(opening)
        self._news = asyncio.Event()
        self._news.set()
        self._ping_s = ping_s
        self._closed = False

    def offer(self, frame: bytes) -> bool:
        """Queue ``frame``; ``False``, and an end to the stream, when the reader is hopelessly behind."""
        if len(self._queue) >= self._room:
            self._queue.clear()
            return False
        self._queue.append(frame)
        self._news.set()
        return True

    def close(self) -> None:
        self._closed = True
        self._news.set()

    async def frames(self, welcome: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        """Yield what there is to send until closed. ``welcome`` is asked at every ping; ``False`` ends the stream."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._ping_s
        while self._queue or not self._closed:
            await self._wait_until(due)
            if loop.time() >= due:
                if not await welcome():
                    return
                self._queue.append(_PING)
                due = loop.time() + self._ping_s
            if chunk := self._take():
                yield chunk

    async def _wait_until(self, due: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await self._news.wait()

    def _take(self) -> bytes:
        chunk = b"".join(self._queue)
        self._queue.clear()
        if not self._closed:
            self._news.clear()
        return chunk


def _hears(buildings: tuple[str, ...], building: str) -> bool:
    return not buildings or not building or building in buildings


def _frame(event: str, body: bytes) -> bytes:
    lines = body.replace(b"\n", b"\ndata: ")
    return b"event: %b\ndata: %b\n\n" % (event.encode(), lines)

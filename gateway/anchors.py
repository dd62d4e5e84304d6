"""Notes the end of the audit chain outside the database, so that rows cut off its end are missed."""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from gateway.alerts.records import Changes, Message
from gateway.alerts.store import AlertStore, StoreUnavailable
from gateway.anchor_file import append
from gateway.clock import Clock
from gateway.evaluate import Evaluator
from gateway.site import Anchor

log = structlog.get_logger(__name__)

STAGE = "anchor"
Publish = Callable[[str, bytes], None]


class Anchors:
    """Notes the head at each place of the site file, each in its own time. ``failed`` counts the failures."""

    def __init__(
        self,
        places: Iterable[Anchor],
        site: str,
        store: AlertStore,
        evaluator: Evaluator,
        clock: Clock,
        publish: Publish,
    ) -> None:
        self.failed = 0
        self._site = site
        self._store = store
        self._evaluator = evaluator
        self._clock = clock
        self._publish = publish
        self._due = [(place, clock.monotonic()) for place in places]

    async def turn(self) -> None:
        """Note the head wherever it is time to. Raises ``StoreUnavailable`` where there is no reading it."""
        now = self._clock.monotonic()
        if all(due > now for _, due in self._due):
            return
        seq, digest = await asyncio.to_thread(self._store.audit_head)
        told = {"site": self._site, "seq": seq, "hash": digest, "at": self._clock.now()}
        due, self._due = self._due, [(p, now + p.every_s if at <= now else at) for p, at in self._due]
        for place in (place for place, at in due if at <= now):
            try:
                await self._note(place, told)
            except (OSError, StoreUnavailable) as error:
                self.failed += 1
                log.warning("anchor_not_noted", place=place.name, error=str(error))

    async def _note(self, place: Anchor, told: dict[str, Any]) -> None:
        line = json.dumps(told).encode()
        if place.file is not None:
            await asyncio.to_thread(append, place.file, line)
        elif place.topic:
            self._publish(place.topic, line)
        else:
            message = message_of(place.channel, told)
            await self._evaluator.in_thread(self._store.commit, Changes(messages=[message]))


def message_of(channel: str, told: dict[str, Any]) -> Message:
    """The head as a notification, in the shape of an alert."""
    payload = {
        "id": STAGE,
        "rule": "audit_anchor",
        "severity": "notice",
        "device": "",
        "raised_at": told["at"],
        "reason": {"code": STAGE, "values": {"head": f"{told['seq']}:{told['hash']}"}},
    }
    id_ = f"{STAGE}:{channel}:{told['seq']}"
    return Message(id=id_, alert=STAGE, channel=channel, stage=STAGE, created_at=told["at"], payload=payload)

"""A simulated hour, decoded by hand: what the tests of the community look at."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any

from simulators.community import Community
from simulators.scenario import Incident
from simulators.timeline import Message, timeline

START = 1_750_000_000.0
HOUR_S = 3600.0


@dataclass
class Heard:
    """One message taken apart."""

    at: float
    kind: str
    device: str
    channel: str
    retain: bool
    body: dict[str, Any]

    @property
    def states(self) -> dict[str, Any]:
        return dict(self.body.get("states", {}))

    @property
    def measurements(self) -> dict[str, float]:
        return dict(self.body.get("measurements", {}))

    @property
    def events(self) -> list[dict[str, Any]]:
        return list(self.body.get("events", []))

    @property
    def codes(self) -> list[str]:
        return [event["code"] for event in self.events]


@dataclass
class Life:
    """What one device said, and how its states developed."""

    messages: list[Heard] = field(default_factory=list)

    def spans(self, **wanted: Any) -> list[float]:
        """How long, each time, all of ``wanted`` held, counted until the first message in which one did not."""
        lengths: list[float] = []
        known: dict[str, Any] = {}
        since: float | None = None
        for message in self.messages:
            known.update(message.states)
            holds = all(known.get(name) == value for name, value in wanted.items())
            if holds and since is None:
                since = message.at
            elif not holds and since is not None:
                lengths.append(message.at - since)
                since = None
        return lengths if since is None else [*lengths, self.messages[-1].at - since]

    def longest_silence(self) -> float:
        moments = [message.at for message in self.messages]
        return max(later - earlier for earlier, later in pairwise(moments))


def messages(community: Community, incidents: list[Incident], seconds: float = HOUR_S) -> list[Message]:
    return list(takewhile(lambda message: message.at < START + seconds, timeline(community, incidents, START)))


def hear(message: Message) -> Heard:
    _, _, kind, device, channel = message.topic.split("/")
    return Heard(message.at, kind, device, channel, message.retain, json.loads(message.payload))


def lives(said: list[Message]) -> dict[str, Life]:
    by_device: dict[str, Life] = defaultdict(Life)
    for message in said:
        heard = hear(message)
        by_device[heard.device].messages.append(heard)
    return dict(by_device)

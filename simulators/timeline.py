"""Everything a community says, in order of time. Pure: it only depends on community, incidents and start."""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from random import Random
from typing import NamedTuple

from simulators.community import Community, Member, behaviour
from simulators.native import NativeVoice
from simulators.scenario import Incident
from simulators.script import Script

WAKE_WITHIN_S = 10.0


class Message(NamedTuple):
    """One publish. ``incident`` is set on the message that must lead to an alert."""

    at: float
    topic: str
    payload: bytes
    retain: bool = False
    incident: Incident | None = None


class Due(NamedTuple):
    """Whose turn it is, and when. ``turn`` tells a device's present turn from one an incident made void."""

    at: float
    order: int
    turn: int
    incident: Incident | None = None


class Player:
    """One device at its place in its script."""

    def __init__(self, member: Member, community: Community) -> None:
        self.behaviour = behaviour(member, community.seed)
        self.voice = NativeVoice(community.id, member.kind, member.id)
        self.script: Script = self.behaviour.ordinary()
        self.turn = 0


def timeline(community: Community, incidents: Iterable[Incident], start: float) -> Iterator[Message]:
    """Yield the messages of ``community`` from ``start`` (epoch seconds) on, without end.

    Holds one script per device and one heap entry per device and incident, however long it runs.

    Raises:
        ValueError: an incident names a device that is not there, or that cannot cause it.
    """
    players = [Player(member, community) for member in community.members]
    heap = [*_wake(community, start), *_cast(community, incidents, start)]
    heapify(heap)
    for player in players:
        yield Message(start, *player.voice.status(True, start), retain=True)
    while heap:
        due = heappop(heap)
        player = players[due.order]
        if due.incident is None and due.turn != player.turn:
            continue
        message, pause = _play(player, due)
        yield message
        heappush(heap, Due(due.at + pause, due.order, player.turn))


def _wake(community: Community, start: float) -> Iterator[Due]:
    rng = Random(f"wake/{community.seed}")  # noqa: S311 - repeatable, not secret
    return (Due(start + rng.uniform(0.5, WAKE_WITHIN_S), order, 0) for order in range(len(community.members)))


def _cast(community: Community, incidents: Iterable[Incident], start: float) -> Iterator[Due]:
    orders = {member.id: order for order, member in enumerate(community.members)}
    for incident in incidents:
        if incident.device not in orders:
            raise ValueError(f"incident {incident.rule!r}: no device {incident.device!r} in this community")
        yield Due(start + incident.at_s, orders[incident.device], -1, incident)


def _play(player: Player, due: Due) -> tuple[Message, float]:
    if due.incident is not None:
        player.script = player.behaviour.incident(due.incident.rule)
        player.turn += 1
    step = next(player.script, None)
    if step is None:
        player.script = player.behaviour.ordinary()
        step = next(player.script)
    say, pause = step
    return Message(due.at, *player.voice.encode(say, due.at), incident=due.incident), pause

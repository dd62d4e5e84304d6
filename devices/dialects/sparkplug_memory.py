"""What is known of an edge node, as bytes: what its births said, not what we took it to mean."""

from collections.abc import Callable

import msgspec
from msgspec import Struct

from devices.dialects.sparkplug_lives import Birth, Node, Session
from devices.dialects.sparkplug_payload import Metric


class _Named(Struct, array_like=True):
    name: str
    alias: int | None
    datatype: int
    unit: str


class _Life(Struct, array_like=True):
    started: float
    bd_seq: int | None
    died: float | None
    births: dict[str, list[_Named]]


class _Kept(Struct, array_like=True):
    group: str
    node: str
    newest: float
    lives: list[_Life]


_decoder = msgspec.msgpack.Decoder(_Kept)


def encode_node(group: str, name: str, node: Node) -> bytes:
    """Write ``node`` down. Its counter is left out: messages between this moment and a restart are not missing."""
    lives = [
        _Life(s.started, s.bd_seq, s.died, {device: _named(birth) for device, birth in s.births.items()})
        for s in node.sessions
    ]
    return msgspec.msgpack.encode(_Kept(group, name, node.newest, lives))


def decode_node(memory: bytes, read: Callable[[str, str, str, list[Metric]], Birth]) -> tuple[str, str, Node]:
    """Return group, name and node; ``read`` makes a birth of group, node, device and metrics with today's tables.

    Raises:
        msgspec.DecodeError: ``memory`` is not what :func:`encode_node` wrote.
    """
    kept = _decoder.decode(memory)
    sessions = [
        Session(
            life.started,
            life.bd_seq,
            {
                device: read(kept.group, kept.node, device, [_metric(each) for each in named])
                for device, named in life.births.items()
            },
            life.died,
        )
        for life in kept.lives
    ]
    return kept.group, kept.node, Node(sessions, kept.newest)


def _named(birth: Birth) -> list[_Named]:
    aliases = {known.name: key for key, known in birth.metrics.items() if isinstance(key, int)}
    return [
        _Named(known.name, aliases.get(known.name), known.datatype, known.unit)
        for key, known in birth.metrics.items()
        if isinstance(key, str)
    ]


def _metric(named: _Named) -> Metric:
    return Metric(named.name, named.alias, datatype=named.datatype, unit=named.unit or None)

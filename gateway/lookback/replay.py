"""Runs the journal through today's dialects and rules and says what they make of it. Reads only; raises nothing.

It starts from devices nobody has heard of and rules that remember nothing, so that the same journal gives the same
answer; an alert whose signs began before the first message replayed is not seen.
"""

from collections.abc import Iterator

from msgspec import Struct

from alert_rules.alert import Transition
from alert_rules.engine import Engine
from devices.decode import Decoder
from devices.dialects.dialect import Lane
from devices.model import Envelope, Reject
from gateway.config import registry_of
from gateway.dialects import decoder_of
from gateway.lookback import messages
from gateway.lookback.messages import Message
from gateway.rules import rules_of
from gateway.site import Site


class Refused(Struct):
    """A message that is not understood today either."""

    lane: Lane
    seq: int
    topic: str
    reject: Reject


class Mended(Struct):
    """A message that became a dead letter when it came in, and is understood today."""

    lane: Lane
    seq: int
    topic: str


class Damaged(Struct):
    """A stretch of the journal that cannot be read."""

    lane: Lane
    seq: int
    count: int


class Said(Struct):
    """What a rule says, at the message with this sequence."""

    lane: Lane
    seq: int
    transition: Transition


class Finished(Struct):
    """The end: how many messages were replayed."""

    messages: int


Item = Refused | Mended | Damaged | Said | Finished


def replay(site: Site, lane: Lane | None, start: int) -> Iterator[Item]:
    """Replay one lane, or both in the order of receipt, from sequence ``start`` of each.

    Raises:
        OperatorError: there is no journal, or it cannot be read at all.
    """
    lanes = (lane,) if lane else tuple(Lane)
    dead = {each: messages.dead_letters(site, each) for each in lanes}
    registry = registry_of(site)
    decoder, engine, count = decoder_of(site, registry), None, 0
    for message in messages.merged(site, lanes, start):
        if message.envelope is None:
            yield Damaged(message.lane, message.seq, message.count)
            continue
        count += 1
        engine = engine or Engine(rules_of(site), registry, message.at)
        yield from _judge(message, message.envelope, decoder, engine, message.seq in dead[message.lane])
    yield Finished(count)


def _judge(message: Message, envelope: Envelope, decoder: Decoder, engine: Engine, was_dead: bool) -> Iterator[Item]:
    found = decoder.decode(envelope)
    if isinstance(found, Reject):
        yield Refused(message.lane, message.seq, envelope.topic, found)
        return
    if was_dead:
        yield Mended(message.lane, message.seq, envelope.topic)
    for report in found if isinstance(found, list) else ():
        for transition in engine.observe(report, envelope.received_at):
            yield Said(message.lane, message.seq, transition)

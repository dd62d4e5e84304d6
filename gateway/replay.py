"""Runs the journal through today's dialects and rules and says what they make of it. Reads only; raises nothing.

It starts from devices nobody has heard of and rules that remember nothing, so that the same journal gives the same
answer; an alert whose signs began before the first message replayed is not seen.
"""

import heapq
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from alert_rules.alert import Transition
from alert_rules.calendar import Calendar
from alert_rules.catalogue import build_rules
from alert_rules.engine import Engine
from devices.decode import Decoder
from devices.dialects.dialect import Lane
from devices.model import Envelope, Reject
from gateway.config import registry_of
from gateway.dialects import decoder_of
from gateway.errors import OperatorError
from gateway.journal.row import unpack
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


class _Message(Struct):
    """One message, or a damaged stretch where ``envelope`` is ``None``."""

    at: float
    lane: Lane
    seq: int
    envelope: Envelope | None
    count: int = 1


def replay(site: Site, lane: Lane | None, start: int) -> Iterator[Item]:
    """Replay one lane, or both in the order of receipt, from sequence ``start`` of each.

    Raises:
        OperatorError: there is no journal, or it cannot be read at all.
    """
    lanes = (lane,) if lane else tuple(Lane)
    paths = {each: _path(site, each) for each in lanes}
    dead = {each: _dead(path) for each, path in paths.items()}
    registry = registry_of(site)
    decoder, engine, count = decoder_of(site, registry), None, 0
    for message in heapq.merge(*(_messages(*pair, start) for pair in paths.items()), key=lambda m: m.at):
        if message.envelope is None:
            yield Damaged(message.lane, message.seq, message.count)
            continue
        count += 1
        engine = engine or Engine(build_rules(site.rules, Calendar(site.site.timezone)), registry, message.at)
        yield from _judge(message, message.envelope, decoder, engine, message.seq in dead[message.lane])
    yield Finished(count)


def _judge(message: _Message, envelope: Envelope, decoder: Decoder, engine: Engine, was_dead: bool) -> Iterator[Item]:
    found = decoder.decode(envelope)
    if isinstance(found, Reject):
        yield Refused(message.lane, message.seq, envelope.topic, found)
        return
    if was_dead:
        yield Mended(message.lane, message.seq, envelope.topic)
    for report in found if isinstance(found, list) else ():
        for transition in engine.observe(report, envelope.received_at):
            yield Said(message.lane, message.seq, transition)


def _path(site: Site, lane: Lane) -> Path:
    path = site.data_dir / "journal" / f"{lane}.db"
    if not path.is_file():
        raise OperatorError(str(path), "does not exist", "run the gateway first, or check data_dir in the site file")
    return path


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)


def _dead(path: Path) -> set[int]:
    try:
        with closing(_open(path)) as journal:
            return {seq for (seq,) in journal.execute("SELECT seq FROM dead_letter WHERE seq IS NOT NULL")}
    except sqlite3.Error as error:
        raise _unreadable(path, error) from None


def _messages(lane: Lane, path: Path, start: int) -> Iterator[_Message]:
    """Read in order of sequence. The gateway's own reader would set damage aside, which only the gateway may do."""
    query = "SELECT seq, count, at, packed, crc, body FROM batch WHERE seq + count > ? ORDER BY seq"
    try:
        with closing(_open(path)) as journal:
            for seq, count, at, packed, crc, body in journal.execute(query, (start,)):
                envelopes = unpack(seq, count, packed, crc, body)
                if envelopes is None:
                    yield _Message(at, lane, seq, None, count)
                    continue
                for index, envelope in enumerate(envelopes):
                    if seq + index >= start:
                        yield _Message(envelope.received_at, lane, seq + index, envelope)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: sqlite3.Error) -> OperatorError:
    return OperatorError(str(path), str(error), "run gateway doctor; at its start the gateway saves what it can")

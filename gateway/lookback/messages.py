"""Reads journals in order of receipt, without changing them; the gateway may run meanwhile."""

import heapq
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct

from devices.dialects.dialect import Lane
from devices.model import Envelope, Reject, Report
from devices.registry import Registry
from gateway.dialects import decoder_of
from gateway.errors import OperatorError
from gateway.journal.row import unpack
from gateway.site import Site


class Message(Struct):
    """One message, or a damaged stretch where ``envelope`` is ``None``."""

    at: float
    lane: Lane
    seq: int
    envelope: Envelope | None
    count: int = 1


def merged(site: Site, lanes: Iterable[Lane] = tuple(Lane), start: int = 0, since: float = 0.0) -> Iterator[Message]:
    """Messages of ``lanes`` from sequence ``start`` on, received at ``since`` (epoch seconds) or later, as they came.

    Raises:
        OperatorError: there is no journal, or it cannot be read at all.
    """
    sources = [_messages(lane, journal_path(site, lane), start, since) for lane in lanes]
    return heapq.merge(*sources, key=lambda message: message.at)


def decoded(
    site: Site, registry: Registry, since: float, until: float
) -> Iterator[tuple[Message, list[Report] | Reject]]:
    """What today's dialects make of the messages received from ``since`` to ``until``; damage is passed over.

    Raises:
        OperatorError: there is no journal, or it cannot be read at all.
    """
    decoder = decoder_of(site, registry)
    for message in merged(site, since=since):
        if message.at > until:
            return
        if message.envelope is not None:
            found = decoder.decode(message.envelope)
            yield message, found if isinstance(found, list | Reject) else []


def count(site: Site, since: float = 0.0) -> int:
    """About how many messages :func:`merged` will yield, for a progress bar."""
    return sum(_count(journal_path(site, lane), since) for lane in Lane)


def dead_letters(site: Site, lane: Lane) -> set[int]:
    """Sequences of the messages that became dead letters when they came in."""
    with _reading(journal_path(site, lane)) as journal:
        return {seq for (seq,) in journal.execute("SELECT seq FROM dead_letter WHERE seq IS NOT NULL")}


def journal_path(site: Site, lane: Lane) -> Path:
    """Where the lane's journal lies.

    Raises:
        OperatorError: there is none.
    """
    path = site.data_dir / "journal" / f"{lane}.db"
    if not path.is_file():
        raise OperatorError(str(path), "does not exist", "run the gateway first, or check data_dir in the site file")
    return path


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a journal for reading; its failures become errors the operator can act on."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as journal:
            yield journal
    except sqlite3.Error as error:
        remedy = "run gateway doctor; at its start the gateway saves what it can"
        raise OperatorError(str(path), str(error), remedy) from None


def _count(path: Path, since: float) -> int:
    with _reading(path) as journal:
        return int(journal.execute("SELECT coalesce(sum(count), 0) FROM batch WHERE at >= ?", (since,)).fetchone()[0])


def _messages(lane: Lane, path: Path, start: int, since: float) -> Iterator[Message]:
    """Read in order of sequence. The gateway's own reader would set damage aside, which only the gateway may do."""
    query = "SELECT seq, count, at, packed, crc, body FROM batch WHERE seq + count > ? AND at >= ? ORDER BY seq"
    with _reading(path) as journal:
        for seq, number, at, packed, crc, body in journal.execute(query, (start, since)):
            envelopes = unpack(seq, number, packed, crc, body)
            if envelopes is None:
                yield Message(at, lane, seq, None, number)
                continue
            for index, envelope in enumerate(envelopes):
                if seq + index >= start and envelope.received_at >= since:
                    yield Message(envelope.received_at, lane, seq + index, envelope)

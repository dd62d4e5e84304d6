"""Small records that people make (the rota, bookings), by kind and id, each stored with its audit entry."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Engine, and_, delete, insert, or_, select

from alert_rules.alert import Entry
from gateway.alerts.appending import append
from gateway.alerts.database import reading, writing
from gateway.alerts.schema import kept

SLICE = 200

Key = tuple[str, str]


class Shelf(Protocol):
    """Where records are kept. ``body`` is JSON; a key is kind and id."""

    def load(self, kinds: Iterable[str]) -> list[tuple[str, str, str]]:
        """Kind, id and body of every record of ``kinds``."""

    def write(self, puts: Sequence[tuple[str, str, str]], removed: Sequence[Key], entries: Sequence[Entry]) -> None:
        """Replace ``puts``, delete ``removed`` and chain ``entries``: all of it or, when this raises, nothing."""


class StoredShelf:
    """In the database of ``engine``; every method raises ``StoreUnavailable`` when that refuses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self, kinds: Iterable[str]) -> list[tuple[str, str, str]]:
        wanted = select(kept).where(kept.c.kind.in_(list(kinds))).order_by(kept.c.kind, kept.c.id)
        with reading(self._engine) as connection:
            return [(row.kind, row.id, row.body) for row in connection.execute(wanted)]

    def write(self, puts: Sequence[tuple[str, str, str]], removed: Sequence[Key], entries: Sequence[Entry]) -> None:
        gone = [*removed, *((kind, id_) for kind, id_, _ in puts)]
        with writing(self._engine) as connection:
            for start in range(0, len(gone), SLICE):
                keys = (and_(kept.c.kind == kind, kept.c.id == id_) for kind, id_ in gone[start : start + SLICE])
                connection.execute(delete(kept).where(or_(*keys)))
            if puts:
                values = [{"kind": kind, "id": id_, "body": body} for kind, id_, body in puts]
                connection.execute(insert(kept), values)
            append(connection, entries)

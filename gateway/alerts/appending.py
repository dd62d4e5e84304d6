"""Adds entries to the audit chain within a transaction, whoever writes it."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, text

from alert_rules.alert import Entry
from gateway.alerts import audit, queries, rows, schema

_AUDIT_LOCK = 0xA0D17


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Chain ``entries`` to the last row, in their order."""
    if not entries:
        return
    lock(connection)
    row = connection.execute(queries.audit_head()).first()
    head = (row.seq, row.hash) if row else (0, audit.GENESIS)
    links = audit.chain(head, entries)
    connection.execute(insert(schema.audit), [rows.audit_values(link) for link in links])


def lock(connection: Connection) -> None:
    """Let one writer at a time look at the chain's end; SQLite has but one writer."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _AUDIT_LOCK})

"""The writing statements, built once per dialect; SQLite and PostgreSQL share ``ON CONFLICT``."""

from sqlalchemy import Delete, Dialect, Table, Update, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.alerts import schema

Insert = sqlite.Insert | postgresql.Insert


class Statements:
    """Every statement of a commit, ready for ``executemany``."""

    def __init__(self, dialect: Dialect) -> None:
        self._insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
        self.alert = self._upsert(schema.alert)
        self.alert_text = self._insert(schema.alert_text).on_conflict_do_nothing(index_elements=["key"])
        self.message = self._insert(schema.outbox).on_conflict_do_nothing(index_elements=["id"])
        self.rule_state = self._upsert(schema.rule_state)
        self.forget_rule_state = _forget_rule_state()
        self.twins = self._upsert(schema.twin_shard)
        self.cursor = self._upsert(schema.lane_cursor)
        self.memory = self._upsert(schema.dialect_memory)
        self.forget_memory = _forget_memory()
        self.stranger = self._upsert(schema.stranger)
        self.adopted = self._upsert(schema.adopted_device)
        self.suppression = self._upsert(schema.suppression)
        self.likelihood = self._upsert(schema.likelihood)
        self.checklist = self._upsert(schema.checklist)
        self.escalation = self._upsert(schema.escalation)
        self.forget_escalation = delete(schema.escalation).where(schema.escalation.c.alert == bindparam("of"))

    def _upsert(self, table: Table) -> Insert:
        keys = [column.name for column in table.primary_key]
        insert = self._insert(table)
        changed = {name: insert.excluded[name] for name in table.columns.keys() if name not in keys}  # noqa: SIM118
        return insert.on_conflict_do_update(index_elements=keys, set_=changed)


def _forget_rule_state() -> Delete:
    table = schema.rule_state
    return delete(table).where(table.c.rule == bindparam("rule"), table.c.device == bindparam("device"))


def _forget_memory() -> Delete:
    table = schema.dialect_memory
    return delete(table).where(table.c.dialect == bindparam("of"), table.c.key == bindparam("part"))


def message_sent() -> Update:
    """Parameters: ``message``, ``now``."""
    table = schema.outbox
    return update(table).where(table.c.id == bindparam("message")).values(sent_at=bindparam("now"), last_error=None)


def message_failed() -> Update:
    """Parameters: ``message``, ``error``, ``due``."""
    table = schema.outbox
    return (
        update(table)
        .where(table.c.id == bindparam("message"), table.c.sent_at.is_(None))
        .values(attempts=table.c.attempts + 1, last_error=bindparam("error"), next_at=bindparam("due"))
    )

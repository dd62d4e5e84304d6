"""Checklists in the database; each move commits with its audit row and the messages it calls people by."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Engine, select

from alert_rules.alert import Entry
from alert_rules.plan import Checklist
from gateway.alerts import appending, rows, schema
from gateway.alerts.database import reading, writing
from gateway.alerts.records import Message
from gateway.alerts.statements import Statements


class PlanShelf:
    """Writing belongs to the thread that writes alerts. Every method raises ``StoreUnavailable``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sql = Statements(engine.dialect)

    def keep(self, checklist: Checklist, entry: Entry, messages: Sequence[Message] = ()) -> None:
        """Keep ``checklist`` as it stands now, with the move that made it so: all of it or nothing."""
        values = {
            "alert": checklist.alert,
            "plan": checklist.plan,
            "running": int(checklist.ended_at is None),
            "body": rows.to_json(checklist),
        }
        with writing(self._engine) as connection:
            connection.execute(self._sql.checklist, values)
            appending.append(connection, [entry])
            if messages:
                connection.execute(self._sql.message, [rows.message_values(message) for message in messages])

    def running(self) -> list[Checklist]:
        """Those whose time runs."""
        return self._read(schema.checklist.c.running == 1)

    def of(self, alert: str) -> list[Checklist]:
        """Those of one alert, ended ones too."""
        return self._read(schema.checklist.c.alert == alert)

    def _read(self, condition: object) -> list[Checklist]:
        table = schema.checklist
        wanted = select(table.c.body).where(condition).order_by(table.c.alert, table.c.plan)  # type: ignore[arg-type]
        with reading(self._engine) as connection:
            return [msgspec.json.decode(body, type=Checklist) for body in connection.scalars(wanted)]

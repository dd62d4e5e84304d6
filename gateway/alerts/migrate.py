"""Brings the database up to the tables this version of the gateway uses. The migrations travel inside the package."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from gateway.alerts.database import StoreUnavailable, writing

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x0A1E57


def upgrade(engine: Engine) -> None:
    """Apply what is missing, all in one transaction; two gateways starting at once take turns.

    Raises:
        StoreUnavailable: the database refuses, or was used by a newer gateway.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            place = connection.engine.url.render_as_string(hide_password=True)
            raise StoreUnavailable(
                f"database {place}: its tables (revision {revision}) were made by a newer gateway; "
                "install that version, or restore a backup from before the upgrade"
            )

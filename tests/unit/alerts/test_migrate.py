"""The tables are made by the migrations alone, in one step, and a newer database is left alone."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect

from gateway.alerts import migrate
from gateway.alerts.database import StoreUnavailable, open_engine, reading
from gateway.alerts.schema import metadata


@pytest.fixture
def engine(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = open_engine(f"sqlite:///{tmp_path}/alerts.db")
    yield opened
    opened.dispose()


def test_an_empty_database_gets_exactly_the_tables_the_code_uses(engine: Engine) -> None:
    migrate.upgrade(engine)
    with reading(engine) as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate.upgrade(engine)
    with reading(engine) as connection:
        before = connection.exec_driver_sql("SELECT sql FROM sqlite_master ORDER BY name").all()
    migrate.upgrade(engine)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT sql FROM sqlite_master ORDER BY name").all() == before


def test_a_database_of_a_newer_gateway_is_refused_with_a_remedy(engine: Engine, tmp_path: Path) -> None:
    migrate.upgrade(engine)
    with sqlite3.connect(tmp_path / "alerts.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StoreUnavailable, match=r"revision 9999.*newer gateway; install that version"):
        migrate.upgrade(engine)


def test_a_migration_that_fails_half_way_leaves_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, broken)
    script = broken / "versions" / "0001_first_tables.py"
    script.write_text(script.read_text().replace("    _people()\n", "    raise RuntimeError('power cut')\n", 1))
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "MIGRATIONS", broken)
        with pytest.raises(RuntimeError, match="power cut"):
            migrate.upgrade(engine)
    with reading(engine) as connection:
        assert inspect(connection).get_table_names() == []
    migrate.upgrade(engine)


def test_a_path_with_percent_signs_and_spaces_is_no_obstacle(tmp_path: Path) -> None:
    """Alembic's configuration interpolates percent signs; an installation folder may hold one."""
    home = tmp_path / "100% sure"
    package = home / "gateway"
    shutil.copytree(migrate.MIGRATIONS.parent, package / "alerts", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").touch()
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from gateway.alerts import store; "
        "assert store.__file__.startswith(sys.argv[1]); s = store.AlertStore('sqlite:///' + sys.argv[2]); s.migrate()"
    )
    subprocess.run([sys.executable, "-c", code, str(home), str(tmp_path / "a.db")], check=True, timeout=60)

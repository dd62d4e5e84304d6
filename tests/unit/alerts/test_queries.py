"""A page of alerts comes from an index whatever is filtered, so that a million old alerts cost nothing."""

from collections.abc import Iterator
from itertools import product

import pytest

from gateway.alerts import queries
from gateway.alerts.database import reading
from gateway.alerts.records import AlertFilter
from gateway.alerts.store import AlertStore
from tests.unit.alerts.making import NOON


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlertStore]:
    opened = AlertStore(f"sqlite:///{tmp_path_factory.mktemp('plans')}/alerts.db")
    opened.migrate()
    yield opened
    opened.close()


def plan(store: AlertStore, statement: object) -> str:
    dialect = store.engine.dialect
    compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
    with reading(store.engine) as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}".replace("%%", "%")).all()
    return "; ".join(step[3] for step in steps)


@pytest.mark.parametrize(
    ("state", "severity", "rule", "building", "q", "before"),
    list(product(("all", "open"), (None, "major"), (None, "smoke"), (None, "b1"), (None, "hall"), (None, NOON))),
)
def test_no_filter_makes_the_database_sort_or_read_everything(
    store: AlertStore,
    state: str,
    severity: str | None,
    rule: str | None,
    building: str | None,
    q: str | None,
    before: float | None,
) -> None:
    f = AlertFilter(
        state=state,  # type: ignore[arg-type]
        severity=severity,
        rule=rule,
        building=building,
        q=q,
        before=before,
    )
    steps = plan(store, queries.page(f))
    assert "USING INDEX ix_alert_" in steps
    assert "TEMP B-TREE" not in steps


def test_paging_below_a_row_seeks_in_the_index(store: AlertStore) -> None:
    steps = plan(store, queries.page(AlertFilter(before=NOON, before_id="abc")))
    assert steps == "SEARCH alert USING INDEX ix_alert_page ((raised_at,id)<(?,?))"


def test_due_messages_come_from_the_index_of_unsent_ones(store: AlertStore) -> None:
    steps = plan(store, queries.due(NOON, 10))
    assert "ix_outbox_due" in steps
    assert "TEMP B-TREE" not in steps


def test_the_chains_end_and_an_alerts_timeline_are_seeks(store: AlertStore) -> None:
    assert plan(store, queries.audit_slice(5, 10)) == "SEARCH audit USING INTEGER PRIMARY KEY (rowid>?)"
    assert plan(store, queries.timeline("a1")) == "SEARCH audit USING INDEX ix_audit_alert (alert=?)"


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-5, 1), (50, 50), (10**9, queries.MOST_ALERTS)])
def test_the_page_is_bounded(asked: int, given: int) -> None:
    statement = queries.page(AlertFilter(limit=asked))
    assert statement._limit == given

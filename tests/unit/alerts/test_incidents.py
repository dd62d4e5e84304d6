"""Incidents in the database: found again by their members, also those stored before there were any."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from alert_rules.alert import Alert, Severity
from gateway.alerts import migrate, rows
from gateway.alerts.database import open_engine, writing
from gateway.alerts.records import AlertFilter, Changes
from gateway.alerts.store import AlertStore
from tests.unit.alerts.making import NOON, alert


def member(number: int, incident: str, severity: Severity = Severity.MAJOR) -> Alert:
    made = alert(f"leak-{number}", NOON + number, rule="water_leak", severity=severity)
    made.incident = incident
    return made


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = AlertStore(f"sqlite:///{tmp_path}/alerts.db")
    opened.migrate()
    opened.commit(
        Changes(alerts=[member(n, "flood", Severity.CRITICAL if n == 3 else Severity.MAJOR) for n in range(5)])
    )
    opened.commit(Changes(alerts=[member(n, "other") for n in (7, 8)]))
    yield opened
    opened.close()


def test_the_latest_comes_first_with_its_counts(store: AlertStore) -> None:
    found = store.incidents(None, 10)
    assert [(each.id, each.alerts, each.rules) for each in found] == [
        ("other", 2, {"water_leak": 2}),
        ("flood", 5, {"water_leak": 5}),
    ]
    assert (found[1].first_at, found[1].last_at, found[1].buildings) == (NOON, NOON + 4, ["b1"])


def test_the_gravest_leads_and_of_several_the_first(store: AlertStore) -> None:
    assert [each.lead.device for each in store.incidents(None, 10)] == ["leak-7", "leak-3"]


def test_a_listing_goes_on_below_a_moment(store: AlertStore) -> None:
    assert [each.id for each in store.incidents(NOON + 8, 10)] == ["flood"]
    assert [each.id for each in store.incidents(None, 1)] == ["other"]


def test_one_by_its_id(store: AlertStore) -> None:
    one = store.incident("flood")
    assert one is not None
    assert one.alerts == 5
    assert store.incident("nothing") is None


def test_its_members_are_a_filter_of_the_alerts(store: AlertStore) -> None:
    found = store.search(AlertFilter(incident="flood", limit=3))
    assert [each.device for each in found] == ["leak-4", "leak-3", "leak-2"]


def test_alerts_from_before_are_incidents_of_their_own(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/old.db")
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    engine.dispose()
    columns = ("id", "open_fingerprint", "handling", "severity", "rule", "building", "raised_at", "body")
    old = {name: rows.alert_values(alert())[name] for name in columns} | {"haystack": "smoke"}
    old["body"] = old["body"].replace(f'"incident":"{old["id"]}",', "").replace('"cause":null,', "")
    with sqlite3.connect(tmp_path / "old.db") as raw:
        names = ", ".join(old)
        raw.execute(f"INSERT INTO alert ({names}) VALUES ({', '.join('?' * len(old))})", list(old.values()))
    raw.close()
    store = AlertStore(f"sqlite:///{tmp_path}/old.db")
    store.migrate()
    try:
        (kept,) = store.load().alerts
        assert kept.incident == kept.id
        assert [each.id for each in store.incidents(None, 10)] == [kept.id]
    finally:
        store.close()

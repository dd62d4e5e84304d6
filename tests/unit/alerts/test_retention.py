"""What was kept for its time goes, kind by kind, and the chain says what went; the chain itself stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alert_rules.alert import Alert, Severity, Verdict
from alert_rules.moves import close, judge, resolve
from gateway.alerts.records import Changes, Message
from gateway.alerts.store import AlertStore
from gateway.retention import SLICE, sweep_once
from gateway.site import Retention
from tests.unit.alerts.making import NOON, alert, message

DAY = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    made = AlertStore(f"sqlite:///{tmp_path / 'alerts.db'}")
    made.migrate()
    yield made
    made.close()


def done(at: float = NOON, severity: Severity = Severity.MINOR, closed: bool = False, device: str = "d") -> Alert:
    made = alert(device, at, severity=severity)
    judge(made, "li", Verdict.TRUE_ALARM, "", at)
    resolve(made, "li", "", at)
    if closed:
        close(made, "wang", "a pan", at)
    return made


def sweep(store: AlertStore, days_on: float, **kinds: float) -> int:
    return sweep_once(store.engine, Retention(**{"alerts_days": 0, "messages_days": 0, **kinds}), NOON + days_on * DAY)


@pytest.mark.parametrize(
    ("made", "gone"),
    [
        (done(), True),
        (alert(), False),
        (done(severity=Severity.MAJOR), False),
        (done(severity=Severity.MAJOR, closed=True), True),
        (done(at=NOON + 5 * DAY), False),
    ],
    ids=["resolved", "open", "owes a review", "reviewed", "young"],
)
def test_resolved_alerts_go_after_their_time(store: AlertStore, made: Alert, gone: bool) -> None:
    store.commit(Changes(alerts=[made]))
    assert sweep(store, 31, alerts_days=30) == int(gone)
    assert (store.get(made.id) is None) is gone


def test_what_went_is_in_the_audit_chain_with_its_name(store: AlertStore) -> None:
    made = done()
    store.commit(Changes(alerts=[made], messages=[kept_message(made)]))
    sweep(store, 31, alerts_days=30)
    (row,) = store.audit_rows()
    assert (row.actor, row.action) == ("system", "retention")
    assert row.detail == {"kind": "alerts", "before": NOON + DAY, "count": 1, "ids": [made.id]}
    assert store.verify_audit() is None
    assert store.due_messages(float("inf"), 10) == []


def kept_message(of: Alert) -> Message:
    made = message()
    made.alert = of.id
    return made


def test_only_messages_that_were_sent_go(store: AlertStore) -> None:
    store.commit(Changes(messages=[message(1), message(2)]))
    store.messages_sent(["a1:wecom:raise"], NOON)
    assert sweep(store, 31, messages_days=30) == 1
    assert [row.id for row in store.due_messages(float("inf"), 10)] == ["a2:wecom:raise"]
    assert [row.detail["kind"] for row in store.audit_rows()] == ["messages"]


def test_kept_for_good_nothing_goes(store: AlertStore) -> None:
    store.commit(Changes(alerts=[done()], messages=[message()]))
    store.messages_sent(["a1:wecom:raise"], NOON)
    assert sweep(store, 100_000) == 0
    assert list(store.audit_rows()) == []


def test_many_go_slice_by_slice(store: AlertStore) -> None:
    store.commit(Changes(alerts=[done(NOON + n, device=f"d{n}") for n in range(SLICE + 3)]))
    assert [sweep(store, 31, alerts_days=30) for _ in range(3)] == [SLICE, 3, 0]

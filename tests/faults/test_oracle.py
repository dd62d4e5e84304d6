"""The oracle itself: it must see what is missing, what is double and what nobody caused."""

import json
from pathlib import Path

import pytest

from alert_rules.alert import Action, Alert, Place, Reason, Severity, Transition, open_alert
from devices.model import DeviceKind, Envelope
from gateway.alerts.records import Changes, Checkpoint
from gateway.alerts.store import AlertStore
from gateway.journal.journal import Journal
from tests.faults.findings import Finding
from tests.faults.messages import STEP_MS, incident, incident_message, telemetry
from tests.faults.oracle import Seen, Survival, close_books, missing, sequences
from tests.faults.publisher import Record

BASE = 1_790_000_000_000
OWED = incident(0)


def record() -> Record:
    """Two messages of one device, and a fire told in full."""
    told = list(range(1, len(OWED.steps) + 1))
    return Record(BASE, acked={"d0": [1, 2], OWED.device: told}, bases={OWED.device: BASE}, incidents=1)


def everything() -> Seen:
    return {"d0": {1, 2}, OWED.device: set(range(1, len(OWED.steps) + 1))}


def keep(var: Path, *, without: tuple[str, int] | None = None, twice: bool = False) -> int:
    """Put the run's messages into the journal; return its head."""
    said = [("d0", n, telemetry(0, n, BASE)) for n in (1, 2)]
    said += [(OWED.device, n, incident_message(OWED, n, BASE)) for n in range(1, len(OWED.steps) + 1)]
    kept = [Envelope(*message, received_at=1.0) for device, n, message in said if (device, n) != without]
    log = Journal(var / "journal" / "alarm.db", max_bytes=10**9, dead_letters=10)
    log.append(kept)
    if twice:
        log.append(kept[:1])
    log.close()
    return log.head


def alert(device: str, repeats: int = OWED.repeats, at: float = 1.0) -> Alert:
    found, _ = open_alert(
        Transition(
            action=Action.RAISE,
            rule=OWED.rule,
            device=device,
            kind=DeviceKind.SMOKE_DETECTOR,
            severity=Severity.CRITICAL,
            at=at,
            received_at=at,
            reason=Reason("state_true"),
        ),
        Place(),
    )
    found.repeats = repeats
    return found


def judge(var: Path, alerts: list[Alert], cursor: int) -> None:
    """Put alerts and the evaluation's cursor into the database."""
    store = AlertStore(f"sqlite:///{var}/alerts.db")
    store.migrate()
    store.commit(Changes(alerts=alerts, checkpoint=Checkpoint(cursors={"alarm": cursor})))
    store.close()


def books(var: Path, history: Seen | None = None) -> Survival:
    return close_books(var, record(), history=everything() if history is None else history)


def verdict(survival: Survival) -> list[str]:
    finding = Finding("", 0)
    finding.survival(survival)
    return finding.bad


def test_books_that_close_are_good(tmp_path: Path) -> None:
    judge(tmp_path, [alert(OWED.device)], keep(tmp_path))
    assert verdict(books(tmp_path)) == []


@pytest.mark.parametrize("lost", [("d0", 2), (OWED.device, 1)])
def test_a_message_missing_from_the_journal_is_seen(tmp_path: Path, lost: tuple[str, int]) -> None:
    judge(tmp_path, [alert(OWED.device)], keep(tmp_path, without=lost))
    found = books(tmp_path)
    assert (found.lost_journal, found.examples) == (1, [f"{lost[0]}#{lost[1]}"])
    assert verdict(found)


def test_a_message_journaled_again_is_counted_and_no_fault(tmp_path: Path) -> None:
    judge(tmp_path, [alert(OWED.device)], keep(tmp_path, twice=True))
    found = books(tmp_path)
    assert found.journaled_twice == 1
    assert verdict(found) == []


def test_a_point_missing_from_the_history_is_seen(tmp_path: Path) -> None:
    judge(tmp_path, [alert(OWED.device)], keep(tmp_path))
    found = books(tmp_path, {**everything(), "d0": {1}})
    assert (found.lost_history, found.examples) == (1, ["d0#2"])
    assert verdict(found)


def test_a_message_nobody_judged_is_seen(tmp_path: Path) -> None:
    judge(tmp_path, [alert(OWED.device)], keep(tmp_path) - 1)
    assert books(tmp_path).not_judged == 1
    assert verdict(books(tmp_path))


def test_a_lost_alert_is_seen(tmp_path: Path) -> None:
    judge(tmp_path, [], keep(tmp_path))
    assert books(tmp_path).alerts_lost == 1
    assert verdict(books(tmp_path))


def test_an_alert_nobody_caused_is_seen(tmp_path: Path) -> None:
    judge(tmp_path, [alert(OWED.device), alert("d0")], keep(tmp_path))
    assert books(tmp_path).alerts_unexpected == 1
    assert verdict(books(tmp_path))


def test_a_second_alert_for_one_incident_is_seen(tmp_path: Path) -> None:
    first = alert(OWED.device)
    first.handling = type(first.handling)("resolved")
    judge(tmp_path, [first, alert(OWED.device, at=2.0)], keep(tmp_path))
    assert books(tmp_path).alerts_duplicate == 1
    assert verdict(books(tmp_path))


@pytest.mark.parametrize("repeats", [OWED.repeats - 1, OWED.repeats + 1])
def test_a_wrong_count_of_repeats_is_seen(tmp_path: Path, repeats: int) -> None:
    judge(tmp_path, [alert(OWED.device, repeats)], keep(tmp_path))
    assert books(tmp_path).wrong_repeats == 1
    assert verdict(books(tmp_path))


def test_more_alerts_than_a_page_are_all_counted(tmp_path: Path) -> None:
    strays = [alert(f"s{i}") for i in range(1_500)]
    judge(tmp_path, [alert(OWED.device), *strays], keep(tmp_path))
    found = books(tmp_path)
    assert (found.alerts_lost, found.alerts_unexpected) == (0, len(strays))


def test_times_tell_the_sequence_back() -> None:
    _, payload = telemetry(3, 7, BASE)
    at_ms = json.loads(payload)["ts"]
    assert at_ms == BASE + 7 * STEP_MS
    assert sequences(iter([("d3", at_ms)]), record()) == {"d3": {7}}


def test_what_is_owed_and_what_is_found_need_not_be_in_order() -> None:
    assert missing({"a": [3, 1, 2]}, {"a": {2, 3}, "b": {1}}) == ["a#1"]


@pytest.mark.parametrize(("strangers", "repeats"), [(1, 0), (3, 2), (40, 31)])
def test_strangers_owe_an_alarm_each_and_one_note(tmp_path: Path, strangers: int, repeats: int) -> None:
    """Five incidents in turn, the last a stranger's; the note counts 32 of them."""
    told = [incident(5 * i + 4).device for i in range(strangers)]
    said = Record(BASE, acked={device: [1] for device in told}, incidents=5 * strangers)
    note = alert(told[0], repeats)
    note.id, note.rule, note.fingerprint = "note", "unknown_device", f"unknown_device/{told[0]}/native"
    judge(tmp_path, [note, *(alert(device, 0) for device in told)], 0)
    found = close_books(tmp_path, said, history={})
    assert found.alerts_owed == strangers + 1
    assert (found.alerts_lost, found.alerts_unexpected, found.wrong_repeats) == (0, 0, 0)

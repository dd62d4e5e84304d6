"""The open alerts in memory: one per fingerprint, every change handed over exactly once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_rules.alert import Action, Alert, Place, Severity, Transition, Verdict, alert_id
from gateway.alerts import book as book_module
from gateway.alerts.book import AlertBook, Conflict
from tests.unit.alerts.making import NOON, alert, transition

CHANNELS = ["wecom", "mail"]


def made(channels: list[str] | None = None) -> AlertBook:
    due = CHANNELS if channels is None else channels
    return AlertBook(lambda device: Place(name=f"place of {device}"), lambda *_: due, lambda a: {"id": a.id})


def raising(device: str = "smoke-1", at: float = NOON, **changed: Any) -> list[Transition]:
    return [transition(device, at, **changed)]


def clearing(device: str = "smoke-1", at: float = NOON + 5, **changed: Any) -> list[Transition]:
    return [transition(device, at, action=Action.CLEAR, **changed)]


MINOR: dict[str, Any] = {"rule": "gate_held_open", "severity": Severity.MINOR, "auto_resolve": True}


def test_a_raise_opens_one_alert_where_the_device_is() -> None:
    book = made()
    (opened,) = book.apply(raising())
    assert opened.place.name == "place of smoke-1"
    assert book.open_alerts() == [opened]
    assert book.get(opened.id) is opened


def test_a_second_raise_extends_it() -> None:
    book = made()
    book.apply(raising())
    (extended,) = book.apply(raising(at=NOON + 9))
    assert (extended.repeats, extended.version, extended.last_at) == (1, 2, NOON + 9)
    assert len(book.open_alerts()) == 1


def test_subjects_are_told_apart() -> None:
    book = made()
    book.apply([*raising(subject="lane-1"), *raising(subject="lane-2"), *raising()])
    assert len(book.open_alerts()) == 3


def test_a_clear_of_nothing_is_nothing() -> None:
    book = made()
    assert book.apply(clearing()) == []
    assert not book.changed


def test_each_change_is_handed_over_once_and_as_it_was() -> None:
    book = made()
    book.apply(raising())
    first = book.take()
    book.apply(raising(at=NOON + 9))
    assert first.alerts[0].repeats == 0, "what was handed over must not change any more"
    second = book.take()
    assert [entry.action for changes in (first, second) for entry in changes.entries] == ["raise", "repeat"]
    assert not book.changed
    assert book.take().alerts == []


def test_an_alert_counts_as_saved_only_once_the_store_has_it() -> None:
    book = made()
    book.apply(raising())
    book.take()
    (alert,) = book.open_alerts()
    assert book.unsaved == {alert.id}, "the store may still refuse it"
    book.apply(raising(at=NOON + 9))
    book.saved()
    assert book.unsaved == set()


def test_what_the_store_refused_is_pending_again_before_anything_newer() -> None:
    book = made()
    book.apply(raising())
    refused = book.take()
    book.apply(raising(at=NOON + 9))
    book.give_back(refused)
    assert book.unsaved == {refused.alerts[0].id}
    again = book.take()
    assert [entry.action for entry in again.entries] == ["raise", "repeat"]
    assert [a.repeats for a in again.alerts] == [1], "the newer state wins"
    assert [m.stage for m in again.messages] == ["raised", "raised"]
    book.saved()
    assert book.unsaved == set()


def test_a_refused_resolution_and_the_next_alert_of_the_same_device_are_both_kept() -> None:
    book = made()
    book.apply(raising(**MINOR))
    book.apply(clearing(**MINOR))
    refused = book.take()
    book.apply(raising(at=NOON + 60, **MINOR))
    book.give_back(refused)
    assert sorted(a.handling for a in book.take().alerts) == ["open", "resolved"]


def test_messages_are_named_by_alert_channel_and_stage() -> None:
    book = made()
    book.apply(raising(severity=Severity.MAJOR))
    book.apply(raising(at=NOON + 1, severity=Severity.MAJOR))
    book.apply(raising(at=NOON + 2))
    changes = book.take()
    id_ = changes.alerts[0].id
    stages = ("raised", "raised-to-critical")
    assert [m.id for m in changes.messages] == [f"{id_}:{c}:{s}" for s in stages for c in CHANNELS]


def test_a_machine_may_resolve_what_is_not_critical_and_the_place_is_free_again() -> None:
    book = made()
    book.apply(raising(**MINOR))
    book.apply(clearing(**MINOR))
    assert book.open_alerts() == []
    (second,) = book.apply(raising(at=NOON + 60, **MINOR))
    assert second.version == 1


def test_the_very_alert_that_was_resolved_does_not_open_again() -> None:
    book = made()
    book.apply(raising(**MINOR))
    book.apply(clearing(**MINOR))
    book.take()
    assert book.apply(raising(**MINOR)) == []
    assert not book.changed


def test_nor_after_a_restart() -> None:
    book = made()
    book.load([], [alert_id(transition().fingerprint, NOON)])
    assert book.apply(raising()) == []


def test_what_is_remembered_of_resolved_alerts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "REMEMBERED_IDS", 10)
    book = made()
    for number in range(50):
        book.apply(raising(at=NOON + number, **MINOR))
        book.apply(clearing(at=NOON + number, **MINOR))
    assert len(book._resolved) == 10


def test_loaded_alerts_are_extended_not_opened_twice() -> None:
    kept = alert()
    book = made()
    book.load([kept])
    (extended,) = book.apply(raising(at=NOON + 9))
    assert extended.id == kept.id
    assert not book.take().messages, "nobody is told twice"


def test_a_stale_version_says_who_moved_last() -> None:
    book = made()
    (opened,) = book.apply(raising())
    book.acknowledge(opened.id, 1, "li", NOON)
    with pytest.raises(Conflict, match="acknowledged by li"):
        book.judge(opened.id, 1, Verdict.TRUE_ALARM, "", "wang", NOON)
    book.judge(opened.id, 2, Verdict.TRUE_ALARM, "", "li", NOON)
    with pytest.raises(Conflict, match="judged by li"):
        book.resolve(opened.id, 2, "", "wang", NOON)
    book.resolve(opened.id, 3, "", "li", NOON)
    with pytest.raises(Conflict, match="resolved meanwhile"):
        book.resolve(opened.id, 4, "", "wang", NOON)
    with pytest.raises(KeyError):
        book.acknowledge("unheard-of", 1, "li", NOON)


@given(
    st.lists(
        st.tuples(st.sampled_from(["raise", "clear", "resolve", "commit", "refuse"]), st.sampled_from(["a", "b"])),
        max_size=40,
    )
)
def test_whatever_happens_the_store_ends_up_with_what_the_book_holds(moves: list[tuple[str, str]]) -> None:
    book, store, now = made([]), dict[str, Alert](), NOON
    entries: list[tuple[str, str]] = []
    for move, device in moves:
        now += 1
        if move == "raise":
            book.apply(raising(device, now, **MINOR))
        elif move == "clear":
            book.apply(clearing(device, now, **MINOR))
        elif move == "resolve":
            for held in [a for a in book.open_alerts() if a.device == device]:
                book.resolve(held.id, held.version, "", "li", now)
        elif book.changed:
            changes = book.take()
            if move == "refuse":
                book.give_back(changes)
                continue
            store |= {a.id: a for a in changes.alerts}
            entries += [(entry.alert, entry.action) for entry in changes.entries]
            book.saved()
    last = book.take()
    store |= {a.id: a for a in last.alerts}
    entries += [(entry.alert, entry.action) for entry in last.entries]
    still_open = {a.id: a for a in store.values() if a.handling == "open"}
    assert still_open == {a.id: a for a in book.open_alerts()}
    assert len({a.fingerprint for a in still_open.values()}) == len(still_open)
    for stored in store.values():
        assert len([1 for id_, _ in entries if id_ == stored.id]) == stored.version

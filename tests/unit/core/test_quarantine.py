"""Strangers are listed, counted and bounded."""

import pytest

from devices.model import DeviceKind, Report
from gateway import quarantine as quarantine_module
from gateway.quarantine import Quarantine
from tests.unit.core.world import NOON


def report(device: str, at: float = NOON, **said: object) -> Report:
    return Report(device, DeviceKind.LIFT, at, at, registered=False, **said)  # type: ignore[arg-type]


def test_what_a_stranger_said_last_is_kept() -> None:
    quarantine = Quarantine()
    quarantine.note(report("l9", measurements={"speed": 1.0}, states={"entrapment": False}))
    quarantine.note(report("l9", NOON + 5, measurements={"speed": 2.0}))
    stranger = quarantine.known["l9"]
    assert (stranger.first_seen, stranger.last_seen, stranger.count) == (NOON, NOON + 5, 2)
    assert stranger.last == {"speed": 2.0, "entrapment": False}


def test_only_those_who_spoke_since_are_handed_over() -> None:
    quarantine = Quarantine()
    quarantine.note(report("l1"))
    quarantine.note(report("l2"))
    assert {s.device for s in quarantine.take()} == {"l1", "l2"}
    quarantine.note(report("l2"))
    assert [s.device for s in quarantine.take()] == ["l2"]
    assert quarantine.take() == []


def test_the_adopted_are_forgotten() -> None:
    quarantine = Quarantine()
    quarantine.note(report("l1"))
    quarantine.forget("l1")
    quarantine.forget("never seen")
    assert quarantine.take() == []
    assert quarantine.known == {}


def test_made_up_ids_are_counted_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine_module, "MAX_STRANGERS", 10)
    quarantine = Quarantine()
    for number in range(100):
        quarantine.note(report(f"l{number}"))
    quarantine.note(report("l3", NOON + 1))
    assert len(quarantine.known) == 10
    assert quarantine.overflow == 90
    assert quarantine.known["l3"].count == 2

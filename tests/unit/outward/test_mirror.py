"""What is due at the broker: the newest of each, alerts first, nothing twice, and nothing of what has left."""

from copy import copy
from typing import Any

import pytest

from alert_rules.alert import Alert, Condition, Severity, Verdict
from alert_rules.moves import acknowledge, judge, resolve
from gateway.outward import mirror as mirror_module
from gateway.outward.changes import CHANGES, change
from tests.unit.alerts.making import NOON, alert
from tests.unit.outward.making import Site, body

BASE = "community-gateway/home"
STATE = f"{BASE}/device/smoke-1/state"
CONFIG = "homeassistant/device/community-gateway_home_smoke-1/config"


def test_a_renewed_mirror_publishes_everything_alerts_first() -> None:
    fire = alert()
    site = Site(fire)
    site.mirror.renew()
    topics = list(site.settle())
    assert topics[:2] == [f"{BASE}/alert/{fire.id}", f"{BASE}/summary"]
    assert {STATE, CONFIG, f"{BASE}/device/lift:1/state"} < set(topics)


def test_the_state_of_a_device() -> None:
    site = Site()
    site.mirror.devices(["smoke-1"])
    assert site.settle()[STATE] == {
        "device": "smoke-1", "kind": "smoke_detector", "name": "大厅", "building": "b1", "floor": "3", "zone": "",
        "online": True, "states": {"smoke": False}, "measurements": {"temperature": 21.5},
    }  # fmt: skip


def test_only_what_changed_is_sent_again() -> None:
    site = Site()
    site.mirror.renew()
    site.settle()
    site.mirror.devices(["smoke-1", "lift:1"])
    assert site.settle() == {}
    site.twin.states["smoke"] = None
    site.mirror.devices(["smoke-1", "smoke-1"])
    assert {topic: sent["states"] for topic, sent in site.settle().items()} == {STATE: {"smoke": None}}


def test_a_new_state_is_announced_before_it_is_said() -> None:
    site = Site()
    site.mirror.renew()
    site.settle()
    site.twin.states["tamper"] = True
    site.mirror.devices(["smoke-1"])
    assert list(site.settle()) == [CONFIG, STATE]


def test_strangers_are_not_published() -> None:
    site = Site()
    site.mirror.devices([f"made-up/{n}" for n in range(1_000)])
    assert site.mirror.idle


def test_an_alert_is_an_event_and_a_retained_message_until_it_is_resolved() -> None:
    site, fire = Site(), alert("smoke-1")
    site.mirror.alert(copy(fire))
    event, state, summary, config = site.mirror.take(9)
    assert (event.topic, event.retain) == (f"{BASE}/event/smoke-1", False)
    assert (body(event)["event_type"], body(event)["severity"]) == ("raised", "critical")
    assert (state.topic, state.retain, body(state)["id"]) == (f"{BASE}/alert/{fire.id}", True, fire.id)
    assert body(summary) == {"open": 1, "critical": 1, "major": 0, "minor": 0, "notice": 0}
    assert config.topic == "homeassistant/device/community-gateway_home/config"
    judge(fire, "li", Verdict.TRUE_ALARM, "", NOON)
    resolve(fire, "li", "", NOON)
    site.mirror.alert(copy(fire))
    sent = site.settle()
    assert sent[f"{BASE}/event/smoke-1"]["event_type"] == "resolved"
    assert sent[f"{BASE}/alert/{fire.id}"] is None
    assert sent[f"{BASE}/summary"]["open"] == 0


def test_events_overtake_whatever_else_waits() -> None:
    site = Site()
    site.mirror.renew()
    site.mirror.alert(alert())
    assert [each.retain for each in site.mirror.take(2)] == [False, True]


def test_events_that_could_not_be_sent_keep_their_order() -> None:
    site = Site()
    for number in range(3):
        site.mirror.alert(alert(f"s{number}"))
    first = site.mirror.take(2)
    site.mirror.give_back(first)
    site.mirror.renew()
    assert [each.topic[-2:] for each in site.mirror.take(3)] == ["s0", "s1", "s2"]


def test_events_are_bounded_while_nobody_fetches_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror_module, "MAX_EVENTS", 2)
    site = Site()
    for number in range(3):
        site.mirror.alert(alert(f"s{number}"))
    assert [each.topic[-2:] for each in site.mirror.take(2)] == ["s1", "s2"]


def test_a_device_that_left_is_removed_with_its_announcement() -> None:
    site = Site()
    site.mirror.retained(f"{BASE}/device/old.1/state")
    site.mirror.retained(STATE)
    removed = site.settle()
    assert set(removed.values()) == {None}
    assert list(removed) == [site.mirror.topics.config("old.1"), f"{BASE}/device/old.1/state"]


def test_an_alert_resolved_meanwhile_is_removed() -> None:
    fire = alert()
    site = Site(fire)
    site.mirror.retained(f"{BASE}/alert/{fire.id}")
    site.mirror.retained(f"{BASE}/alert/gone")
    site.mirror.retained(f"{BASE}/status")
    assert site.settle() == {f"{BASE}/alert/gone": None}


@pytest.mark.parametrize(
    ("off", "silent"),
    [
        ("devices", f"{BASE}/device/"),
        ("alerts", f"{BASE}/alert/"),
        ("alerts", "/event/"),
        ("home_assistant", "ssistant/"),
    ],
)
def test_what_is_switched_off_is_not_published_and_what_was_is_removed(off: str, silent: str) -> None:
    fire = alert()
    site = Site(fire, **{off: False})
    site.mirror.renew()
    site.mirror.alert(alert("smoke-1", NOON + 1))
    site.mirror.devices(["smoke-1"])
    assert not [topic for topic in site.settle() if silent in topic]
    site.mirror.retained(f"{silent}smoke-1/state" if off == "devices" else f"{silent}{fire.id}")
    assert bool(site.settle()) == silent.startswith(BASE)


def test_later_moves_of_a_restored_alert_are_seen() -> None:
    """The book moves its alerts in place; the mirror compares with what it saw."""
    fire = alert("smoke-1")
    site = Site(fire)
    acknowledge(fire, "li", NOON)
    site.mirror.alert(copy(fire))
    assert site.settle()[f"{BASE}/event/smoke-1"]["event_type"] == "acknowledged"


def after(fire: Alert, **changed: Any) -> Alert:
    moved = copy(fire)
    for name, value in changed.items():
        setattr(moved, name, value)
    return moved


@pytest.mark.parametrize(
    ("before", "changed", "said"),
    [
        ({}, {}, ""),
        ({}, {"repeats": 7}, ""),
        ({}, {"severity": Severity.MAJOR}, "escalated"),
        ({}, {"condition": Condition.NORMAL}, "cleared"),
        ({"condition": Condition.NORMAL}, {"condition": Condition.ACTIVE}, "repeated"),
        ({}, {"acknowledged_by": "li"}, "acknowledged"),
        ({}, {"acknowledged_by": "li", "verdict": Verdict.DRILL}, "judged"),
    ],
)
def test_changes(before: dict[str, Any], changed: dict[str, Any], said: str) -> None:
    fire = after(alert(), **before)
    assert change(fire, after(fire, **changed)) == said
    assert said in ("", *CHANGES)


def test_the_first_and_the_last_change() -> None:
    fire = alert()
    assert change(None, fire) == "raised"
    judge(fire, "li", Verdict.DRILL, "", NOON)
    open_ = copy(fire)
    resolve(fire, "li", "", NOON)
    assert (change(open_, fire), change(None, fire), change(fire, fire)) == ("resolved", "resolved", "")

"""What dialects learn outlives a restart: a new decoder with the old one's memory reads on."""

from typing import Any

import msgspec
import pytest

from devices.dialects import sparkplug_lives
from devices.dialects.sparkplug_payload import Metric
from devices.model import DeviceKind, Ignored, Reject
from devices.registry import Device
from tests.unit.dialects.feed import Feed
from tests.unit.dialects.sparkplug import BASE, LIFT, body, born, by_alias

LIFT_9 = Device("l9", DeviceKind.LIFT, dialect="sparkplug_b", address="Edge-2/Lift-9")
CONFIG = "homeassistant/binary_sensor/leak/config"
LEAK: dict[str, Any] = {
    "device": {"identifiers": ["leak-1"], "manufacturer": "Acme"},
    "device_class": "moisture",
    "state_topic": "homeassistant/leak/state",
}


def restarted(old: Feed, dialect: str, *devices: Device, **options: Any) -> Feed:
    new = Feed(dialect, *devices, **options)
    new.now = old.now
    saved = {(name, key): memory for name, key, memory in old.decoder.take_memory()}
    assert new.decoder.remember((name, memory) for (name, _), memory in saved.items() if memory is not None) == 0
    return new


def test_aliases_are_known_after_a_restart_and_nothing_is_asked_for() -> None:
    feed = restarted(born(LIFT_9), "sparkplug_b", LIFT_9)
    report = feed.report(LIFT, body(by_alias({"Lift/Trapped": True, "Lift/Speed": 1.5}), 77))
    assert (report.device, report.states, report.measurements) == ("l9", {"entrapment": True}, {"speed": 1.5})
    assert feed.commands == []


def test_what_a_metric_means_is_asked_of_the_new_site_file() -> None:
    options = {"metrics": {"Lift/Fault Code": {"name": "floor"}}}
    feed = restarted(born(LIFT_9), "sparkplug_b", LIFT_9, **options)
    assert feed.report(LIFT, body(by_alias({"Lift/Fault Code": "7"}), 2)).states == {"floor": "7"}


def test_the_counter_is_followed_again_from_the_first_message() -> None:
    feed = restarted(born(LIFT_9), "sparkplug_b", LIFT_9)
    feed.report(LIFT, body(by_alias({"Lift/Speed": 1.5}), 77))
    feed.report(LIFT, body(by_alias({"Lift/Speed": 1.5}), 79))
    assert len(feed.commands) == 1


def test_a_will_of_the_life_before_is_still_known() -> None:
    feed = restarted(born(LIFT_9), "sparkplug_b", LIFT_9)
    will = body([Metric("bdSeq", datatype=4, value=9)])
    assert "earlier session" in feed.why(f"{BASE}/NDEATH/Edge-2", will)


def test_a_death_is_remembered() -> None:
    old = born(LIFT_9)
    old.decoder.take_memory()
    assert old.reports(f"{BASE}/NDEATH/Edge-2", b"")
    feed = restarted(old, "sparkplug_b", LIFT_9)
    found = feed.give(LIFT, body(by_alias({"Lift/Speed": 1.5}), 1))
    assert isinstance(found, Reject), "the aliases died with the session"


def test_a_node_that_made_room_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug_lives, "MAX_NODES", 1)
    feed = born(LIFT_9)
    feed.decoder.take_memory()
    feed.give("spBv1.0/Riverside/NBIRTH/Edge-3", body([], 0))
    taken = {key: memory is None for _, key, memory in feed.decoder.take_memory()}
    assert taken == {"Riverside/Edge-2": True, "Riverside/Edge-3": False}


def test_an_announced_entity_is_read_after_a_restart() -> None:
    old = Feed("homeassistant")
    old.give(CONFIG, LEAK)
    new = restarted(old, "homeassistant")
    report = new.report("homeassistant/leak/state", b"ON")
    assert (report.device, report.kind, report.states) == ("leak-1", DeviceKind.WATER_LEAK, {"water_leak": True})


def test_a_deleted_entity_is_forgotten_and_a_changed_one_replaced() -> None:
    feed = Feed("homeassistant")
    feed.give(CONFIG, LEAK)
    (first,) = feed.decoder.take_memory()
    feed.give(CONFIG, LEAK | {"payload_on": "wet"})
    (second,) = feed.decoder.take_memory()
    assert first[:2] == second[:2]
    assert first[2] != second[2]
    feed.give(CONFIG, b"")
    assert feed.decoder.take_memory() == [("homeassistant", CONFIG, None)]


def test_nothing_learned_is_nothing_to_save() -> None:
    feed = Feed("homeassistant")
    feed.give(CONFIG, LEAK)
    assert len(feed.decoder.take_memory()) == 1
    feed.give(CONFIG, LEAK)
    feed.give("homeassistant/leak/state", b"ON")
    assert feed.decoder.take_memory() == []


def test_what_could_not_be_saved_is_taken_again_as_it_is_then() -> None:
    feed = Feed("homeassistant")
    feed.give(CONFIG, LEAK)
    taken = feed.decoder.take_memory()
    feed.give(CONFIG, b"")
    feed.decoder.give_back_memory(taken)
    assert feed.decoder.take_memory() == [("homeassistant", CONFIG, None)]


def test_an_origin_ignored_since_is_not_remembered() -> None:
    old = Feed("homeassistant")
    old.give(CONFIG, LEAK | {"origin": {"name": "bridge"}})
    new = restarted(old, "homeassistant", ignore_origins=["Bridge"])
    assert isinstance(new.give("homeassistant/leak/state", b"ON"), Ignored)


def test_memory_nobody_can_read_is_counted_and_the_rest_kept() -> None:
    old = Feed("homeassistant")
    old.give(CONFIG, LEAK)
    ((_, _, good),) = old.decoder.take_memory()
    assert good is not None
    new = Feed("homeassistant")
    other = msgspec.msgpack.encode({"of": "another version"})
    memories = [("homeassistant", b"\xff"), ("homeassistant", other), ("gone", b""), ("homeassistant", good)]
    assert new.decoder.remember(memories) == 2
    assert new.report("homeassistant/leak/state", b"ON").states == {"water_leak": True}
    assert new.decoder.take_memory() == [], "what was just read needs no saving"

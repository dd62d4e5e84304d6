"""What rules remember: counted, timed, and the same after a visit to the disk."""

import msgspec
import pytest

from alert_rules.memory import STATE_FORMAT, Memory
from alert_rules.rule import NEVER, Params, Rule, RuleState
from devices.model import DeviceKind

ONE = ("one", DeviceKind.LIFT)
TWO = ("two", DeviceKind.LIFT)


class Lift(Rule[RuleState, Params]):
    name = "lift"
    kinds = frozenset({DeviceKind.LIFT})
    State = RuleState


@pytest.fixture
def memory() -> Memory:
    made = Memory()
    made.put("lift", "one", RuleState(due=50.0), ONE)
    made.put("door", "one", RuleState(), ONE)
    made.put("lift", "two", RuleState(), TWO)
    return made


def test_states_are_found_by_key_and_rule(memory: Memory) -> None:
    assert set(memory.of("one")) == {"lift", "door"}
    assert memory.of("one")["lift"].due == 50.0
    assert memory.of("nobody") == {}
    assert sorted(memory.all()) == [("door", "one"), ("lift", "one"), ("lift", "two")]


def test_keys_are_counted_by_rule(memory: Memory) -> None:
    memory.put("lift", "one", RuleState(due=60.0), ONE)
    assert (memory.held["lift"], memory.held["door"]) == (2, 1)
    memory.put("lift", "two", None, TWO)
    memory.put("lift", "two", None, TWO)
    assert memory.held["lift"] == 1


def test_what_is_forgotten_leaves_nothing(memory: Memory) -> None:
    for rule, key in memory.all():
        memory.put(rule, key, None, ONE)
    assert memory.all() == []
    with pytest.raises(KeyError):
        memory.heard("rule", "one")


def test_every_change_is_dirty_also_forgetting(memory: Memory) -> None:
    memory.dirty.clear()
    memory.put("door", "one", None, ONE)
    assert memory.dirty == {("door", "one")}
    assert memory.encoded("door", "one") is None


def test_a_new_due_sets_one_timer(memory: Memory) -> None:
    assert memory.timers == [(50.0, "lift", "one")]
    memory.put("lift", "one", RuleState(due=50.0), ONE)
    assert len(memory.timers) == 1
    memory.put("lift", "one", RuleState(due=NEVER), ONE)
    assert len(memory.timers) == 1
    memory.put("lift", "one", RuleState(due=20.0), ONE)
    assert memory.timers[0] == (20.0, "lift", "one")


def test_a_blob_brings_the_state_its_timer_and_who_was_heard_back(memory: Memory) -> None:
    blob = memory.encoded("lift", "one")
    assert blob is not None
    other = Memory()
    other.load(Lift(Params()), "one", blob)
    assert other.of("one") == {"lift": RuleState(due=50.0)}
    assert other.heard("lift", "one") == ONE
    assert other.timers == [(50.0, "lift", "one")]


def test_a_blob_of_another_format_is_dropped() -> None:
    blob = msgspec.msgpack.encode((STATE_FORMAT + 1, ONE, [50.0]))
    other = Memory()
    other.load(Lift(Params()), "one", blob)
    assert other.all() == []

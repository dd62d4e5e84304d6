"""The one table of names holds what every dialect and every store relies on."""

import math
import re
from collections.abc import Mapping

import pytest

from devices.model import DeviceKind
from devices.names import EVENTS, EVERY, QUANTITIES, STATES, EventCode, Quantity, State

SI_OR_USUAL = {"%", "V", "dB", "dBm", "h", "1", "degC", "%/m", "%LEL", "m/s", "1/s", "m"}
STORE_WORDS = {"time", "site", "building", "device"}


@pytest.mark.parametrize("name", [*QUANTITIES, *STATES, *EVENTS])
def test_names_are_snake_case(name: str) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
    assert name not in STORE_WORDS


def test_no_name_means_two_things() -> None:
    """A quantity and a state become fields of one measurement; an event beside them would be mistaken for a state."""
    for kind in DeviceKind:
        names = [n for table in (QUANTITIES, STATES, EVENTS) for n, entry in table.items() if kind in entry.kinds]
        assert len(names) == len(set(names))
    assert not QUANTITIES.keys() & STATES.keys()


@pytest.mark.parametrize("name", QUANTITIES)
def test_quantities_have_a_unit_and_sane_limits(name: str) -> None:
    quantity = QUANTITIES[name]
    assert quantity.unit in SI_OR_USUAL
    assert quantity.low < quantity.high
    assert quantity.unit != "%" or (quantity.low == 0 and quantity.high < math.inf)


@pytest.mark.parametrize("name", STATES)
def test_states_are_true_or_false_or_words(name: str) -> None:
    state = STATES[name]
    assert state.type in ("bool", "text")
    assert state.type == "text" or not state.values
    assert len(set(state.values)) == len(state.values)
    assert all(re.fullmatch(r"[a-z_]+", word) for word in state.values)


def test_attributes_are_snake_case_and_none_is_the_code_itself() -> None:
    for event in EVENTS.values():
        assert len(set(event.attributes)) == len(event.attributes)
        assert "code" not in event.attributes
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in event.attributes)


def test_everything_belongs_to_some_kind_and_says_what_it_means() -> None:
    tables: list[Mapping[str, Quantity | State | EventCode]] = [QUANTITIES, STATES, EVENTS]
    for entry in [entry for table in tables for entry in table.values()]:
        assert entry.kinds
        assert entry.kinds <= EVERY
        assert entry.meaning[0].islower()


@pytest.mark.parametrize("kind", DeviceKind)
def test_every_kind_has_something_to_say(kind: DeviceKind) -> None:
    assert any(kind in state.kinds for name, state in STATES.items() if state.kinds != EVERY)

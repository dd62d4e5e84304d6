"""How long the supervisor waits before it tries again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cameras.supervisor import FIRST_RETRY_S, LAST_RETRY_S, Patience


def test_each_wait_is_twice_the_last_up_to_the_longest() -> None:
    patience = Patience()
    assert [patience.after(0.0) for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize(("lasted_s", "again"), [(LAST_RETRY_S, 8.0), (LAST_RETRY_S + 0.1, FIRST_RETRY_S)])
def test_only_a_run_that_lasted_is_forgiven(lasted_s: float, again: float) -> None:
    patience = Patience()
    assert [patience.after(1.0) for _ in range(3)] == [1, 2, 4]
    assert patience.after(lasted_s) == again


def test_after_what_went_well_it_begins_anew() -> None:
    patience = Patience()
    for _ in range(5):
        patience.after(0.0)
    patience.renew()
    assert patience.after(0.0) == FIRST_RETRY_S


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_no_wait_is_shorter_than_the_first_or_longer_than_the_last(runs: list[float]) -> None:
    patience = Patience()
    waits = [patience.after(lasted_s) for lasted_s in runs]
    assert min(waits) == waits[0] == FIRST_RETRY_S
    assert max(waits) <= LAST_RETRY_S

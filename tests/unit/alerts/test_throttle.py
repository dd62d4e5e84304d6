"""Guessing is slowed down per account and address, and nobody else notices."""

from gateway.alerts import throttle
from gateway.alerts.throttle import FAILURES, MOST_KEYS, WINDOW_S, Throttle

NOW = 1_750_000_000.0


def failing(times: int, now: float = NOW) -> Throttle:
    guard = Throttle()
    for number in range(times):
        guard.failed("li", "10.0.0.9", now + number)
    return guard


def test_four_failures_are_free() -> None:
    assert failing(FAILURES - 1).wait("li", "10.0.0.9", NOW + 5) == 0


def test_the_fifth_failure_makes_wait_until_the_first_is_a_minute_old() -> None:
    guard = failing(FAILURES)
    assert guard.wait("li", "10.0.0.9", NOW + 5) == WINDOW_S - 5
    assert guard.wait("li", "10.0.0.9", NOW + WINDOW_S) == 0


def test_another_address_and_another_account_do_not_wait() -> None:
    guard = failing(FAILURES)
    assert guard.wait("li", "10.0.0.1", NOW + 5) == 0
    assert guard.wait("wang", "10.0.0.9", NOW + 5) == 0


def test_success_forgets_the_failures() -> None:
    guard = failing(FAILURES - 1)
    guard.succeeded("li", "10.0.0.9")
    guard.failed("li", "10.0.0.9", NOW + 6)
    assert guard.wait("li", "10.0.0.9", NOW + 6) == 0


def test_success_without_failures_is_no_error() -> None:
    Throttle().succeeded("li", "10.0.0.9")


def test_a_clock_set_back_locks_nobody_out() -> None:
    guard = failing(FAILURES)
    assert guard.wait("li", "10.0.0.9", NOW - 3600) == 0


def test_memory_is_bounded_and_the_oldest_key_goes_first() -> None:
    guard = failing(FAILURES)
    for number in range(MOST_KEYS):
        guard.failed("li", f"address {number}", NOW + 5)
    assert guard.wait("li", "10.0.0.9", NOW + 5) == 0
    assert len(guard._failures) == MOST_KEYS


def test_one_keys_memory_is_bounded_by_the_window() -> None:
    guard = Throttle()
    for number in range(500):
        guard.failed("li", "10.0.0.9", NOW + number)
    assert len(guard._failures["li", "10.0.0.9"]) == throttle.WINDOW_S

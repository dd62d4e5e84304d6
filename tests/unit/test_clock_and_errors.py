"""The small shared pieces: the machine's clock and the operator's errors."""

import time

import pytest

from gateway.clock import Clock, SteadyTime, SystemClock
from gateway.errors import OperatorError, SiteFileError


def test_the_machines_clock_tells_both_times() -> None:
    clock: Clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5
    first = clock.monotonic()
    assert clock.monotonic() >= first


def test_an_error_names_place_cause_and_remedy() -> None:
    error = OperatorError("data_dir", "is not writable", "chown it")
    assert error.lines() == ["error: data_dir", "cause: is not writable", "remedy: chown it"]
    assert str(error) == "data_dir: is not writable; chown it"


def test_a_site_file_error_carries_every_problem() -> None:
    error = SiteFileError("s.yaml", ["s.yaml:1: a", "s.yaml:2: b"])
    assert str(error).splitlines() == ["s.yaml:1: a", "s.yaml:2: b", "s.yaml: 2 problems; nothing was started"]
    assert SiteFileError("s.yaml", ["x"]).cause == "1 problem"


class Machine:
    """A clock whose day, uptime and boot are the test's."""

    def __init__(self) -> None:
        self.day, self.up, self.boot = 1_000.0, 50.0, "first"

    def now(self) -> float:
        return self.day

    def monotonic(self) -> float:
        return self.up

    def epoch(self) -> str:
        return self.boot

    def pass_s(self, seconds: float) -> None:
        self.day += seconds
        self.up += seconds


def again(machine: Machine, saved: dict[str, int]) -> SteadyTime:
    steady = SteadyTime(machine)
    steady.restore(saved)
    return steady


def test_steady_time_begins_with_the_time_of_day_and_ignores_its_jumps() -> None:
    machine = Machine()
    steady = SteadyTime(machine)
    assert steady.now() == 1_000
    machine.pass_s(10)
    machine.day += 3_600
    assert steady.now() == 1_010


def test_a_restart_goes_on_by_the_machines_uptime_whatever_the_time_of_day() -> None:
    machine = Machine()
    saved = SteadyTime(machine).save()
    machine.pass_s(30)
    machine.day -= 7_200
    assert again(machine, saved).now() == 1_030


@pytest.mark.parametrize(("moved", "expected"), [(500, 1_500), (-7_200, 1_000)])
def test_over_a_reboot_the_time_of_day_counts_but_never_backwards(moved: float, expected: float) -> None:
    machine = Machine()
    saved = SteadyTime(machine).save()
    machine.day, machine.up, machine.boot = machine.day + moved, 3.0, "second"
    assert again(machine, saved).now() == expected


def test_where_boots_have_no_name_every_start_counts_as_one() -> None:
    machine = Machine()
    machine.boot = ""
    saved = SteadyTime(machine).save()
    machine.day, machine.up = machine.day + 20, 1_000_000.0
    assert again(machine, saved).now() == 1_020


def test_without_anything_saved_it_begins_anew() -> None:
    assert again(Machine(), {}).now() == 1_000


def test_this_machines_uptime_has_a_name() -> None:
    clock = SystemClock()
    assert clock.epoch() == clock.epoch()
    before = clock.monotonic()
    assert clock.monotonic() >= before

"""The small shared pieces: the machine's clock and the operator's errors."""

import time

from gateway.clock import Clock, SystemClock
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

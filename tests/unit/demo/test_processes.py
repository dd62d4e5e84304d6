"""Programs: started, watched, ended, and none left behind."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.demo import processes as module
from gateway.demo.processes import Processes, find_broker, free_port, listens
from gateway.errors import OperatorError
from tests.servers import require

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_what_was_started_is_ended(tmp_path: Path) -> None:
    before = children()
    with Processes(tmp_path) as processes:
        heard = [processes.start_heard(name, python(SLEEP)) for name in ("one", "two")]
        assert [output.readline() for output in heard] == ["up\n"] * 2
        assert len(children() - before) == 2
    assert children() == before
    for output in heard:
        output.close()


def test_it_is_ended_after_a_failure_too(tmp_path: Path) -> None:
    before = children()
    with suppress(ZeroDivisionError), Processes(tmp_path) as processes:
        processes.start("one", python(SLEEP))
        assert children() != before
        raise ZeroDivisionError
    assert children() == before


def test_a_signal_in_the_middle_of_a_start_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any, **options: Any) -> "subprocess.Popen[str]":
        child = real(*arguments, **options)
        signal.raise_signal(signal.SIGINT)
        return child

    real, before, handler = subprocess.Popen, children(), signal.default_int_handler
    found = signal.signal(signal.SIGINT, handler)  # a shell's background job finds it ignored
    monkeypatch.setattr(module.subprocess, "Popen", interrupted)
    with pytest.raises(KeyboardInterrupt), Processes(tmp_path) as processes:
        processes.start("one", python(SLEEP))
    assert children() == before
    assert signal.signal(signal.SIGINT, found) is handler


def test_one_that_will_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_S", 0.2)
    before = children()
    with Processes(tmp_path) as processes, processes.start_heard("stubborn", python(STUBBORN)) as output:
        assert output.readline() == "up\n"
    assert children() == before


def test_the_last_started_ends_first(tmp_path: Path) -> None:
    code = f"import signal, sys, time\nout = {str(tmp_path / 'order')!r}\n" + (
        "def stop(*_):\n    open(out, 'a').write(sys.argv[1])\n    sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop)\nprint('up', flush=True)\ntime.sleep(600)"
    )
    with Processes(tmp_path) as processes:
        for name in "abc":
            output = processes.start_heard(name, [*python(code), name])
            output.readline()
            output.close()
    assert (tmp_path / "order").read_text() == "cba"


def test_an_early_end_is_noticed_with_the_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("gateway", python("import sys; sys.exit('the disk is on fire\\x1b[2J')"))
        with pytest.raises(OperatorError) as caught:
            processes.wait_until(lambda: False, "gateway")
    assert caught.value.place == "gateway"
    assert "ended with 1" in caught.value.cause
    assert "the disk is on fire\\u001b[2J" in caught.value.cause


def test_all_well_is_no_error(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("one", python(SLEEP))
        processes.check()


def test_waiting_ends_when_ready(tmp_path: Path) -> None:
    port = free_port()
    server = f"import http.server as h; h.HTTPServer(('127.0.0.1', {port}), h.BaseHTTPRequestHandler).serve_forever()"
    with Processes(tmp_path) as processes:
        processes.start("server", python(server))
        processes.wait_until(lambda: listens(port), "server")
        assert listens(port)
    assert not listens(port)


def test_waiting_has_an_end(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("slow", python(SLEEP))
        with pytest.raises(OperatorError, match=r"slow: not ready within 0\.3 s"):
            processes.wait_until(lambda: False, "slow", 0.3)


def test_ctrl_c_does_not_reach_it_before_us(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes, processes.start_heard("one", python(SLEEP)) as output:
        output.readline()
        (child,) = [each for each in psutil.Process().children() if each.cmdline() == python(SLEEP)]
        assert os.getpgid(child.pid) != os.getpgid(0)


def test_a_long_log_is_cut(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("talker", python("import sys; [print('x' * 5000) for _ in range(50)]; sys.exit(3)"))
        with pytest.raises(OperatorError) as caught:
            processes.wait_until(lambda: False, "talker")
    assert len(caught.value.cause) < 5_000


def test_the_broker_is_found_outside_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    require("mosquitto")
    monkeypatch.setenv("PATH", "/usr/bin")
    assert Path(find_broker()).name == "mosquitto"


def test_a_missing_broker_is_one_line_of_advice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module, "SBIN", ())
    with pytest.raises(OperatorError) as caught:
        find_broker()
    assert "apt install mosquitto" in caught.value.remedy
    assert "\n" not in caught.value.remedy


def test_a_free_port_is_free() -> None:
    started = time.monotonic()
    assert not listens(free_port())
    assert time.monotonic() - started < 2

"""The demonstration itself, with real programs: broker, gateway, community."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from gateway.config import load_site
from gateway.demo import stage
from gateway.demo.client import Client
from gateway.demo.outcome import RULES
from gateway.demo.processes import Processes, free_port
from gateway.errors import OperatorError
from tests.servers import require

PROGRAM = """
import sys
from gateway.demo import run_demo
from gateway.errors import OperatorError
try:
    sys.exit(run_demo({seconds}, 30))
except OperatorError as error:
    sys.exit("\\n".join(error.lines()))
"""


def demo(seconds: float | None, folder: Path) -> "subprocess.Popen[str]":
    """The demonstration as a program of its own, which keeps its files below ``folder``."""
    require("mosquitto")
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(seconds=seconds)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment(folder),
    )  # fmt: skip


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "COLUMNS": "80"}


def wait_for_link(program: "subprocess.Popen[str]") -> str:
    assert program.stdout is not None
    for line in program.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+/login#once=\S+", line):
            return found.group()
    raise AssertionError(f"no link was printed: {program.communicate()}")


def started_by(program: "subprocess.Popen[str]") -> list[psutil.Process]:
    return list(psutil.Process(program.pid).children(recursive=True))


def named(processes: list[psutil.Process], word: str) -> psutil.Process:
    (found,) = [each for each in processes if word in " ".join(each.cmdline())]
    return found


@pytest.mark.server
def test_the_five_alerts_and_no_other_are_raised(tmp_path: Path) -> None:
    program = demo(20, tmp_path)
    output, errors = program.communicate(timeout=90)
    assert program.returncode == 0, output + errors
    rows = {line.split()[0]: line.split() for line in output.splitlines() if "as expected" in line}
    assert rows.keys() == set(RULES)
    for rule, (_, expected, raised, seconds, *_) in rows.items():
        assert expected == raised
        assert float(seconds) < (13 if rule == "fire_lane_blocked" else 3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.server
def test_an_end_before_the_incidents_is_a_failure(tmp_path: Path) -> None:
    program = demo(1, tmp_path)
    output, errors = program.communicate(timeout=90)
    assert (program.returncode, errors) == (1, "")
    assert output.count("no incident") == 5


@pytest.mark.server
@pytest.mark.parametrize(("number", "seconds", "code"), [(signal.SIGINT, None, 0), (signal.SIGTERM, 60, 130)])
def test_a_signal_stops_everything(tmp_path: Path, number: signal.Signals, seconds: float | None, code: int) -> None:
    program = demo(seconds, tmp_path)
    wait_for_link(program)
    started = started_by(program)
    program.send_signal(number)
    output, errors = program.communicate(timeout=60)
    assert (program.returncode, errors) == (code, "")
    assert "stopped" in output
    assert not psutil.wait_procs(started, timeout=5)[1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.server
@pytest.mark.parametrize(("word", "name"), [("gateway.cli", "gateway"), ("mosquitto", "mosquitto")])
def test_a_program_that_dies_stops_everything_and_is_named(tmp_path: Path, word: str, name: str) -> None:
    program = demo(60, tmp_path)
    wait_for_link(program)
    started = started_by(program)
    named(started, word).kill()
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 1, output
    assert re.search(rf"error: ({name}|the API's stream)", errors)
    assert not psutil.wait_procs(started, timeout=5)[1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("devices", [10, 300])
def test_the_site_file_is_valid_and_stays_on_this_machine(tmp_path: Path, devices: int) -> None:
    site = load_site(stage.write_site(tmp_path, 18_831, 18_080, devices))
    assert len(site.devices) == devices
    assert (site.mqtt.host, site.mqtt.port) == ("127.0.0.1", 18_831)
    assert (site.api.host, site.api.port) == ("127.0.0.1", 18_080)
    assert site.rules == {"fire_lane_blocked": {"dwell_s": 10.0, "major_s": 10.0}}
    assert site.data_dir.is_relative_to(tmp_path)


def test_too_few_devices_are_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="--devices"):
        stage.write_site(tmp_path, 18_831, 18_080, 3)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Path, int]]:
    """A broker and a gateway as the demonstration starts them; no community."""
    require("mosquitto")
    folder, port = tmp_path_factory.mktemp("stage"), free_port()
    with Processes(folder) as processes:
        site = stage.write_site(folder, stage.start_broker(processes, folder), port, 10)
        yield stage.start_gateway(processes, site, port), site, port


@pytest.mark.server
def test_the_client_is_logged_in_and_sees_no_alert_yet(running: tuple[Client, Path, int]) -> None:
    client, _, _ = running
    assert client.ready()
    assert client.alerts() == []


@pytest.mark.server
def test_a_login_link_works_once(running: tuple[Client, Path, int]) -> None:
    _, site, port = running
    address, token = stage.login_link(site).split("#once=")
    assert address == f"http://127.0.0.1:{port}/login"
    Client(port).login_once(token)
    with pytest.raises(OperatorError, match="logging in was answered with 401"):
        Client(port).login_once(token)


@pytest.mark.server
def test_nobody_sees_alerts_without_a_login(running: tuple[Client, Path, int]) -> None:
    _, _, port = running
    with pytest.raises(OperatorError, match="listing alerts was answered with 401"):
        Client(port).alerts()


@pytest.mark.server
def test_the_broker_listens_on_this_machine_only(running: tuple[Client, Path, int]) -> None:
    _, site, _ = running
    port = yaml.safe_load(site.read_text(encoding="utf-8"))["mqtt"]["port"]
    bound = [each.laddr for each in psutil.net_connections("tcp") if each.laddr and not each.raddr]
    assert {address.ip for address in bound if address.port == port} == {"127.0.0.1"}


def test_nothing_listens_nothing_is_ready() -> None:
    assert not Client(free_port()).ready()

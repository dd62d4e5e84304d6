"""The outside watcher's systemd units: what can be known of them without running them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICE = (UNITS / "community-gateway-watch.service").read_text()
TIMER = (UNITS / "community-gateway-watch.timer").read_text()


def test_the_timer_looks_often_enough_for_a_minute() -> None:
    assert "OnUnitInactiveSec=15s" in TIMER.splitlines()
    assert "AccuracySec=1s" in TIMER.splitlines()


@pytest.mark.parametrize("line", ["DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"])
def test_the_unit_is_hardened(line: str) -> None:
    assert line in SERVICE.splitlines()


def test_the_address_of_whom_to_tell_is_a_credential() -> None:
    assert "LoadCredential=channel:" in SERVICE
    assert "--channel-file ${CREDENTIALS_DIRECTORY}/channel" in SERVICE


def test_the_command_has_the_options_that_the_unit_gives() -> None:
    (command,) = re.findall(r"^ExecStart=\S+/gateway (\w+) (.*)$", SERVICE, re.MULTILINE)
    said = CliRunner().invoke(app, [command[0], "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    for option in re.findall(r"--[a-z-]+", command[1]):
        assert option in said


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_the_units_in_order(tmp_path: Path) -> None:
    for name, text in (("service", SERVICE), ("timer", TIMER)):
        unit = tmp_path / f"community-gateway-watch.{name}"
        unit.write_text(text.replace("/opt/community-gateway/bin/gateway", "/bin/true"))
    command = ["systemd-analyze", "verify", str(tmp_path / "community-gateway-watch.timer")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert [line for line in done.stderr.splitlines() if "community-gateway" in line] == []

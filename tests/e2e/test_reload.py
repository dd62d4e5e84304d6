"""A running gateway and the commands of its machine: changed rules are taken over, bad ones refused."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from tests.running import START_S, gateway, write_site
from tests.servers import mosquitto, wait_until

pytestmark = pytest.mark.server

GATE = {"id": "g1", "kind": "access_gate"}


def rewrite(site: Path, **sections: Any) -> None:
    site.write_text(json.dumps(json.loads(site.read_text()) | sections))


def test_rules_change_without_a_restart_and_bad_ones_are_refused(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        site = write_site(tmp_path, broker, [GATE])
        with gateway(site) as running:
            rewrite(site, rules={"gate_held_open": {"dwell_s": 90}})
            taken = CliRunner().invoke(app, ["reload", "--site", str(site)])
            assert (taken.exit_code, taken.stdout) == (0, "rules: taken over\n")
            rewrite(site, rules={"gate_held_open": {"dwell_s": "5 min"}})
            refused = CliRunner().invoke(app, ["reload", "--site", str(site)])
            assert refused.exit_code == 2
            assert "write 300" in refused.stderr
            assert "keeps its old rules" in refused.stderr

            def refusals() -> int:
                return len([line for line in running.log if "reload_refused" in line])

            wait_until(lambda: refusals() == 1, START_S, "the refusal in the log")
            running.process.send_signal(signal.SIGHUP)
            wait_until(lambda: refusals() == 2, START_S, "the second refusal in the log")

"""A running gateway and the commands of its machine: changed rules are taken over, bad ones refused."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.running import cli, command, gateway, write_site
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
            assert cli("reload", "--site", str(site)) == "rules: taken over\n"
            rewrite(site, rules={"gate_held_open": {"dwell_s": "5 min"}})
            refused = subprocess.run(
                command("reload", "--site", str(site)), capture_output=True, text=True, timeout=60, check=False
            )
            assert refused.returncode == 2
            assert "write 300" in refused.stderr
            assert "keeps its old rules" in refused.stderr
            before = len([line for line in running.log if "reload_refused" in line])
            running.process.send_signal(signal.SIGHUP)
            wait_until(
                lambda: len([line for line in running.log if "reload_refused" in line]) > before,
                15,
                "the refusal in the log",
            )

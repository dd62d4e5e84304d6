"""Sets the stage: broker, site file, account, gateway. Gateway and community run as programs, as they would on site."""

import subprocess
import sys
from pathlib import Path
from typing import IO

import yaml

from gateway.demo.client import Client
from gateway.demo.outcome import LANE_DWELL_S
from gateway.demo.processes import Processes, find_broker, free_port, listens
from gateway.errors import OperatorError

PERSON = "demo"
LINK_MINUTES = 60


def start_broker(processes: Processes, folder: Path) -> int:
    """Start mosquitto for this machine only; return its port.

    Raises:
        OperatorError: it is not installed, or does not start.
    """
    binary, port = find_broker(), free_port()
    configuration = folder / "mosquitto.conf"
    lines = (f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", "max_queued_messages 100000")
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    processes.start("mosquitto", [binary, "-c", str(configuration)])
    processes.wait_until(lambda: listens(port), "mosquitto")
    return port


def write_site(folder: Path, broker_port: int, api_port: int, devices: int) -> Path:
    """Let the community write its site file, and add where the gateway keeps things and listens.

    Raises:
        OperatorError: the community refuses, for instance so few devices.
    """
    path = folder / "site.yaml"
    _run("simulators", "--site-out", str(path), "--port", str(broker_port), "--devices", str(devices), "--seconds", "0")
    site = yaml.safe_load(path.read_text(encoding="utf-8"))
    site["data_dir"] = str(folder / "var")
    site["api"] = {"host": "127.0.0.1", "port": api_port}
    site["rules"] = {"fire_lane_blocked": {"dwell_s": LANE_DWELL_S, "major_s": LANE_DWELL_S}}
    path.write_text(yaml.safe_dump(site, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def start_gateway(processes: Processes, site: Path, api_port: int) -> Client:
    """Create the demonstration's account and start the gateway; return a client that is logged in.

    Raises:
        OperatorError: the gateway does not start; carries the end of its log.
    """
    _run("gateway.cli", "person", "add", PERSON, "--role", "administrator", "--no-password", "--site", str(site))
    processes.start("gateway", [sys.executable, "-m", "gateway.cli", "run", "--site", str(site)])
    client = Client(api_port)
    processes.wait_until(client.ready, "gateway")
    client.login_once(login_link(site).partition("#once=")[2])
    return client


def login_link(site: Path) -> str:
    """Return an address that opens the console, once.

    Raises:
        OperatorError: the gateway's command line refuses.
    """
    output = _run("gateway.cli", "login-link", PERSON, "--site", str(site), "--minutes", str(LINK_MINUTES))
    return output.strip().splitlines()[-1]


def start_community(processes: Processes, broker_port: int, devices: int) -> IO[str]:
    """Bring the community to life; return the output on which it announces its incidents."""
    options = ("--port", str(broker_port), "--devices", str(devices))
    return processes.start_heard("community", [sys.executable, "-m", "simulators", *options])


def _run(module: str, *arguments: str) -> str:
    """Run a command of ours to its end and return its output."""
    done = subprocess.run(  # noqa: S603 - our own programs, no shell
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        what = f"python -m {module} {arguments[0]}"
        raise OperatorError(what, f"ended with {done.returncode}\n{done.stderr.strip()}", "mend this and try again")
    return done.stdout

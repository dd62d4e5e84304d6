"""The gateway itself at the shipped broker: TLS, its own account, its own listener, both lanes."""

import json
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.deploy.broker import GATEWAY, prepare, started
from tests.deploy.peer import Peer
from tests.servers import answers, free_port, process, wait_until

pytestmark = pytest.mark.server
PROGRAM = "from gateway.cli import app; app()"


def test_a_fire_at_the_shipped_broker_is_an_alert_of_the_gateway(tmp_path: Path) -> None:
    broker, port = prepare(tmp_path, "smoke-a"), free_port()
    (tmp_path / "password").write_text(f"{broker.passwords[GATEWAY]}\n")
    site = {
        "site": {"id": "qinghe", "name": "Qinghe"},
        "data_dir": str(tmp_path / "var"),
        "api": {"port": port},
        "devices": [{"id": "smoke-a", "kind": "smoke_detector"}],
        "mqtt": {
            "host": "localhost",
            "port": broker.gateway_port,
            "tls": {"ca": str(broker.certificates / "ca.crt")},
            "username": GATEWAY,
            "password": {"file": str(tmp_path / "password")},
        },
    }
    (tmp_path / "site.yaml").write_text(json.dumps(site))  # JSON is YAML
    command = [sys.executable, "-c", PROGRAM, "run", "--site", str(tmp_path / "site.yaml")]
    url = f"http://127.0.0.1:{port}"
    with (
        started(broker),
        process(command, tmp_path / "gateway.log", lambda: answers(f"{url}/readyz")),
        Peer(broker, "smoke-a") as device,
    ):
        wait_until(lambda: both_lanes_are_up(url), what="the sessions of both lanes")
        device.publish("community/qinghe/smoke_detector/smoke-a/event", '{"states": {"smoke": true}}')
        raised = 'gateway_alerts_raised_total{rule="smoke_alarm"} 1.0'
        wait_until(lambda: raised in metrics(url), timeout=10, what="the alert")
    assert broker.passwords[GATEWAY] not in (tmp_path / "gateway.log").read_text()


def metrics(url: str) -> str:
    with urlopen(f"{url}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def both_lanes_are_up(url: str) -> bool:
    wanted = {f'gateway_mqtt_connected{{lane="{lane}"}} 1.0' for lane in ("alarm", "telemetry")}
    return wanted <= set(metrics(url).splitlines())

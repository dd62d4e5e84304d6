"""Compose, Dockerfile, systemd and Grafana: what can be known of them without running them."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from gateway.metrics import Metrics
from tests.deploy.broker import DEPLOY
from tests.servers import victoria_metrics

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
UNIT = (DEPLOY / "systemd/community-gateway.service").read_text()
DASHBOARD = json.loads((DEPLOY / "grafana/community-gateway.json").read_text())
LOOPBACK = re.compile(r"^(127\.0\.0\.1|\$\{[A-Z_]+:-127\.0\.0\.1\}):\d+:\d+$")


@pytest.mark.parametrize("name", SERVICES)
class TestEveryService:
    def test_is_confined(self, name: str) -> None:
        service = SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "cap_add" not in service
        assert "no-new-privileges:true" in service["security_opt"]
        assert not service.get("privileged")
        assert service.get("network_mode") is None
        assert service["pids_limit"] > 0
        assert service["mem_limit"]

    def test_runs_without_root(self, name: str) -> None:
        user, group = SERVICES[name]["user"].split(":")
        assert int(user) > 0
        assert int(group) > 0

    def test_comes_back_and_says_how_it_is(self, name: str) -> None:
        assert SERVICES[name]["restart"] == "always"
        check = SERVICES[name]["healthcheck"]
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)

    def test_is_published_on_loopback_unless_told_otherwise(self, name: str) -> None:
        assert [port for port in SERVICES[name].get("ports", []) if not LOOPBACK.match(port)] == []

    def test_holds_no_secret_in_its_environment(self, name: str) -> None:
        for key, value in SERVICES[name].get("environment", {}).items():
            secret = re.search("PASSWORD|TOKEN|SECRET|KEY", key)
            assert not secret or (key.endswith("_FILE") and value.startswith("/run/secrets/")), key

    def test_mounts_nothing_of_the_host_but_its_own(self, name: str) -> None:
        sources = [volume.split(":/")[0] for volume in SERVICES[name]["volumes"]]
        assert not [source for source in sources if "docker.sock" in source or source in {"/", "/etc", "/var"}]

    def test_knows_only_secrets_that_are_files(self, name: str) -> None:
        for secret in SERVICES[name].get("secrets", []):
            assert set(COMPOSE["secrets"][secret]) == {"file"}


def test_the_brokers_gateway_listener_is_not_published() -> None:
    assert not [port for service in SERVICES.values() for port in service.get("ports", []) if "8884" in port]
    assert COMPOSE["networks"]["broker"]["internal"] is True
    assert "broker" not in SERVICES["influxdb"]["networks"]


def test_the_brokers_command_changes_one_line_of_the_shipped_configuration(tmp_path: Path) -> None:
    shipped = DEPLOY / "mosquitto/mosquitto.conf"
    command = SERVICES["mosquitto"]["command"][-1].replace("$$", "$")
    script = command.replace("/etc/mosquitto/mosquitto.conf", str(shipped)).split("&&")[0]
    script = script.replace("/tmp/mosquitto.conf", str(tmp_path / "out"))
    subprocess.run(["sh", "-c", script], check=True)
    pairs = zip(shipped.read_text().splitlines(), (tmp_path / "out").read_text().splitlines(), strict=True)
    changed = [(old, new) for old, new in pairs if old != new]
    assert changed == [("listener 8884 127.0.0.1", "listener 8884")]


def test_every_variable_of_the_compose_file_is_explained() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))
    explained = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    assert used == explained


def test_the_example_environment_holds_no_secret() -> None:
    text = (DEPLOY / ".env.example").read_text()
    assert not re.search(r"^[A-Z_]*(PASSWORD|TOKEN|KEY)[A-Z_]*=", text, re.MULTILINE)


def test_the_image_runs_as_the_user_of_the_compose_file() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    user = next(line.split()[1] for line in lines if line.startswith("USER "))
    assert user == SERVICES["gateway"]["user"]
    assert lines.index(f"USER {user}") < next(i for i, line in enumerate(lines) if line.startswith("ENTRYPOINT"))


@pytest.mark.parametrize(
    "line",
    [
        "DynamicUser=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes",
        "PrivateTmp=yes", "PrivateDevices=yes", "RestrictNamespaces=yes", "SystemCallFilter=@system-service",
        "StateDirectory=community-gateway", "StateDirectoryMode=0700", "UMask=0077", "Restart=always",
    ],
)  # fmt: skip
def test_the_unit_is_hardened(line: str) -> None:
    assert line in UNIT.splitlines()


def test_the_unit_gets_its_secrets_as_credentials() -> None:
    assert "LoadCredential=mqtt-password:" in UNIT
    assert "Environment" not in UNIT


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
class TestSystemd:
    def test_finds_the_unit_in_order(self, tmp_path: Path) -> None:
        unit = tmp_path / "community-gateway.service"
        unit.write_text(UNIT.replace("/opt/community-gateway/bin/gateway", "/bin/true"))
        done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60)
        complaints = [line for line in done.stderr.splitlines() if "community-gateway" in line]
        assert complaints == []

    def test_rates_the_exposure_low(self) -> None:
        unit = str(DEPLOY / "systemd/community-gateway.service")
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout[-300:]


def exposed() -> dict[str, set[str]]:
    """Every series the gateway can expose: name, and its labels."""
    known: dict[str, set[str]] = {}
    for collector in Metrics().registry._collector_to_names:
        labels = set(getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
            known |= {family.name + suffix: labels for suffix in suffixes}
    return known


def expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def test_the_dashboard_asks_only_for_what_the_gateway_exposes() -> None:
    asked = {name for expression in expressions() for name in re.findall(r"\bgateway_\w+", expression)}
    assert asked - set(exposed()) == set()
    assert len(asked) >= 12


@pytest.mark.parametrize("expression", expressions())
def test_the_dashboard_groups_by_labels_that_exist(expression: str) -> None:
    labels = set().union(*(exposed()[name] for name in re.findall(r"\bgateway_\w+", expression))) | {"le"}
    grouped = {word for group in re.findall(r"by \(([^)]*)\)", expression) for word in group.split(", ")}
    matched = set(re.findall(r"[{,]\s*(\w+)=", expression))
    assert grouped | matched <= labels


@pytest.mark.server
def test_a_real_server_understands_every_query_of_the_dashboard(tmp_path: Path) -> None:
    with victoria_metrics(tmp_path) as url:
        for expression in expressions():
            query = urlencode({"query": expression.replace("$__rate_interval", "5m")})
            with urlopen(f"{url}/api/v1/query?{query}", timeout=10) as answer:
                assert json.load(answer)["status"] == "success", expression


def test_the_dashboards_panels_do_not_overlap_and_explain_themselves() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not taken & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        assert panel["description"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])

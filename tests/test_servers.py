"""The helpers every server test stands on: they start, answer, and leave nothing behind."""

from pathlib import Path

import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from tests.servers import answers, free_port, influxdb, listens, mosquitto, require, victoria_metrics


@pytest.mark.server
def test_a_broker_starts_and_starts_again_on_its_old_port(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        assert listens(port)
    assert not listens(port)
    with mosquitto(tmp_path, "persistence true\npersistence_location ./\n", port=port) as again:
        assert again == port


@pytest.mark.server
def test_influxdb_takes_the_new_write_address(tmp_path: Path) -> None:
    with influxdb(tmp_path) as url:
        with InfluxDBClient(url, token="t", org="o") as client:
            client.write_api(write_options=SYNCHRONOUS).write("community", "o", b"lift,device=a speed=1.5 1000000000")
        assert answers(f"{url}/health")
        assert answers(f"{url}/query?db=community&q=SHOW%20SERIES")
    assert not answers(f"{url}/ping")


@pytest.mark.server
def test_victoria_metrics_answers(tmp_path: Path) -> None:
    with victoria_metrics(tmp_path) as url:
        assert answers(f"{url}/internal/force_flush")


def test_an_absent_binary_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="no-such-server"):
        require("no-such-server")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-server"):
        require("no-such-server")


def test_a_free_port_is_free() -> None:
    assert not listens(free_port())

"""The whole way, with every process real: device, broker, gateway, console and command line."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import Person, cli, device, gateway, write_site
from tests.servers import influxdb, mosquitto, wait_until

pytestmark = pytest.mark.server

DEVICES: list[dict[str, Any]] = [
    {"id": "smoke-1", "kind": "smoke_detector", "name": "Hall", "building": "b1", "floor": "1"},
    {"id": "smoke-2", "kind": "smoke_detector"},
    {"id": "gate-1", "kind": "access_gate"},
]
KEEPING = "persistence false\nmax_queued_messages 0\nmax_inflight_messages 0"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path, KEEPING) as port:
        yield port


@pytest.fixture
def site(tmp_path: Path, broker: int) -> Path:
    return write_site(tmp_path, broker, DEVICES)


def test_from_smoke_to_a_verdict(site: Path, broker: int) -> None:
    with gateway(site) as running, device(broker, "smoke_detector", "smoke-1") as detector:
        person = Person.by_command_line(running)
        with person.listening() as stream:
            began = time.time()
            detector.say(states={"smoke": True}, measurements={"smoke_density": 0.4})
            at, view = stream.wait_for("alert", device="smoke-1")
        assert at - began < 1.0, "a fire must be on the console within a second"
        assert (view["rule"], view["severity"], view["saved"]) == ("smoke_alarm", "critical", True)
        assert view["place"]["name"] == "Hall"
        path = f"/api/alerts/{view['id']}"
        wait_until(lambda: len(person.get(path)["timeline"]) == 2, 15, "the plan to start by itself")
        assert person.post(f"{path}/resolve", version=1, note="").status_code == 409
        assert person.post(f"{path}/acknowledge", version=1).json()["acknowledged_by"] == "li"
        assert person.post(f"{path}/verdict", version=1, verdict="drill", reason="").status_code == 409
        judged = person.post(f"{path}/verdict", version=2, verdict="true_alarm", reason="seen").json()
        assert judged["stage"] == "judged"
        assert person.post(f"{path}/resolve", version=3, note="out").json()["stage"] == "resolved"
        detail = person.get(path)
        actions = [row["action"] for row in detail["timeline"]]
        assert actions == ["raise", "plan_start", "acknowledge", "verdict", "resolve"]
        assert person.alerts() == []
    assert cli("audit", "verify", "--site", str(site)).startswith("OK: ")


def test_a_restart_keeps_the_latch_and_the_alert(site: Path, broker: int) -> None:
    with device(broker, "smoke_detector", "smoke-1") as detector:
        with gateway(site) as running:
            person = Person(running)
            detector.say(states={"smoke": True})
            wait_until(lambda: any(each["saved"] for each in person.alerts()), 15, "the alert to be saved")
            (before,) = person.alerts()
        detector.say(states={"smoke": False})
        with gateway(site) as running:
            person = Person(running, known=True)
            running.wait_idle(2)
            (after,) = person.alerts()
            assert after == before
            detector.say(states={"smoke": True})
            wait_until(lambda: person.alerts()[0]["repeats"] == 1, 10, "the repeat")
            assert len(person.alerts()) == 1


def test_what_happened_while_it_was_down_is_raised_with_its_own_time(site: Path, broker: int) -> None:
    with gateway(site) as running:
        Person(running)
    with device(broker, "smoke_detector", "smoke-1") as detector:
        began = time.time()
        detector.say(states={"smoke": True})
        with gateway(site) as running:
            (alert,) = Person(running, known=True).wait_alerts(1)
    assert abs(alert["raised_at"] - began) < 1.0


def test_after_a_kill_nothing_is_missing_and_nothing_is_double(site: Path, broker: int) -> None:
    with device(broker, "smoke_detector", "smoke-1") as one, device(broker, "access_gate", "gate-1") as gate:
        with gateway(site) as running:
            Person(running)
            one.say(states={"smoke": True})
            for _ in range(200):
                gate.say("telemetry", measurements={"passage_count": gate.sequence})
            running.kill()
        with gateway(site) as running:
            running.wait_idle(201)
            person = Person(running, known=True)
            (alert,) = person.wait_alerts(1)
            assert (alert["device"], alert["repeats"]) == ("smoke-1", 0)
            found = person.get("/api/devices/gate-1")
            assert found["measurements"]["passage_count"] == 199
    assert cli("audit", "verify", "--site", str(site)).startswith("OK: ")


def test_an_unknown_device_is_quarantined_and_adopted(site: Path, broker: int) -> None:
    with gateway(site) as running, device(broker, "water_leak", "leak-9") as stranger:
        person = Person(running, role="manager")
        stranger.say(states={"water_leak": True})
        wait_until(lambda: bool(person.get("/api/quarantine")["items"]), 10, "the stranger")
        (found,) = person.get("/api/quarantine")["items"]
        assert (found["device"], found["kind"], found["last"]) == ("leak-9", "water_leak", {"water_leak": True})
        (note,) = person.wait_alerts(1)
        assert note["rule"] == "unknown_device", "a stranger's leak is no alert before somebody says whose it is"
        body = {"name": "Cellar", "building": "b1", "floor": "1", "zone": "", "expect_every_s": 0}
        adopted = person.post("/api/quarantine/leak-9/adopt", **body)
        assert adopted.status_code == 200, adopted.text
        assert person.get("/api/quarantine")["items"] == []
        stranger.say(states={"water_leak": False})
        stranger.say(states={"water_leak": True})
        (alert,) = (alert for alert in person.wait_alerts(2) if alert["rule"] != "unknown_device")
        assert (alert["rule"], alert["place"]["name"], alert["registered"]) == ("water_leak", "Cellar", True)


def test_an_unknown_detector_in_flames_is_an_alert_all_the_same(site: Path, broker: int) -> None:
    with gateway(site) as running, device(broker, "smoke_detector", "smoke-new") as stranger:
        person = Person(running)
        stranger.say(states={"smoke": True})
        (alert,) = (alert for alert in person.wait_alerts(2) if alert["rule"] == "smoke_alarm")
        assert (alert["device"], alert["registered"], alert["severity"]) == ("smoke-new", False, "critical")


def count_history(person: Person, began: float) -> list[float]:
    query = {"start": began - 1, "end": began + 2, "every_s": 0.001}
    answer = person.get("/api/devices/gate-1/history", **query)
    return [value for _, value in answer["fields"].get("passage_count", [])]


@pytest.mark.parametrize("store", ["embedded", "influxdb"])
def test_the_history_is_readable(tmp_path: Path, broker: int, store: str) -> None:
    if store == "embedded":
        check_history(write_site(tmp_path, broker, DEVICES), broker)
        return
    (tmp_path / "token").write_text("any:thing\n")
    with influxdb(tmp_path) as url:
        history = {"store": "influxdb", "url": url, "bucket": "community", "token": {"file": "token"}}
        check_history(write_site(tmp_path, broker, DEVICES, history=history), broker)


def check_history(site: Path, broker: int) -> None:
    with gateway(site) as running, device(broker, "access_gate", "gate-1") as gate:
        person, began = Person(running), time.time()
        for passages in range(20):
            gate.say("telemetry", ts=int(began * 1000) + passages, measurements={"passage_count": passages})
        wait_until(lambda: len(count_history(person, began)) == 20, 20, "the history")
        assert count_history(person, began) == list(range(20))


def test_a_history_store_that_is_away_delays_no_alert_and_misses_nothing(tmp_path: Path, broker: int) -> None:
    (tmp_path / "token").write_text("any:thing\n")
    with influxdb(tmp_path) as url:
        history = {"store": "influxdb", "url": url, "bucket": "community", "token": {"file": "token"}}
        site = write_site(tmp_path, broker, DEVICES, history=history)
    port = int(url.rsplit(":", 1)[1])
    with (
        gateway(site) as running,
        device(broker, "access_gate", "gate-1") as gate,
        device(broker, "smoke_detector", "smoke-1") as detector,
    ):
        person, began = Person(running), time.time()
        for passages in range(20):
            gate.say("telemetry", ts=int(began * 1000) + passages, measurements={"passage_count": passages})
        detector.say(states={"smoke": True})
        assert len(person.wait_alerts(1)) == 1
        wait_until(lambda: "history" in problem_codes(person), 10, "the problem to be told")
        with influxdb(tmp_path, port=port):
            wait_until(lambda: len(count_history(person, began)) == 20, 60, "the history to catch up")
            wait_until(lambda: problem_codes(person) == [], 10, "the problem to be gone")


def problem_codes(person: Person) -> list[str]:
    return [problem["code"] for problem in person.get("/api/health")["problems"]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_good_order_within_ten_seconds(site: Path, broker: int, number: signal.Signals) -> None:
    with gateway(site) as running, device(broker, "access_gate", "gate-1") as gate:
        person = Person(running)
        with person.listening():
            for _ in range(50):
                gate.say("telemetry", measurements={"passage_count": gate.sequence})
            running.process.send_signal(number)
            assert running.terminate() < 10
        assert running.process.returncode == 0
        assert any("stopped" in line for line in running.log[-3:])
    for lane in ("alarm", "telemetry"):
        assert not (site.parent / "var" / "journal" / f"{lane}.db-wal").exists(), "the journals were closed"


def test_a_full_disk_shows_the_fire_acknowledges_nothing_and_recovers(site: Path, broker: int) -> None:
    with (
        gateway(site) as running,
        device(broker, "smoke_detector", "smoke-1") as one,
        device(broker, "access_gate", "gate-1") as gate,
    ):
        person = Person(running)
        gate.say("telemetry", measurements={"passage_count": 1})
        running.wait_idle(1)
        running.limit_files(1)
        one.say(states={"smoke": True})
        (alert,) = person.wait_alerts(1)
        assert alert["saved"] is False
        gate.say("telemetry", measurements={"passage_count": 2})
        wait_until(lambda: {"journal", "store"} <= set(problem_codes(person)), 20, "the problems to be told")
        assert not running.health()["ready"]
        running.limit_files(None)
        wait_until(lambda: person.alerts()[0]["saved"], 20, "the alert to be saved")
        running.wait_idle(3)
        wait_until(lambda: problem_codes(person) == [], 20, "the problems to be gone")
        assert len(person.alerts()) == 1
        assert person.alerts()[0]["repeats"] == 0
    assert cli("audit", "verify", "--site", str(site)).startswith("OK: ")


def test_on_a_full_disk_it_still_stops_within_ten_seconds_and_loses_nothing(site: Path, broker: int) -> None:
    with device(broker, "smoke_detector", "smoke-1") as one:
        with gateway(site) as running:
            person = Person(running)
            running.limit_files(1)
            one.say(states={"smoke": True})
            person.wait_alerts(1)
            assert running.terminate() < 10
        with gateway(site) as running:
            (alert,) = Person(running, known=True).wait_alerts(1)
            assert (alert["device"], alert["saved"]) == ("smoke-1", True)


def test_what_cannot_be_understood_is_shown_as_a_dead_letter(site: Path, broker: int) -> None:
    with gateway(site) as running, device(broker, "smoke_detector", "smoke-1") as detector:
        person = Person(running)
        detector.say(raw="烟雾".encode())
        wait_until(lambda: bool(person.get("/api/dead-letters")["items"]), 15, "the dead letter")
        (letter,) = person.get("/api/dead-letters")["items"]
        assert (letter["reason"], letter["payload"], letter["lane"]) == ("malformed", "烟雾", "alarm")


def test_nothing_is_shown_to_somebody_without_a_session(site: Path) -> None:
    with gateway(site) as running:
        for path in ("/api/alerts", "/api/devices", "/api/stream", "/api/health", "/api/me"):
            assert httpx.get(running.url + path).status_code == 401, path
        assert httpx.get(f"{running.url}/healthz").status_code == 200
        assert "gateway_mqtt_connected" in httpx.get(f"{running.url}/metrics").text


def test_the_login_link_is_good_once_and_never_logged(site: Path) -> None:
    with gateway(site) as running:
        Person(running)
        token = cli("login-link", "li", "--site", str(site)).strip().split("#once=")[1]
        headers = {"X-Requested-With": "community-gateway"}
        answers = [httpx.post(f"{running.url}/api/login/once", json={"token": token}, headers=headers) for _ in "12"]
        assert [answer.status_code for answer in answers] == [200, 401]
        running.terminate()
        assert token not in "".join(running.log)


def test_two_gateways_on_one_port_is_said_in_words(site: Path) -> None:
    with gateway(site) as running:
        other = site.with_name("other.json")
        body = json.loads(site.read_text()) | {"data_dir": "other"}
        other.write_text(json.dumps(body))
        with pytest.raises(AssertionError, match="cannot listen"):
            cli("run", "--site", str(other))
        assert running.health()["ready"]

"""The doctor: every check on something healthy and on something broken, against real servers where there are any."""

import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import doctor
from gateway.alerts.store import AlertStore
from gateway.cli import app
from gateway.config import database_url, load_site
from gateway.doctor import Finding, Verdict, examine
from gateway.doctor_broker import broker
from gateway.site import Mqtt, Site, Tls
from tests.servers import free_port, influxdb, mosquitto, require

NOW = 1_790_000_000.0


class FixedClock:
    """A clock that says what it is told."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return 0.0


def site_file(tmp_path: Path, text: str = "") -> Path:
    path = tmp_path / "site.yaml"
    devices = "devices: [{id: s1, kind: smoke_detector}]\n"
    path.write_text(f"site: {{id: home, name: Home}}\n{devices}{text}\n")
    return path


def site(tmp_path: Path, text: str = "") -> Site:
    return load_site(site_file(tmp_path, text))


def only(findings: Iterator[Finding], what: str) -> Finding:
    found = [finding for finding in findings if finding.what == what]
    assert len(found) == 1, found
    return found[0]


def failed(findings: Iterator[Finding]) -> list[Finding]:
    found = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    assert all(finding.remedy for finding in found)
    return found


@pytest.mark.server
def test_a_healthy_site_has_nothing_failing(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        path = site_file(tmp_path, f"mqtt: {{port: {port}}}\napi: {{port: 0}}")
        findings = list(examine(path))
        assert failed(iter(findings)) == []
        result = CliRunner().invoke(app, ["doctor", "--site", str(path)])
    assert result.exit_code == 0, result.output
    assert {finding.what for finding in findings} >= {
        "site file", "data folder", "disk space", "disk speed", "clock", "broker", "broker session",
        "broker receive maximum", "history", "database", "console", "channels",
    }  # fmt: skip
    assert not (tmp_path / "var").exists()


def test_a_failing_line_says_what_to_do_and_the_exit_code_is_1(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["doctor", "--site", str(site_file(tmp_path, f"mqtt: {{port: {free_port()}}}"))])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    place = next(index for index, line in enumerate(lines) if line.startswith("FAIL broker:"))
    assert "start the broker" in lines[place + 1]


def test_a_broken_site_file_is_the_only_finding(tmp_path: Path) -> None:
    (found,) = examine(site_file(tmp_path, "mqtt: {prt: 1}"))
    assert found.verdict is Verdict.FAIL
    assert "mqtt.prt" in found.found
    (absent,) = examine(tmp_path / "none.yaml")
    assert "No such file" in absent.found


def test_one_broken_check_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Path) -> Iterator[Finding]:
        raise RuntimeError("boom")

    monkeypatch.setattr(doctor, "stored_data", broken)
    path = site_file(tmp_path, f"mqtt: {{port: {free_port()}}}\napi: {{port: 0}}")
    findings = list(examine(path))
    assert "boom" in only(iter(findings), "stored data").found
    assert only(iter(findings), "console").verdict is Verdict.OK


def test_a_data_folder_below_a_file_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (found,) = doctor.data_folder(tmp_path / "file/var")
    assert found.verdict is Verdict.FAIL
    assert "chown" in found.remedy


def test_little_room_and_a_slow_disk_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE", 10**18)
    monkeypatch.setattr(doctor, "SLOW_FSYNC_S", 0.0)
    findings = list(doctor.data_folder(tmp_path))
    assert [finding.verdict for finding in findings] == [Verdict.OK, Verdict.FAIL, Verdict.WARN]
    assert list(tmp_path.iterdir()) == []


def test_damaged_files_are_found_and_sound_ones_left_alone(tmp_path: Path) -> None:
    good, bad = tmp_path / "alerts.db", tmp_path / "journal" / "alarm.db"
    bad.parent.mkdir()
    for path in (good, bad):
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE t (a)")
            connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 200)
        connection.close()
    content = bytearray(bad.read_bytes())
    content[8192:12288] = b"\xa5" * 4096
    bad.write_bytes(content)
    before = good.read_bytes()
    findings = {finding.what: finding for finding in doctor.stored_data(tmp_path)}
    assert findings["file alerts.db"].verdict is Verdict.OK
    assert findings["file journal/alarm.db"].verdict is Verdict.FAIL
    assert good.read_bytes() == before


def test_files_set_aside_earlier_are_mentioned(tmp_path: Path) -> None:
    (tmp_path / "alarm.db.damaged-17").write_bytes(b"")
    (found,) = doctor.stored_data(tmp_path)
    assert found.verdict is Verdict.WARN


def test_a_folder_that_is_not_there_yet_has_no_damage(tmp_path: Path) -> None:
    assert list(doctor.stored_data(tmp_path / "none")) == []


@pytest.mark.parametrize(("ntp", "verdict"), [(True, Verdict.OK), (False, Verdict.WARN), (None, Verdict.OK)])
def test_the_clock_is_judged_by_its_synchronisation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ntp: bool | None, verdict: Verdict
) -> None:
    monkeypatch.setattr(doctor, "_ntp", lambda: ntp)
    (found,) = doctor.machine_clock(tmp_path / "none", FixedClock(NOW))
    assert found.verdict is verdict


def test_a_clock_that_was_never_set_or_went_back_fails(tmp_path: Path) -> None:
    (never,) = doctor.machine_clock(tmp_path, FixedClock(86_400.0))
    assert "1970-01-02" in never.found
    file = tmp_path / "alerts.db"
    file.write_bytes(b"")
    (back,) = doctor.machine_clock(tmp_path, FixedClock(file.stat().st_mtime - 3600))
    assert back.verdict is Verdict.FAIL
    assert "went back" in back.found


@pytest.mark.parametrize(("said", "expected"), [("yes", True), ("no", False), ("", None)])
def test_systemd_is_asked_about_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, expected: bool | None
) -> None:
    program = tmp_path / "timedatectl"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert doctor._ntp() is expected
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert doctor._ntp() is None


@pytest.mark.server
def test_credentials_are_tried_at_the_real_broker(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts"
    subprocess.run([require("mosquitto_passwd"), "-b", "-c", str(accounts), "gw", "right"], check=True)
    accounts.chmod(0o644)
    secret = tmp_path / "secret"
    with mosquitto(tmp_path, f"allow_anonymous false\npassword_file {accounts}") as port:
        account = {"port": port, "username": "gw", "password": {"file": str(secret)}}
        secret.write_text("right\n")
        assert only(broker(Mqtt.model_validate(account)), "broker session").verdict is Verdict.OK
        secret.write_text("wrong\n")
        refused = only(broker(Mqtt.model_validate(account)), "broker session")
        anonymous = only(broker(Mqtt(port=port)), "broker session")
    for found in (refused, anonymous):
        assert found.verdict is Verdict.FAIL
        assert "mqtt.password" in found.remedy
        assert "wrong" not in found.found


@pytest.mark.server
def test_the_running_gateways_session_is_not_taken_over(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "log_type all") as port:
        list(broker(Mqtt(port=port, client_id="community-gateway")))
    log = (tmp_path / "mosquitto/mosquitto.log").read_text()
    assert " as doctor-" in log
    assert " as community-gateway" not in log


@pytest.mark.server
def test_tls_is_tried_at_the_real_broker(tmp_path: Path) -> None:
    cert, key = _certificate(tmp_path, "localhost")
    conf = f"certfile {cert}\nkeyfile {key}"
    with mosquitto(tmp_path, conf) as port:
        trusted = Mqtt(host="localhost", port=port, tls=Tls(ca=cert))
        assert "over TLS" in only(broker(trusted), "broker session").found
        assert only(broker(trusted), "broker TLS").found == "TLSv1.3"
        for mqtt in (Mqtt(host="localhost", port=port, tls=Tls()), Mqtt(port=port, tls=Tls(ca=cert))):
            found = only(broker(mqtt), "broker TLS")
            assert found.verdict is Verdict.FAIL
            assert "mqtt.tls.ca" in found.remedy
        assert failed(broker(Mqtt(host="localhost", port=port)))


@pytest.mark.server
def test_limits_of_the_real_broker_are_shown(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "max_inflight_messages 7") as port:
        enough = only(broker(Mqtt(port=port, receive_maximum=7)), "broker receive maximum")
        short = only(broker(Mqtt(port=port, receive_maximum=8)), "broker receive maximum")
    assert enough.verdict is Verdict.OK
    assert short.verdict is Verdict.WARN
    assert "max_inflight_messages 8" in short.remedy


def test_something_else_on_the_brokers_port_fails_within_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_hang_up, args=(listener,), daemon=True).start()
        found = only(broker(Mqtt(port=listener.getsockname()[1])), "broker session")
    assert found.verdict is Verdict.FAIL


def test_plain_text_across_a_network_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.doctor_broker.LOOPBACK", ())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_hang_up, args=(listener,), daemon=True).start()
        found = only(broker(Mqtt(port=listener.getsockname()[1])), "broker TLS")
    assert found.verdict is Verdict.WARN


def test_a_missing_password_is_a_finding_of_the_broker(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        path = site_file(tmp_path, f"mqtt: {{port: {port}, username: u, password: {{file: none}}}}\napi: {{port: 0}}")
        found = [finding for finding in failed(examine(path)) if finding.what == "broker"]
    assert "none" in found[0].found


@pytest.mark.server
def test_a_real_history_store_is_read(tmp_path: Path) -> None:
    with influxdb(tmp_path) as url:
        good = site(tmp_path, f"history: {{store: influxdb, url: '{url}'}}")
        assert only(doctor.history(good), "history").verdict is Verdict.OK


def test_a_history_store_that_is_away_is_named(tmp_path: Path) -> None:
    away = site(tmp_path, f"history: {{store: influxdb, url: 'http://127.0.0.1:{free_port()}', timeout_s: 2}}")
    found = only(doctor.history(away), "history")
    assert found.verdict is Verdict.FAIL
    assert "nothing is lost" in found.remedy


def test_the_database_answers_or_is_named(tmp_path: Path) -> None:
    new = site(tmp_path)
    assert "will be made" in only(doctor.database(new), "database").found
    store = AlertStore(database_url(new))
    store.migrate()
    store.close()
    assert "answers" in only(doctor.database(new), "database").found
    (tmp_path / "var/alerts.db").write_bytes(b"no database" * 1000)
    assert failed(doctor.database(new))


def test_a_free_port_a_taken_port_and_our_own_are_told_apart() -> None:
    with HTTPServer(("127.0.0.1", 0), _Gateway) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        ours = only(doctor.console_port("127.0.0.1", server.server_port), "console")
        server.shutdown()
        thread.join()
    assert "a gateway answers" in ours.found
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_hang_up, args=(listener,), daemon=True).start()
        other = only(doctor.console_port("127.0.0.1", listener.getsockname()[1]), "console")
    assert other.verdict is Verdict.FAIL
    assert only(doctor.console_port("127.0.0.1", free_port()), "console").verdict is Verdict.OK


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_channels_are_understood_or_named_and_never_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good").write_text("json://localhost/path\n")
    (tmp_path / "bad").write_text("nonsense-hunter2\n")
    text = "channels:\n" + "".join(
        f"  - {{name: {name}, url: {{file: {name}}}}}\n" for name in ("good", "bad", "absent")
    )
    good, bad, absent = doctor.channels(site(tmp_path, text))
    assert good.verdict is Verdict.OK
    assert bad.verdict is absent.verdict is Verdict.FAIL
    assert "hunter2" not in bad.found + bad.remedy
    assert "absent" in absent.found
    assert "hunter2" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("url", "key", "private", "said"),
    [
        ("http://127.0.0.1:9/hunter2", "k" * 24, True, "leads to 127.0.0.1, http"),
        ("https://127.0.0.1/hunter2", "k" * 24, True, "leads to 127.0.0.1, https"),
        ("https://127.0.0.1/hunter2", "k" * 24, False, "private, loopback or link-local"),
        ("https://hunter2.invalid/", "k" * 24, False, "no address"),
        ("http://127.0.0.1/", "hunter2", True, "signing_key: it has 7 bytes"),
    ],
)
def test_webhooks_are_resolved_and_never_called(tmp_path: Path, url: str, key: str, private: bool, said: str) -> None:
    (tmp_path / "url").write_text(f"{url}\n")
    (tmp_path / "key").write_text(f"{key}\n")
    hook = f"name: hook, kind: webhook, url: {{file: url}}, signing_key: {{file: key}}, allow_private: {private}"
    first, second = doctor.channels(site(tmp_path, f"channels: [{{{hook}}}, {{name: bus, kind: mqtt}}]"))
    assert said in first.found
    assert first.verdict is (Verdict.OK if "leads" in said else Verdict.FAIL)
    assert "hunter2" not in first.found + first.remedy
    assert second.verdict is Verdict.OK


def test_no_channel_is_a_warning(tmp_path: Path) -> None:
    (found,) = doctor.channels(site(tmp_path))
    assert found.verdict is Verdict.WARN


class _Gateway(BaseHTTPRequestHandler):
    """Answers as a gateway's ``/healthz`` does."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, format: str, *args: object) -> None:
        return


def _hang_up(listener: socket.socket) -> None:
    """Take each caller and end the call, until the listener is closed."""
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([require("openssl"), *command, *names], check=True, capture_output=True)
    key.chmod(0o644)
    return cert, key

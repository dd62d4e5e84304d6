"""The command line: what it prints, where, and with which exit code."""

import json
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from alert_rules.alert import Entry
from gateway.alerts.people import LoginRefused, People, Role
from gateway.alerts.records import Changes
from gateway.alerts.store import AlertStore
from gateway.cli import app
from gateway.config import database_url, load_site

TOPIC = "community/home/smoke_detector/s1/event"
PAYLOAD = b'{"states": {"smoke": true}}'
Run = Callable[..., Any]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text("site: {id: home, name: 家}\ndevices:\n  - {id: s1, kind: smoke_detector}\n", encoding="utf-8")
    return path


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def decoded(*arguments: object, stdin: bytes | None = None) -> Any:
    result = run("decode", "--json", *arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def store_of(site: Path) -> AlertStore:
    store = AlertStore(database_url(load_site(site)))
    store.migrate()
    return store


def test_help_lists_the_commands_and_hides_the_internal_ones() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for command in ("run", "demo", "check", "decode", "replay", "doctor", "schema", "audit", "person", "login-link"):
        assert command in result.stdout
    assert "docs" not in result.stdout


@pytest.mark.parametrize(
    "command",
    ["run", "demo", "check", "decode", "replay", "doctor", "schema", "audit verify", "person add", "login-link"],
)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    heavy = ("pydantic", "sqlalchemy", "fastapi", "msgspec", "asyncio")
    code = f"import sys, gateway.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_module_runs_as_a_program(site: Path) -> None:
    command = [sys.executable, "-m", "gateway.cli", "check", str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "OK" in done.stdout


def test_check_says_what_the_file_says(site: Path) -> None:
    result = run("check", site)
    assert result.exit_code == 0
    assert "smoke_detector: 1" in result.stdout
    assert "家" in result.stdout


def test_check_prints_every_problem_and_exits_with_2(site: Path) -> None:
    site.write_text("site: {id: home}\nmqtt: {prt: 1}\n")
    result = run("check", site)
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"{site}:1: site.name: is missing; add it: name people read",
        f"{site}:2: mqtt.prt: unknown field; did you mean 'port'?",
        f"{site}: 2 problems; nothing was started",
    ]


def test_an_error_has_three_lines_and_no_traceback(tmp_path: Path) -> None:
    result = run("check", tmp_path / "none.yaml")
    assert result.exit_code == 2
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["error", "cause", "remedy"]


@pytest.mark.parametrize("command", ["run", "doctor", "audit verify", "login-link x"])
def test_the_site_may_come_from_the_environment(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_SITE", str(tmp_path / "none.yaml"))
    result = run(*command.split())
    assert result.exit_code in (1, 2)
    assert "none.yaml" in result.output


def test_run_refuses_an_unknown_log_level(site: Path) -> None:
    result = run("run", "--site", site, "--log-level", "loud")
    assert result.exit_code == 2
    assert "debug, info, warning, error" in result.stderr


def test_decode_reads_file_base64_and_standard_input_alike(tmp_path: Path) -> None:
    file = tmp_path / "payload"
    file.write_bytes(PAYLOAD)
    answers = [
        decoded("--topic", TOPIC, "--file", file),
        decoded("--topic", TOPIC, "--base64", b64encode(PAYLOAD).decode()),
        decoded("--topic", TOPIC, "-", stdin=PAYLOAD),
    ]
    for (report,) in answers:
        assert (report["device"], report["states"], report["registered"]) == ("s1", {"smoke": True}, False)


def test_decode_knows_the_devices_of_a_site(site: Path) -> None:
    (report,) = decoded("--topic", TOPIC, "--site", site, "-", stdin=PAYLOAD)
    assert report["registered"] is True


def test_decode_marks_retained_messages() -> None:
    (report,) = decoded("--topic", TOPIC, "--retained", "-", stdin=PAYLOAD)
    assert report["snapshot"] is True


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("elsewhere/x", PAYLOAD, "unknown_dialect"),
        ("community/home/toaster/t/event", PAYLOAD, "bad_topic"),
        (TOPIC, b"", "empty"),
        (TOPIC, b"{", "malformed"),
        (TOPIC, b"[]", "wrong_shape"),
        (TOPIC, b'{"device": "other"}', "identity_mismatch"),
        (TOPIC, b"x" * 300_000, "too_large"),
    ],
)
def test_a_refused_message_is_an_answer(topic: str, payload: bytes, reason: str) -> None:
    answer = decoded("--topic", topic, "-", stdin=payload)
    assert answer["reject"] == reason
    assert answer["detail"]


def test_another_sites_topic_is_refused(site: Path) -> None:
    answer = decoded("--topic", TOPIC.replace("home", "away"), "--site", site, "-", stdin=PAYLOAD)
    assert answer["reject"] == "bad_topic"


def test_decode_shows_people_a_table_that_no_device_can_forge() -> None:
    payload = json.dumps({
        "states": {"smoke": None, "tamper": True},
        "events": [{"code": "self_test", "passed": "\x1b[2J\r\n[bold]ok"}],
        "nonsense": 1,
        "measurements": {"temperature": 21.5, "\u202evil": 3},
        "test": True,
    })  # fmt: skip
    result = run("decode", "--topic", TOPIC, "-", stdin=payload)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    for text in (
        "unknown",
        "21.5",
        "\\u001b[2J\\u000d\\u000a[bold]ok",
        "not understood",
        "not in the inventory",
        "test",
    ):
        assert text in result.stdout


def test_decode_shows_people_a_refusal() -> None:
    result = run("decode", "--topic", TOPIC, "-", stdin=b"{")
    assert result.exit_code == 0
    assert "refused: malformed" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--dialect", "natve", "--base64", "aaaa"], "did you mean 'native'?"),
        (["--base64", "a"], "no base64"),
        (["--base64", "aaaa", "-"], "exactly one source"),
        ([], "exactly one source"),
        (["payload.json"], "--file"),
        (["--file", "/none"], "No such file"),
    ],
)
def test_decode_names_what_is_wrong_with_the_call(arguments: list[str], part: str) -> None:
    result = run("decode", "--topic", TOPIC, *arguments, stdin=b"")
    assert result.exit_code == 2
    assert part in result.stderr


def test_schema_prints_or_writes_the_same(tmp_path: Path) -> None:
    printed = run("schema").stdout
    run("schema", "-o", tmp_path / "deep/schema.json")
    assert (tmp_path / "deep/schema.json").read_text(encoding="utf-8") == printed
    assert json.loads(printed)["properties"]["devices"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("schema", "-o", tmp_path / "file/schema.json")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_docs_writes_every_page(tmp_path: Path) -> None:
    assert run("docs", tmp_path).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "incidents.md",
        "metrics.md",
        "names.md",
        "native.schema.json",
        "rules.md",
        "site-file.md",
    ]


def test_a_person_is_added_with_a_password_from_standard_input(site: Path) -> None:
    result = run(
        "person", "add", "wang", "--role", "guard", "--language", "en", "-s", site, stdin="correct horse 电池\n"
    )
    assert result.exit_code == 0, result.output
    store = store_of(site)
    found = People(store.engine).login("wang", "correct horse 电池", time.time(), "here")
    store.close()
    assert (found.role, found.language) == (Role.GUARD, "en")
    assert "correct horse" not in result.output


@pytest.mark.parametrize(
    ("arguments", "password", "part"),
    [
        (["--role", "guard"], "short", "password"),
        (["--role", "king"], "long enough indeed", "king"),
        (["--role", "guard", "--language", "fr"], "long enough indeed", "zh"),
    ],
)
def test_a_person_that_cannot_be_added_says_why(site: Path, arguments: list[str], password: str, part: str) -> None:
    result = run("person", "add", "wang", *arguments, "-s", site, stdin=password + "\n")
    assert result.exit_code == 2
    assert part in result.stderr


def test_no_two_people_share_a_name(site: Path) -> None:
    for code in (0, 2):
        assert run("person", "add", "wang", "--role", "guard", "--no-password", "-s", site).exit_code == code


def test_a_login_link_logs_in_once(site: Path) -> None:
    run("person", "add", "wang", "--role", "viewer", "--no-password", "-s", site)
    link = run("login-link", "wang", "-s", site).stdout.strip()
    base, token = link.split("#once=")
    assert base == "http://127.0.0.1:8080/login"
    store = store_of(site)
    people = People(store.engine)
    assert people.login_once(token, time.time()).username == "wang"
    with pytest.raises(LoginRefused):
        people.login_once(token, time.time())
    store.close()


@pytest.mark.parametrize(
    ("host", "address"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("gw.lan", "gw.lan")]
)
def test_the_link_leads_where_the_console_listens(site: Path, host: str, address: str) -> None:
    site.write_text(f"site: {{id: home, name: Home}}\napi: {{host: '{host}', port: 9}}\n")
    run("person", "add", "wang", "--role", "viewer", "--no-password", "-s", site)
    assert run("login-link", "wang", "-s", site).stdout.startswith(f"http://{address}:9/login#once=")
    given = run("login-link", "wang", "-s", site, "--url", "https://console.example/")
    assert given.stdout.startswith("https://console.example/login#once=")


def test_a_link_for_nobody_or_to_nowhere_is_refused(site: Path) -> None:
    assert "gateway person add li" in run("login-link", "li", "-s", site).stderr
    assert "https://HOST" in run("login-link", "li", "-s", site, "--url", "javascript:x").stderr
    site.write_text("site: {id: home, name: Home}\napi: {port: 0}\n")
    assert "--url" in run("login-link", "li", "-s", site).stderr


def test_audit_verify_finds_the_first_bad_row(site: Path) -> None:
    store = store_of(site)
    store.commit(Changes(entries=[Entry(float(i), "wang", "comment", "a", {"text": str(i)}) for i in range(5)]))
    good = run("audit", "verify", "-s", site)
    assert good.exit_code == 0
    seq, digest = store.audit_head()
    assert f"{seq}:{digest}" in good.stdout
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit SET actor = 'li' WHERE seq = 3")
    bad = run("audit", "verify", "-s", site)
    store.close()
    assert bad.exit_code == 1
    assert bad.stdout.startswith("row 3: edited")


def test_audit_verify_compares_with_a_head_noted_elsewhere(site: Path) -> None:
    store = store_of(site)
    store.commit(Changes(entries=[Entry(1.0, "wang", "comment", "a", {"text": "x"})]))
    store.close()
    assert run("audit", "verify", "-s", site, "--head", "9:" + "0" * 64).exit_code == 1
    assert "truncated" in run("audit", "verify", "-s", site, "--head", "9:" + "0" * 64).stdout
    assert run("audit", "verify", "-s", site, "--head", "soon").exit_code == 2


def test_looking_at_an_absent_database_makes_none(site: Path) -> None:
    result = run("audit", "verify", "-s", site)
    assert result.exit_code == 2
    assert "does not exist" in result.stderr
    assert not (site.parent / "var").exists()


def test_a_database_that_is_none_is_named(site: Path) -> None:
    (site.parent / "var").mkdir()
    (site.parent / "var/alerts.db").write_bytes(b"no database at all" * 100)
    result = run("audit", "verify", "-s", site)
    assert result.exit_code == 2
    assert "alerts.db" in result.stderr
    site.write_text("site: {id: home, name: Home}\ndatabase: mysql://h/d\n")
    assert run("audit", "verify", "-s", site).exit_code == 2


def _occupy_database(folder: Path) -> str:
    (folder / "var/alerts.db").mkdir(parents=True)
    return "alerts.db"


def _occupy_folder(folder: Path) -> str:
    (folder / "var").write_text("")
    return "var"


def _occupy_journal(folder: Path) -> str:
    (folder / "var/journal/alarm.db").mkdir(parents=True)
    return "unable to open database file"


@pytest.mark.parametrize("occupy", [_occupy_database, _occupy_folder, _occupy_journal])
def test_run_says_what_refuses(site: Path, occupy: Callable[[Path], str]) -> None:
    part = occupy(site.parent)
    command = [sys.executable, "-m", "gateway.cli", "run", "--site", str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, env=dict(os.environ))
    assert done.returncode == 2
    assert part in done.stderr.splitlines()[-2]
    assert "gateway doctor" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr

"""The scripts an integrator runs: they refuse rather than overwrite, widen or leak."""

import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.broker import run, succeed
from tests.servers import require

pytestmark = pytest.mark.server


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    require("openssl")
    folder = tmp_path / "certificates"
    succeed("certificates.sh", "ca", CERTIFICATES=str(folder))
    return folder


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    require("mosquitto_passwd")
    return tmp_path / "passwords"


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    return done.stdout + done.stderr


def add(passwords: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run("mosquitto/add-device.sh", "--file", str(passwords), *arguments, stdin=stdin)


def test_private_keys_are_private(certificates: Path) -> None:
    succeed("certificates.sh", "server", "localhost", CERTIFICATES=str(certificates))
    succeed("certificates.sh", "client", "smoke-a", CERTIFICATES=str(certificates))
    keys = list(certificates.rglob("*.key"))
    assert len(keys) == 3
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_the_server_certificate_carries_every_name(certificates: Path) -> None:
    succeed("certificates.sh", "server", "broker.lan", "10.0.0.7", "::1", "mosquitto", CERTIFICATES=str(certificates))
    text = openssl("x509", "-in", certificates / "server.crt", "-noout", "-text")
    for name in ("DNS:broker.lan", "IP Address:10.0.0.7", "IP Address:0:0:0:0:0:0:0:1", "DNS:mosquitto"):
        assert name in text
    assert "TLS Web Server Authentication" in text
    chain = openssl("verify", "-x509_strict", "-CAfile", certificates / "ca.crt", certificates / "server.crt")
    assert chain.endswith(": OK\n")


@pytest.mark.parametrize("command", [("ca",), ("server", "x"), ("client", "a")])
def test_nothing_is_overwritten(certificates: Path, command: tuple[str, ...]) -> None:
    run("certificates.sh", *command, CERTIFICATES=str(certificates))
    before = {path: path.read_bytes() for path in certificates.rglob("*") if path.is_file()}
    done = run("certificates.sh", *command, CERTIFICATES=str(certificates))
    assert done.returncode == 2
    assert "is not overwritten" in done.stderr
    assert {path: path.read_bytes() for path in certificates.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((), "usage:"),
        (("server",), "at least one host name"),
        (("server", "a/b"), "neither a host name nor an IP address"),
        (("server", "x,DNS:evil"), "neither a host name nor an IP address"),
        (("client", "a/b"), "cannot be a device id"),
        (("client", "a\nb"), "cannot be a device id"),
        (("client", "../a"), "cannot be a device id"),
        (("revoke", "nobody"), "nothing was revoked"),
    ],
)
def test_wrong_use_names_the_cause(certificates: Path, command: tuple[str, ...], said: str) -> None:
    done = run("certificates.sh", *command, CERTIFICATES=str(certificates))
    assert done.returncode == 2
    assert said in done.stderr


def test_without_a_ca_nothing_is_signed(tmp_path: Path) -> None:
    done = run("certificates.sh", "server", "x", CERTIFICATES=str(tmp_path))
    assert done.returncode == 2
    assert "run: certificates.sh ca" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_revoked_certificate_is_on_the_list(certificates: Path) -> None:
    succeed("certificates.sh", "client", "smoke-a", CERTIFICATES=str(certificates))
    serial = openssl("x509", "-in", certificates / "clients/smoke-a.crt", "-noout", "-serial").split("=")[1].strip()
    assert serial not in openssl("crl", "-in", certificates / "ca.crl", "-noout", "-text")
    succeed("certificates.sh", "revoke", "smoke-a", CERTIFICATES=str(certificates))
    succeed("certificates.sh", "crl", CERTIFICATES=str(certificates))
    assert serial in openssl("crl", "-in", certificates / "ca.crl", "-noout", "-text")


@pytest.mark.parametrize("name", ["", "#", "+", "a/b", "a b", "a:b", ".a", "-", "ü", "a\nb", "x" * 65, "$SYS"])
def test_a_name_that_could_widen_a_topic_gets_no_account(passwords: Path, name: str) -> None:
    done = add(passwords, "--", name) if name == "-" else add(passwords, name)
    assert done.returncode == 2
    assert not passwords.exists()


@pytest.mark.parametrize("name", ["community-gateway-alarm", "community-gateway-telemetry", "community-gateway2"])
def test_the_gateways_session_names_are_reserved(passwords: Path, name: str) -> None:
    assert "reserved" in add(passwords, name).stderr
    assert not passwords.exists()


def test_a_generated_password_is_printed_once_and_stored_hashed(passwords: Path) -> None:
    printed = [add(passwords, name).stdout.strip() for name in ("smoke-a", "smoke-b")]
    assert len(set(printed)) == 2
    assert min(map(len, printed)) >= 32
    stored = passwords.read_text()
    assert [line.split(":")[0] for line in stored.splitlines()] == ["smoke-a", "smoke-b"]
    assert not [password for password in printed if password in stored]
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600


def test_a_password_from_standard_input_is_not_echoed(passwords: Path) -> None:
    done = add(passwords, "--stdin", "smoke-a", stdin="correct:horse battery\n")
    assert done.returncode == 0
    assert "horse" not in done.stdout + done.stderr
    assert passwords.read_text().startswith("smoke-a:$7$")


def test_a_changed_password_replaces_the_old_one(passwords: Path) -> None:
    add(passwords, "smoke-a")
    before = passwords.read_text()
    add(passwords, "smoke-a")
    assert passwords.read_text().count("smoke-a:") == 1
    assert passwords.read_text() != before


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("--stdin", "smoke-a"), "short\n", "shorter than 12"),
        (("--stdin", "smoke-a"), "", "no password on standard input"),
        (("smoke-a", "a-password-as-argument"), "", "a password is never an argument"),
        (("--password", "x"), "", "unknown option"),
    ],
)
def test_a_wrong_call_leaves_the_accounts_alone(
    passwords: Path, arguments: tuple[str, ...], stdin: str, said: str
) -> None:
    add(passwords, "smoke-b")
    before = passwords.read_text()
    done = add(passwords, *arguments, stdin=stdin)
    assert done.returncode == 2
    assert said in done.stderr
    assert passwords.read_text() == before
    assert [path.name for path in passwords.parent.iterdir()] == ["passwords"]

"""The shipped broker configuration, started as it is but for places: folder, ports and user (see ``transformed``)."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import free_port, listens, process, require

DEPLOY = Path(__file__).parents[2] / "deploy"
GATEWAY = "community-gateway"
CLIENT_CERTIFICATES = ("require_certificate true", "use_identity_as_username true", "crlfile")


def run(script: str, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of ``deploy``; the caller looks at the exit code."""
    return subprocess.run(
        [str(DEPLOY / script), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin", **environment},
    )


def succeed(script: str, *arguments: str, stdin: str = "", **environment: str) -> str:
    """Run a script of ``deploy`` that must succeed; returns what it printed."""
    done = run(script, *arguments, stdin=stdin, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass
class Broker:
    """A running broker and the accounts made for it."""

    folder: Path
    devices_port: int
    gateway_port: int
    passwords: dict[str, str]
    pid: int = 0

    @property
    def certificates(self) -> Path:
        return self.folder / "certs"

    def rss_bytes(self) -> int:
        """Resident memory of the broker."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text(errors="replace")


def prepare(folder: Path, *devices: str) -> Broker:
    """Make certificates and accounts with the shipped scripts, as an integrator does."""
    for binary in ("mosquitto", "mosquitto_passwd", "openssl"):
        require(binary)
    broker = Broker(folder, free_port(), free_port(), {})
    certificates = str(broker.certificates)
    succeed("certificates.sh", "ca", CERTIFICATES=certificates)
    succeed("certificates.sh", "server", "localhost", "127.0.0.1", CERTIFICATES=certificates)
    (folder / "data").mkdir()
    for name in (GATEWAY, *devices):
        printed = succeed("mosquitto/add-device.sh", "--file", str(folder / "passwords"), name)
        broker.passwords[name] = printed.strip()
    (folder / "access.acl").write_text((DEPLOY / "mosquitto/access.acl").read_text())
    return broker


def transformed(broker: Broker, client_certificates: bool) -> str:
    """The shipped mosquitto.conf with other places; each replaced line must be there, exactly once."""
    text = (DEPLOY / "mosquitto/mosquitto.conf").read_text()
    replaced = {
        "\nlistener 8883\n": f"\nlistener {broker.devices_port} 127.0.0.1\n",
        "\nlistener 8884 127.0.0.1\n": f"\nlistener {broker.gateway_port} 127.0.0.1\n",
        "\npersistence_location /var/lib/mosquitto/\n": f"\npersistence_location {broker.folder}/data/\n",
    }
    if os.geteuid() == 0:
        replaced["\nuser mosquitto\n"] = "\nuser root\n"
    if client_certificates:
        replaced |= {f"\n#{line}": f"\n{line}" for line in CLIENT_CERTIFICATES}
    for old, new in replaced.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text.replace("/etc/mosquitto/", f"{broker.folder}/")


@contextmanager
def started(broker: Broker, client_certificates: bool = False) -> Iterator[Broker]:
    """Run the broker until the block ends."""
    conf = broker.folder / "mosquitto.conf"
    conf.write_text(transformed(broker, client_certificates))
    command = [require("mosquitto"), "-c", str(conf)]
    ready = lambda: listens(broker.devices_port) and listens(broker.gateway_port)  # noqa: E731
    with process(command, broker.folder / "mosquitto.log", ready) as child:
        broker.pid = child.pid
        yield broker

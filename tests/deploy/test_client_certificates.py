"""The documented switch from passwords to client certificates, in a real mosquitto."""

import os
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.broker import Broker, prepare, started, succeed
from tests.deploy.peer import NOT_AUTHORIZED, Peer, gateway
from tests.servers import wait_until

pytestmark = pytest.mark.server

A, B = "smoke-a", "smoke-b"
OVER_A = f"community/qinghe/smoke_detector/{A}"
OVER_B = f"community/qinghe/smoke_detector/{B}"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    prepared = prepare(tmp_path_factory.mktemp("mtls"))
    for name in (A, B):
        succeed("certificates.sh", "client", name, CERTIFICATES=str(prepared.certificates))
    with started(prepared, client_certificates=True) as running:
        yield running


def identity(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"clients/{name}.crt", folder / f"clients/{name}.key"


def refused(broker: Broker, pair: tuple[Path, Path] | None) -> bool:
    """In TLS 1.3 the refusal arrives after the client's handshake: as an error, or as a hang-up without CONNACK."""
    try:
        with Peer(broker, None, identity=pair) as intruder:
            return intruder.answer is None
    except (ssl.SSLError, ConnectionError):
        return True


def test_the_common_name_is_the_device(broker: Broker) -> None:
    with gateway(broker) as desk, Peer(broker, None, identity=identity(broker.certificates, A)) as device:
        desk.subscribe("community/#")
        assert device.publish(f"{OVER_B}/event", "forged") == NOT_AUTHORIZED
        assert device.publish(f"{OVER_A}/event", "true") == 0
        assert desk.receive().payload == b"true"


def test_a_name_in_connect_does_not_replace_the_one_in_the_certificate(broker: Broker) -> None:
    with Peer(broker, B, password="x", identity=identity(broker.certificates, A)) as device:
        assert device.answer != 0 or device.publish(f"{OVER_B}/event", "forged") == NOT_AUTHORIZED


def test_a_password_alone_does_not_open_the_devices_listener(broker: Broker) -> None:
    assert refused(broker, None)


def test_a_certificate_of_another_ca_is_refused(broker: Broker, tmp_path: Path) -> None:
    succeed("certificates.sh", "ca", CERTIFICATES=str(tmp_path))
    succeed("certificates.sh", "client", A, CERTIFICATES=str(tmp_path))
    assert refused(broker, identity(tmp_path, A))


def test_an_expired_certificate_is_refused(broker: Broker) -> None:
    succeed("certificates.sh", "client", "expired", CERTIFICATES=str(broker.certificates), DAYS="0")
    wait_until(lambda: refused(broker, identity(broker.certificates, "expired")), timeout=10, what="the expiry")


def test_a_server_certificate_is_no_device(broker: Broker) -> None:
    assert refused(broker, (broker.certificates / "server.crt", broker.certificates / "server.key"))


def test_a_revoked_certificate_is_refused_after_a_reload(tmp_path: Path) -> None:
    prepared = prepare(tmp_path)
    folder = prepared.certificates
    for name in (A, B):
        succeed("certificates.sh", "client", name, CERTIFICATES=str(folder))
    with started(prepared, client_certificates=True) as broker:
        assert not refused(broker, identity(folder, A))
        succeed("certificates.sh", "revoke", A, CERTIFICATES=str(folder))
        os.kill(broker.pid, signal.SIGHUP)
        pair = folder / f"clients/{A}.crt.revoked", folder / f"clients/{A}.key.revoked"
        wait_until(lambda: refused(broker, pair), timeout=10, what="the refusal of the revoked certificate")
        assert not refused(broker, identity(folder, B))

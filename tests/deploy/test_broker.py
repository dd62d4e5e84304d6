"""The shipped mosquitto configuration in a real mosquitto, used rightly and attacked."""

import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.broker import Broker, prepare, started, succeed
from tests.deploy.peer import NOT_AUTHORIZED, Peer, gateway
from tests.servers import require, wait_until

pytestmark = pytest.mark.server

A, B, HOME = "smoke-a", "smoke-b", "home-assistant"
OVER_A = f"community/qinghe/smoke_detector/{A}"
OVER_B = f"community/qinghe/smoke_detector/{B}"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with started(prepare(tmp_path_factory.mktemp("broker"), A, B, HOME)) as running:
        yield running


def tls_socket(broker: Broker, ca: Path) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(ca))
    with socket.create_connection(("127.0.0.1", broker.devices_port), timeout=10) as raw:
        return context.wrap_socket(raw, server_hostname="127.0.0.1")


def may_not_publish(broker: Broker, user: str, topic: str) -> bool:
    with Peer(broker, user) as device:
        return device.publish(topic, "x") == NOT_AUTHORIZED


@pytest.mark.parametrize("v5", [True, False])
def test_a_device_reaches_the_gateway(broker: Broker, v5: bool) -> None:
    with gateway(broker) as desk, Peer(broker, A, v5=v5) as device:
        assert (desk.answer, device.answer) == (0, 0)
        assert desk.subscribe("community/#") == 1
        assert device.publish(f"{OVER_A}/event", f"fire {v5}") == 0
        assert desk.receive() == (f"{OVER_A}/event", f"fire {v5}".encode(), False)


def test_both_lanes_of_the_gateway_are_connected_at_once(broker: Broker) -> None:
    with gateway(broker, "alarm") as alarm, gateway(broker, "telemetry") as telemetry, Peer(broker, A) as device:
        assert alarm.subscribe("community/+/+/+/event") == 1
        assert telemetry.subscribe("community/+/+/+/telemetry") == 1
        device.publish(f"{OVER_A}/event", "e")
        device.publish(f"{OVER_A}/telemetry", "t")
        assert alarm.receive().payload == b"e"
        assert telemetry.receive().payload == b"t"


def test_plaintext_is_hung_up_on(broker: Broker) -> None:
    with Peer(broker, A, tls=False) as intruder:
        assert intruder.answer is None
        assert intruder.closed.is_set()


@pytest.mark.parametrize(
    ("user", "password"),
    [(None, None), ("stranger", "community-gateway"), (A, "wrong"), (A, None)],
    ids=["anonymous", "unknown", "wrong password", "no password"],
)
def test_without_the_right_credentials_nobody_connects(broker: Broker, user: str | None, password: str | None) -> None:
    nobody = Broker(broker.folder, broker.devices_port, broker.gateway_port, {})
    for port in (broker.devices_port, broker.gateway_port):
        with Peer(nobody, user, password=password, port=port) as intruder:
            assert intruder.answer == NOT_AUTHORIZED


def test_a_client_that_trusts_another_ca_does_not_talk_to_this_broker(broker: Broker, tmp_path: Path) -> None:
    succeed("certificates.sh", "ca", CERTIFICATES=str(tmp_path / "other"))
    with pytest.raises(ssl.SSLCertVerificationError):
        tls_socket(broker, tmp_path / "other/ca.crt")


@pytest.mark.parametrize(("version", "spoken"), [("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)])
@pytest.mark.parametrize("listener", ["devices_port", "gateway_port"])
def test_tls_before_1_2_is_refused(broker: Broker, version: str, spoken: bool, listener: str) -> None:
    address = f"127.0.0.1:{getattr(broker, listener)}"
    done = subprocess.run(
        [require("openssl"), "s_client", "-connect", address, version, "-cipher", "ALL:@SECLEVEL=0"],
        input="", capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert ("alert protocol version" in done.stderr) is not spoken, done.stderr
    assert ("(NONE)" in done.stdout) is not spoken, done.stdout


@pytest.mark.parametrize("channel", ["event", "telemetry", "status"])
def test_a_device_cannot_speak_for_another(broker: Broker, channel: str) -> None:
    with gateway(broker) as desk, Peer(broker, A) as forger, Peer(broker, B) as device:
        desk.subscribe("community/#")
        assert forger.publish(f"{OVER_B}/{channel}", "forged") == NOT_AUTHORIZED
        device.publish(f"{OVER_B}/{channel}", "true")
        assert desk.receive().payload == b"true"
        assert desk.nothing_came()


@pytest.mark.parametrize(
    "topic",
    [
        f"community/qinghe/{A}/event",
        f"community/qinghe/smoke_detector/lobby/{A}/event",
        f"community/{A}/event",
        f"Community/qinghe/smoke_detector/{A}/event",
        f"/community/qinghe/smoke_detector/{A}/event",
        "$CONTROL/dynamic-security/v1",
        "$SYS/broker/uptime",
        "community",
    ],
)
def test_a_device_is_confined_to_its_own_topics(broker: Broker, topic: str) -> None:
    with Peer(broker, A) as device:
        assert device.publish(topic, "x") == NOT_AUTHORIZED


OUTWARD = "community-gateway/qinghe"
CONFIG = "homeassistant/device/community-gateway_qinghe_smoke-a/config"


@pytest.mark.parametrize(
    "topic", [f"{OUTWARD}/device/{A}/state", f"{OUTWARD}/status", f"{OUTWARD}/cloudevents", CONFIG]
)
def test_the_gateway_publishes_outward_and_nobody_else_may(broker: Broker, topic: str) -> None:
    with gateway(broker, "outward") as desk, Peer(broker, A) as device, Peer(broker, HOME) as home:
        assert home.subscribe("#") == 1
        assert device.publish(topic, "forged", retain=True) == NOT_AUTHORIZED
        assert home.publish(topic, "forged", retain=True) == NOT_AUTHORIZED
        assert desk.publish(topic, "true", retain=True) == 0
        assert home.receive() == (topic, b"true", False)
        assert home.nothing_came()
        assert desk.publish(topic, "", retain=True) == 0


@pytest.mark.parametrize(
    "topic",
    ["homeassistant/status", "homeassistant/binary_sensor/x/config", "homeassistant/device/a/b/config", "other/x"],
)
def test_the_gateway_announces_devices_and_nothing_else(broker: Broker, topic: str) -> None:
    with gateway(broker, "outward") as desk:
        assert desk.publish(topic, "x") == NOT_AUTHORIZED


def test_a_will_of_the_gateway_arrives(broker: Broker) -> None:
    status = f"{OUTWARD}/status"
    with Peer(broker, HOME) as home:
        home.subscribe("community-gateway/#")
        with gateway(broker, "outward", will=(status, "offline")) as desk:
            desk.drop()
        assert home.receive().payload == b"offline"


def test_home_assistant_sees_no_device_and_forges_none(broker: Broker) -> None:
    with gateway(broker) as desk, Peer(broker, HOME) as home, Peer(broker, A) as device:
        desk.subscribe("community/#")
        assert desk.subscribe("homeassistant/status") == 1
        home.subscribe("#")
        device.publish(f"{OVER_A}/event", "private")
        assert desk.receive().payload == b"private"
        assert home.publish(f"{OVER_A}/event", "forged") == NOT_AUTHORIZED
        assert home.publish("homeassistant/status", "online") == 0
        assert desk.receive().payload == b"online"
        assert home.receive().topic == "homeassistant/status"
        assert home.nothing_came()


def test_a_device_hears_nothing_outward(broker: Broker) -> None:
    with gateway(broker, "outward") as desk, Peer(broker, A) as device:
        device.subscribe("community-gateway/#")
        desk.publish(f"{OUTWARD}/device/{B}/state", "private")
        assert device.nothing_came()


def test_the_gateway_account_forges_no_device(broker: Broker) -> None:
    with gateway(broker) as desk:
        assert desk.publish(f"{OVER_A}/status", "online") == NOT_AUTHORIZED


@pytest.mark.parametrize("topic", ["#", "+/#", "community/#", f"{OVER_B}/#", "$SYS/#", "$share/g/community/#"])
def test_a_device_hears_nobody(broker: Broker, topic: str) -> None:
    with gateway(broker) as desk, Peer(broker, A) as listener, Peer(broker, B) as device:
        desk.subscribe("community/#")
        listener.subscribe(topic)
        device.publish(f"{OVER_B}/event", "private")
        assert desk.receive().payload == b"private"
        assert listener.nothing_came()


@pytest.mark.parametrize("name", ["#", "+", "+/+", "smoke-a/#"])
def test_a_wildcard_as_account_or_client_id_opens_nothing(tmp_path: Path, name: str) -> None:
    prepared = prepare(tmp_path, A, B)
    passwords = tmp_path / "passwords"
    secret = "what an administrator added by hand"
    subprocess.run(
        [require("mosquitto_passwd"), str(passwords), name], input=f"{secret}\n{secret}\n".encode(), check=True,
        capture_output=True,
    )  # fmt: skip
    topic = f"{OVER_B}/event"
    with started(prepared) as broker:
        with Peer(broker, name, password=secret) as wild:
            assert wild.answer != 0 or wild.publish(topic, "x") == NOT_AUTHORIZED
        with Peer(broker, A, client_id=name, port=broker.gateway_port) as wild:
            assert wild.answer != 0 or wild.publish(topic, "x") == NOT_AUTHORIZED
        with Peer(broker, A, client_id=name) as wild:
            assert wild.answer != 0 or wild.publish(topic, "x") == NOT_AUTHORIZED


@pytest.mark.parametrize("victim", ["community-gateway-alarm", B])
def test_a_device_cannot_take_over_a_session(broker: Broker, victim: str) -> None:
    with gateway(broker) as desk, Peer(broker, B, client_id=B) as device:
        desk.subscribe("community/#")
        with Peer(broker, A, client_id=victim) as thief:
            assert thief.answer == 0
            device.publish(f"{OVER_B}/event", "still here")
            assert desk.receive().payload == b"still here"
            assert thief.nothing_came()
        assert not desk.closed.is_set()
        assert not device.closed.is_set()


def test_an_oversized_packet_ends_the_connection_not_the_broker(broker: Broker) -> None:
    before = broker.rss_bytes()
    with Peer(broker, A, v5=False) as device:
        device.throw(f"{OVER_A}/event", bytes(300_000))
        assert device.closed.wait(10)
    with gateway(broker) as desk, Peer(broker, A) as device:
        desk.subscribe("community/#")
        assert device.publish(f"{OVER_A}/event", bytes(262_144)) == 0
        assert len(desk.receive().payload) == 262_144
    assert broker.rss_bytes() - before < 16_000_000


def test_a_first_packet_that_is_no_connect_costs_no_memory(broker: Broker) -> None:
    before = broker.rss_bytes()
    publish_of_256_mb = b"\x32\xff\xff\xff\x7f" + b"\x00\x01a"
    sockets = [tls_socket(broker, broker.certificates / "ca.crt") for _ in range(8)]
    for sock in sockets:
        sock.sendall(publish_of_256_mb)
    for sock in sockets:
        with sock:
            assert sock.recv(1) == b""
    assert broker.rss_bytes() - before < 16_000_000


def test_a_will_cannot_speak_for_another(broker: Broker) -> None:
    with gateway(broker) as desk, Peer(broker, B) as device:
        desk.subscribe("community/#")
        with Peer(broker, A, will=(f"{OVER_B}/status", "offline")) as forger:
            if forger.answer == 0:
                forger.drop()
        device.publish(f"{OVER_B}/status", "online")
        assert desk.receive().payload == b"online"
        assert desk.nothing_came()


def test_the_will_of_a_device_arrives(broker: Broker) -> None:
    with gateway(broker) as desk, Peer(broker, A, will=(f"{OVER_A}/status", "offline")) as device:
        desk.subscribe("community/#")
        device.drop()
        assert desk.receive().payload == b"offline"


def test_what_a_device_retained_before_it_lost_the_right_is_not_delivered(tmp_path: Path) -> None:
    prepared = prepare(tmp_path, A, B)
    shipped = (tmp_path / "access.acl").read_text()
    (tmp_path / "access.acl").write_text(f"user {A}\ntopic write community/#\n\n{shipped}")
    with started(prepared) as broker:
        with Peer(broker, A) as device:
            assert device.publish(f"{OVER_B}/status", "planted", retain=True) == 0
            assert device.publish(f"{OVER_A}/status", "own", retain=True) == 0
        (tmp_path / "access.acl").write_text(shipped)
        os.kill(broker.pid, signal.SIGHUP)
        wait_until(lambda: may_not_publish(broker, A, f"{OVER_B}/event"), what="the new rights")
        with gateway(broker) as desk:
            desk.subscribe("community/#")
            assert desk.receive() == (f"{OVER_A}/status", b"own", True)
            assert desk.nothing_came()


def test_a_queue_beyond_the_defaults_survives_a_restart_of_the_broker(tmp_path: Path) -> None:
    count = 3_000  # mosquitto's own default would keep 1,000 and drop the rest
    prepared = prepare(tmp_path, A)
    with started(prepared) as broker:
        with gateway(broker, session_s=86_400) as desk:
            desk.subscribe("community/#")
        with Peer(broker, A) as device:
            for number in range(count):
                device.throw(f"{OVER_A}/event", str(number).encode())
            assert device.publish(f"{OVER_A}/event", "last") == 0
    with started(prepared) as broker, gateway(broker, session_s=86_400) as desk:
        received = [desk.receive().payload for _ in range(count + 1)]
    assert received == [*(str(number).encode() for number in range(count)), b"last"]


def test_the_gateway_alone_bounds_what_is_in_flight(broker: Broker) -> None:
    with (
        gateway(broker, "flow", receive_maximum=150, manual_ack=True) as desk,
        Peer(broker, A) as device,
    ):
        desk.subscribe(f"{OVER_A}/#")
        for number in range(200):
            device.throw(f"{OVER_A}/event", str(number).encode())
        received = [desk.receive().payload for _ in range(150)]
        assert received[-1] == b"149"
        device.publish(f"{OVER_A}/event", "end")
        assert desk.nothing_came()

"""The session against a real broker: nothing is lost while away, and what goes wrong is said in words."""

import asyncio
import subprocess
from pathlib import Path

import mqtt5
import pytest
from structlog.testing import capture_logs

from gateway.broker import tls_context
from gateway.errors import OperatorError
from gateway.ingest import mqtt
from gateway.site import Tls
from tests.servers import free_port, mosquitto, require
from tests.unit.ingest.sessions import TOPIC, connected_device, disconnected, disconnections, options, publish, watching

pytestmark = pytest.mark.server


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "BACKOFF_S", (0.05, 0.2))


async def test_messages_arrive_in_order(tmp_path: Path) -> None:
    sent = [b"%d" % n for n in range(50)]
    with mosquitto(tmp_path) as port:
        async with watching(options(port)) as watch:
            await watch.connected()
            await asyncio.to_thread(publish, port, *sent)
            await watch.until(lambda w: len(w.received) == 50)
        assert watch.payloads == sent
        assert {str(packet.topic) for packet in watch.received} == {TOPIC}
        assert watch.states == [True, False]


async def test_the_broker_keeps_messages_while_the_gateway_is_away(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        async with watching(options(port)) as watch:
            await watch.connected()
        await asyncio.to_thread(publish, port, b"1", b"2", b"3")
        async with watching(options(port)) as watch:
            await watch.until(lambda w: len(w.received) == 3)
        assert watch.payloads == [b"1", b"2", b"3"]


async def test_what_was_not_acknowledged_comes_again(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        async with watching(options(port), acknowledge=False) as watch:
            await watch.connected()
            await asyncio.to_thread(publish, port, b"1", b"2")
            await watch.until(lambda w: len(w.received) == 2)
        async with watching(options(port)) as watch:
            await watch.until(lambda w: len(w.received) == 2)
            assert watch.payloads == [b"1", b"2"]
        async with watching(options(port)) as watch:
            await watch.connected()
            await asyncio.to_thread(publish, port, b"3")
            await watch.until(lambda w: bool(w.received))
            assert watch.payloads == [b"3"], "acknowledged messages must not come again"


async def test_the_broker_sends_no_more_than_the_receive_maximum_ahead(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        async with watching(options(port, receive_maximum=5), acknowledge=False) as watch:
            await watch.connected()
            await asyncio.to_thread(publish, port, *[b"x"] * 20)
            await watch.until(lambda w: len(w.received) == 5)
            watch.connections[0].acknowledge([packet.packet_id or 0 for packet in watch.received[:2]])
            await watch.until(lambda w: len(w.received) >= 7)


async def test_a_paused_connection_reads_on_when_resumed(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        async with watching(options(port)) as watch:
            await watch.connected()
            await asyncio.to_thread(publish, port, b"1")
            await watch.until(lambda w: len(w.received) == 1)
            watch.connections[0].pause()
            await asyncio.to_thread(publish, port, b"2")
            assert len(watch.received) == 1
            watch.connections[0].resume()
            await watch.until(lambda w: len(w.received) == 2)


async def test_retained_messages_and_wills_are_told_apart(tmp_path: Path) -> None:
    status = "community/home/smoke_detector/s1/status"
    with mosquitto(tmp_path) as port:
        await asyncio.to_thread(publish, port, b"online", topic=status, retain=True)
        device = await asyncio.to_thread(connected_device, port, will=(status, b"offline"))
        async with watching(options(port, filters=("community/home/+/+/status",))) as watch:
            await watch.until(lambda w: len(w.received) == 1)
            await asyncio.to_thread(publish, port, b"here", topic=status)
            await watch.until(lambda w: len(w.received) == 2)
            device._sock_close()  # gone without a word: the will speaks
            await watch.until(lambda w: len(w.received) == 3)
            assert [(p.retain, p.payload) for p in watch.received] == [
                (True, b"online"),
                (False, b"here"),
                (False, b"offline"),
            ]
        await asyncio.to_thread(device.loop_stop)


async def test_retained_messages_do_not_come_again_with_every_connection(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        await asyncio.to_thread(publish, port, b"kept", retain=True)
        async with watching(options(port)) as watch:
            await watch.until(lambda w: len(w.received) == 1)
        async with watching(options(port)) as watch:
            await watch.connected()
            await asyncio.to_thread(publish, port, b"new")
            await watch.until(lambda w: bool(w.received))
            assert watch.payloads == [b"new"]


def passwords(tmp_path: Path) -> str:
    file = tmp_path / "passwords"
    file.touch(mode=0o600)
    subprocess.run([require("mosquitto_passwd"), "-b", str(file), "gateway", "right"], check=True, capture_output=True)
    return f"allow_anonymous false\npassword_file {file}"


async def test_a_wrong_password_is_said_in_words_and_tried_again(tmp_path: Path) -> None:
    with mosquitto(tmp_path, passwords(tmp_path)) as port, capture_logs() as log:
        async with watching(options(port, username="gateway", password=b"wrong")) as watch:
            await disconnected(log, times=2)
        assert watch.states == []
        assert "NOT_AUTHORIZED" in disconnections(log)[0]
        assert "mqtt.password" in disconnections(log)[0]
        assert "wrong" not in str(log)


async def test_the_right_password_opens(tmp_path: Path) -> None:
    with mosquitto(tmp_path, passwords(tmp_path)) as port:
        async with watching(options(port, username="gateway", password=b"right")) as watch:
            await watch.connected()


async def test_a_broker_that_restarts_is_found_again_with_what_it_kept(tmp_path: Path) -> None:
    port = free_port()
    conf = f"persistence true\npersistence_location {tmp_path}/\nautosave_interval 1\nautosave_on_changes true"
    async with watching(options(port)) as watch:
        with mosquitto(tmp_path, conf, port):
            await watch.connected()
        await watch.until(lambda w: w.states[-1] is False)
        with mosquitto(tmp_path, conf, port):
            await watch.connected(times=2)
            await asyncio.to_thread(publish, port, b"after")
            await watch.until(lambda w: w.payloads == [b"after"])
    assert watch.states == [True, False, True, False]


async def test_no_broker_is_said_with_its_address_and_waited_for(tmp_path: Path) -> None:
    port = free_port()
    with capture_logs() as log:
        async with watching(options(port)) as watch:
            await disconnected(log, times=2)
            with mosquitto(tmp_path, port=port):
                await watch.connected()
    assert f"127.0.0.1:{port}" in disconnections(log)[0]


async def test_a_second_gateway_with_the_same_name_takes_over(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, capture_logs() as log:
        async with watching(options(port)) as first:
            await first.connected()
            async with watching(options(port)) as second:
                await second.connected()
                await first.until(lambda w: False in w.states)
    assert disconnections(log)


async def test_an_idle_session_outlives_its_keep_alive(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        async with watching(options(port, keep_alive_s=1)) as watch:
            await watch.connected()
            with pytest.raises(TimeoutError):  # nothing may happen for longer than the broker's patience
                async with asyncio.timeout(2.5):
                    await watch.until(lambda w: False in w.states)


async def test_payloads_of_megabytes_arrive_whole(tmp_path: Path) -> None:
    large = bytes(range(256)) * 4_000
    with mosquitto(tmp_path) as port:
        async with watching(options(port)) as watch:
            await watch.connected()
            await asyncio.to_thread(publish, port, large, b"next")
            await watch.until(lambda w: len(w.received) == 2)
        assert watch.payloads == [large, b"next"]


async def test_a_packet_larger_than_we_take_costs_that_packet_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "MAX_PACKET_BYTES", 10_000)
    with mosquitto(tmp_path) as port:
        async with watching(options(port)) as watch:
            await watch.connected()
            await asyncio.to_thread(publish, port, b"x" * 20_000, b"small")
            await watch.until(lambda w: bool(w.received))
            assert watch.payloads == [b"small"]
            assert watch.states == [True]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA with a server and a client, made by openssl."""
    openssl, folder = require("openssl"), tmp_path_factory.mktemp("certificates")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    for ca in ("ca", "stranger"):
        run("req", "-x509", *key, "-subj", f"/CN={ca}", "-keyout", f"{ca}.key", "-out", f"{ca}.crt")
    (folder / "server.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    (folder / "gateway.ext").write_text("extendedKeyUsage=clientAuth\n")
    for name in ("server", "gateway"):
        run("req", "-new", *key[:-2], "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signed_by = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2")
        run("x509", "-req", "-in", f"{name}.csr", *signed_by, "-extfile", f"{name}.ext", "-out", f"{name}.crt")
    return folder


def tls_conf(folder: Path) -> str:
    files = {"cafile": "ca.crt", "certfile": "server.crt", "keyfile": "server.key"}
    lines = [f"{option} {folder / file}" for option, file in files.items()]
    return "\n".join([*lines, "require_certificate true", "use_identity_as_username true"])


def identity(folder: Path, ca: str = "ca") -> Tls:
    return Tls(ca=folder / f"{ca}.crt", cert=folder / "gateway.crt", key=folder / "gateway.key")


async def test_tls_with_a_client_certificate(tmp_path: Path, certificates: Path) -> None:
    with mosquitto(tmp_path, tls_conf(certificates)) as port:
        async with watching(options(port, tls=tls_context(identity(certificates)))) as watch:
            await watch.connected()


@pytest.mark.parametrize("lacking", ["client certificate", "trust in the broker"])
async def test_tls_that_does_not_fit_is_refused_and_tried_again(
    tmp_path: Path, certificates: Path, lacking: str
) -> None:
    tls = Tls(ca=certificates / "ca.crt") if "client" in lacking else identity(certificates, ca="stranger")
    with mosquitto(tmp_path, tls_conf(certificates)) as port, capture_logs() as log:
        async with watching(options(port, tls=tls_context(tls))) as watch:
            await disconnected(log, times=2)
        assert watch.states == []
        if "trust" in lacking:
            assert "certificate verify failed" in disconnections(log)[0]


def test_a_certificate_that_does_not_load_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"mqtt\.tls"):
        tls_context(Tls(ca=tmp_path / "absent.crt"))


def test_the_bulk_acknowledgement_is_what_the_codec_would_send() -> None:
    written: list[bytes] = []

    class Transport:
        def write(self, data: bytes) -> None:
            written.append(data)

    async def acknowledge() -> None:
        connection = mqtt.Connection(options(1), lambda *_: None)
        connection._transport = Transport()  # type: ignore[assignment]
        connection.acknowledge([1, 300, 65_535])

    asyncio.run(acknowledge())
    assert written == [b"".join(mqtt5.PubAckPacket(n).write() for n in (1, 300, 65_535))]

"""Driving: real broker, real time, real signals."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from simulators.drive import Broker, BrokerUnreachable, drive
from simulators.timeline import Message
from tests.servers import free_port, mosquitto

RULES = {"smoke_alarm", "lift_entrapment", "gate_forced", "fire_lane_blocked", "falling_object"}


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as listening:
        yield listening


def run(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "simulators", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def ignore(message: Message, at: float) -> None:
    """Take note of nothing."""


@pytest.mark.server
async def test_messages_arrive_in_order_at_their_time(port: int) -> None:
    start = time.time()
    planned = [Message(start + index * 0.05, "t/a", str(index).encode()) for index in range(5)]
    handed_over: list[float] = []
    async with aiomqtt.Client("127.0.0.1", port) as listener:
        await listener.subscribe("t/#", qos=1)
        await drive(planned, Broker("127.0.0.1", port), lambda message, at: handed_over.append(at - message.at))
        received = [await anext(listener.messages) for _ in planned]
    assert [message.payload for message in received] == [b"0", b"1", b"2", b"3", b"4"]
    assert {message.qos for message in received} == {1}
    assert all(0 <= late < 0.5 for late in handed_over)


@pytest.mark.server
async def test_a_status_is_kept_by_the_broker(port: int) -> None:
    now = time.time()
    await drive(
        [Message(now, "t/status", b"on", True), Message(now, "t/event", b"x")], Broker("127.0.0.1", port), ignore
    )
    async with aiomqtt.Client("127.0.0.1", port) as late_comer:
        await late_comer.subscribe("t/#", qos=1)
        kept = await anext(late_comer.messages)
    assert (str(kept.topic), kept.payload, kept.retain) == ("t/status", b"on", True)


async def test_no_broker_is_an_error_that_names_it() -> None:
    port = free_port()
    with pytest.raises(BrokerUnreachable, match=rf"127\.0\.0\.1:{port}.*--host and --port"):
        await drive([Message(0, "t", b"")], Broker("127.0.0.1", port), ignore)


@pytest.mark.server
async def test_a_broker_that_comes_back_gets_what_waited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port, begun = free_port(), asyncio.Event()

    def messages() -> Iterator[Message]:
        yield Message(0, "t/0", b"before", True)
        begun.set()
        yield Message(time.time() + 1.0, "t/1", b"after", True)

    with mosquitto(tmp_path, port=port):
        driving = asyncio.create_task(drive(messages(), Broker("127.0.0.1", port), ignore))
        await asyncio.wait_for(begun.wait(), 10)
    with mosquitto(tmp_path, port=port):
        await asyncio.wait_for(driving, 30)
        async with aiomqtt.Client("127.0.0.1", port) as listener:
            await listener.subscribe("t/#", qos=1)
            assert (await anext(listener.messages)).payload == b"after"
    assert "broker lost" in capsys.readouterr().err


@pytest.mark.server
async def test_the_program_publishes_a_community_and_announces_its_incidents(port: int) -> None:
    command = [sys.executable, "-m", "simulators", "--port", str(port), "--devices", "20", "--seconds", "12.5"]
    async with aiomqtt.Client("127.0.0.1", port) as listener:
        await listener.subscribe("community/#", qos=1)
        child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        arrived: dict[tuple[str, str], float] = {}
        async with asyncio.timeout(30):
            async for message in listener.messages:
                *_, device, channel = str(message.topic).split("/")
                arrived.setdefault((device, channel), time.time())
                if b"falling_object" in bytes(message.payload):
                    break
        output, _ = await child.communicate()
    announced = [json.loads(line) for line in output.splitlines()]
    assert child.returncode == 0
    assert {line["rule"] for line in announced} == RULES
    assert len([each for each in arrived if each[1] == "status"]) == 20
    for line in announced:
        if line["rule"] != "gate_forced":  # a gate has events of ordinary life before
            assert 0 <= arrived[line["device"], "event"] - line["published_at"] < 1


@pytest.mark.server
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_it_in_order(port: int, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "simulators", "--port", str(port), "--devices", "10", "--incidents", "none"]
    async with aiomqtt.Client("127.0.0.1", port) as listener:
        await listener.subscribe("community/#")
        child = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        await asyncio.wait_for(anext(listener.messages), 20)
        child.send_signal(number)
        _, complaint = await asyncio.wait_for(child.communicate(), 10)
    assert (child.returncode, complaint) == (0, b"")


def test_an_unreachable_broker_ends_the_program_with_one_line() -> None:
    done = run("--port", str(free_port()))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("no MQTT broker at 127.0.0.1:")
    assert len(done.stderr.splitlines()) == 1


def test_only_the_site_file(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    done = run("--site-out", str(path), "--seconds", "0", "--port", "18830", "--devices", "12")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "port: 18830" in path.read_text()


def test_a_site_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    done = run("--site-out", str(tmp_path / "missing" / "site.yaml"), "--seconds", "0")
    assert done.returncode == 2
    assert "--site-out" in done.stderr
    assert "No such file" in done.stderr


def test_too_few_devices_are_refused() -> None:
    done = run("--devices", "3")
    assert done.returncode == 2
    assert "--devices" in done.stderr


def test_help_names_every_option() -> None:
    text = run("--help").stdout
    for option in ("--host", "--port", "--devices", "--seed", "--incidents", "--seconds", "--site-out"):
        assert option in text

"""Whatever answers at the broker's address: the session fails with words, and goes on trying."""

import asyncio
import random

import mqtt5
import pytest
from structlog.testing import capture_logs

from gateway.ingest import mqtt
from tests.unit.ingest.sessions import TOPIC, disconnected, disconnections, impostor, options, watching

WELCOME = mqtt5.ConnAckPacket().write()
GRANTED = mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write()
FORBIDDEN = mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.NOT_AUTHORIZED]).write()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "BACKOFF_S", (0.01, 0.05))
    monkeypatch.setattr(mqtt, "CONNECT_TIMEOUT_S", 0.5)


async def reasons(*answers: bytes, tries: int = 2) -> list[str]:
    """Why the session gave up on an impostor, ``tries`` times."""
    async with impostor(*answers) as (port, heard):
        with capture_logs() as log:
            async with watching(options(port)):
                await disconnected(log, tries)
        assert len(heard) >= tries
        assert all(b"MQTT" in said for said in heard)
    return disconnections(log)


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00" * 100,
        b"\xff" * 100,
        WELCOME + b"\xff\xff\xff\xff\xff",
    ],
)
async def test_garbage(garbage: bytes) -> None:
    why = (await reasons(garbage))[0]
    assert "not MQTT 5" in why or "no answer" in why


async def test_noise_of_every_kind() -> None:
    noise = random.Random(5)
    answers = [noise.randbytes(noise.randrange(1, 80)) for _ in range(15)]
    answers += [WELCOME + GRANTED + noise.randbytes(60) + b"\xff" * 8 for _ in range(15)]
    assert len(await reasons(*answers, tries=5)) >= 5


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the panic is reported, too
async def test_text_that_is_not_utf_8_does_not_take_the_gateway_along(capfd: pytest.CaptureFixture[str]) -> None:
    message = mqtt5.PublishPacket("a/bc", b"", qos=mqtt5.QoS.AT_MOST_ONCE).write().replace(b"a/bc", b"a/\xff\xfe")
    assert "not MQTT 5" in (await reasons(WELCOME + GRANTED + message))[0]
    capfd.readouterr()  # the codec's own complaint


async def test_silence_is_given_up_on() -> None:
    assert "no answer" in (await reasons(b""))[0]


async def test_an_announced_packet_beyond_all_bounds_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "MAX_PACKET_BYTES", 50_000)
    announced = b"\x30\xff\xff\xff\x7f" + b"x" * 200_000
    assert "50000" in (await reasons(WELCOME + GRANTED + announced))[0]


async def test_a_refused_subscription_names_the_filter_and_the_access_list() -> None:
    why = (await reasons(WELCOME + FORBIDDEN))[0]
    assert "community/home/+/+/event" in why
    assert "access list" in why


async def test_an_answer_to_a_question_nobody_asked_is_refused() -> None:
    two = mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * 2).write()
    assert "not MQTT 5" in (await reasons(WELCOME + two))[0]


async def test_a_broker_that_says_goodbye_is_quoted() -> None:
    goodbye = mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN).write()
    assert "SERVER_SHUTTING_DOWN" in (await reasons(WELCOME + GRANTED + goodbye))[0]


async def test_a_broker_that_falls_silent_is_left() -> None:
    async with impostor(WELCOME + GRANTED) as (port, _):
        with capture_logs() as log:
            async with watching(options(port, keep_alive_s=1)) as watch:
                await watch.until(lambda w: False in w.states)
    assert "silent" in disconnections(log)[0]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_messages_in_small_pieces_are_put_together(size: int) -> None:
    sent = [
        mqtt5.PublishPacket(TOPIC, b"%d" % n * n, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=n).write()
        for n in range(1, 20)
    ]
    received: list[mqtt5.PublishPacket] = []
    connection = mqtt.Connection(options(1), lambda _, packets: received.extend(packets))
    stream = b"".join(sent)
    for start in range(0, len(stream), size):
        connection.data_received(stream[start : start + size])
    assert [packet.packet_id for packet in received] == list(range(1, 20))
    assert [packet.payload for packet in received] == [b"%d" % n * n for n in range(1, 20)]


async def test_the_wait_between_attempts_grows_and_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "BACKOFF_S", (0.02, 0.16))
    async with impostor(b"\xff" * 10) as (port, _):
        with capture_logs() as log:
            async with watching(options(port)):
                await disconnected(log, 7)
    waits = [entry["retry_in_s"] for entry in log if entry["event"] == "mqtt_disconnected"]
    assert max(waits[:2]) <= 0.1
    assert 0.1 <= max(waits) <= 0.2


async def test_stopping_does_not_wait_for_the_next_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "BACKOFF_S", (60.0, 60.0))
    async with impostor(b"\xff" * 10) as (port, _):
        with capture_logs() as log:
            async with asyncio.timeout(10), watching(options(port)):
                await disconnected(log)

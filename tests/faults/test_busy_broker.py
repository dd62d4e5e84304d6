"""A broker so busy delivering that its answer to the subscription comes late."""

import asyncio

import mqtt5
import pytest

from gateway.ingest import mqtt

PATIENCE_S = 0.4
MESSAGES = 8
MESSAGE = mqtt5.PublishPacket("a/b", b"{}", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write()


@pytest.mark.parametrize(
    ("gap_s", "connections"),
    [pytest.param(PATIENCE_S / 4, 1, id="delivers"), pytest.param(PATIENCE_S * 3, 2, id="is silent")],
)
async def test_only_silence_ends_the_wait_for_an_answer(
    gap_s: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delivering for twice the patience is no reason to leave; a silence of three times is."""
    monkeypatch.setattr(mqtt, "CONNECT_TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr(mqtt, "BACKOFF_S", (0.01, 0.01))
    came = 0
    handlers: list[asyncio.Task[None] | None] = []
    enough = asyncio.Event()

    async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        if came == connections and connections > 1:
            enough.set()
        handlers.append(asyncio.current_task())
        try:
            writer.write(mqtt5.ConnAckPacket().write())
            for _ in range(MESSAGES):
                await asyncio.sleep(gap_s)
                writer.write(MESSAGE)
            writer.write(mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write())
            await reader.read()
        finally:
            writer.transport.abort()

    def connected(up: bool) -> None:
        if up:
            enough.set()

    taken: list[mqtt5.PublishPacket] = []
    async with await asyncio.start_server(broker, "127.0.0.1", 0) as server:
        options = mqtt.SessionOptions("127.0.0.1", server.sockets[0].getsockname()[1], "gw", ("a/b",))
        session = mqtt.Session(options, lambda _, packets: taken.extend(packets), connected)
        running = asyncio.create_task(session.run())
        async with asyncio.timeout(10):
            await enough.wait()
        assert (came, session.connected) == (connections, connections == 1)
        assert (len(taken) == MESSAGES) is (connections == 1)
        session.stop()
        for task in [running, *filter(None, handlers)]:
            task.cancel()
            await asyncio.wait([task])

"""Publishes a timeline over MQTT in real time, through one connection, and survives a broker that goes away."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import aiomqtt

from simulators.timeline import Message

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 10.0


class Broker(NamedTuple):
    """Where the broker listens."""

    host: str
    port: int


class BrokerUnreachable(Exception):
    """The first connection failed: more likely a wrong address than an outage."""


async def drive(messages: Iterable[Message], broker: Broker, published: Callable[[Message, float], None]) -> None:
    """Publish ``messages`` at QoS 1, each when its time has come, until they end or the task is cancelled.

    ``published`` hears of every message and the moment (epoch seconds) it was handed to the connection. Nothing is
    queued: while the broker is away the next message waits, and what follows is late rather than lost.

    Raises:
        BrokerUnreachable: nobody answered at the first attempt.
    """
    source = iter(messages)
    waiting = next(source, None)
    retry_s = 0.0
    while waiting is not None:
        try:
            async with aiomqtt.Client(broker.host, broker.port) as client:
                retry_s = FIRST_RETRY_S
                while waiting is not None:
                    await _publish(client, waiting, published)
                    waiting = next(source, None)
        except aiomqtt.MqttError as error:
            if not retry_s:
                raise BrokerUnreachable(_unreachable(broker, error)) from error
            print(f"broker lost ({error}); trying again in {retry_s:.1f} s", file=sys.stderr)  # noqa: T201
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, LONGEST_RETRY_S)


async def _publish(client: aiomqtt.Client, message: Message, published: Callable[[Message, float], None]) -> None:
    ahead = message.at - time.time()
    if ahead > 0:
        await asyncio.sleep(ahead)
    handed_over = time.time()
    await client.publish(message.topic, message.payload, qos=1, retain=message.retain)
    published(message, handed_over)
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        # Python 3.11's wait_for loses a cancellation that coincides with the broker's acknowledgement.
        raise asyncio.CancelledError


def _unreachable(broker: Broker, error: aiomqtt.MqttError) -> str:
    return (
        f"no MQTT broker at {broker.host}:{broker.port} ({error}); "
        "start one (for example mosquitto), or name another with --host and --port"
    )

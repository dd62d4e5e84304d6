"""Publishes the mirror on a connection of its own, at a pace that leaves the ingest its time; away brokers are awaited.

The session is a clean one: what the broker lost or we did not send is told by publishing everything again.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterable
from typing import NoReturn

import aiomqtt
import structlog
from paho.mqtt.subscribeoptions import SubscribeOptions

from alert_rules.alert import Alert
from gateway.broker import Broker
from gateway.outward.mirror import Mirror

log = structlog.get_logger(__name__)

BACKOFF_S = (1.0, 30.0)
BATCH = 20
PAUSE_S = 0.1
"""At most ``BATCH`` messages every ``PAUSE_S``: a message costs about 0.1 ms, so this is a fiftieth of a processor."""

LEAVE_S = 2.0
ONLINE, OFFLINE = b"online", b"offline"


class Publisher:
    """The outward connection. ``connected`` tells how it stands."""

    def __init__(self, mirror: Mirror, broker: Broker) -> None:
        self.connected = False
        self._mirror = mirror
        self._broker = broker
        self._news = asyncio.Event()

    def alert(self, alert: Alert) -> None:
        """An alert changed."""
        self._mirror.alert(alert)
        self._news.set()

    def devices(self, ids: Iterable[str]) -> None:
        """Devices said something."""
        self._mirror.devices(ids)
        self._news.set()

    async def run(self) -> None:
        """Publish until cancelled; then say that we are gone."""
        delay = BACKOFF_S[0]
        while True:
            try:
                await self._session()
            except (aiomqtt.MqttError, OSError) as error:
                _obey()
                if self.connected:
                    delay = BACKOFF_S[0]
                self.connected = False
                wait = random.uniform(delay / 2, delay)  # noqa: S311 - jitter, not a secret
                log.warning("outward_disconnected", why=str(error), retry_in_s=round(wait, 1))
                await asyncio.sleep(wait)
                delay = min(delay * 2, BACKOFF_S[1])

    async def _session(self) -> NoReturn:
        async with self._client() as client:
            status = self._mirror.topics.status
            tasks: list[asyncio.Task[None]] = []
            try:
                await client.publish(status, ONLINE, qos=1, retain=True)
                _obey()
                self._mirror.renew()
                self.connected = True
                log.info("outward_connected", topic=self._mirror.topics.base)
                tasks = [asyncio.create_task(self._hear(client)), asyncio.create_task(self._send(client))]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                # Also while nobody acknowledged that we are online: the broker may have told it all the same.
                with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                    async with asyncio.timeout(LEAVE_S):
                        await client.publish(status, OFFLINE, qos=1, retain=True)
                raise
            finally:
                await _end(*tasks)
            for task in tasks:
                if not task.cancelled():
                    task.result()
        raise aiomqtt.MqttError("the connection ended")

    def _client(self) -> aiomqtt.Client:
        b = self._broker
        return aiomqtt.Client(
            b.host,
            b.port,
            identifier=f"{b.client_id}-outward",
            username=b.username,
            password=b.password,
            tls_context=b.tls,
            protocol=aiomqtt.ProtocolVersion.V5,
            keepalive=b.keep_alive_s,
            will=aiomqtt.Will(self._mirror.topics.status, OFFLINE, qos=1, retain=True),
        )

    async def _hear(self, client: aiomqtt.Client) -> None:
        """Home Assistant's return, and what an earlier process left at the broker."""
        topics = self._mirror.topics
        await client.subscribe(topics.home_assistant, qos=1)
        own = SubscribeOptions(qos=1, noLocal=True)
        await client.subscribe([(topics.state("+"), own), (topics.alert("+"), own)])
        _obey()
        async for message in client.messages:
            topic = str(message.topic)
            if topic == topics.home_assistant:
                if message.payload == ONLINE and not message.retain:
                    self._mirror.renew()
            elif message.retain and message.payload:
                self._mirror.retained(topic)
            self._news.set()

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            self._news.clear()
            due = self._mirror.take(BATCH)
            try:
                while due:
                    await client.publish(due[0].topic, due[0].payload, qos=1, retain=due[0].retain)
                    del due[0]
                    _obey()
            except BaseException:
                self._mirror.give_back(due)
                raise
            if self._mirror.idle:
                await self._news.wait()
            await asyncio.sleep(PAUSE_S)


def _obey() -> None:
    """End here if cancelled: before Python 3.12 ``wait_for`` swallows a cancellation that coincides with an answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _end(*tasks: asyncio.Task[None]) -> None:
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=LEAVE_S)

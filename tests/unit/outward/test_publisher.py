"""The outward connection at a real broker: retained messages, the will, its return, and what left meanwhile."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices.registry import Device
from devices.twin import Twin
from gateway.broker import Broker
from gateway.errors import OperatorError
from gateway.outward import publisher as publisher_module
from gateway.outward.opening import open_publisher
from gateway.outward.publisher import Publisher
from gateway.site import Site as SiteFile
from tests.servers import free_port, mosquitto
from tests.unit.alerts.making import alert
from tests.unit.outward.making import Site

pytestmark = pytest.mark.server

BASE = "community-gateway/home"
STATE = f"{BASE}/device/smoke-1/state"
CONFIG = "homeassistant/device/community-gateway_home_smoke-1/config"
WAIT_S = 30.0


class Nobody:
    """An inventory without devices."""

    def items(self) -> list[tuple[Device, Twin | None]]:
        return []

    def get(self, device_id: str) -> None:
        return None


NOBODY = Nobody()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "BACKOFF_S", (0.05, 0.1))


class Listener:
    """Somebody who follows every topic: Home Assistant, say."""

    def __init__(self, port: int) -> None:
        self.now: dict[str, bytes] = {}
        self.heard: list[tuple[str, bytes, bool]] = []
        self._news = threading.Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _take(self, _c: paho.Client, _u: object, message: paho.MQTTMessage) -> None:
        with self._news:
            self.now[message.topic] = message.payload
            self.heard.append((message.topic, message.payload, message.retain))
            self._news.notify_all()

    def wait(self, true: Callable[[], bool], what: str) -> None:
        with self._news:
            assert self._news.wait_for(true, WAIT_S), f"{what}; heard {sorted(self.now)}"

    def wait_for(self, topic: str, payload: bytes | None = None) -> Any:
        self.wait(lambda: topic in self.now and payload in (None, self.now[topic]), topic)
        return self.now[topic]

    def say(self, topic: str, payload: str | bytes, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WAIT_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def listening(port: int) -> Iterator[Listener]:
    made = Listener(port)
    try:
        yield made
    finally:
        made.close()


@asynccontextmanager
async def publishing(site: Site, port: int) -> AsyncIterator[Publisher]:
    publisher = Publisher(site.mirror, Broker("127.0.0.1", port, "gw"))
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as port:
        yield port


async def test_everything_is_there_for_whoever_comes_later(broker: int) -> None:
    fire = alert("smoke-1")
    async with publishing(Site(fire), broker):
        with listening(broker) as first:
            await asyncio.to_thread(first.wait_for, f"{BASE}/device/lift:1/state")
        with listening(broker) as later:
            await asyncio.to_thread(later.wait, lambda: len(later.now) >= 8, "all that is retained")
            assert all(retained for *_, retained in later.heard)
            assert later.now[f"{BASE}/status"] == b"online"
            assert json.loads(later.now[STATE])["states"] == {"smoke": False}
            assert json.loads(later.now[CONFIG])["origin"] == {"name": "Community Gateway"}
            assert json.loads(later.now[f"{BASE}/alert/{fire.id}"])["rule"] == "smoke_alarm"


async def test_changes_are_published_and_events_not_retained(broker: int) -> None:
    site = Site()
    with listening(broker) as home:
        async with publishing(site, broker) as publisher:
            await asyncio.to_thread(home.wait_for, f"{BASE}/device/lift:1/state")
            site.twin.states["smoke"] = True
            publisher.devices(["smoke-1"])
            publisher.alert(alert("smoke-1"))
            event = await asyncio.to_thread(home.wait_for, f"{BASE}/event/smoke-1")
            assert json.loads(event)["event_type"] == "raised"
            await asyncio.to_thread(home.wait, lambda: b'"smoke":true' in home.now[STATE], "the new state")
    with listening(broker) as later:
        await asyncio.to_thread(later.wait_for, STATE)
        later.say("marker", "x")
        await asyncio.to_thread(later.wait_for, "marker")
        assert f"{BASE}/event/smoke-1" not in later.now


async def test_leaving_and_dying_are_told(broker: int) -> None:
    with listening(broker) as home:
        async with publishing(Site(), broker):
            await asyncio.to_thread(home.wait_for, f"{BASE}/status", b"online")
        await asyncio.to_thread(home.wait_for, f"{BASE}/status", b"offline")
        async with publishing(Site(), broker):
            await asyncio.to_thread(home.wait_for, f"{BASE}/status", b"online")
            thief = Publisher(Site().mirror, Broker("127.0.0.1", broker, "gw"))
            home.heard.clear()
            async with thief._client():  # the broker throws the older session of this name out and sends its will
                await asyncio.to_thread(home.wait, lambda: (f"{BASE}/status", b"offline", False) in home.heard, "will")


async def test_leaving_is_told_even_before_arriving_was_acknowledged(
    broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = aiomqtt.Client.publish

    async def unacknowledged(self: aiomqtt.Client, topic: str, payload: bytes, **options: Any) -> None:
        await publish(self, topic, payload, **options)
        if payload == publisher_module.ONLINE:
            await asyncio.Event().wait()

    monkeypatch.setattr(aiomqtt.Client, "publish", unacknowledged)
    with listening(broker) as home:
        async with publishing(Site(), broker):
            await asyncio.to_thread(home.wait_for, f"{BASE}/status", b"online")
        await asyncio.to_thread(home.wait_for, f"{BASE}/status", b"offline")


async def test_a_broker_that_lost_everything_gets_everything_again(tmp_path: Path) -> None:
    site, port = Site(), free_port()
    async with publishing(site, port) as publisher:
        for _ in range(2):
            with mosquitto(tmp_path, port=port), listening(port) as home:
                await asyncio.to_thread(home.wait_for, f"{BASE}/device/lift:1/state")
                assert {STATE, CONFIG} <= home.now.keys()
        publisher.alert(alert("smoke-1"))
        with listening_later(tmp_path, port) as home:
            event = await asyncio.to_thread(home.wait_for, f"{BASE}/alert/{alert('smoke-1').id}")
            assert json.loads(event)["device"] == "smoke-1"


@contextmanager
def listening_later(folder: Path, port: int) -> Iterator[Listener]:
    with mosquitto(folder, port=port), listening(port) as home:
        yield home


async def test_home_assistants_return_brings_everything_again(broker: int) -> None:
    with listening(broker) as home:
        async with publishing(Site(), broker):
            await asyncio.to_thread(home.wait_for, f"{BASE}/device/lift:1/state")
            home.heard.clear()
            home.say("homeassistant/status", "offline")
            home.say("homeassistant/status", "online")
            again = lambda: {STATE, CONFIG} <= {topic for topic, *_ in home.heard}  # noqa: E731
            await asyncio.to_thread(home.wait, again, "all again")


async def test_what_left_while_we_were_away_leaves_the_broker(broker: int) -> None:
    gone = [f"{BASE}/device/old/state", "homeassistant/device/community-gateway_home_old/config", f"{BASE}/alert/old"]
    with listening(broker) as home:
        for topic in gone:
            home.say(topic, "{}", retain=True)
        home.say("homeassistant/device/foreign/config", "{}", retain=True)
        async with publishing(Site(), broker):
            for topic in gone:
                await asyncio.to_thread(home.wait_for, topic, b"")
    with listening(broker) as later:
        await asyncio.to_thread(later.wait_for, STATE)
        later.say("marker", "x")
        await asyncio.to_thread(later.wait_for, "marker")
        assert not set(gone) & later.now.keys()
        assert "homeassistant/device/foreign/config" in later.now


def given(**outward: Any) -> SiteFile:
    return SiteFile.model_validate({"site": {"id": "home", "name": "Home"}, "outward": outward})


@pytest.mark.parametrize("filter_", ["#", "community-gateway/#", "+/+/device/+/state", "community-gateway/+/status"])
def test_a_gateway_that_would_hear_itself_is_refused(filter_: str) -> None:
    with pytest.raises(OperatorError, match=r"outward\.prefix"):
        open_publisher(given(enabled=True), [filter_], NOBODY, [], lambda _: {})


def test_it_is_off_unless_asked_for() -> None:
    assert open_publisher(given(), ["#"], NOBODY, [], lambda _: {}) is None
    assert open_publisher(given(enabled=True), ["community/#"], NOBODY, [], lambda _: {}) is not None

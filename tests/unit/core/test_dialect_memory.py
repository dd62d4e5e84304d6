"""What dialects learned commits with the cursor past the message that taught them."""

import json
from pathlib import Path
from typing import Any

import mqtt5

from devices.dialects.dialect import Lane
from gateway.alerts.records import Changes
from gateway.site import Site
from tests.unit.core.world import World, crashing, running, site_in

CONFIG = "homeassistant/binary_sensor/leak/config"
STATE = "homeassistant/leak/state"
LEAK = {"device": {"identifiers": ["leak-1"]}, "device_class": "moisture", "state_topic": STATE}


def speaking(folder: Path) -> Site:
    device = {"id": "w1", "kind": "water_leak", "dialect": "homeassistant", "address": "leak-1"}
    return site_in(folder, devices=[device], dialects={"homeassistant": {}})


async def hear(world: World, topic: str, payload: Any) -> None:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    packet = mqtt5.PublishPacket(topic, body, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=next(world._ids))
    world.gateway._intakes[Lane.ALARM].take(world.wire, [packet])
    await world.settled()


async def test_an_announcement_outlives_an_orderly_restart(tmp_path: Path) -> None:
    site = speaking(tmp_path)
    async with running(site) as world:
        await hear(world, CONFIG, LEAK)
    async with running(site) as world:
        await hear(world, STATE, b"ON")
        assert world.the_alert().device == "w1"


async def test_an_announcement_outlives_a_crash_after_the_cursor_passed_it(tmp_path: Path) -> None:
    site = speaking(tmp_path)
    async with crashing(site) as world:
        await hear(world, CONFIG, LEAK)
        await world.evaluator.flush()
        assert world.evaluator.saved_cursors["alarm"] == 1
    async with running(site) as world:
        await hear(world, STATE, b"ON")
        assert world.the_alert().device == "w1"


async def test_an_announcement_before_the_cursor_is_heard_again_from_the_journal(tmp_path: Path) -> None:
    site = speaking(tmp_path)
    async with crashing(site) as world:
        await hear(world, CONFIG, LEAK)
    async with running(site) as world:
        assert world.evaluator.saved_cursors["alarm"] == 0
        await hear(world, STATE, b"ON")
        assert world.the_alert().device == "w1"


async def test_what_the_store_refused_is_saved_later(tmp_path: Path) -> None:
    site = speaking(tmp_path)
    async with crashing(site) as world:
        with world.refusing_store():
            await hear(world, CONFIG, LEAK)
            world.clock.time += 60
            await world.until(lambda: bool(world.evaluator.problem))
        world.clock.time += 60
        await world.until(lambda: not world.evaluator.problem)
        assert [(of, len(memory) > 0) for of, memory in world.store.load().memories] == [("homeassistant", True)]


async def test_memory_of_another_version_is_dropped_and_the_rest_works(tmp_path: Path) -> None:
    site = speaking(tmp_path)
    async with running(site) as world:
        changes = Changes()
        changes.checkpoint = world.evaluator._take().checkpoint
        assert changes.checkpoint is not None
        changes.checkpoint.memories = [("homeassistant", "old", b"\xc1")]
        world.store.commit(changes)
    async with running(site) as world:
        await hear(world, CONFIG, LEAK)
        await hear(world, STATE, b"ON")
        assert world.the_alert().device == "w1"

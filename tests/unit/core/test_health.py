"""The gateway says what is wrong with itself, in words and in numbers."""

from typing import Any

from prometheus_client import generate_latest

from devices.dialects.dialect import Lane
from gateway.site import Site
from tests.unit.core.world import World, running


def snapshot(world: World) -> dict[str, Any]:
    return world.gateway._health.snapshot()


def codes(world: World) -> list[str]:
    return [problem["code"] for problem in snapshot(world)["problems"]]


def connect(world: World) -> None:
    for pipe in world.gateway.lanes.values():
        world.gateway._connected(pipe)(True)


def metric(world: World, line: str) -> bool:
    world.gateway._health.measure()
    return line in generate_latest(world.gateway.metrics.registry).decode().splitlines()


async def test_without_a_broker_it_is_not_ready_and_names_the_lanes(site: Site) -> None:
    async with running(site) as world:
        assert not snapshot(world)["ready"]
        details = [problem["detail"] for problem in snapshot(world)["problems"]]
        assert [detail.split()[0] for detail in details] == ["alarm", "telemetry"]
        connect(world)
        assert snapshot(world)["ready"]
        assert snapshot(world)["problems"] == []
        assert snapshot(world)["connected"] == {"alarm": True, "telemetry": True}


async def test_a_refusing_store_is_told_and_taken_back(site: Site) -> None:
    async with running(site) as world:
        connect(world)
        with world.refusing_store():
            world.send("s1", seq=1, states={"smoke": True})
            await world.until(lambda: "store" in codes(world))
            assert not snapshot(world)["ready"]
        await world.until(lambda: codes(world) == [])


async def test_a_refusing_journal_is_told_and_taken_back(site: Site) -> None:
    async with running(site) as world:
        connect(world)
        await world.journal_sql(Lane.TELEMETRY, "PRAGMA query_only = ON")
        world.send("g1", "telemetry", seq=1, measurements={"passage_count": 1})
        await world.until(lambda: "journal" in codes(world))
        assert "telemetry" in snapshot(world)["problems"][0]["detail"]
        await world.journal_sql(Lane.TELEMETRY, "PRAGMA query_only = OFF")
        await world.until(lambda: codes(world) == [])


async def test_lags_and_counters(site: Site) -> None:
    async with running(site) as world:
        await world.say("s1", seq=1, states={"smoke": True})
        await world.say("g1", "telemetry", seq=1, measurements={"passage_count": 1})
        world.send("g1", "nonsense")
        await world.settled()
        found = snapshot(world)
        assert found["lanes"]["alarm"] == {"head": 1, "evaluate_lag": 0, "history_lag": 1}
        assert found["counters"] == {"received": 3, "rejected": 1, "alerts_open": 1}


async def test_the_same_in_metrics(site: Site) -> None:
    async with running(site) as world:
        await world.say("s1", seq=1, states={"smoke": True})
        await world.say("s1", seq=1, states={"smoke": True})
        world.send("g1", "nonsense")
        await world.settled()
        for line in (
            'gateway_messages_received_total{lane="alarm"} 3.0',
            'gateway_messages_rejected_total{reason="bad_topic"} 1.0',
            'gateway_alerts_open{severity="critical"} 1.0',
            'gateway_alerts_raised_total{rule="smoke_alarm"} 1.0',
            'gateway_journal_head{lane="alarm"} 2.0',
            "gateway_reports_duplicate 1.0",
            "gateway_alert_seconds_count 1.0",
        ):
            assert metric(world, line), line


async def test_measuring_twice_counts_once(site: Site) -> None:
    async with running(site) as world:
        await world.say("s1", seq=1, states={"smoke": True})
        world.gateway._health.measure()
        assert metric(world, 'gateway_messages_received_total{lane="alarm"} 1.0')


async def test_dead_letters_of_both_lanes_newest_first(site: Site) -> None:
    async with running(site) as world:
        for device, channel in (("s1", "event"), ("g1", "telemetry"), ("s2", "event")):
            world.clock.time += 1
            await world.say(device, channel, raw=b"{")
        await world.evaluator.flush()
        found = await world.gateway._health.dead_letters(2)
    assert [(letter["lane"], letter["topic"].split("/")[3]) for letter in found] == [
        ("alarm", "s2"),
        ("telemetry", "g1"),
    ]
    assert found[0]["payload"] == "{"

"""From a detector's PUBLISH to the alert in the console's stream: in ordinary traffic, and in ten times that."""

import asyncio
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.alarms import Console, Detectors, add_person, console, detectors
from tests.bench.feed import feed
from tests.bench.figures import medians, spread
from tests.bench.gateway_process import gateway
from tests.bench.traffic import site_file
from tests.servers import mosquitto

ALARMS = 250
ROUNDS = 3
RATE = 2_000
STORM = 10
TALKING = 1_000
INTERVAL_S = 0.08
LEAD_S = 1.0
REACHED = 0.95
"""A publisher that reached less than this share of its rate was saturated itself: its round says nothing."""

BROKER = "max_inflight_messages 65535\nmax_queued_messages 1000000\nset_tcp_nodelay true\n"
"""As in deploy/mosquitto/mosquitto.conf."""


def run(
    alarms: int = ALARMS, rounds: int = ROUNDS, rate: int = RATE, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Measure both; medians of ``rounds``, each with a gateway of its own.

    Raises:
        RuntimeError: an alarm got lost.
    """
    done = []
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        with tempfile.TemporaryDirectory() as folder:
            done.append(asyncio.run(_round(Path(folder), alarms, rate, say)))
    return {"alarms": alarms, "rounds": rounds, **summary(done)}


def summary(done: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Medians of the rounds that count. Were all of them ``void``, their medians are given, marked as not valid."""
    counting = [each for each in done if is_valid(each)]
    return {"void": len(done) - len(counting), "valid": bool(counting), **medians(counting or done)}


def is_valid(figures: dict[str, Any]) -> bool:
    """Whether the publisher kept its pace in both phases."""
    return all(each["reached_per_s"] >= REACHED * each["asked_per_s"] for each in figures.values())


async def _round(folder: Path, alarms: int, rate: int, say: Callable[[str], None]) -> dict[str, Any]:
    with mosquitto(folder, BROKER) as port:
        site = site_file(folder / "site.json", port, TALKING + 8 * alarms, folder / "var")
        with gateway(site, folder / "gateway.log") as running:
            add_person(site)
            async with console(running.url, site) as screen, detectors(port) as senders:
                say(f"{rate} messages per second")
                calm = await _phase(port, rate, 0, _smoke(0, alarms), senders, screen)
                running.wait_heads(0, 60)
                say(f"{rate * STORM} messages per second")
                sent = _messages(rate, alarms)
                storm = await _phase(port, rate * STORM, sent, _smoke(alarms, alarms), senders, screen)
                return {"calm": calm, "storm": storm}


def _smoke(first: int, count: int) -> list[str]:
    """Smoke detectors that send no telemetry (every fourth device is one)."""
    return [f"d{TALKING + 4 * index}" for index in range(first, first + count)]


def _messages(rate: int, alarms: int) -> int:
    """Enough to outlast the alarms."""
    return int(rate * (alarms * INTERVAL_S * 1.1 + 2 * LEAD_S))


async def _phase(
    port: int, rate: int, first: int, devices: Sequence[str], senders: Detectors, screen: Console
) -> dict[str, Any]:
    with feed(port, _messages(rate, len(devices)), TALKING, first, rate) as background:
        background.start()
        await asyncio.sleep(LEAD_S)
        sent = await _send(devices, senders)
        await screen.wait_for(set(devices))
        reached = await asyncio.to_thread(background.finish)
    taken = [screen.seen[device] - at for device, at in sent.items()]
    return {"asked_per_s": rate, "reached_per_s": round(reached), **spread(taken)}


async def _send(devices: Sequence[str], senders: Detectors) -> dict[str, float]:
    """At uneven intervals, so that no rhythm of the gateway is met every time or never."""
    dice = random.Random(1)
    sent = {}
    for device in devices:
        sent[device] = senders.alarm(device)
        await asyncio.sleep(dice.uniform(0.5, 1.5) * INTERVAL_S)
    return sent

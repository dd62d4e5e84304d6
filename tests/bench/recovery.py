"""The history server away while points arrive, then back: is anything lost, and how fast is it caught up with?"""

import http.client
import json
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.bench.feed import feed
from tests.bench.figures import medians
from tests.bench.gateway_process import GatewayProcess, gateway
from tests.bench.latency import BROKER
from tests.bench.traffic import site_file
from tests.servers import influxdb, mosquitto

POINTS = 1_000_000
WARM_UP = 100_000
ROUNDS = 3
DEVICES = 1_000
DATABASE = "community"
POLL_S = 0.2
COUNTED = {"smoke_detector": "smoke_density", "lift": "speed", "access_gate": "passage_count", "camera": "frame_rate"}
"""A field that every message of the kind has."""


def run(
    points: int = POINTS, rounds: int = ROUNDS, warm_up: int = WARM_UP, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Measure; medians of ``rounds``. ``lost`` is over all of them.

    ``memory_growth_mb`` is the highest resident size during the outage above that after ``warm_up`` messages that came
    just as fast while the store was there.
    """
    done = []
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        with tempfile.TemporaryDirectory() as folder:
            done.append(_round(Path(folder), points, warm_up, say))
    return {"points": points, "rounds": rounds, **medians(done), "lost": sum(each["lost"] for each in done)}


def _round(folder: Path, points: int, warm_up: int, say: Callable[[str], None]) -> dict[str, Any]:
    with ExitStack() as stack, ExitStack() as first_life:
        url = first_life.enter_context(influxdb(folder, DATABASE))
        broker = stack.enter_context(mosquitto(folder, BROKER))
        history = {"store": "influxdb", "url": url, "bucket": DATABASE}
        site = site_file(folder / "site.json", broker, DEVICES, folder / "var", history=history)
        running = stack.enter_context(gateway(site, folder / "gateway.log"))
        with feed(broker, warm_up, DEVICES) as telemetry:
            telemetry.run()
        running.wait_heads(warm_up, 300)
        first_life.close()
        say(f"store stopped, {points} points arrive")
        outage = _outage(running, broker, points, warm_up)
        say("store started again")
        stack.enter_context(influxdb(folder, DATABASE, port=urlsplit(url).port))
        back = _catch_up(running, points)
        lost = warm_up + points - stored(url)
    ratio = back["catch_up_per_s"] / outage["arrival_per_s"]
    return {**outage, **back, "ratio": round(ratio, 2), "lost": lost}


def _outage(running: GatewayProcess, broker: int, points: int, before: int) -> dict[str, Any]:
    """Let the points arrive in the journal; watch how fast they do and how the gateway grows."""
    size = highest = running.rss_mb()
    with feed(broker, points, DEVICES, before) as telemetry:
        telemetry.start()
        began = time.monotonic()
        while heads(running.ready()) < before + points:
            highest = max(highest, running.rss_mb())
            time.sleep(POLL_S)
        took = time.monotonic() - began
        sent = telemetry.finish()
    return {
        "sent_per_s": round(sent),
        "arrival_per_s": round(points / took),
        "memory_before_mb": round(size, 1),
        "memory_growth_mb": round(highest - size, 1),
    }


def _catch_up(running: GatewayProcess, points: int) -> dict[str, Any]:
    """``noticed_s``: until the first points were written; the rate counts from there."""
    began = first = time.monotonic()
    waiting = True
    while (left := lag(running.ready())) > 0:
        if waiting and left < points:
            waiting, first = False, time.monotonic()
        if running.process.poll() is not None:
            raise RuntimeError(f"the gateway ended with {running.process.returncode}")
        time.sleep(POLL_S)
    took = time.monotonic() - first
    return {"noticed_s": round(first - began, 1), "catch_up_s": round(took, 1), "catch_up_per_s": round(points / took)}


def heads(state: dict[str, Any]) -> int:
    """Messages in the journals, as ``/readyz`` says."""
    return sum(lane["head"] for lane in state.get("lanes", {}).values())


def lag(state: dict[str, Any]) -> int:
    """Messages not yet in the store; an answer that does not say counts as one."""
    lanes = state.get("lanes", {}).values()
    return sum(lane["history_lag"] for lane in lanes) if lanes else 1


def stored(url: str) -> int:
    """Points in the server at ``url``, counted by itself."""
    total = 0
    for measurement, name in COUNTED.items():
        query = urlencode({"db": DATABASE, "q": f'SELECT count("{name}") FROM "{measurement}"'})
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        try:
            connection.request("GET", f"/query?{query}")
            total += counted(json.load(connection.getresponse()))
        finally:
            connection.close()
    return total


def counted(answer: dict[str, Any]) -> int:
    """The number in the server's answer to a count; no series: 0.

    Raises:
        RuntimeError: the server answered with an error.
    """
    result = answer["results"][0] if "results" in answer else answer
    if "error" in result:
        raise RuntimeError(f"counting the points failed: {result['error']}")
    return sum(int(series["values"][0][1]) for series in result.get("series", ()))

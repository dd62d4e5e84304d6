"""``python -m simulators``: a community that lives at a broker until it is stopped."""

import asyncio
import json
import signal
import time
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import typer

from simulators.community import SMALLEST, Community, build
from simulators.drive import Broker, BrokerUnreachable, drive
from simulators.scenario import demo
from simulators.site import site, write
from simulators.timeline import Message, timeline


class Incidents(StrEnum):
    """Which incidents happen."""

    DEMO = "demo"
    NONE = "none"


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def simulate(
    host: Annotated[str, typer.Option(help="The broker's host.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The broker's port.")] = 1883,
    devices: Annotated[int, typer.Option(min=SMALLEST, help="How many devices the community has.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same community and the same life.")] = 1,
    incidents: Annotated[Incidents, typer.Option(help="demo: five incidents within 15 s.")] = Incidents.DEMO,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after this long; default: Ctrl-C.")] = None,
    site_out: Annotated[Path | None, typer.Option(help="Write the matching site file here, then start.")] = None,
) -> None:
    """Let a virtual community of smoke detectors, lifts, gates, cameras and water sensors live at an MQTT broker.

    Each incident is announced on standard output as one JSON line when it is published: the rule that must raise an
    alert, the device, and the moment in epoch seconds. With --seconds 0 only the site file is written.
    """
    community = build(devices, seed)
    if site_out is not None:
        _write_site(site_out, community, Broker(host, port))
    start = time.time()
    messages = timeline(community, demo(community) if incidents is Incidents.DEMO else (), start)
    if seconds != 0:
        _live(_until(messages, start, seconds), Broker(host, port))


def _write_site(path: Path, community: Community, broker: Broker) -> None:
    try:
        write(path, site(community, broker.host, broker.port))
    except OSError as error:
        raise typer.BadParameter(f"cannot write {path}: {error.strerror}", param_hint="--site-out") from error


def _until(messages: Iterator[Message], start: float, seconds: float | None) -> Iterable[Message]:
    if seconds is None:
        return messages
    return takewhile(lambda message: message.at < start + seconds, messages)


def _live(messages: Iterable[Message], broker: Broker) -> None:
    try:
        asyncio.run(_stoppable(messages, broker))
    except BrokerUnreachable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


async def _stoppable(messages: Iterable[Message], broker: Broker) -> None:
    """Drive until done; SIGINT and SIGTERM end it in order, so that the broker sees a clean disconnect."""
    driving = asyncio.create_task(drive(messages, broker, _announce))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, driving.cancel)
    await asyncio.wait((driving,))
    if not driving.cancelled():
        driving.result()


def _announce(message: Message, at: float) -> None:
    if message.incident is None:
        return
    line = {"rule": message.incident.rule, "device": message.incident.device, "published_at": round(at, 6)}
    typer.echo(json.dumps(line))

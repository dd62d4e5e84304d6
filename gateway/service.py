"""Runs a gateway as a process: signals in, an orderly end out."""

import asyncio
import gc
import signal
from pathlib import Path

import structlog
import uvloop

from gateway.app import Gateway
from gateway.clock import SystemClock
from gateway.control import listening
from gateway.reload import Answer
from gateway.site import Site

log = structlog.get_logger(__name__)

GC_THRESHOLD = (50_000, 20, 100)
"""A batch makes thousands of objects that all die with it; Python's default would walk the heap 14 times meanwhile."""


def run(site: Site, site_path: Path) -> None:
    """Run the gateway until SIGTERM or SIGINT."""
    log.info("starting", site=site.site.id, site_file=str(site_path))
    gc.set_threshold(*GC_THRESHOLD)
    uvloop.run(_serve(site, site_path))


async def _serve(site: Site, site_path: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gateway = Gateway(site, SystemClock())
    reloader = gateway.follow(site, site_path)
    reloads: set[asyncio.Task[Answer]] = set()

    def reload() -> None:
        reloads.add(task := asyncio.ensure_future(reloader.reload()))
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    async with listening(Path(site.data_dir), {"reload": reloader.reload}):
        await gateway.run(stop)

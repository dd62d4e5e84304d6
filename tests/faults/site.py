"""Site files for fault runs, and the broker's configuration they go with."""

import json
import random
import socket
from pathlib import Path
from typing import Any

from tests.faults.messages import SITE, STRANGER, background_kind, incident

HOUSE = "b1"
DETECTORS = "b2"
"""Smoke detectors stand apart from all else, each in a zone of its own: a fire recalls no lift of ``HOUSE``, and none
confirms another."""

EXPECT_EVERY_S = 60.0
"""Background devices are supervised: an outage of ours must not be taken for their silence."""

BROKER = """persistence true
persistence_location {folder}/
autosave_interval 15
max_queued_messages 1000000
max_queued_bytes 400000000
max_inflight_messages 65535
"""
"""The queue bounds of deploy/mosquitto/mosquitto.conf: they outlast the outages made here."""


def write_site(
    folder: Path, broker: int, devices: int, incidents: int, more: dict[str, str] | None = None, **sections: Any
) -> Path:
    """Write a site of background devices and of devices that will get into trouble; return the file.

    ``more``: further devices, id to kind.
    """
    further = [_placed(device, kind) for device, kind in (more or {}).items()]
    site = {
        "site": {"id": SITE, "name": "Faults"},
        "data_dir": str(folder / "var"),
        "buildings": [{"id": HOUSE}, {"id": DETECTORS}],
        "devices": [*_background(devices), *_troubled(incidents), *further],
        "mqtt": {"port": broker},
        "api": {"port": fixed_port()},
        "ingest": {"rate_per_s": 100_000, "burst": 1_000_000},
        **sections,
    }
    path = folder / "site.json"
    path.write_text(json.dumps(site))
    return path


def broker_settings(folder: Path) -> str:
    """Settings of a broker that keeps its queues below ``folder`` over a restart."""
    kept = folder / "broker"
    kept.mkdir(exist_ok=True)
    return BROKER.format(folder=kept)


def fixed_port() -> int:
    """A free loopback port below the range clients are given, so that nobody takes it while its owner is down."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def _background(count: int) -> list[dict[str, Any]]:
    return [_placed(f"d{i}", background_kind(i)) | {"expect_every_s": EXPECT_EVERY_S} for i in range(count)]


def _troubled(count: int) -> list[dict[str, Any]]:
    found = (incident(i) for i in range(count))
    return [_placed(t.device, t.kind) for t in found if not t.device.startswith(STRANGER)]


def _placed(device: str, kind: str) -> dict[str, Any]:
    place = {"building": DETECTORS, "zone": device} if kind == "smoke_detector" else {"building": HOUSE}
    return {"id": device, "kind": kind, **place}

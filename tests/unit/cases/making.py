"""An alert with everything that may belong to it, in a real store and real files."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alert_rules.alert import Alert, Entry, Place, Reason, Severity
from devices.model import DeviceKind
from devices.registry import Device, Registry
from gateway.alerts.records import Changes
from gateway.alerts.store import AlertStore
from gateway.api.views import alert_view
from gateway.cases.collect import Collector, Series
from tests.unit.alerts.making import NOON, raised

STILL = b"\xff\xd8 a still"
YARD = Place(name="Yard", building="b1", floor="1", zone="yard")


def fall(at: float = NOON, thing: str = "obj-1", **changed: Any) -> tuple[Alert, Entry]:
    """An alert of a camera about one object."""
    fields: dict[str, Any] = {
        "rule": "falling_object",
        "kind": DeviceKind.CAMERA,
        "severity": Severity.MAJOR,
        "subject": thing,
        "reason": Reason("fell", {"object_id": thing, "snapshot_ref": f"cam-1/{thing}/still.jpg"}),
    }
    return raised("cam-1", at, YARD, **{**fields, **changed})


def keep(root: Path, camera: str = "cam-1", thing: str = "obj-1", **files: bytes) -> Path:
    """Files as the camera workers keep them, with their note; names as ``still_jpg``."""
    folder = root / camera / thing
    folder.mkdir(parents=True, exist_ok=True)
    named = {name.replace("_", "."): body for name, body in files.items()}
    for name, body in named.items():
        (folder / name).write_bytes(body)
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in named.items()}
    (folder / "evidence.json").write_text(json.dumps({"kind": "falling_object", "at": NOON, "files": digests}))
    return folder


class Readings:
    """A history that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float, float]] = []
        self.away = False

    def query(self, device: Device, start: float, end: float, every_s: float) -> Series:
        if self.away:
            raise OSError("the time-series store does not answer")
        self.asked.append((device.id, start, end))
        return {"online": [(start, True)]}


def registry() -> Registry:
    return Registry(
        [
            Device("cam-1", DeviceKind.CAMERA, building="b1", floor="1"),
            Device("door-1", DeviceKind.ACCESS_GATE, building="b1", floor="1"),
            Device("door-2", DeviceKind.ACCESS_GATE, building="b1", floor="2"),
            Device("door-9", DeviceKind.ACCESS_GATE, building="b9", floor="1"),
        ]
    )


class Cabinet:
    """The store, the evidence folder and what reads them."""

    def __init__(self, folder: Path, store: AlertStore) -> None:
        self.root = folder / "evidence"
        self.root.mkdir()
        self.store = store
        self.readings = Readings()
        self.collector = Collector(
            store, self.readings.query, registry(), self.root, lambda a: alert_view(a, saved=True)
        )

    def add(self, *pairs: tuple[Alert, Entry]) -> Alert:
        """Store alerts; returns the first."""
        self.store.commit(Changes(alerts=[alert for alert, _ in pairs], entries=[entry for _, entry in pairs]))
        return pairs[0][0]


@contextmanager
def cabinet(folder: Path) -> Iterator[Cabinet]:
    store = AlertStore(f"sqlite:///{folder / 'alerts.db'}")
    store.migrate()
    try:
        yield Cabinet(folder, store)
    finally:
        store.close()

"""A small community behind the real API: ports in memory that keep a timeline and tell every console at once."""

import asyncio
import math
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

from alert_rules.alert import Alert, Condition, Place, Reason, Severity, Verdict
from devices.model import DeviceKind
from devices.registry import Device
from devices.twin import Twin
from gateway.alerts.records import AuditRow, Stranger
from gateway.api.hub import Hub
from gateway.api.ports import Points
from gateway.api.views import alert_view
from gateway.site import Site
from tests.unit.api.world import FIRST_ID, MemoryDesk, MemoryHistory, World, make_alert

DIST = Path(__file__).parents[2] / "gateway" / "console" / "dist"
STOP_S = 5.0
FLOORS = ["B1", *(f"{floor}F" for floor in range(1, 19))]


class TalkingDesk(MemoryDesk):
    """Writes down each move, and says each change to the consoles."""

    def __init__(self, community: "Community") -> None:
        super().__init__()
        self._community = community
        self._rows: dict[str, list[AuditRow]] = {}

    def raise_alert(self, alert: Alert) -> Alert:
        self.add(alert)
        self._write(alert, "system", "raise", alert.received_at)
        self._say(alert)
        return alert

    async def detail(self, alert_id: str) -> tuple[Alert, list[AuditRow]] | None:
        return (self.alerts[alert_id], self._rows[alert_id]) if alert_id in self.alerts else None

    async def acknowledge(self, alert_id: str, version: int, actor: str) -> Alert:
        return self._moved(await super().acknowledge(alert_id, version, actor), actor, "acknowledge")

    async def judge(self, alert_id: str, version: int, verdict: Verdict, reason: str, actor: str) -> Alert:
        alert = await super().judge(alert_id, version, verdict, reason, actor)
        return self._moved(alert, actor, "verdict", verdict=verdict, reason=reason)

    async def comment(self, alert_id: str, text: str, actor: str) -> Alert:
        return self._moved(await super().comment(alert_id, text, actor), actor, "comment", text=text)

    async def resolve(self, alert_id: str, version: int, note: str, actor: str) -> Alert:
        return self._moved(await super().resolve(alert_id, version, note, actor), actor, "resolve", note=note)

    def _moved(self, alert: Alert, actor: str, action: str, **detail: Any) -> Alert:
        now = time.time()
        if action == "verdict":
            alert.verdict_at = now
        if action == "resolve":
            alert.resolved_at = now
        self._write(alert, actor, action, now, **detail)
        self._say(alert)
        return alert

    def _write(self, alert: Alert, actor: str, action: str, at: float, **detail: Any) -> None:
        rows = self._rows.setdefault(alert.id, [])
        rows.append(AuditRow(len(rows) + 1, at, actor, action, alert.id, detail, "", ""))

    def _say(self, alert: Alert) -> None:
        self._community.hub.publish("alert", alert_view(alert, saved=self.is_saved(alert.id)))


class WavyHistory(MemoryHistory):
    """A day that rises and falls, so that a chart has something to show."""

    async def query(self, device: Device, start: float, end: float, every_s: float) -> Points:
        times = [start + every_s * step for step in range(int((end - start) / every_s))]
        waves = {"smoke_density": (0.03, 0.02), "temperature": (24.0, 3.0), "battery_percent": (80.0, 1.0)}
        points: Points = {
            name: [(at, round(middle + swing * math.sin(at / (every_s * 20)), 4)) for at in times]
            for name, (middle, swing) in waves.items()
        }
        points["smoke"] = [(at, index > len(times) * 0.9) for index, at in enumerate(times)]
        return points


class Community(World):
    """Three buildings, a handful of devices, five alerts and a stranger."""

    def __init__(self, console_dir: Path = DIST) -> None:
        super().__init__(console_dir, ping_s=0.5)
        self.site = Site.model_validate(
            {
                "site": {"id": "osmanthus", "name": "桂苑 Osmanthus Court"},
                "buildings": [{"id": f"b{n}", "name": f"{n}号楼 Building {n}", "floors": FLOORS} for n in range(1, 4)],
            }
        )
        self.desk: TalkingDesk = TalkingDesk(self)
        self.history = WavyHistory()
        self.health.state["problems"] = []
        self.app = self._app(console_dir)
        self._console_dir = console_dir
        self._fill_inventory()
        self._raise_first_alerts()

    def fire(self, floor: str = "12F", at: float | None = None, **changes: Any) -> Alert:
        """Raise a new smoke alarm in building 3."""
        now = time.time() if at is None else at
        reason = Reason("state_true", {"smoke": True, "smoke_density": 0.18, "temperature": 41.5})
        fields = {"device": "smoke-b3-12", "place": Place("电梯厅烟感 lobby smoke", "b3", floor), "reason": reason}
        return self.desk.raise_alert(make_alert(raised_at=now, received_at=now, **{**fields, **changes}))

    def reopen(self) -> None:
        """Start anew as a restarted gateway does: same state, new stream."""
        self.hub = Hub(FIRST_ID * 2, 0.5)
        self.app = self._app(self._console_dir)

    def _fill_inventory(self) -> None:
        now = time.time()
        smoke = DeviceKind.SMOKE_DETECTOR
        rows: list[tuple[Device, bool | None, dict[str, float], dict[str, Any]]] = [
            (
                Device("smoke-b3-12", smoke, "12F 烟感 smoke 12", "native", "", "b3", "12F", "", "FIRE-0012", 3600),
                True,
                {"smoke_density": 0.18, "temperature": 41.5, "battery_percent": 81},
                {"smoke": True, "battery_low": False, "tamper": None},
            ),
            (
                Device("lift-b1-01", DeviceKind.LIFT, "1号梯 lift 1", "native", "", "b1", "1F", "", "LIFT-0001"),
                True,
                {"speed": 0.0, "load_percent": 18},
                {"floor": "9F", "car_state": "stopped", "door_state": "closed", "entrapment": True},
            ),
            (
                Device("gate-b2-01", DeviceKind.ACCESS_GATE, "门禁 gate 1", "native", "", "b2", "1F"),
                True,
                {"door_cycles": 18231},
                {"door_state": "open", "lock_state": "unlocked"},
            ),
            (
                Device("cam-b1-02", DeviceKind.CAMERA, "外墙 facade 2", "native", "", "b1", "1F", "facade-b1-2"),
                False,
                {"frame_rate": 24.6, "object_count": 2},
                {"motion": True},
            ),
            (Device("water-b2-01", DeviceKind.WATER_LEAK, "水浸 water 1", "native", "", "b2", "B1"), None, {}, {}),
        ]
        for device, online, measurements, states in rows:
            heard = 0.0 if online is None else now - 20
            twin = Twin(device.id, heard, heard, online, measurements, states)
            self.devices.known[device.id] = (device, twin)
        for n in range(60):
            device = Device(f"smoke-b1-{n + 20}", smoke, f"烟感 smoke {n + 20}", building="b1", floor=FLOORS[n % 19])
            twin = Twin(device.id, now - n, now - n, True, {"smoke_density": 0.01, "battery_percent": 90}, {})
            self.devices.known[device.id] = (device, twin)
        self.devices.unknown["water-new-7"] = Stranger(
            device="water-new-7",
            kind=DeviceKind.WATER_LEAK,
            dialect="native",
            first_seen=now - 7200,
            last_seen=now - 4,
            count=1204,
            last={"states": {"water_leak": False}, "measurements": {"battery_percent": 97}},
        )

    def _raise_first_alerts(self) -> None:
        now = time.time()
        lift = Reason("controller_code", {"entrapment": True, "floor": "9F"})
        held = Reason("door_open", {"open_s": 74.0}, {"dwell_s": 60})
        thrown = {"floor_low": 9, "floor_high": 11, "column": "B", "speed": 23.5, "score": 0.93}
        lane = Reason(
            "stood_too_long", {"zone": "lane-b2-1", "stood_s": 121.4, "object_class": "car"}, {"dwell_s": 120}
        )
        rows: list[tuple[str, Severity, DeviceKind, str, Place, Reason, float, dict[str, Any]]] = [
            (
                "lift_entrapment", Severity.CRITICAL, DeviceKind.LIFT, "lift-b1-01",
                Place("1号梯 lift 1", "b1", "1F"), lift, 95, {"repeats": 2},
            ),
            (
                "falling_object", Severity.MAJOR, DeviceKind.CAMERA, "cam-b1-02",
                Place("外墙 facade 2", "b1", "1F", "facade-b1-2"),
                Reason("fell", thrown, {"min_score": 0.8}), 40, {},
            ),
            (
                "fire_lane_blocked", Severity.MAJOR, DeviceKind.CAMERA, "cam-b2-01",
                Place("消防通道 fire lane 1", "b2", "1F", "lane-b2-1"), lane, 900,
                {"acknowledged_by": "guard", "acknowledged_at": now - 800},
            ),
            (
                "gate_held_open", Severity.MINOR, DeviceKind.ACCESS_GATE, "gate-b2-01",
                Place("门禁 gate 1", "b2", "1F"), held, 4000, {"condition": Condition.NORMAL},
            ),
            (
                "device_test", Severity.NOTICE, DeviceKind.SMOKE_DETECTOR, "smoke-new-9",
                Place(), Reason("state_true", {"smoke": True}), 90_000, {"test": True, "registered": False},
            ),
        ]  # fmt: skip
        for rule, severity, kind, device, place, reason, age, changes in rows:
            fields = {"severity": severity, "kind": kind, "device": device, "place": place, "reason": reason}
            self.desk.raise_alert(make_alert(rule, now - age, received_at=now - age, **fields, **changes))


class Serving:
    """The community on a loopback port; it may go away and come back."""

    def __init__(self, community: Community, port: int) -> None:
        self.community = community
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Future[None] | None = None

    async def start(self) -> None:
        listening = socket.create_server(("127.0.0.1", self._port))
        config = uvicorn.Config(self.community.app, log_config=None, proxy_headers=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._task = asyncio.ensure_future(self._server.serve(sockets=[listening]))

    async def stop(self) -> None:
        if self._server is None or self._task is None:
            return
        self.community.hub.close()
        self._server.should_exit = True
        await asyncio.wait_for(self._task, STOP_S)
        self._server = self._task = None


@asynccontextmanager
async def serving(community: Community, port: int) -> AsyncIterator[Serving]:
    """Serve ``community`` until the block ends."""
    served = Serving(community, port)
    await served.start()
    try:
        yield served
    finally:
        await served.stop()

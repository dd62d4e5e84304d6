"""The ports of the API, implemented in memory, and clients who are logged in."""

from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter

from alert_rules.alert import Alert, Condition, Place, Reason, Severity, alert_id
from devices.model import DeviceKind
from devices.registry import Device
from devices.twin import Twin
from gateway.alerts.people import Role
from gateway.alerts.records import Stranger
from gateway.api.app import create_app
from gateway.api.context import Ports
from gateway.api.hub import Hub
from gateway.site import Site
from tests.unit.api.casework import MemoryCases, MemoryPlans
from tests.unit.api.memory import (
    MemoryAccounts,
    MemoryDesk,
    MemoryDevices,
    MemoryHealth,
    MemoryHistory,
    MemoryLikelihood,
    MemoryLookback,
    MemoryMuting,
    MemoryPushes,
)
from tests.unit.api.token_world import MemoryTokens
from tests.unit.people.making import Room

HEADERS = {"X-Requested-With": "community-gateway"}
ELSEWHERE = ("192.0.2.7", 40_000)
FIRST_ID = 1_000


def make_alert(rule: str = "smoke_alarm", raised_at: float = 100.0, **changes: Any) -> Alert:
    device = changes.pop("device", "smoke-b1-03")
    fields = {
        "id": alert_id(f"{rule}/{device}", raised_at),
        "fingerprint": f"{rule}/{device}",
        "rule": rule,
        "device": device,
        "kind": DeviceKind.SMOKE_DETECTOR,
        "subject": "",
        "severity": Severity.CRITICAL,
        "place": Place("Kitchen 301", "b1", "3", "z1"),
        "raised_at": raised_at,
        "received_at": raised_at + 1,
        "last_at": raised_at,
        "reason": Reason("smoke", {"smoke": True}, {}),
    }
    return Alert(**{**fields, **changes})


class World:
    """An application with everything behind it within reach."""

    def __init__(self, console_dir: Path | None = None, ping_s: float = 10.0, **api: Any) -> None:
        buildings = [{"id": "b1", "name": "1号楼", "floors": ["1", "2", "3"]}, {"id": "b2"}]
        self.site = Site.model_validate(
            {"site": {"id": "garden", "name": "花园小区"}, "buildings": buildings, "api": api}
        )
        self.desk = MemoryDesk()
        self.devices = MemoryDevices()
        self.history = MemoryHistory()
        self.health = MemoryHealth()
        self.accounts = MemoryAccounts()
        self.tokens = MemoryTokens()
        self.pushes = MemoryPushes()
        self.muting = MemoryMuting(self.desk)
        self.lookback = MemoryLookback()
        self.people = Room(self.accounts.sessions.values())
        self.plans = MemoryPlans(self.desk.alerts)
        self.cases = MemoryCases(self.desk.alerts)
        self.hub = Hub(FIRST_ID, ping_s)
        self.registry = CollectorRegistry()
        Counter("messages_received", "Messages.", registry=self.registry).inc(3)
        self.app = self._app(console_dir)

    def _app(self, console_dir: Path | None) -> FastAPI:
        ports = Ports(
            site=self.site,
            desk=self.desk,
            devices=self.devices,
            history=self.history,
            health=self.health,
            accounts=self.accounts,
            tokens=self.tokens,
            pushes=self.pushes,
            suppressions=self.muting,
            likelihood=MemoryLikelihood(),
            people=self.people.desks,
            lookback=self.lookback,
            plans=self.plans,
            cases=self.cases,
            hub=self.hub,
            registry=self.registry,
            console_dir=console_dir,
        )
        return create_app(ports)

    def client(self, role: Role | None = None, headers: dict[str, str] = HEADERS, peer: Any = ELSEWHERE) -> Any:
        """A client who has the session of ``role``."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False, client=peer)
        cookies = {"cg_session": role.value} if role else {}
        return httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers, cookies=cookies)

    def populate(self) -> None:
        """One of everything, so that each route has something to find."""
        smoke = Device("smoke-b1-03", DeviceKind.SMOKE_DETECTOR, "厨房烟感", "native", "", "b1", "3", "z1", "A-7", 60.0)
        twin = Twin("smoke-b1-03", 90.0, 90.0, True, {"smoke_density": 0.02}, {"smoke": True, "tamper": None})
        lift = Device("lift-1", DeviceKind.LIFT, "客梯", building="b2")
        self.devices.known |= {"smoke-b1-03": (smoke, twin), "lift-1": (lift, None)}
        stranger = Stranger(
            device="new-1", kind=DeviceKind.WATER_LEAK, dialect="native", first_seen=1.0, last_seen=9.0, last={"a": 1}
        )
        older = Stranger(device="new-2", kind=DeviceKind.CAMERA, dialect="native", first_seen=1.0, last_seen=8.0)
        self.devices.unknown |= {"new-2": older, "new-1": stranger}
        self.desk.add(
            make_alert(),
            make_alert("water_leak", 90.0, severity=Severity.MAJOR, device="leak-1", condition=Condition.NORMAL),
        )

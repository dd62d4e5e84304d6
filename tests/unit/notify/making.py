"""Alerts as the API shows them, for the tests of notifications."""

from typing import Any

from gateway.broker import Broker
from gateway.site import SiteInfo

SITE = SiteInfo(id="home", name="清河小区")
BROKER = Broker("127.0.0.1", 1, "gw")


def view(**changes: Any) -> dict[str, Any]:
    """A fire alert on a registered detector, 2025-06-15 16:06:40 UTC."""
    alert: dict[str, Any] = {
        "id": "k3x7",
        "fingerprint": "smoke_alarm/smoke-b1-03",
        "rule": "smoke_alarm",
        "device": "smoke-b1-03",
        "kind": "smoke_detector",
        "subject": "",
        "severity": "critical",
        "stage": "new",
        "place": {"name": "电梯厅", "building": "3号楼", "floor": "B1", "zone": ""},
        "raised_at": 1_750_003_600.0,
        "received_at": 1_750_003_600.4,
        "reason": {"code": "smoke", "values": {"smoke": True, "smoke_density": 4.2}, "thresholds": {}},
        "test": False,
        "registered": True,
        "verdict": None,
        "attributes": {},
    }
    return {**alert, **changes}


def changed(action: str = "raise", actor: str = "system", **changes: Any) -> dict[str, Any]:
    """The same alert with what happened to it, as programs are told."""
    change = {"id": "k3x7-1-ab", "at": 1_750_003_600.4, "actor": actor, "action": action, "detail": {}}
    return {**view(**changes), "saved": True, "change": change}

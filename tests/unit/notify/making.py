"""Alerts as the API shows them, for the tests of notifications."""

from typing import Any


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

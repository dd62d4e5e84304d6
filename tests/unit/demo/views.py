"""Alerts as the API sends them, as far as a demonstration looks at them."""

from typing import Any


def view(rule: str = "smoke_alarm", at: float = 1_750_000_000.0, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{rule}-{at:.0f}",
        "rule": rule,
        "device": "smoke-b1-01",
        "severity": "critical",
        "stage": "new",
        "raised_at": at,
        "place": {"name": "smoke 1", "building": "b1", "floor": "3F", "zone": ""},
        **changes,
    }

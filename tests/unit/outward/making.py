"""A mirror over a small inventory, and what it published."""

import json
from typing import Any

from alert_rules.alert import Alert
from devices.model import DeviceKind
from devices.registry import Device
from devices.twin import Twin
from gateway.api.views import alert_view
from gateway.outward.mirror import Mirror, Publication
from gateway.site import Outward, SiteInfo

SMOKE = Device("smoke-1", DeviceKind.SMOKE_DETECTOR, name="大厅", building="b1", floor="3", asset="A-7")
LIFT = Device("lift:1", DeviceKind.LIFT)
HOME = SiteInfo(id="home", name="清河小区")


class Site:
    """An inventory that tests change, and its mirror."""

    def __init__(self, *alerts: Alert, **outward: Any) -> None:
        self.known: dict[str, tuple[Device, Twin | None]] = {
            "smoke-1": (
                SMOKE,
                Twin("smoke-1", online=True, states={"smoke": False}, measurements={"temperature": 21.5}),
            ),
            "lift:1": (LIFT, None),
        }
        given = Outward.model_validate({"enabled": True, **outward})
        self.mirror = Mirror(
            given, HOME, lambda: self.known.values(), self.known.get, alerts, lambda a: alert_view(a, saved=True)
        )

    @property
    def twin(self) -> Twin:
        twin = self.known["smoke-1"][1]
        assert twin is not None
        return twin

    def settle(self) -> dict[str, Any]:
        """Publish all that is due; topics with their bodies, in order."""
        found = self.mirror.take(1_000)
        assert self.mirror.idle
        return {each.topic: body(each) for each in found}


def body(message: Publication) -> Any:
    return json.loads(message.payload) if message.payload else None

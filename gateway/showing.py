"""What is pushed to consoles and to the outside without being asked for."""

import asyncio
from collections.abc import Callable

from gateway.api.hub import Hub
from gateway.api.views import device_view
from gateway.clock import Clock
from gateway.desk import Inventory
from gateway.evaluate import Evaluator
from gateway.health import HealthDesk
from gateway.outward.publisher import Publisher

SHOWN_DEVICES = 1_000
HEALTH_S = 10.0


class Showing:
    """Two endless loops: changed devices, at most once a second, and the gateway's own health."""

    def __init__(
        self,
        hub: Hub,
        inventory: Inventory,
        evaluator: Evaluator,
        health: HealthDesk,
        outward: Publisher | None,
        clock: Clock,
        note_hearing: Callable[[], None],
    ) -> None:
        self._hub = hub
        self._inventory = inventory
        self._evaluator = evaluator
        self._health = health
        self._outward = outward
        self._clock = clock
        self._note_hearing = note_hearing

    async def devices(self) -> None:
        """Push what devices say."""
        while True:
            await asyncio.sleep(1)
            changed, self._evaluator.changed_devices = self._evaluator.changed_devices, set()
            if self._outward and changed:
                self._outward.devices(changed)
            if not changed or not len(self._hub):
                continue
            shown = self._inventory.by_building(list(changed)[:SHOWN_DEVICES], self._hub.scoped)
            for building, pairs in shown.items():
                self._hub.publish("devices", {"items": [device_view(*pair) for pair in pairs]}, building)

    async def health(self) -> None:
        """Push health on change and every ten seconds."""
        shown: list[object] = []
        due = 0.0
        while True:
            self._note_hearing()
            self._health.measure()
            snapshot = self._health.snapshot()
            if snapshot["problems"] != shown or self._clock.monotonic() >= due:
                shown, due = snapshot["problems"], self._clock.monotonic() + HEALTH_S
                self._hub.publish("health", snapshot)
            await asyncio.sleep(1)

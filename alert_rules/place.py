"""Where a device is, as its alerts remember it. Pure."""

from alert_rules.alert import Place
from devices.registry import Registry


def place_of(registry: Registry, device_id: str) -> Place:
    """The place of a device; what only carries the messages of others is in their building, if they share one."""
    device = registry.get(device_id)
    if device is not None:
        return Place(device.name, device.building, device.floor, device.zone)
    buildings = {each.building for each in registry.behind(device_id)}
    return Place(building=buildings.pop() if len(buildings) == 1 else "")

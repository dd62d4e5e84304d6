"""Makes the outward publisher of a site ready, where the site file wants one."""

from collections.abc import Iterable
from typing import Protocol

from paho.mqtt.client import topic_matches_sub

from alert_rules.alert import Alert
from devices.registry import Device
from devices.twin import Twin
from gateway.broker import broker_of
from gateway.errors import OperatorError
from gateway.outward.mirror import Mirror, View
from gateway.outward.publisher import Publisher
from gateway.site import Site


class Inventory(Protocol):
    """The devices and what they last said."""

    def items(self) -> Iterable[tuple[Device, Twin | None]]: ...

    def get(self, device_id: str) -> tuple[Device, Twin | None] | None: ...


def open_publisher(
    site: Site, listened: Iterable[str], inventory: Inventory, alerts: Iterable[Alert], view: View
) -> Publisher | None:
    """Build the publisher; ``None`` where nothing is to be published. ``listened`` are the filters the gateway hears.

    Raises:
        OperatorError: the gateway would hear what it says, and take it for a device's word.
    """
    if not site.outward.enabled:
        return None
    mirror = Mirror(site.outward, site.site, inventory.items, inventory.get, alerts, view)
    for heard in listened:
        if any(topic_matches_sub(heard, topic) for topic in (mirror.topics.state("x"), mirror.topics.status)):
            remedy = "choose another prefix, community-gateway for instance"
            raise OperatorError("outward.prefix", f"lies in {heard}, which the gateway itself listens to", remedy)
    return Publisher(mirror, broker_of(site.mqtt))

"""Where everything is published. Pure."""

import re
from zlib import crc32

from msgspec import Struct

from gateway.site import Outward


class Topics(Struct, frozen=True):
    """The topics of one site, all below ``base`` but for Home Assistant's discovery."""

    base: str
    discovery: str
    site: str

    @classmethod
    def of(cls, outward: Outward, site: str) -> "Topics":
        return cls(f"{outward.prefix}/{site}", outward.discovery_prefix, site)

    @property
    def status(self) -> str:
        """``online`` or ``offline``, retained; the broker says ``offline`` for us when we are gone."""
        return f"{self.base}/status"

    @property
    def summary(self) -> str:
        return f"{self.base}/summary"

    @property
    def home_assistant(self) -> str:
        """Home Assistant's own birth and will."""
        return f"{self.discovery}/status"

    def state(self, device: str) -> str:
        return f"{self.base}/device/{device}/state"

    def event(self, device: str) -> str:
        """Changes of a device's alerts; a stranger's address may be any text."""
        return f"{self.base}/event/{word(device)}"

    def alert(self, alert: str) -> str:
        return f"{self.base}/alert/{alert}"

    def config(self, device: str) -> str:
        """The discovery topic of a device; empty: the gateway's own."""
        return f"{self.discovery}/device/{self.node(device)}/config"

    def node(self, device: str) -> str:
        """Name a device at Home Assistant, where ids of all its MQTT devices share one space."""
        return "_".join(filter(None, ("community-gateway", word(self.site), word(device))))

    def device_of(self, topic: str) -> str | None:
        """Return the device of a state topic; ``None``: it is none."""
        return self._between(topic, "device", "/state")

    def alert_of(self, topic: str) -> str | None:
        """Return the alert of an alert topic; ``None``: it is none."""
        return self._between(topic, "alert", "")

    def _between(self, topic: str, what: str, end: str) -> str | None:
        head = f"{self.base}/{what}/"
        found = topic.startswith(head) and topic.endswith(end)
        return topic[len(head) : len(topic) - len(end)] if found else None


def word(text: str) -> str:
    """``text`` with letters, digits, ``_`` and ``-`` only; where that changes it, told apart by a checksum."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", text)
    if plain == text and len(text) <= 64:
        return text
    return f"{plain[:55]}-{crc32(text.encode()):08x}"

"""Sends one marked message through a channel, the way a real one goes, and says what the channel answered."""

from gateway.broker import broker_of
from gateway.config import reveal
from gateway.errors import OperatorError
from gateway.notify.channels import open_channels
from gateway.notify.ports import Reveal, Undelivered
from gateway.site import Site

STAGE = "trial"


def try_channel(site: Site, name: str, now: float, reveal: Reveal = reveal) -> str:
    """Send a test message at ``now`` (epoch seconds) through the channel ``name``; return its answer.

    Raises:
        OperatorError: the site file has no such channel.
        Undelivered: the channel did not confirm.
    """
    channels = {channel.name: channel for channel in site.channels}
    if name not in channels:
        known = ", ".join(channels) or "none; add one under channels"
        raise OperatorError(f"channel {name}", "is not in the site file", f"name one of its channels: {known}")
    id_ = f"trial-{int(now * 1000)}"
    alert = {
        "id": id_,
        "rule": "device_test",
        "device": "gateway",
        "kind": "gateway",
        "severity": "notice",
        "place": {"name": site.site.name, "building": "", "floor": "", "zone": ""},
        "raised_at": now,
        "received_at": now,
        "reason": {"code": STAGE, "values": {}, "thresholds": {}},
        "test": True,
        "registered": True,
        "verdict": None,
        "version": 1,
        "change": {"id": id_, "action": STAGE, "at": now, "actor": "gateway", "detail": {}},
    }
    endpoint = open_channels([channels[name]], reveal, site.site, broker_of(site.mqtt))[name]
    return endpoint.deliver(STAGE, alert, f"{id_}:{name}")


def remedy(name: str, error: Undelivered) -> str:
    """What to do about a channel that does not confirm."""
    if "understands" in str(error) or "cannot be read" in str(error):
        return f"put the service's apprise URL where the site file says that of {name} is; see docs/notifications.md"
    return f"check the address, the key or password, and the way there (firewall, proxy), then try {name} again"

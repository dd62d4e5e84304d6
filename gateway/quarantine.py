"""Devices that speak but are in no inventory: listed for adoption, bounded in number."""

from devices.model import Report
from gateway.alerts.records import Stranger

MAX_STRANGERS = 10_000


class Quarantine:
    """What strangers said last. Beyond ``MAX_STRANGERS`` new ones are only counted, so made-up ids cost nothing."""

    def __init__(self) -> None:
        self.known: dict[str, Stranger] = {}
        self.dirty: set[str] = set()
        self.overflow = 0

    def note(self, report: Report) -> None:
        """Remember what ``report`` says about an unknown device."""
        stranger = self.known.get(report.device)
        if stranger is None:
            if len(self.known) >= MAX_STRANGERS:
                self.overflow += 1
                return
            stranger = self.known[report.device] = Stranger(
                device=report.device,
                kind=report.kind,
                dialect=report.dialect,
                first_seen=report.received_at,
                last_seen=report.received_at,
                count=0,
            )
        stranger.count += 1
        stranger.last_seen = report.received_at
        stranger.last = {**stranger.last, **_maker(report), **report.measurements, **report.states}
        self.dirty.add(report.device)

    def forget(self, device: str) -> None:
        """The device was adopted."""
        self.known.pop(device, None)
        self.dirty.discard(device)

    def take(self) -> list[Stranger]:
        """Return those changed since the last call."""
        changed = [self.known[device] for device in self.dirty if device in self.known]
        self.dirty = set()
        return changed


def _maker(report: Report) -> dict[str, str]:
    """Maker and model, where the device announced them."""
    raw = report.raw_codes or {}
    return {name: str(raw[name]) for name in ("vendor", "maker", "model") if name in raw}

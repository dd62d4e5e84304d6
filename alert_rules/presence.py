"""Whether devices are there: offline by their own word, or by silence beyond their expectation. Pure."""

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NEVER
from devices.model import DeviceKind
from devices.registry import Device
from devices.twin import Twin

RULE = "device_offline"
REMEMBERED_GAPS = 64


class Presence:
    """Judges silence. Time in which the gateway itself could not hear (broker away, restart) is not a device's silence.

    ``gaps`` are (start, duration) of such times, in epoch seconds.
    """

    def __init__(self) -> None:
        self.gaps: list[tuple[float, float]] = []
        self.deaf_since: float | None = None

    def hearing(self, able: bool, now: float) -> None:
        """Note that the gateway lost (``able`` false) or regained its hearing."""
        if not able:
            self.deaf_since = now if self.deaf_since is None else self.deaf_since
        elif self.deaf_since is not None:
            self.gaps.append((self.deaf_since, now - self.deaf_since))
            del self.gaps[:-REMEMBERED_GAPS]
            self.deaf_since = None

    def deadline(self, twin: Twin, device: Device) -> float:
        """Return when ``device`` has been silent too long, or never. Deaf times count only after it was last heard."""
        if device.expect_every_s <= 0:
            return NEVER
        seen = twin.last_seen
        return seen + device.expect_every_s + sum(max(0.0, start + d - max(start, seen)) for start, d in self.gaps)

    def heard(self, twin: Twin, device: Device, available: bool | None, at: float, now: float) -> list[Transition]:
        """Update ``twin.online`` from a report; call when it is not online or ``available`` is given."""
        online = available is not False
        before, twin.online = twin.online, online
        if before is online or (before is None and online):
            return []
        reason = Reason("said_offline" if not online else "back", {"last_seen": twin.last_seen})
        return [self._say(Action.CLEAR if online else Action.RAISE, device, at, now, reason)]

    def silent(self, twin: Twin, device: Device, now: float) -> list[Transition]:
        """Call at the deadline: the device is offline."""
        if twin.online is False:
            return []
        twin.online = False
        values = {"last_seen": twin.last_seen, "silent_s": round(now - twin.last_seen, 1)}
        reason = Reason("silent", values, {"expect_every_s": device.expect_every_s})
        return [self._say(Action.RAISE, device, now, now, reason)]

    def _say(self, action: Action, device: Device, at: float, now: float, reason: Reason) -> Transition:
        fire = device.kind is DeviceKind.SMOKE_DETECTOR
        return Transition(
            action=action,
            rule=RULE,
            device=device.id,
            kind=device.kind,
            severity=Severity.MAJOR if fire else Severity.MINOR,
            at=at,
            received_at=now,
            reason=reason,
            auto_resolve=True,
        )

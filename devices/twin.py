"""The last known state of each device, folded from its reports. Pure."""

from msgspec import Struct, field

from devices.model import Report, StateValue, TimeQuality

WINDOW = 64
_MASK = (1 << WINDOW) - 1
RECENT_KEYS = 16
UNDATED = frozenset({TimeQuality.RECEIVED_ONLY, TimeQuality.DEVICE_UNSYNCED, TimeQuality.FUTURE_REJECTED})


class Twin(Struct, array_like=True, gc=False):
    """What is known of one device.

    ``at`` is the newest event time of the device's own clock, ``last_seen`` the newest receipt. ``online`` is ``None``
    until the device was heard. ``highest_sequence`` and ``seen_window`` form a sliding window over the last 64 sequence
    numbers (the anti-replay window of RFC 4303, section 3.4.3), so that a redelivery in any order is recognised.
    """

    device: str
    last_seen: float = 0.0
    at: float = 0.0
    online: bool | None = None
    measurements: dict[str, float] = field(default_factory=dict)
    states: dict[str, StateValue] = field(default_factory=dict)
    highest_sequence: int = -1
    seen_window: int = 0
    recent_keys: list[str] = field(default_factory=list)

    def is_duplicate(self, report: Report) -> bool:
        """Tell whether ``report`` was folded before, and remember it.

        A sequence seen or far behind, but with a newer event time, is a device that restarted its count. Far behind
        with an older time is only late, as an alarm may be that waited in its own lane: rather judged again than lost.
        """
        sequence = report.sequence
        if sequence is None:
            return self._key_seen(report.dedup_key)
        ahead = sequence - self.highest_sequence
        if ahead == 1:
            self.seen_window = ((self.seen_window << 1) | 1) & _MASK
            self.highest_sequence = sequence
            return False
        if ahead > 0:
            self.seen_window = ((self.seen_window << ahead) | 1) & _MASK if ahead < WINDOW else 1
            self.highest_sequence = sequence
            return False
        if report.at > self.at and (ahead <= -WINDOW or self.seen_window & 1 << -ahead):
            self.highest_sequence, self.seen_window = sequence, 1
            return False
        if ahead <= -WINDOW:
            return False
        seen = bool(self.seen_window & 1 << -ahead)
        self.seen_window |= 1 << -ahead
        return seen

    def fold(self, report: Report) -> bool:
        """Merge what ``report`` says; older event time fills gaps but overwrites nothing newer.

        Only the device's own clock is compared with itself: a report stamped on receipt counts by arrival and makes no
        later one of the device's clock look old.

        Retained messages and wills come from the broker: they are no sign of life. Returns whether the report repeats
        exactly the states that were known.
        """
        if report.received_at > self.last_seen and not report.snapshot and report.availability is not False:
            self.last_seen = report.received_at
        if report.at >= self.at or report.time_quality in UNDATED:
            if report.time_quality not in UNDATED:
                self.at = report.at
            elif report.snapshot:
                self._fill(report)
                return False
            # Reports never change, so what says all there is to say is kept as it is: at many devices most of the time
            # would go into fetching two copies of everything from memory.
            measurements, states = report.measurements, report.states
            if self.measurements.keys() <= measurements.keys():
                self.measurements = measurements
            else:
                self.measurements = {**self.measurements, **measurements}
            if states is self.states or states == self.states:
                self.states = states
                return True
            self.states = states if self.states.keys() <= states.keys() else {**self.states, **states}
        else:
            self._fill(report)
        return False

    def _fill(self, report: Report) -> None:
        """Take what is not known yet."""
        self.measurements = {**report.measurements, **self.measurements}
        self.states = {**report.states, **self.states}

    def _key_seen(self, key: str | None) -> bool:
        if key is None:
            return False
        if key in self.recent_keys:
            return True
        self.recent_keys.append(key)
        del self.recent_keys[:-RECENT_KEYS]
        return False

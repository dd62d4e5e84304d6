"""What a report shows of its sender by how it comes, whatever it says: a wrong clock, a gap, a stranger. Pure.

Rules list the signs they judge in ``Rule.signs``; ordinary reports show none and cost those rules nothing.
"""

from itertools import product

from devices.model import Report, TimeQuality
from devices.twin import Twin

BACK = "+back"
"""The device was offline until this report."""
CLOCK = "+clock"
"""The event time is impossible, or far from the receipt although the report is news."""
GAP = "+gap"
"""The sequence jumped over numbers not heard yet."""
STRANGER = "+stranger"
"""The device is not in the site's inventory."""

LATE_S = 60.0
EARLY_S = 5.0
_WRONG = frozenset({TimeQuality.DEVICE_UNSYNCED, TimeQuality.FUTURE_REJECTED})

_SHOWN = {
    there: tuple(name for name, shown in zip((GAP, CLOCK, STRANGER), there, strict=True) if shown)
    for there in product((False, True), repeat=3)
}
"""Ready-made: a backlog is late from its first message to its last."""


def signs_of(report: Report, twin: Twin) -> tuple[str, ...]:
    """Name what ``report`` shows; ``twin`` has not counted it yet."""
    sequence = report.sequence
    gap = sequence is not None and sequence - twin.highest_sequence > 1 and twin.highest_sequence >= 0
    late_s = report.received_at - report.at
    skewed = not -EARLY_S <= late_s <= LATE_S and not (report.historical or report.snapshot)
    wrong = skewed or report.time_quality in _WRONG
    if not (gap or wrong) and report.registered:
        return ()
    return _SHOWN[gap, wrong, not report.registered]

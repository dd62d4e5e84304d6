"""Time of a stream from its own timestamps, whatever a camera makes of them. Pure."""

JUMP_S = 10.0
"""A gap or drift beyond this is a wrong clock, not a pause: the clock is anchored anew."""

NOMINAL_S = 0.04


class StreamClock:
    """Turns timestamps into seconds that never go back.

    A repeated timestamp is a repeated picture and yields ``None``. A missing one counts as one usual interval after
    the last. One that leaps (a camera set back to 1970, a counter that wrapped) is anchored anew: to the arrival where
    the stream is live, else one usual interval after the last.
    """

    def __init__(self, live: bool) -> None:
        self._live = live
        self._offset: float | None = None
        self._last: float | None = None
        self._began = 0.0
        self._interval = NOMINAL_S
        self.anchored = 0

    def at(self, stamp: float | None, arrival: float) -> float | None:
        """Seconds since the first picture.

        Args:
            stamp: the picture's own time in seconds, of any epoch.
            arrival: seconds of a steady clock at which it arrived; only looked at where the stream is live.
        """
        if self._last is None:
            self._began = arrival
            self._offset = None if stamp is None else -stamp
            self._last = 0.0
            return 0.0
        expected = self._expected(arrival)
        if stamp is None:
            return self._take(expected)
        if self._offset is None:
            self._offset = expected - stamp
        now = stamp + self._offset
        if now == self._last:
            return None
        if self._leaps(now, arrival):
            self._offset = expected - stamp
            self.anchored += 1
            return self._take(expected)
        if now > self._last:
            self._interval = 0.9 * self._interval + 0.1 * min(now - self._last, 1.0)
        return self._take(now) if now > self._last else None

    def _expected(self, arrival: float) -> float:
        assert self._last is not None  # noqa: S101 - asked for after the first picture only
        follows = self._last + self._interval
        return max(follows, arrival - self._began) if self._live else follows

    def _leaps(self, now: float, arrival: float) -> bool:
        assert self._last is not None  # noqa: S101 - asked for after the first picture only
        if self._live:
            return abs(now - (arrival - self._began)) > JUMP_S
        return now < self._last - 1.0 or now > self._last + 24 * 3600

    def _take(self, now: float) -> float:
        self._last = now
        return now

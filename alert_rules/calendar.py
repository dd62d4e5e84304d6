"""Local time of the site, for rules that know hours and weekdays. Pure: the moment is always an argument."""

from datetime import datetime
from zoneinfo import ZoneInfo


class Calendar:
    """Turns epoch seconds into the site's local time.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such IANA time zone.
    """

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)

    def local(self, at: float) -> datetime:
        """The site's wall clock at ``at`` (epoch seconds)."""
        return datetime.fromtimestamp(at, self._zone)

    def hour_of_week(self, at: float) -> int:
        """0 for Monday from midnight to one, 167 for Sunday's last hour."""
        local = self.local(at)
        return local.weekday() * 24 + local.hour


UTC = Calendar("UTC")

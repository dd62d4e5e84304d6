"""Local time and working days of the site, for rules and schedules. Pure: the moment is always an argument."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

SATURDAY = 5


class Calendar:
    """Turns epoch seconds into the site's local time and knows which days are worked.

    ``holidays`` are days off whatever their weekday; ``workdays`` are weekend days that are worked in exchange, as
    the State Council's yearly notice sets them.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such IANA time zone.
    """

    def __init__(self, timezone: str, holidays: Iterable[date] = (), workdays: Iterable[date] = ()) -> None:
        self.zone = ZoneInfo(timezone)
        self.holidays = frozenset(holidays)
        self.workdays = frozenset(workdays)

    def local(self, at: float) -> datetime:
        """The site's wall clock at ``at`` (epoch seconds)."""
        return datetime.fromtimestamp(at, self.zone)

    def hour_of_week(self, at: float) -> int:
        """0 for Monday from midnight to one, 167 for Sunday's last hour."""
        local = self.local(at)
        return local.weekday() * 24 + local.hour

    def works(self, day: date) -> bool:
        """Tell whether ``day`` is a working day."""
        if day in self.workdays:
            return True
        return day not in self.holidays and day.weekday() < SATURDAY


UTC = Calendar("UTC")

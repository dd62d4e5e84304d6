"""What the demonstration has seen so far."""

from collections.abc import Iterable

from gateway.demo.client import View
from gateway.demo.inbox import Arrived
from gateway.demo.outcome import Happened, Raised


class Tally:
    """Incidents that happened and alerts that were seen, each alert with its newest view and its first moment."""

    def __init__(self) -> None:
        self.happened: list[Happened] = []
        self.views: dict[str, View] = {}
        self._first_seen: dict[str, float] = {}

    def take(self, news: Arrived | Happened) -> View | None:
        """Note ``news``; return the alert if it is a new one."""
        if isinstance(news, Happened):
            self.happened.append(news)
            return None
        known = news.view["id"] in self.views
        self.views[news.view["id"]] = news.view
        self._first_seen.setdefault(news.view["id"], news.at)
        return None if known else news.view

    def catch_up(self, listed: Iterable[View], now: float) -> None:
        """Add alerts the stream did not bring: they count as seen only now."""
        for view in listed:
            self.take(Arrived(view, now))

    def raised(self) -> list[Raised]:
        """Every alert, in the order seen."""
        found = ((self.views[each], at) for each, at in self._first_seen.items())
        return [Raised(view["rule"], view["device"], at, view["place"]["building"]) for view, at in found]

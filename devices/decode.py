"""Envelope -> reports or a reject: the one entry point to all dialects."""

from devices.dialects.dialect import Dialect, Lane, Route
from devices.dialects.native import Native
from devices.model import Envelope, Reject, RejectReason, Report
from devices.registry import Registry

DIALECTS: dict[str, type[Dialect]] = {"native": Native}

MAX_CACHED_TOPICS = 400_000


class Decoder:
    """Routes topics to dialects and decodes. Topics are routed once; the cache is bounded against made-up topics."""

    def __init__(self, registry: Registry, site: str = "", dialects: tuple[str, ...] = tuple(DIALECTS)) -> None:
        self.registry = registry
        self._site = site
        self._dialects = {name: DIALECTS[name]() for name in dialects}
        self._routes: dict[str, Route | Reject] = {}

    def filters(self) -> dict[str, Lane]:
        """Return the topic filters to subscribe to, each with its lane."""
        return {f: lane for d in self._dialects.values() for f, lane in d.filters(self._site).items()}

    def route(self, topic: str) -> Route | Reject:
        """Return whom ``topic`` belongs to."""
        found = self._routes.get(topic)
        if found is None:
            if len(self._routes) >= MAX_CACHED_TOPICS:
                self._routes.clear()
            found = self._routes[topic] = self._find(topic)
        return found

    def decode(self, envelope: Envelope) -> list[Report] | Reject:
        """Decode one message. Never raises on bad input: what cannot be understood is a ``Reject``."""
        reports, rejects = self.decode_all([envelope])
        return rejects[0][1] if rejects else reports

    def decode_all(self, envelopes: list[Envelope]) -> tuple[list[Report], list[tuple[int, Reject]]]:
        """Decode a batch; rejects come with their index."""
        reports: list[Report] = []
        rejects: list[tuple[int, Reject]] = []
        known, route_of = self._routes.get, self.route
        for index, envelope in enumerate(envelopes):
            route = known(envelope.topic) or route_of(envelope.topic)
            try:
                found = route.read(route, envelope) if type(route) is Route else route
            except Exception as error:  # a message nobody foresaw must not stall the stream behind it
                found = _unforeseen(error)
            if type(found) is Report:
                reports.append(found)
            elif type(found) is list:
                reports += found
            else:
                rejects.append((index, found))  # type: ignore[arg-type]
        return reports, rejects

    def forget_routes(self) -> None:
        """The registry changed: look every topic up again."""
        self._routes.clear()

    def _find(self, topic: str) -> Route | Reject:
        for dialect in self._dialects.values():
            if dialect.owns(topic):
                route = dialect.route(topic, self._site)
                if isinstance(route, Route):
                    device = self.registry.resolve(route.dialect, route.sender)
                    route.device = device.id if device else route.sender
                    route.registered = device is not None
                return route
        return Reject(RejectReason.UNKNOWN_DIALECT, f"no dialect understands topic {topic[:120]!r}")


def _unforeseen(error: Exception) -> Reject:
    return Reject(RejectReason.MALFORMED, f"the dialect failed on it: {type(error).__name__}: {error}")

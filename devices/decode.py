"""Envelope -> reports or a reject: the one entry point to all dialects."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from devices.dialects import DIALECTS
from devices.dialects.dialect import Context, Dialect, Lane, Remembering, Route
from devices.model import Envelope, Ignored, Reject, RejectReason, Report
from devices.registry import Registry

NATIVE: dict[str, dict[str, Any]] = {"native": {}}
MAX_CACHED_TOPICS = 400_000


class Decoder:
    """Routes topics to dialects and decodes. Topics are routed once; the cache is bounded against made-up topics.
    ``known`` finds the route of a topic seen before.

    ``dialects`` maps the dialects spoken here to their options; ``context`` is what they all are given.
    """

    def __init__(
        self,
        registry: Registry,
        site: str = "",
        dialects: Mapping[str, dict[str, Any]] = NATIVE,
        context: Context | None = None,
    ) -> None:
        given = context or Context()
        self.commands = given.commands
        self._moved = given.moved
        self.registry = registry
        self.ignored = 0
        self._dialects: dict[str, Dialect] = {}
        for name, options in dialects.items():
            own = msgspec.structs.replace(given, site=site, registry=registry, options=options)
            self._dialects[name] = DIALECTS[name](own)
        self._remembering = {name: d for name, d in self._dialects.items() if isinstance(d, Remembering)}
        self._routes: dict[str, Route | Reject] = {}
        self.known = self._routes.get

    def filters(self) -> dict[str, Lane]:
        """Return the topic filters to subscribe to, each with its lane."""
        return {f: lane for dialect in self._dialects.values() for f, lane in dialect.filters().items()}

    def route(self, topic: str) -> Route | Reject:
        """Return whom ``topic`` belongs to."""
        found = self._routes.get(topic)
        if found is None:
            if len(self._routes) >= MAX_CACHED_TOPICS:
                self._routes.clear()
            found = self._routes[topic] = self._find(topic)
        return found

    def decode(self, envelope: Envelope) -> list[Report] | Reject | Ignored:
        """Decode one message. Never raises on bad input: what cannot be understood is a ``Reject``."""
        found = self._read(self.route(envelope.topic), envelope)
        if self._moved:
            self._route_anew()
        return [found] if isinstance(found, Report) else found

    def decode_all(self, envelopes: list[Envelope]) -> tuple[list[Report], list[tuple[int, Reject]]]:
        """Decode a batch; rejects come with their index, what is deliberately ignored is only counted."""
        reports: list[Report] = []
        rejects: list[tuple[int, Reject]] = []
        known, route_of, moved = self.known, self.route, self._moved
        for index, envelope in enumerate(envelopes):
            route = known(envelope.topic) or route_of(envelope.topic)
            try:
                found = route.read(route, envelope) if type(route) is Route else route
            except Exception as error:  # a message nobody foresaw must not stall the stream behind it
                found = _unforeseen(error)
            if moved:
                self._route_anew()
            if type(found) is Report:
                reports.append(found)
            elif type(found) is list:
                reports += found
            elif type(found) is Reject:
                rejects.append((index, found))
            else:
                self.ignored += 1
        return reports, rejects

    def take_memory(self) -> list[tuple[str, str, bytes | None]]:
        """Return what dialects learned since the last call: dialect, key, and content (``None``: forgotten)."""
        taken: list[tuple[str, str, bytes | None]] = []
        for name, dialect in self._remembering.items():
            taken += [(name, key, dialect.memory(key)) for key in dialect.changed]
            dialect.changed.clear()
        return taken

    def give_back_memory(self, taken: Iterable[tuple[str, str, bytes | None]]) -> None:
        """What ``take_memory`` returned was not saved: the next call returns its present state again."""
        for name, key, _ in taken:
            self._remembering[name].changed.add(key)

    def remember(self, memories: Iterable[tuple[str, bytes]]) -> int:
        """Give dialects back what they learned before a restart; return how many parts none could read."""
        unread = 0
        for name, memory in memories:
            dialect = self._remembering.get(name)
            if dialect is None:
                continue
            try:
                dialect.remember(memory)
            except msgspec.DecodeError:
                unread += 1
        for dialect in self._remembering.values():
            dialect.changed.clear()
        return unread

    def forget_routes(self) -> None:
        """The registry changed: look every topic up again."""
        self._routes.clear()

    def _route_anew(self) -> None:
        for topic in self._moved:
            self._routes.pop(topic, None)
        self._moved.clear()

    def _read(self, route: Route | Reject, envelope: Envelope) -> Report | list[Report] | Reject | Ignored:
        if isinstance(route, Reject):
            return route
        try:
            return route.read(route, envelope)
        except Exception as error:
            return _unforeseen(error)

    def _find(self, topic: str) -> Route | Reject:
        for dialect in self._dialects.values():
            if dialect.owns(topic):
                route = dialect.route(topic)
                if isinstance(route, Route):
                    device = self.registry.resolve(route.dialect, route.sender)
                    route.device = device.id if device else route.sender
                    route.registered = device is not None
                return route
        return Reject(RejectReason.UNKNOWN_DIALECT, f"no dialect understands topic {topic[:120]!r}")


def options_of(dialect: str, given: dict[str, Any]) -> Any:
    """Read a dialect's options from the site file.

    Raises:
        msgspec.ValidationError: an unknown option or a wrong type.
    """
    return msgspec.convert(given, DIALECTS[dialect].Options)


def _unforeseen(error: Exception) -> Reject:
    return Reject(RejectReason.MALFORMED, f"the dialect failed on it: {type(error).__name__}: {error}")

"""What ought to be at the broker, and what of it is not there yet: the newest of each wins, alerts go first. No I/O."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any

import msgspec
from msgspec import Struct

from alert_rules.alert import Alert, Handling, Severity
from devices.registry import Device
from devices.twin import Twin
from gateway.outward.changes import change
from gateway.outward.discovery import device_config, gateway_config
from gateway.outward.topics import Topics
from gateway.site import Outward, SiteInfo

Inventory = Callable[[], Iterable[tuple[Device, Twin | None]]]
Look = Callable[[str], tuple[Device, Twin | None] | None]
View = Callable[[Alert], Mapping[str, Any]]

MAX_EVENTS = 1_000
"""Events kept while the broker is away; the oldest go first."""

_encode = msgspec.json.Encoder().encode


class Publication(Struct, frozen=True):
    """One message to publish at QoS 1."""

    topic: str
    payload: bytes
    retain: bool = True


class Mirror:
    """Keeps the difference between the gateway and the broker; both ends may forget everything and start again."""

    def __init__(
        self, outward: Outward, site: SiteInfo, inventory: Inventory, look: Look, alerts: Iterable[Alert], view: View
    ) -> None:
        self.topics = Topics.of(outward, site.id)
        self._outward = outward
        self._site = site
        self._inventory = inventory
        self._look = look
        self._view = view
        self._open = {alert.id: copy(alert) for alert in alerts}
        self._sent: dict[str, int] = {}
        self._events: deque[Publication] = deque(maxlen=MAX_EVENTS)
        self._alerts: dict[str, None] = {}
        self._devices: dict[str, None] = {}
        self._gone: dict[str, None] = {}
        self._summary = False

    def renew(self) -> None:
        """The broker, or Home Assistant, may know nothing: everything is due."""
        self._sent.clear()
        self._summary = True
        if self._outward.alerts:
            self._alerts = dict.fromkeys(self._open)
        if self._outward.devices:
            self._devices = {device.id: None for device, _ in self._inventory()}

    def alert(self, alert: Alert) -> None:
        """An alert changed."""
        said = change(self._open.get(alert.id), alert)
        if alert.handling is Handling.RESOLVED:
            self._open.pop(alert.id, None)
        else:
            self._open[alert.id] = alert
        if not self._outward.alerts:
            return
        self._alerts[alert.id] = None
        self._summary = True
        if said:
            body = {"event_type": said, **self._view(alert)}
            self._events.append(Publication(self.topics.event(alert.device), _encode(body), retain=False))

    def devices(self, ids: Iterable[str]) -> None:
        """Devices said something."""
        if self._outward.devices:
            self._devices |= {each: None for each in ids if self._look(each) is not None}

    def retained(self, topic: str) -> None:
        """The broker holds ``topic`` from an earlier life of ours: what has left meanwhile must leave there too."""
        device, alert = self.topics.device_of(topic), self.topics.alert_of(topic)
        if device is not None and (self._look(device) is None or not self._outward.devices):
            # First the announcement: Home Assistant would read the empty state as one.
            self._gone |= {self.topics.config(device): None, topic: None}
        elif alert is not None and (alert not in self._open or not self._outward.alerts):
            self._gone[topic] = None

    def take(self, limit: int) -> list[Publication]:
        """Return at most about ``limit`` messages, most urgent first; they count as published."""
        found: list[Publication] = []
        while len(found) < limit and (more := self._next()) is not None:
            found += more
        return found

    def give_back(self, unsent: Iterable[Publication]) -> None:
        """These could not be published. All that is retained is due again by ``renew``; events are kept."""
        self._events.extendleft(reversed([each for each in unsent if not each.retain]))

    @property
    def idle(self) -> bool:
        """Whether nothing is due."""
        return not (self._events or self._alerts or self._devices or self._gone or self._summary)

    def _next(self) -> list[Publication] | None:
        if self._events:
            return [self._events.popleft()]
        if self._alerts:
            return self._of_alert(_pop(self._alerts))
        if self._summary:
            self._summary = False
            return self._of_gateway()
        if self._gone:
            return [Publication(_pop(self._gone), b"")]
        if self._devices:
            return self._of_device(_pop(self._devices))
        return None

    def _of_alert(self, id_: str) -> list[Publication]:
        alert = self._open.get(id_)
        body = b"" if alert is None else _encode(self._view(alert))
        return self._changed(self.topics.alert(id_), body)

    def _of_gateway(self) -> list[Publication]:
        counts = {severity.value: 0 for severity in Severity}
        for alert in self._open.values():
            counts[alert.severity] += 1
        found = self._changed(self.topics.summary, _encode({"open": len(self._open), **counts}))
        if self._outward.home_assistant and self._outward.alerts:
            config = gateway_config(self.topics, self._outward.language, self._site.name)
            found += self._changed(self.topics.config(""), _encode(config))
        return found

    def _of_device(self, id_: str) -> list[Publication]:
        found = self._look(id_)
        if found is None:
            return []
        device, twin = found
        due: list[Publication] = []
        if self._outward.home_assistant:
            config = device_config(device, twin, self.topics, self._outward.language)
            due += self._changed(self.topics.config(id_), _encode(config))
        return due + self._changed(self.topics.state(id_), _encode(state(device, twin)))

    def _changed(self, topic: str, payload: bytes) -> list[Publication]:
        """Telemetry repeats itself: what the broker holds already is not sent again."""
        digest = hash(payload)
        if self._sent.get(topic) == digest:
            return []
        if payload:
            self._sent[topic] = digest
        else:
            self._sent.pop(topic, None)
        return [Publication(topic, payload)]


def state(device: Device, twin: Twin | None) -> dict[str, Any]:
    """What is published of a device: what it is, where, and what it last said. ``null`` is unknown."""
    return {
        "device": device.id,
        "kind": device.kind,
        "name": device.name,
        "building": device.building,
        "floor": device.floor,
        "zone": device.zone,
        "online": twin.online if twin else None,
        "states": twin.states if twin else {},
        "measurements": twin.measurements if twin else {},
    }


def _pop(waiting: dict[str, None]) -> str:
    first = next(iter(waiting))
    del waiting[first]
    return first

"""A guards' room over the real rules: devices speak in made-up time, alerts open, join, and end."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from alert_rules.alert import Alert, Entry, Verdict
from alert_rules.catalogue import build_rules
from alert_rules.correlation import Correlation
from alert_rules.engine import Engine
from alert_rules.place import place_of
from devices.model import Event, Report, StateValue
from devices.registry import Device, Registry
from gateway.alerts.book import AlertBook
from gateway.alerts.records import Message

START = 1_790_000_000.0


class Room:
    """What the gateway keeps of one site, and a disk. Seconds count from the start of the story."""

    def __init__(self, *devices: Device) -> None:
        self._devices = devices
        self.now = START
        self._states: dict[tuple[str, str], bytes] = {}
        self._shards: dict[int, bytes] = {}
        self._checkpointed = START
        self.stored: dict[str, Alert] = {}
        self.audit: list[Entry] = []
        self.sent: dict[str, Message] = {}
        self._boot()

    def at(self, second: float) -> "Room":
        """Let time pass."""
        while (due := self.engine.next_due()) <= START + second:
            self.now = max(self.now, due)
            self.book.apply(self.engine.advance(self.now))
        self.now = START + second
        self.book.apply(self.engine.advance(self.now))
        return self

    def says(self, device: str, states: Mapping[str, StateValue] | None = None, *events: Event, **more: Any) -> "Room":
        """``device`` reports, now."""
        kind = next(each.kind for each in self._devices if each.id == device)
        return self.hear(Report(device, kind, self.now, self.now, states=dict(states or {}), events=events, **more))

    def hear(self, report: Report) -> "Room":
        """As the gateway does with a report."""
        self.book.apply(self.engine.observe(report, report.received_at))
        if report.device in self.book.watched:
            self.book.seen(self.engine.subjects[report.device].twin, report.received_at)
        return self

    def resolve(self, alert: Alert) -> "Room":
        """A person judges and resolves."""
        self.book.judge(alert.id, alert.version, Verdict.TRUE_ALARM, "", "li", self.now)
        self.book.resolve(alert.id, alert.version, "", "li", self.now)
        self.engine.reset(alert.rule, alert.device, alert.subject)
        return self

    def save(self) -> "Room":
        """Everything reaches the disk, in one transaction."""
        changes = self.book.take()
        states, shards = self.engine.checkpoint()
        for alert in changes.alerts:
            self.stored[alert.id] = msgspec.json.decode(msgspec.json.encode(alert), type=Alert)
        self.audit += changes.entries
        for message in changes.messages:
            self.sent.setdefault(message.id, message)
        for rule, key, blob in states:
            if blob is None:
                self._states.pop((rule, key), None)
            else:
                self._states[rule, key] = blob
        self._shards.update(shards)
        self._checkpointed = self.now
        return self

    def killed(self) -> "Room":
        """The gateway dies and comes back with what the disk held."""
        self._boot()
        still_open = [alert for alert in self.stored.values() if alert.handling == "open"]
        resolved = [alert.id for alert in self.stored.values() if alert.handling == "resolved"]
        fresh = [msgspec.json.decode(msgspec.json.encode(alert), type=Alert) for alert in still_open]
        self.book.load(sorted(fresh, key=lambda alert: alert.raised_at), resolved)
        states = [(rule, key, blob) for (rule, key), blob in self._states.items()]
        self.engine.restore(states, self._shards.items(), self._checkpointed, self.now)
        return self

    def alert(self, rule: str, device: str = "") -> Alert:
        """The one open alert of ``rule``, on ``device`` if given."""
        (found,) = [each for each in self.alerts(rule) if device in ("", each.device)]
        return found

    def alerts(self, rule: str = "") -> list[Alert]:
        return [alert for alert in self.book.open_alerts() if rule in ("", alert.rule)]

    def cards(self) -> set[str]:
        return {alert.incident for alert in self.book.open_alerts()}

    def actions(self, alert: Alert) -> list[str]:
        """What the audit says of ``alert``, in order."""
        return [entry.action for entry in self.save().audit if entry.alert == alert.id]

    def calls(self, alert: Alert) -> list[str]:
        """The stages of ``alert`` that people were told of."""
        return [message.stage for message in self.save().sent.values() if message.alert == alert.id]

    def _boot(self) -> None:
        registry = Registry(self._devices)
        self.engine = Engine(build_rules({}), registry, self.now)
        self.correlation = Correlation(registry, self.engine.twin_of)
        self.book = AlertBook(partial(place_of, registry), lambda *_: ["guards"], lambda _: {}, self.correlation)

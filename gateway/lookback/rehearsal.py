"""One set of rules over past reports: which alerts would have come of it. Raises nothing, tells nobody."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from alert_rules.alert import Action, Alert, Handling, Place, Transition, clear, extend, open_alert
from alert_rules.engine import Engine
from alert_rules.rule import Rule
from devices.model import Report
from devices.registry import Registry


class Resolution(Struct, frozen=True):
    """A person resolved an alert at ``at`` (epoch seconds): the next sign of the same kind is news again."""

    at: float
    rule: str
    device: str
    subject: str
    fingerprint: str


class Rehearsal:
    """Rules, what they remember, and the alerts they would have raised; ``alerts`` in the order they began.

    ``lived`` are ids of alerts that were raised in earnest: those end when a person resolved them. Others end with
    their condition, since nobody could resolve what never was.
    """

    def __init__(
        self, rules: Iterable[Rule[Any, Any]], registry: Registry, now: float, lived: frozenset[str] = frozenset()
    ) -> None:
        self.alerts: list[Alert] = []
        self.engine = Engine(rules, registry, now)
        self._lived = lived
        self._open: dict[str, Alert] = {}

    def observe(self, report: Report, now: float) -> None:
        """Judge one report received at ``now``."""
        for transition in self.engine.observe(report, now):
            self._apply(transition)

    def advance(self, now: float) -> None:
        """Let time pass without silence being judged: nobody knows when the gateway itself was deaf."""
        for transition in self.engine.advance(now, idle=False):
            self._apply(transition)

    def resolve(self, resolution: Resolution) -> None:
        """Repeat what a person did."""
        self._open.pop(resolution.fingerprint, None)
        if resolution.rule in self.engine.rules:
            self.engine.reset(resolution.rule, resolution.device, resolution.subject)

    def _apply(self, transition: Transition) -> None:
        alert = self._open.get(transition.fingerprint)
        if transition.action is Action.CLEAR:
            if alert is not None:
                self._clear(alert, transition)
        elif alert is not None:
            extend(alert, transition)
        elif transition.action is Action.RAISE:
            alert, _ = open_alert(transition, Place())
            self.alerts.append(alert)
            self._open[alert.fingerprint] = alert

    def _clear(self, alert: Alert, transition: Transition) -> None:
        clear(alert, transition)
        if alert.handling is Handling.RESOLVED or alert.id not in self._lived:
            self._open.pop(alert.fingerprint)
            if transition.rule in self.engine.rules:
                self.engine.reset(alert.rule, alert.device, alert.subject)

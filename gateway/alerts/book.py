"""The open alerts, in memory, and every change on its way to the store.

Rules and people move the same alerts here, on one event loop; ``take`` hands all pending changes over for one
transaction and ``give_back`` returns them when the disk refused. What is not yet saved is shown all the same, marked.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from copy import copy

from alert_rules.alert import (
    Action,
    Alert,
    Entry,
    Handling,
    Place,
    Transition,
    Verdict,
    acknowledge,
    alert_id,
    clear,
    comment,
    extend,
    judge,
    open_alert,
    resolve,
)
from gateway.alerts.records import Changes, Message

REMEMBERED_IDS = 10_000


class Conflict(Exception):
    """Somebody else changed the alert first; the message says who and what to do."""


class AlertBook:
    """All open alerts by fingerprint, at most one each."""

    def __init__(
        self,
        place_of: Callable[[str], Place],
        channels_for: Callable[[Alert], Iterable[str]],
        view: Callable[[Alert], dict[str, object]],
    ) -> None:
        self._place_of = place_of
        self._channels_for = channels_for
        self._view = view
        self._open: dict[str, Alert] = {}
        self._by_id: dict[str, Alert] = {}
        self._resolved: OrderedDict[str, None] = OrderedDict()
        self._dirty: dict[str, Alert] = {}
        self._entries: list[Entry] = []
        self._messages: list[Message] = []
        self.unsaved: set[str] = set()

    def load(self, alerts: Iterable[Alert], resolved: Iterable[str] = ()) -> None:
        """Start from the store: the open alerts, and ids resolved lately."""
        for alert in alerts:
            self._open[alert.fingerprint] = self._by_id[alert.id] = alert
        self._resolved.update(dict.fromkeys(resolved))

    def open_alerts(self) -> list[Alert]:
        return list(self._open.values())

    def get(self, id_: str) -> Alert | None:
        """Return an open alert."""
        return self._by_id.get(id_)

    @property
    def changed(self) -> bool:
        return bool(self._dirty or self._entries)

    def apply(self, transitions: Iterable[Transition]) -> list[Alert]:
        """Let the rules' statements move the alerts; return those that changed."""
        moved: dict[str, Alert] = {}
        for transition in transitions:
            alert = self._move(transition)
            if alert is not None:
                moved[alert.id] = alert
        return list(moved.values())

    def acknowledge(self, id_: str, version: int, actor: str, now: float) -> Alert:
        alert = self._expect(id_, version)
        return self._note(alert, acknowledge(alert, actor, now))

    def judge(self, id_: str, version: int, verdict: Verdict, reason: str, actor: str, now: float) -> Alert:
        alert = self._expect(id_, version)
        return self._note(alert, judge(alert, actor, verdict, reason, now))

    def comment(self, alert: Alert, text: str, actor: str, now: float) -> Alert:
        """Add a note to any alert, open or resolved."""
        self._entries.append(comment(alert, actor, text, now))
        return alert

    def resolve(self, id_: str, version: int, note: str, actor: str, now: float) -> Alert:
        alert = self._expect(id_, version)
        return self._note(alert, resolve(alert, actor, note, now))

    def take(self) -> Changes:
        """Hand over everything pending, as copies that later moves do not touch."""
        changes = Changes(
            alerts=[copy(alert) for alert in self._dirty.values()], entries=self._entries, messages=self._messages
        )
        self._dirty, self._entries, self._messages = {}, [], []
        return changes

    def give_back(self, changes: Changes) -> None:
        """The store refused ``changes``: they are pending again, before anything newer."""
        self._entries = changes.entries + self._entries
        self._messages = changes.messages + self._messages
        self._dirty = {alert.id: alert for alert in changes.alerts} | self._dirty
        self.unsaved = set(self._dirty)

    def saved(self) -> None:
        """The store accepted; nothing is unsaved but what changed since."""
        self.unsaved.clear()

    def _move(self, transition: Transition) -> Alert | None:
        alert = self._open.get(transition.fingerprint)
        if transition.action is Action.CLEAR:
            return self._note(alert, clear(alert, transition)) if alert is not None else None
        if alert is None:
            return self._open_new(transition)
        before = alert.severity
        self._note(alert, extend(alert, transition))
        if alert.severity is not before:
            self._notify(alert, f"raised-to-{alert.severity}")
        return alert

    def _open_new(self, transition: Transition) -> Alert | None:
        """Open an alert, unless this very alert was resolved before: then the message was a late redelivery."""
        if alert_id(transition.fingerprint, transition.at) in self._resolved:
            return None
        alert, entry = open_alert(transition, self._place_of(transition.device))
        self._open[alert.fingerprint] = self._by_id[alert.id] = alert
        self._note(alert, entry)
        self._notify(alert, "raised")
        return alert

    def _note(self, alert: Alert, entry: Entry) -> Alert:
        self._dirty[alert.id] = alert
        self._entries.append(entry)
        if alert.handling is Handling.RESOLVED:
            self._forget(alert)
        return alert

    def _forget(self, alert: Alert) -> None:
        self._open.pop(alert.fingerprint, None)
        self._by_id.pop(alert.id, None)
        self._resolved[alert.id] = None
        if len(self._resolved) > REMEMBERED_IDS:
            self._resolved.popitem(last=False)

    def _notify(self, alert: Alert, stage: str) -> None:
        for channel in self._channels_for(alert):
            self._messages.append(
                Message(
                    id=f"{alert.id}:{channel}:{stage}",
                    alert=alert.id,
                    channel=channel,
                    stage=stage,
                    created_at=alert.received_at,
                    payload=self._view(alert),
                )
            )

    def _expect(self, id_: str, version: int) -> Alert:
        alert = self._by_id.get(id_)
        if alert is None:
            if id_ in self._resolved:
                raise Conflict("the alert was resolved meanwhile; add a comment instead")
            raise KeyError(id_)
        if alert.version != version:
            raise Conflict(f"the alert changed meanwhile ({_last_mover(alert)}); look again before you decide")
        return alert


def _last_mover(alert: Alert) -> str:
    if alert.verdict_by:
        return f"judged by {alert.verdict_by}"
    if alert.acknowledged_by:
        return f"acknowledged by {alert.acknowledged_by}"
    return f"{alert.repeats} repeats, severity {alert.severity}"

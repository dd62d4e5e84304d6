"""The open alerts, in memory, and every change on its way to the store.

Rules and people move the same alerts here, on one event loop; ``take`` hands all pending changes over for one
transaction and ``give_back`` returns them when the disk refused. What is not yet saved is shown all the same, marked.
"""

import hashlib
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from copy import copy, deepcopy

import msgspec

from alert_rules.alert import (
    MACHINE,
    Action,
    Alert,
    Condition,
    Entry,
    Handling,
    Place,
    Severity,
    Transition,
    Verdict,
    alert_id,
    clear,
    extend,
    mute,
    open_alert,
)
from alert_rules.correlation import Correlation, Effects
from alert_rules.escalation import LAPSE, NOBODY, Escalation, Escalations
from alert_rules.flapping import FLAPPING
from alert_rules.moves import acknowledge, comment, escalate, judge, lapse, resolve
from alert_rules.severity import RiskMatrix
from alert_rules.suppression import Suppressions
from devices.registry import Registry
from devices.twin import Twin
from gateway.alerts.records import Changes, Message

REMEMBERED_IDS = 10_000
Move = Callable[[Alert, float], Entry]
"""What a person does with an alert at a moment; raises ``IllegalMove``."""


class Conflict(Exception):
    """Somebody else changed the alert first; the message says who and what to do."""


class AlertBook:
    """All open alerts by fingerprint, at most one each."""

    def __init__(
        self,
        place_of: Callable[[str], Place],
        channels_for: Callable[[Alert, int], Iterable[str]],
        view: Callable[[Alert], dict[str, object]],
        correlation: Correlation | None = None,
        watchers_for: Callable[[Alert], Iterable[str]] = lambda _: (),
        mutes: Suppressions | None = None,
        matrix: RiskMatrix | None = None,
        escalations: Escalations | None = None,
        steady: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._place_of = place_of
        self._channels_for = channels_for
        self._view = view
        self._watchers_for = watchers_for
        self._told: dict[str, tuple[Severity, Condition]] = {}
        self._correlation = correlation or Correlation(Registry())
        self.watched: Mapping[str, str] = self._correlation.watched
        """Devices to show to ``seen`` whenever they report."""
        self._matrix = matrix or RiskMatrix()
        self._mutes = mutes or Suppressions(frozenset())
        self._escalations = escalations or Escalations(NOBODY)
        self._steady = steady
        self._reviewed_at = -math.inf
        self.reviewed: Callable[[], None] = lambda: None
        """Called after each review."""
        self._opened: list[Alert] = []
        self._open: dict[str, Alert] = {}
        self._by_id: dict[str, Alert] = {}
        self._resolved: OrderedDict[str, None] = OrderedDict()
        self._dirty: dict[str, Alert] = {}
        self._unwritten: dict[str, Alert] = {}
        self._entries: list[Entry] = []
        self._messages: list[Message] = []
        self.unsaved: set[str] = set()
        """Alerts the store does not hold yet, and those whose changes it refused."""
        self._taken: set[str] = set()

    def load(
        self, alerts: Iterable[Alert], resolved: Iterable[str] = (), escalations: Iterable[Escalation] = ()
    ) -> None:
        """Start from the store: the open alerts, how far they were passed on, and ids resolved lately."""
        for alert in alerts:
            self._open[alert.fingerprint] = self._by_id[alert.id] = alert
            if alert.suppressed_by == FLAPPING:
                self._mutes.flapping.restore(alert.fingerprint, alert.last_at)
        self._correlation.load(self._by_id.values())
        self._escalations.load(escalations, self._by_id)
        self._resolved.update(dict.fromkeys(resolved))

    def open_alerts(self) -> list[Alert]:
        return list(self._open.values())

    def get(self, id_: str) -> Alert | None:
        """Return an open alert."""
        return self._by_id.get(id_)

    def latest(self, id_: str) -> Alert | None:
        """Return an alert the store may know too little of: an open one, or one resolved and not yet saved."""
        return self._by_id.get(id_) or self._unwritten.get(id_)

    @property
    def changed(self) -> bool:
        return bool(self._dirty or self._entries)

    def apply(self, transitions: Iterable[Transition]) -> list[Alert]:
        """Let the rules' statements, and what follows from them, move the alerts; return those that changed."""
        moved: dict[str, Alert] = {}
        waiting = deque(transitions)
        while waiting:
            transition = self._weigh(waiting.popleft())
            alert, effects = self._move(transition)
            waiting.extendleft(reversed(effects.said))
            for each in (alert, *(each for each, _ in effects.moves)):
                if each is not None:
                    moved[each.id] = each
        return list(moved.values())

    def seen(self, twin: Twin, now: float) -> list[Alert]:
        """A device of ``watched`` reported: what open alerts propose may concern it now."""
        return self.apply(self._correlation.seen(twin, now))

    def acknowledge(self, id_: str, version: int, actor: str, now: float) -> Alert:
        alert = self._expect(id_, version)
        return self._note(alert, acknowledge(alert, actor, now))

    def judge(self, id_: str, version: int, verdict: Verdict, reason: str, actor: str, now: float) -> Alert:
        alert = self._expect(id_, version)
        return self._note(alert, judge(alert, actor, verdict, reason, now))

    def comment(self, alert: Alert, text: str, actor: str, now: float) -> Alert:
        """Add a note to any alert, open or resolved."""
        version = alert.version
        entry = comment(alert, actor, text, now)
        if alert.version != version and self._by_id.get(alert.id) is alert:
            return self._note(alert, entry)
        self._entries.append(entry)
        self._tell(alert, entry)
        return alert

    def resolve(self, id_: str, version: int, note: str, actor: str, now: float) -> Alert:
        alert = self._expect(id_, version)
        self._note(alert, resolve(alert, actor, note, now))
        self.apply(self._follow(alert, now).said)
        return alert

    def move(self, alert: Alert, version: int, move: Move, now: float) -> Alert:
        """Let a person move an alert: an open one, or a resolved one as the store has it."""
        if alert.version != version:
            raise Conflict(f"the alert changed meanwhile ({_last_mover(alert)}); look again before you decide")
        owner = alert.acknowledged_by
        self._note(alert, move(alert, now))
        if alert.acknowledged_by != owner:
            self._escalations.claimed_anew(alert, self._steady())
        return alert

    def use_claim(self, id_: str, actor: str) -> bool:
        """``actor`` works on the alert otherwise than by a move of it; tells whether a claim of theirs was unused."""
        alert = self._by_id.get(id_)
        if alert is None or alert.acknowledged_by != actor or alert.claim_used:
            return False
        alert.claim_used = True
        alert.version += 1
        self._dirty[alert.id] = alert
        self._escalations.note(alert, self._steady())
        return True

    def next_escalation(self) -> float:
        """When somebody is to be called because nobody acted, or a claim lapses; in steady time."""
        return self._escalations.next_due()

    def escalate(self, now: float) -> list[Alert]:
        """Take the steps of escalation that are due."""
        moved = {}
        for step in self._escalations.act(self._by_id, self._steady()):
            alert = moved[step.alert] = self._by_id[step.alert]
            if step.level == LAPSE:
                self._note(alert, lapse(alert, now))
            else:
                self._note(alert, escalate(alert, step.level, step.reminder, self._steady() - step.due, now))
                said = "reminder" if step.reminder else "level"
                self._notify(alert, f"{said}{step.level}-{self._escalations.of[alert.id].calls}", step.level)
        return list(moved.values())

    def audit_escalations(self, now: float) -> list[Alert]:
        """Find open alerts that wait for a step no timer will take, set that right and say so."""
        stuck = self._escalations.stuck(self._by_id)
        for alert in stuck:
            self._escalations.repair(alert, self._steady())
            self._note(alert, Entry(now, MACHINE, "repair", alert.id, {"what": "escalation"}))
        return stuck

    def review_due(self) -> float:
        """When a suppression next begins or ends by itself; at once for what did while nobody looked."""
        return -math.inf if self._reviewed_at == -math.inf else self._mutes.next_change(self._reviewed_at)

    def review_due_at_once(self) -> None:
        """Suppressions may answer differently from now on."""
        self._reviewed_at = -math.inf

    def review(self, now: float) -> list[Alert]:
        """Suppressions began or ended: let every open alert know, and call people for what was muted and still is."""
        self._reviewed_at = now
        muted = {alert.id: alert.suppressed_by for alert in self._open.values()}
        for alert in list(self._open.values()):
            self._mute(alert, now)
            waits = alert.condition is Condition.ACTIVE and not alert.acknowledged_by
            if muted[alert.id] and not alert.suppressed_by and waits:
                self._notify(alert, f"unsuppressed-{alert.version}")
        self.reviewed()
        return [alert for alert in self._open.values() if alert.suppressed_by != muted[alert.id]]

    def take_opened(self) -> list[Alert]:
        """Hand over the alerts opened since the last call."""
        opened, self._opened = self._opened, []
        return opened

    def take(self) -> Changes:
        """Hand over everything pending, as copies that later moves do not touch."""
        changes = Changes(
            alerts=[copy(alert) for alert in self._dirty.values()], entries=self._entries, messages=self._messages
        )
        self._taken = set(self._dirty)
        self._dirty, self._entries, self._messages = {}, [], []
        changes.escalations = deepcopy(self._escalations.take_changed())
        return changes

    def give_back(self, changes: Changes) -> None:
        """The store refused ``changes``: they are pending again, before anything newer."""
        self._escalations.give_back(changes.escalations)
        self._entries = changes.entries + self._entries
        self._messages = changes.messages + self._messages
        self._dirty = {alert.id: alert for alert in changes.alerts} | self._dirty
        self.unsaved = set(self._dirty)

    def saved(self) -> None:
        """The store accepted what was taken last; what was opened since is unsaved."""
        self.unsaved -= self._taken
        self._unwritten = {id_: alert for id_, alert in self._unwritten.items() if id_ in self._dirty}

    def _weigh(self, said: Transition) -> Transition:
        """Let the risk matrix say how grave it is; what the rule declared stays visible."""
        severity = self._matrix.severity(said.rule, said.severity, said.kind)
        if severity is said.severity:
            return said
        declared = {**said.attributes, "declared_severity": said.severity}
        return msgspec.structs.replace(said, severity=severity, attributes=declared)

    def _move(self, transition: Transition) -> tuple[Alert | None, Effects]:
        alert = self._open.get(transition.fingerprint)
        if transition.action is Action.CLEAR:
            if alert is None:
                return None, Effects()
            self._note(alert, clear(alert, transition))
            return alert, self._follow(alert, transition.received_at)
        if alert is None:
            return self._open_new(transition)
        severity, condition = alert.severity, alert.condition
        self._note(alert, extend(alert, transition))
        if alert.condition is not condition:
            self._mutes.note(alert, transition.received_at)
        if (alert.severity, alert.condition) == (severity, condition):
            return alert, Effects()
        self._mute(alert, transition.received_at)
        if alert.severity is not severity:
            self._notify(alert, f"raised-to-{alert.severity}")
        return alert, self._follow(alert, transition.received_at)

    def _open_new(self, transition: Transition) -> tuple[Alert | None, Effects]:
        """Open an alert, unless this very alert was resolved before: then the message was a late redelivery."""
        if alert_id(transition.fingerprint, transition.at) in self._resolved:
            return None, Effects()
        alert, entry = open_alert(transition, self._place_of(transition.device))
        self._open[alert.fingerprint] = self._by_id[alert.id] = alert
        self._opened.append(alert)
        self.unsaved.add(alert.id)
        self._correlation.opened(alert)
        entry.detail["incident"] = alert.incident
        self._note(alert, entry)
        effects = self._follow(alert, transition.received_at)
        self._mutes.note(alert, transition.received_at)
        self._mute(alert, transition.received_at)
        self._notify(alert, "raised")
        return alert, effects

    def _follow(self, alert: Alert, now: float) -> Effects:
        """Note what the change of ``alert`` means for itself and others."""
        effects = self._correlation.step(alert, now)
        for moved, entry in effects.moves:
            self._note(moved, entry)
            if entry.action == "aggravate" and moved is not alert:
                self._notify(moved, f"raised-to-{moved.severity}")
            elif entry.action == "release":
                self._mute(moved, now)
                self._notify(moved, "raised")
        return effects

    def _mute(self, alert: Alert, now: float) -> None:
        by = self._correlation.inhibition(alert) or self._mutes.by(alert, now)
        if by != alert.suppressed_by:
            self._note(alert, mute(alert, by, now))

    def _note(self, alert: Alert, entry: Entry) -> Alert:
        self._dirty[alert.id] = alert
        self._entries.append(entry)
        self._escalations.note(alert, self._steady())
        self._tell(alert, entry)
        if alert.handling is Handling.RESOLVED:
            self._unwritten[alert.id] = alert
            self._forget(alert)
        return alert

    def _forget(self, alert: Alert) -> None:
        self._open.pop(alert.fingerprint, None)
        self._by_id.pop(alert.id, None)
        self._told.pop(alert.id, None)
        self._resolved[alert.id] = None
        if len(self._resolved) > REMEMBERED_IDS:
            self._resolved.popitem(last=False)

    def _notify(self, alert: Alert, stage: str, level: int = 0) -> None:
        """Queue the messages of this stage; one sent before is not sent again, and suppressed alerts call nobody."""
        if alert.suppressed_by is not None:
            return
        for channel in self._channels_for(alert, level):
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

    def _tell(self, alert: Alert, entry: Entry) -> None:
        """Queue the event of one change for programs. Repeats that change nothing else are told of at 1, 2, 4, 8 ..."""
        looks = (alert.severity, alert.condition)
        if entry.action == Action.REPEAT and self._told.get(alert.id) == looks and alert.repeats.bit_count() != 1:
            return
        watchers = list(self._watchers_for(alert))
        if not watchers:
            return
        self._told[alert.id] = looks
        change = msgspec.structs.asdict(entry)
        del change["alert"]
        digest = hashlib.blake2b(msgspec.json.encode(entry), digest_size=6).hexdigest()
        change["id"] = f"{alert.id}-{alert.version}-{digest}"
        payload = self._view(alert) | {"change": change}
        for channel in watchers:
            id_ = f"{alert.id}:{channel}:{change['id']}"
            self._messages.append(
                Message(
                    id=id_, alert=alert.id, channel=channel, stage=entry.action, created_at=entry.at, payload=payload
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

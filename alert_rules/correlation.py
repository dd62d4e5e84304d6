"""What open alerts say about each other: cause and consequence, graver together, many that are one. Pure.

All it knows follows from the open alerts: nothing is remembered beside them, so what survives a crash is the alerts
themselves, and evaluating a message again links the same ones.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import ceil
from typing import Any

from msgspec import Struct, field

from alert_rules.alert import (
    INHIBITED,
    MACHINE,
    RANK,
    Action,
    Alert,
    Condition,
    Entry,
    Handling,
    Reason,
    Transition,
    aggravate,
    join,
    link,
    release,
)
from alert_rules.causes import BONDS, CROWDS, PROPOSALS, Bond, Crowd, Proposal
from alert_rules.grouping import Grouper
from devices.registry import Registry
from devices.twin import Twin

Alerts = dict[str, Alert]
DECLINED = "declined"
"""The attribute of a cause that lists the devices for which a person resolved what it proposed."""


class Effects(Struct):
    """What a change leads to: ``moves`` are made already and must be recorded; ``said`` must still be applied."""

    moves: list[tuple[Alert, Entry]] = field(default_factory=list)
    said: list[Transition] = field(default_factory=list)


class _Role(Struct, frozen=True):
    """The part an active alert plays: a row of the tables, which side of it, and the key it shares with others."""

    table: Bond | Crowd | Proposal
    cause: bool
    key: str


class Correlation:
    """Follows every open alert. ``twin_of`` gives a device's last known state.

    ``watched`` are the devices whose next report may concern a proposal: the caller shows those to ``seen``. Where a
    person has resolved a proposal, the device is watched no longer: that would only ask again.
    """

    def __init__(self, registry: Registry, twin_of: Callable[[str], Twin | None] = lambda _: None) -> None:
        self.watched: dict[str, str] = {}
        self._registry = registry
        self._twin_of = twin_of
        self._grouper = Grouper(registry)
        self._roles: dict[str, tuple[_Role, ...]] = {}
        self._sides: dict[tuple[str, bool, str], Alerts] = {}
        self._tied: dict[str, Alerts] = {}
        self._own: dict[tuple[str, str], Alert] = {}
        self._open: Alerts = {}

    def load(self, alerts: Iterable[Alert]) -> None:
        """Start from the open alerts of the store."""
        for alert in sorted(alerts, key=_order):
            self._enter(alert)
            self._grouper.add(alert)
            self._play(alert, self._parts(alert))
        for alert in self._open.values():
            if alert.cause and self._is_explained(alert):
                self._tied.setdefault(alert.cause, {})[alert.id] = alert
        for proposal in PROPOSALS:
            for key in {key for name, cause, key in self._sides if name == proposal.rule and cause}:
                self._watch(proposal, key)

    def inhibition(self, alert: Alert) -> str | None:
        """What another alert makes of ``suppressed_by``, for whoever lifts a suppression of another kind."""
        cause = self._explained(alert)
        return INHIBITED + cause[1].id if cause and cause[0].inhibits else None

    def opened(self, alert: Alert) -> None:
        """Give the new ``alert`` its incident; ``step`` follows."""
        self._enter(alert)
        self._grouper.place(alert)

    def step(self, alert: Alert, now: float) -> Effects:
        """Follow up what changed about ``alert``: opened, cleared, active again, graver, or resolved."""
        effects = Effects()
        parts = self._parts(alert)
        before = self._roles.get(alert.id, ())
        if alert.handling is Handling.RESOLVED:
            self._leave(alert)
            self._decline(alert, now, effects)
        if parts == before:
            return effects
        self._play(alert, parts)
        for role in before:
            if role not in parts:
                self._ended(alert, role, now, effects)
        for role in parts:
            if role not in before:
                self._began(alert, role, now, effects)
        return effects

    def seen(self, twin: Twin, now: float) -> list[Transition]:
        """A watched device reported."""
        key = self.watched[twin.device]
        said: list[Transition] = []
        for proposal in PROPOSALS:
            if causes := self._side(proposal.rule, True, key):
                said += self._propose(proposal, min(causes.values(), key=_order), twin, now)
        return said

    def _enter(self, alert: Alert) -> None:
        self._open[alert.id] = alert
        self._own[alert.rule, alert.device] = alert

    def _leave(self, alert: Alert) -> None:
        self._open.pop(alert.id, None)
        self._grouper.remove(alert)
        if self._own.get((alert.rule, alert.device)) is alert:
            del self._own[alert.rule, alert.device]
        if alert.cause and alert.id in self._tied.get(alert.cause, ()):
            del self._tied[alert.cause][alert.id]

    def _parts(self, alert: Alert) -> tuple[_Role, ...]:
        """The roles of ``alert`` as it stands now."""
        if alert.condition is Condition.NORMAL or alert.handling is Handling.RESOLVED:
            return ()
        device = self._registry.get(alert.device)
        parts = []
        for bond in BONDS:
            if bond.cause.holds(alert) and (key := bond.cause_key(alert, device)):
                parts.append(_Role(bond, True, key))
            if bond.consequence.holds(alert) and (key := bond.consequence_key(alert, device)):
                parts.append(_Role(bond, False, key))
        for crowd in CROWDS:
            if crowd.member.holds(alert) and (key := crowd.key(alert, device)):
                parts.append(_Role(crowd, False, key))
        for proposal in PROPOSALS:
            if proposal.cause.holds(alert) and alert.place.building:
                parts.append(_Role(proposal, True, alert.place.building))
        return tuple(parts)

    def _play(self, alert: Alert, parts: tuple[_Role, ...]) -> None:
        for role in self._roles.pop(alert.id, ()):
            side = _side_of(role)
            self._sides[side].pop(alert.id, None)
            if not self._sides[side]:
                del self._sides[side]
        for role in parts:
            self._sides.setdefault(_side_of(role), {})[alert.id] = alert
        if parts:
            self._roles[alert.id] = parts

    def _side(self, name: str, cause: bool, key: str) -> Mapping[str, Alert]:
        return self._sides.get((name, cause, key), {})

    def _began(self, alert: Alert, role: _Role, now: float, effects: Effects) -> None:
        row = role.table
        if isinstance(row, Bond) and role.cause:
            if self._is_alone(row.name, role.key):
                for consequence in sorted(self._side(row.name, False, role.key).values(), key=_order):
                    self._tie(row, alert, consequence, now, effects)
        elif isinstance(row, Bond):
            if causes := self._side(row.name, True, role.key):
                self._tie(row, min(causes.values(), key=_order), alert, now, effects)
        elif isinstance(row, Crowd):
            self._gather(row, role.key, alert, effects)
        elif self._is_alone(row.rule, role.key):
            effects.said += self._alarm(row, alert, role.key, now)

    def _is_alone(self, name: str, key: str) -> bool:
        """Tell whether a cause is the only one: where another was before, all that follows has been done."""
        return len(self._side(name, True, key)) == 1

    def _ended(self, alert: Alert, role: _Role, now: float, effects: Effects) -> None:
        row = role.table
        if isinstance(row, Bond) and role.cause:
            self._let_go(row, alert, now, effects)
        elif isinstance(row, Crowd):
            effects.said += self._disperse(row, role.key, now)
        elif isinstance(row, Proposal) and not self._side(row.rule, True, role.key):
            effects.said += self._stand_down(row, role.key, now)
        elif isinstance(row, Proposal) and DECLINED in alert.attributes:
            self._watch(row, role.key)

    def _tie(self, bond: Bond, cause: Alert, consequence: Alert, now: float, effects: Effects) -> None:
        if cause.received_at - consequence.received_at > bond.back_s or cause.id == consequence.id:
            return
        if bond.raises_to and RANK[consequence.severity] > RANK[bond.raises_to]:
            effects.moves.append((consequence, aggravate(consequence, bond.raises_to, cause, bond.name, now)))
        if not bond.explains:
            self._join(consequence, cause.incident, now, effects)
        elif not self._is_explained(consequence):
            self._explain(bond, cause, consequence, now, effects)

    def _is_explained(self, alert: Alert) -> bool:
        """Tell whether the alert's cause is still one: then it needs no other."""
        return alert.cause is not None and any(role.cause for role in self._roles.get(alert.cause, ()))

    def _explain(self, bond: Bond, cause: Alert, alert: Alert, now: float, effects: Effects) -> None:
        if alert.cause and alert.id in self._tied.get(alert.cause, ()):
            del self._tied[alert.cause][alert.id]
        self._tied.setdefault(cause.id, {})[alert.id] = alert
        if (alert.suppressed_by or "").startswith(INHIBITED):
            alert.suppressed_by = None
        self._join(alert, cause.incident, now, effects)
        effects.moves.append((alert, link(alert, cause, bond.name, bond.inhibits, now)))

    def _join(self, alert: Alert, incident: str, now: float, effects: Effects) -> None:
        """Move ``alert``, and what it explains, to another incident."""
        left = alert.incident
        if left == incident:
            return
        effects.moves.append((alert, join(alert, incident, now)))
        for consequence in sorted(self._tied.get(alert.id, {}).values(), key=_order):
            if consequence.incident == left:
                self._join(consequence, incident, now, effects)

    def _let_go(self, bond: Bond, cause: Alert, now: float, effects: Effects) -> None:
        """The cause has ended: what it explained finds another cause, or calls people again."""
        for alert in sorted(self._tied.get(cause.id, {}).values(), key=_order):
            if (other := self._explained(alert)) is not None:
                self._explain(*other, alert, now, effects)
                continue
            del self._tied[cause.id][alert.id]
            if alert.handling is Handling.OPEN and bond.inhibits:
                effects.moves.append((alert, release(alert, now)))
        if not self._tied.get(cause.id):
            self._tied.pop(cause.id, None)

    def _explained(self, alert: Alert) -> tuple[Bond, Alert] | None:
        """Find an active cause for ``alert``, by the first row that has one."""
        for bond, key in self._consequences(alert):
            causes = self._side(bond.name, True, key).values()
            cause = min((each for each in causes if each.id != alert.id), key=_order, default=None)
            if cause is not None and cause.received_at - alert.received_at <= bond.back_s:
                return bond, cause
        return None

    def _consequences(self, alert: Alert) -> Iterator[tuple[Bond, str]]:
        for role in self._roles.get(alert.id, ()):
            if isinstance(role.table, Bond) and not role.cause and role.table.explains:
                yield role.table, role.key

    def _gather(self, crowd: Crowd, key: str, latest: Alert, effects: Effects) -> None:
        if self._active_own(crowd.rule, key):
            return
        members = self._side(crowd.rule, False, key)
        total = max(len(self._registry.behind(key)), len(members))
        needed = max(crowd.at_least, ceil(crowd.share * total))
        if len(members) < needed:
            return
        recent = sum(latest.received_at - member.received_at <= crowd.window_s for member in members.values())
        if recent >= needed:
            values = {"silent": recent, "devices": total, "upstream": key}
            thresholds = {"at_least": needed, "window_s": crowd.window_s}
            reason = Reason(crowd.rule, values, thresholds)
            effects.said.append(self._say(Action.RAISE, crowd, key, latest, latest.received_at, reason))

    def _disperse(self, crowd: Crowd, key: str, now: float) -> list[Transition]:
        gathered = self._active_own(crowd.rule, key)
        members = self._side(crowd.rule, False, key)
        total = len(self._registry.behind(key))
        if gathered is None or len(members) > crowd.ends_share * total:
            return []
        reason = Reason("crowd_dispersed", {"silent": len(members), "devices": total})
        return [self._say(Action.CLEAR, crowd, key, gathered, now, reason)]

    def _active_own(self, rule: str, device: str) -> Alert | None:
        alert = self._own.get((rule, device))
        return alert if alert is not None and alert.condition is Condition.ACTIVE else None

    def _alarm(self, proposal: Proposal, cause: Alert, key: str, now: float) -> list[Transition]:
        said: list[Transition] = []
        for twin in self._watch(proposal, key):
            said += self._propose(proposal, cause, twin, now)
        return said

    def _decline(self, alert: Alert, now: float, effects: Effects) -> None:
        """A person resolved a proposal: its cause remembers that, so that nobody is asked again while it lasts."""
        for proposal in PROPOSALS:
            causes = self._side(proposal.rule, True, alert.place.building)
            if proposal.rule != alert.rule or alert.resolved_by == MACHINE or not causes:
                continue
            cause = min(causes.values(), key=_order)
            declined = {*cause.attributes.get(DECLINED, ()), alert.device}
            cause.attributes = {**cause.attributes, DECLINED: sorted(declined)}
            cause.version += 1
            detail = {"rule": alert.rule, "device": alert.device}
            effects.moves.append((cause, Entry(now, alert.resolved_by or MACHINE, "decline", cause.id, detail)))
            self._watch(proposal, alert.place.building)

    def _watch(self, proposal: Proposal, building: str) -> list[Twin]:
        """Watch the devices concerned but for those declined; return what is known of them."""
        causes = self._side(proposal.rule, True, building).values()
        declined = {device for cause in causes for device in cause.attributes.get(DECLINED, ())}
        twins = []
        for device in self._registry.in_building(building, proposal.kind):
            if device.id in declined:
                self.watched.pop(device.id, None)
                continue
            self.watched[device.id] = building
            if (twin := self._twin_of(device.id)) is not None:
                twins.append(twin)
        return twins

    def _propose(self, proposal: Proposal, cause: Alert, twin: Twin, now: float) -> list[Transition]:
        proposed = self._active_own(proposal.rule, twin.device)
        if proposed is not None and proposal.settled(twin):
            reason = Reason("settled", {"service_mode": twin.states.get("service_mode")})
            return [self._say(Action.CLEAR, proposal, twin.device, proposed, now, reason)]
        if proposed is not None or not proposal.concerned(twin):
            return []
        shown: dict[str, Any] = {name: twin.states.get(name) for name in proposal.shown}
        reason = Reason(proposal.reason, {**shown, "cause": cause.id, "cause_rule": cause.rule})
        return [self._say(Action.RAISE, proposal, twin.device, cause, now, reason)]

    def _stand_down(self, proposal: Proposal, building: str, now: float) -> list[Transition]:
        said = []
        for device in self._registry.in_building(building, proposal.kind):
            self.watched.pop(device.id, None)
            if (proposed := self._active_own(proposal.rule, device.id)) is not None:
                reason = Reason("cause_ended", {})
                said.append(self._say(Action.CLEAR, proposal, device.id, proposed, now, reason))
        return said

    def _say(
        self, action: Action, row: Crowd | Proposal, device: str, like: Alert, now: float, reason: Reason
    ) -> Transition:
        """Speak about ``device``; where it is no device of ours but a name, ``like`` lends its kind."""
        known = self._registry.get(device)
        return Transition(
            action=action,
            rule=row.rule,
            device=device,
            kind=known.kind if known else like.kind,
            severity=row.severity,
            at=now,
            received_at=now,
            reason=reason,
            auto_resolve=True,
        )


def _order(alert: Alert) -> tuple[float, str]:
    """The order to go by, the same before and after a restart."""
    return alert.received_at, alert.id


def _side_of(role: _Role) -> tuple[str, bool, str]:
    row = role.table
    return (row.name if isinstance(row, Bond) else row.rule), role.cause, role.key

"""The alert: independent axes and the moves between their values. Pure; every move returns what the audit must say.

A machine raises, extends and clears; people acknowledge, judge and resolve. The stage people see is derived.
"""

import hashlib
from base64 import b32encode
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from devices.model import DeviceKind

MACHINE = "system"
INHIBITED = "inhibit:"


class Severity(StrEnum):
    """The four-colour scale used in China: red, orange, yellow, blue."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    NOTICE = "notice"


RANK = {severity: rank for rank, severity in enumerate(Severity)}
"""0 for the gravest."""


class Condition(StrEnum):
    """The machine's view. ``NORMAL`` on an open alert means: cleared, waiting for a person."""

    ACTIVE = "active"
    NORMAL = "normal"


class Verdict(StrEnum):
    """The reviewer's finding."""

    TRUE_ALARM = "true_alarm"
    FALSE_ALARM = "false_alarm"
    DRILL = "drill"
    UNDETERMINED = "undetermined"


class Handling(StrEnum):
    """What was done about it."""

    OPEN = "open"
    RESOLVED = "resolved"


class Response(StrEnum):
    """How far help has come, in this order."""

    NONE = "none"
    ASSIGNED = "assigned"
    DISPATCHED = "dispatched"
    ARRIVED = "arrived"


class Stage(StrEnum):
    """One word for the console, derived from the axes."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    JUDGED = "judged"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Action(StrEnum):
    """What a rule says about a subject."""

    RAISE = "raise"
    REPEAT = "repeat"
    CLEAR = "clear"


class Reason(Struct, gc=False):
    """Why a rule decided: a code with a translation, the values seen and the thresholds they met."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, Any] = field(default_factory=dict)


class Transition(Struct, kw_only=True, gc=False):
    """A rule's statement on one subject at one moment. ``subject`` tells apart several alerts of one device."""

    action: Action
    rule: str
    device: str
    kind: DeviceKind
    severity: Severity
    at: float
    received_at: float
    reason: Reason
    subject: str = ""
    test: bool = False
    registered: bool = True
    auto_resolve: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        return "/".join(filter(None, (self.rule, self.device, self.subject)))


class Place(Struct, frozen=True, gc=False):
    """Where the device is, copied into the alert so that later moves of the device do not rewrite history."""

    name: str = ""
    building: str = ""
    floor: str = ""
    zone: str = ""


class Alert(Struct, kw_only=True):
    """One rule's finding on one subject, open until a person (or, where allowed, the machine) resolves it.

    ``raised_at`` is the device's time, ``received_at`` the gateway's. ``version`` grows with each change and guards
    against two people judging at once. ``claim_used`` tells that whoever acknowledged it has done something since; a
    claim that is not used lapses. ``level`` is the highest escalation level called. ``closed_at`` is when the work was
    reviewed after the fact. ``incident`` names the alerts people work as one, by the id of its first; ``cause`` is the
    alert that explains this one. ``suppressed_by`` says what keeps it from calling people, as ``inhibit:<alert id>``,
    ``silence:<id>`` and the like.
    """

    id: str
    fingerprint: str
    rule: str
    device: str
    kind: DeviceKind
    subject: str
    severity: Severity
    place: Place
    raised_at: float
    received_at: float
    last_at: float
    reason: Reason
    test: bool = False
    registered: bool = True
    repeats: int = 0
    condition: Condition = Condition.ACTIVE
    acknowledged_by: str | None = None
    acknowledged_at: float | None = None
    claim_used: bool = False
    verdict: Verdict | None = None
    verdict_reason: str | None = None
    verdict_by: str | None = None
    verdict_at: float | None = None
    handling: Handling = Handling.OPEN
    response: Response = Response.NONE
    assigned_to: str | None = None
    level: int = 0
    resolved_by: str | None = None
    resolved_at: float | None = None
    closed_by: str | None = None
    closed_at: float | None = None
    suppressed_by: str | None = None
    incident: str = ""
    cause: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    version: int = 1

    def __post_init__(self) -> None:
        """Until others join it an alert is an incident of its own."""
        self.incident = self.incident or self.id

    @property
    def stage(self) -> Stage:
        if self.closed_by is not None:
            return Stage.CLOSED
        if self.handling is Handling.RESOLVED:
            return Stage.RESOLVED
        if self.verdict is not None:
            return Stage.JUDGED
        return Stage.ACKNOWLEDGED if self.acknowledged_by else Stage.NEW


class Entry(Struct, gc=False):
    """What the audit chain must record of one move."""

    at: float
    actor: str
    action: str
    alert: str
    detail: dict[str, Any] = field(default_factory=dict)


class IllegalMove(Exception):
    """A move the alert's axes do not allow; the message says what to do instead."""


def alert_id(fingerprint: str, at: float) -> str:
    """Derive the id from what happened and when, so that evaluating a message again names the same alert."""
    digest = hashlib.blake2b(f"{fingerprint}@{at:.3f}".encode(), digest_size=10).digest()
    return b32encode(digest).decode().lower()


def open_alert(transition: Transition, place: Place) -> tuple[Alert, Entry]:
    """Open an alert for a ``RAISE``."""
    t = transition
    alert = Alert(
        id=alert_id(t.fingerprint, t.at),
        fingerprint=t.fingerprint,
        rule=t.rule,
        device=t.device,
        kind=t.kind,
        subject=t.subject,
        severity=t.severity,
        place=place,
        raised_at=t.at,
        received_at=t.received_at,
        last_at=t.at,
        reason=t.reason,
        test=t.test,
        registered=t.registered,
        attributes=t.attributes,
    )
    detail = {
        "fingerprint": t.fingerprint,
        "severity": t.severity,
        "reason": t.reason.code,
        "values": t.reason.values,
        "thresholds": t.reason.thresholds,
        "test": t.test,
    }
    return alert, Entry(t.received_at, MACHINE, "raise", alert.id, detail)


def extend(alert: Alert, transition: Transition) -> Entry:
    """Count a ``RAISE`` or ``REPEAT`` into the open alert; a severity may rise, never fall, by itself."""
    alert.repeats += 1
    alert.last_at = max(alert.last_at, transition.at)
    alert.condition = Condition.ACTIVE
    alert.attributes = {**alert.attributes, **transition.attributes}
    if RANK[transition.severity] < RANK[alert.severity]:
        alert.severity = transition.severity
    alert.version += 1
    return Entry(
        transition.received_at,
        MACHINE,
        "repeat",
        alert.id,
        {"repeats": alert.repeats, "severity": alert.severity, "reason": transition.reason.code},
    )


def clear(alert: Alert, transition: Transition) -> Entry:
    """Note that the condition ended. Only a non-critical alert of a rule that says so resolves by itself."""
    alert.condition = Condition.NORMAL
    alert.last_at = max(alert.last_at, transition.at)
    alert.version += 1
    detail: dict[str, Any] = {"reason": transition.reason.code, "values": transition.reason.values}
    if transition.auto_resolve and alert.severity is not Severity.CRITICAL:
        alert.handling = Handling.RESOLVED
        alert.resolved_by = MACHINE
        alert.resolved_at = transition.received_at
        detail["resolved"] = True
    return Entry(transition.received_at, MACHINE, "clear", alert.id, detail)


def link(alert: Alert, cause: Alert, because: str, inhibits: bool, now: float) -> Entry:
    """Note that ``cause`` explains ``alert``; where it ``inhibits``, the consequence calls nobody while it lasts.

    What suppresses the alert already goes on doing so.
    """
    alert.cause = cause.id
    if inhibits and alert.suppressed_by is None:
        alert.suppressed_by = INHIBITED + cause.id
    alert.version += 1
    detail = {"cause": cause.id, "rule": cause.rule, "because": because, "incident": alert.incident}
    return Entry(now, MACHINE, "inhibit" if inhibits else "link", alert.id, detail)


def release(alert: Alert, now: float) -> Entry:
    """Let a consequence call people again: what explained it has ended, and it has not. The link stays as history."""
    if alert.suppressed_by is not None and alert.suppressed_by.startswith(INHIBITED):
        alert.suppressed_by = None
    alert.version += 1
    return Entry(now, MACHINE, "release", alert.id, {"cause": alert.cause})


def mute(alert: Alert, by: str | None, now: float) -> Entry:
    """Note what keeps ``alert`` from calling people, or (``None``) that nothing does any more."""
    earlier, alert.suppressed_by = alert.suppressed_by, by
    alert.version += 1
    return Entry(now, MACHINE, "suppress" if by else "unsuppress", alert.id, {"by": by, "earlier": earlier})


def join(alert: Alert, incident: str, now: float) -> Entry:
    """Make ``alert`` part of another incident."""
    earlier, alert.incident = alert.incident, incident
    alert.version += 1
    return Entry(now, MACHINE, "join", alert.id, {"incident": incident, "earlier": earlier})


def aggravate(alert: Alert, severity: Severity, by: Alert, because: str, now: float) -> Entry:
    """Raise the severity because of another alert."""
    earlier, alert.severity = alert.severity, severity
    alert.version += 1
    detail = {"severity": severity, "earlier": earlier, "by": by.id, "rule": by.rule, "because": because}
    return Entry(now, MACHINE, "aggravate", alert.id, detail)

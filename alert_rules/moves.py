"""What people may do with an alert, and what the audit must say of it. Pure; a move the axes forbid is refused."""

from typing import Any

from alert_rules.alert import MACHINE, Alert, Entry, Handling, IllegalMove, Response, Severity, Verdict

ORDER = {response: rank for rank, response in enumerate(Response)}
REVIEWED = (Severity.CRITICAL, Severity.MAJOR)
"""Alerts of these severities are closed only with a written review."""


def acknowledge(alert: Alert, actor: str, now: float, over: bool = False) -> Entry:
    """``actor`` has seen the alert and owns it; ``over``: takes it from whoever has it.

    Raises:
        IllegalMove: it is resolved, or somebody else owns it.
    """
    _require_open(alert)
    earlier = alert.acknowledged_by
    if earlier and earlier != actor and not over:
        raise IllegalMove(f"{earlier} has this alert already; ask them, or add a comment")
    alert.acknowledged_by, alert.acknowledged_at, alert.claim_used = actor, now, False
    alert.version += 1
    taken = earlier is not None and earlier != actor
    return Entry(now, actor, "take_over" if taken else "acknowledge", alert.id, {"earlier": earlier} if taken else {})


def lapse(alert: Alert, now: float) -> Entry:
    """Nobody owns the alert any more: whoever acknowledged it did nothing since."""
    earlier, alert.acknowledged_by, alert.acknowledged_at = alert.acknowledged_by, None, None
    alert.version += 1
    return Entry(now, MACHINE, "lapse", alert.id, {"earlier": earlier})


def escalate(alert: Alert, level: int, reminder: bool, late_s: float, now: float) -> Entry:
    """Nobody acted in time: ``level`` is called, or reminded. ``late_s`` is by how much later than due."""
    alert.level = max(alert.level, level)
    alert.version += 1
    detail = {"level": level, "reminder": reminder, "late_s": round(late_s, 3)}
    return Entry(now, MACHINE, "escalate", alert.id, detail)


def judge(alert: Alert, actor: str, verdict: Verdict, reason: str, now: float) -> Entry:
    """Record the finding; judging implies acknowledging. Another verdict later is a correction, until it is closed.

    Raises:
        IllegalMove: it is closed, or a false alarm comes without its reason.
    """
    if alert.closed_by is not None:
        raise IllegalMove(f"the alert was reviewed and closed by {alert.closed_by}; add a comment")
    if verdict is Verdict.FALSE_ALARM and not reason.strip():
        raise IllegalMove("a false alarm needs its reason (cooking, steam, dust, test, ...): the rules learn from it")
    earlier = alert.verdict
    if alert.acknowledged_by is None and alert.handling is Handling.OPEN:
        alert.acknowledged_by, alert.acknowledged_at = actor, now
    alert.verdict, alert.verdict_reason = verdict, reason.strip() or None
    alert.verdict_by, alert.verdict_at = actor, now
    _use(alert, actor)
    return Entry(now, actor, "verdict", alert.id, {"verdict": verdict, "reason": reason.strip(), "earlier": earlier})


def comment(alert: Alert, actor: str, text: str, now: float) -> Entry:
    """Add a note; allowed at any stage, since late knowledge is still knowledge.

    Raises:
        IllegalMove: the text is empty.
    """
    if not text.strip():
        raise IllegalMove("the comment is empty; write what you saw or did")
    if alert.acknowledged_by == actor and not alert.claim_used:
        alert.claim_used = True
        alert.version += 1
    return Entry(now, actor, "comment", alert.id, {"text": text.strip()})


def assign(alert: Alert, actor: str, to: str, now: float) -> Entry:
    """Hand the work to ``to``; may be done again while nobody was sent.

    Raises:
        IllegalMove: it is resolved, or help is on its way already.
    """
    _require_open(alert)
    if ORDER[alert.response] > ORDER[Response.ASSIGNED]:
        raise IllegalMove(f"{alert.assigned_to or 'somebody'} was sent already; resolve it, or add a comment")
    earlier, alert.assigned_to, alert.response = alert.assigned_to, to, Response.ASSIGNED
    _use(alert, actor)
    return Entry(now, actor, "assign", alert.id, {"to": to, "earlier": earlier})


def respond(alert: Alert, actor: str, response: Response, now: float) -> Entry:
    """Help was sent, or has arrived. Steps may be skipped, never taken back.

    Raises:
        IllegalMove: it is resolved, or that stage was reached before.
    """
    _require_open(alert)
    if ORDER[response] <= ORDER[alert.response]:
        raise IllegalMove(f"the alert is at {alert.response} already; it only goes forward")
    alert.response = response
    _use(alert, actor)
    return Entry(now, actor, "respond", alert.id, {"response": response})


def resolve(alert: Alert, actor: str, note: str, now: float) -> Entry:
    """End the work on the alert.

    Raises:
        IllegalMove: it is resolved already, or it is critical and nobody judged it.
    """
    _require_open(alert)
    if alert.severity is Severity.CRITICAL and alert.verdict is None:
        raise IllegalMove("a critical alert cannot be resolved without a verdict; judge it first")
    alert.handling = Handling.RESOLVED
    alert.resolved_by, alert.resolved_at = actor, now
    _use(alert, actor)
    return Entry(now, actor, "resolve", alert.id, {"note": note.strip()} if note.strip() else {})


def close(alert: Alert, actor: str, review: str, now: float) -> Entry:
    """Close a resolved alert after review.

    Raises:
        IllegalMove: it is open, closed, critical without a verdict, or grave and the review is not written.
    """
    if alert.handling is Handling.OPEN:
        raise IllegalMove("the alert is still open; resolve it first")
    if alert.closed_by is not None:
        raise IllegalMove(f"the alert was closed by {alert.closed_by} already; add a comment")
    if alert.severity is Severity.CRITICAL and alert.verdict is None:
        raise IllegalMove("a critical alert cannot be closed without a verdict; judge it first")
    if alert.severity in REVIEWED and not review.strip():
        raise IllegalMove("a critical or major alert needs a written review: what happened, what is to change")
    alert.closed_by, alert.closed_at = actor, now
    alert.version += 1
    detail: dict[str, Any] = {"review": review.strip()} if review.strip() else {}
    return Entry(now, actor, "close", alert.id, detail)


def _use(alert: Alert, actor: str) -> None:
    """The alert changed; by its owner's hand, the claim is used."""
    alert.claim_used = alert.claim_used or alert.acknowledged_by == actor
    alert.version += 1


def _require_open(alert: Alert) -> None:
    if alert.handling is Handling.RESOLVED:
        raise IllegalMove(f"the alert was resolved by {alert.resolved_by}; add a comment, or wait for a new one")

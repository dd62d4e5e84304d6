"""What happened to an alert, in one word, told from how it looked before. Pure."""

from alert_rules.alert import Alert, Condition, Handling

CHANGES = ("raised", "repeated", "escalated", "cleared", "acknowledged", "judged", "resolved")


def change(before: Alert | None, after: Alert) -> str:
    """Name the change from ``before`` (``None``: never seen) to ``after``; empty: nothing an automation acts on."""
    if after.handling is Handling.RESOLVED:
        return "" if before is not None and before.handling is Handling.RESOLVED else "resolved"
    if before is None:
        return "raised"
    if after.verdict is not before.verdict:
        return "judged"
    if after.acknowledged_by != before.acknowledged_by:
        return "acknowledged"
    if after.severity is not before.severity:
        return "escalated"
    if after.condition is not before.condition:
        return "cleared" if after.condition is Condition.NORMAL else "repeated"
    return ""

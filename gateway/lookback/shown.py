"""What the command line shows of a look back: tables and lines, for people."""

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from gateway.lookback.backtest import Outcome
from gateway.lookback.explain import Explanation
from gateway.lookback.feedback import Share
from gateway.lookback.silence import Silence
from gateway.show import plain, table

WORST = 10


def explanation(found: Explanation) -> Iterator[RenderableType]:
    """Why an alert was raised."""
    alert = found.alert
    yield Text(
        f"{plain(alert.rule)} ({alert.severity}) on {plain(alert.device)}, {_when(alert.raised_at)}", style="bold"
    )
    yield Text(plain(found.about))
    rows: list[tuple[str, object]] = [("reason", alert.reason.code)]
    rows += [(f"seen: {name}", value) for name, value in alert.reason.values.items()]
    rows += [(f"threshold: {name}", value) for name, value in alert.reason.thresholds.items()]
    rows += [(f"parameter: {name}", value) for name, value in found.parameters.items()]
    yield table(("what", "value"), rows)
    if not found.reproduced:
        yield Text("today's rules and journal do not raise it again: what would have prevented it is not known")
    elif not found.prevented_by:
        yield Text("no single setting within ten times its value would have prevented it")
    for one in found.prevented_by:
        yield Text(f"prevented by: {one.parameter} {one.value:g} instead of {one.was:g}")
    yield table(("time", "who", "did"), ((_when(row.at), row.actor, row.action) for row in found.timeline))


def silence(found: Silence) -> Iterator[RenderableType]:
    """Why nothing was raised."""
    if not found.heard:
        yield Text(f"{plain(found.device)} said nothing within ten minutes of then", style="bold")
    for one in found.heard:
        yield Text(f"{_when(one.at)}  {plain(one.topic)}", style="bold")
        if one.refused:
            yield Text(f"  refused: {plain(one.refused)}")
            continue
        yield Text("  said: " + (", ".join(f"{k}={plain(v)}" for k, v in one.said.items()) or "only that it is there"))
        if one.set_aside:
            yield Text(f"  not news: {one.set_aside}")
        for rule, verdict in one.rules.items():
            yield Text(f"  {rule}: {plain(verdict)}")
    yield table(("rule not concerned", "why"), found.unconcerned.items())


def outcome(found: Outcome) -> Iterator[RenderableType]:
    """What changed rules would have done."""
    headings = (
        "rule",
        "today",
        "changed",
        "gained",
        "lost",
        "of them true",
        "of them false",
        "moved",
        "median shift s",
    )
    yield table(
        headings,
        (
            (
                change.rule,
                change.before,
                change.after,
                len(change.gained),
                len(change.lost),
                len(change.lost_true),
                len(change.lost_false),
                len(change.moved_s),
                f"{statistics.median(change.moved_s):+.1f}" if change.moved_s else "",
            )
            for change in found.changes
        ),
    )
    for change in found.changes:
        if change.lost_true:
            yield Text(f"{change.rule} would lose true alarms: {', '.join(change.lost_true)}", style="bold red")
    yield Text(f"{found.messages} messages in {found.took_s:.1f} s, {found.times_real_time:.0f} times real time")


def feedback(found: dict[str, Any]) -> Iterator[RenderableType]:
    """What verdicts teach."""
    for dimension, shares in found["shares"].items():
        yield table((dimension, "alerts", "true", "false", "false rate", "s to verdict"), map(_row, shares[:WORST]))
    for one in found["advice"] or ():
        gain = f"{one.removed} of {one.false} false alarms fewer, none of {one.true} true ones lost"
        yield Text(f"{one.rule}: {one.parameter} {one.value:g} instead of {one.was:g}: {gain}")
    if found["advice"] == []:
        yield Text("no single setting removes false alarms without losing true ones")


def _row(share: Share) -> tuple[object, ...]:
    rate = "" if share.false_rate is None else f"{share.false_rate:.0%}"
    wait = "" if share.to_verdict_s is None else f"{share.to_verdict_s:.0f}"
    return share.name, share.alerts, share.true, share.false, rate, wait


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")

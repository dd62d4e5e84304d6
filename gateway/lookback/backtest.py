"""Changed rules against today's, over the journal, weighed by the verdicts people gave."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from alert_rules.alert import Alert, Verdict
from alert_rules.rule import Rule
from devices.model import Report
from gateway.config import registry_of
from gateway.dialects import decoder_of
from gateway.lookback import messages
from gateway.lookback.past import Past
from gateway.lookback.rehearsal import Rehearsal, Resolution
from gateway.site import Site

SAME_ALERT_S = 3_600.0
"""An alert that begins up to this much earlier or later under the other rules has moved; beyond it is another one."""

MOVED_S = 1.0
TOLD_EVERY = 5_000


class Change(Struct):
    """What a changed rule set does to the alerts of one rule; ids name those that people may want to look up.

    ``moved_s`` are seconds by which alerts come later (negative: sooner). ``lost_true`` must stay empty.
    """

    rule: str
    before: int = 0
    after: int = 0
    gained: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    lost_true: list[str] = field(default_factory=list)
    lost_false: list[str] = field(default_factory=list)
    moved_s: list[float] = field(default_factory=list)


class Outcome(Struct):
    """A back-test: ``span_s`` is the time the journal covers, ``took_s`` how long it took to replay."""

    changes: list[Change]
    messages: int
    span_s: float
    took_s: float

    @property
    def times_real_time(self) -> float:
        return self.span_s / self.took_s if self.took_s else 0.0


Progress = Callable[[int], None]
Rules = Sequence[Rule[Any, Any]]


def backtest(site: Site, today: Rules, changed: Rules, since: float, past: Past, progress: Progress) -> Outcome:
    """Replay the journal from ``since`` (epoch seconds) through both rule sets at once.

    ``device_offline`` is left out: silence was judged by what the gateway could hear then, not by rules.

    Raises:
        OperatorError: there is no journal, or it cannot be read.
    """
    began = time.perf_counter()
    registry = registry_of(site)
    both = [Rehearsal(rules, registry, since, past.ids) for rules in (today, changed)]
    count, first, last = 0, 0.0, 0.0
    for last, reports in replayed(site, since, past.resolutions(), both):
        first = first or last
        count += 1
        for report in reports:
            for rehearsal in both:
                rehearsal.observe(report, last)
        if count % TOLD_EVERY == 0:
            progress(count)
    progress(count)
    changes = compare(both[0].alerts, both[1].alerts, past)
    return Outcome(changes, count, last - first, time.perf_counter() - began)


def replayed(
    site: Site, since: float, resolutions: Iterable[Resolution], rehearsals: Sequence[Rehearsal]
) -> Iterator[tuple[float, Sequence[Report]]]:
    """Decode the journal message by message as (time of receipt, reports), and repeat what people did in between."""
    decoder = decoder_of(site, registry_of(site))
    waiting = list(resolutions)[::-1]
    for message in messages.merged(site, since=since):
        while waiting and waiting[-1].at <= message.at:
            resolution = waiting.pop()
            for rehearsal in rehearsals:
                rehearsal.advance(resolution.at)
                rehearsal.resolve(resolution)
        found = decoder.decode(message.envelope) if message.envelope is not None else ()
        yield message.at, found if isinstance(found, list) else ()


def compare(before: Iterable[Alert], after: Iterable[Alert], past: Past) -> list[Change]:
    """Pair the alerts of two rule sets, nearest in time first, and sort what has no partner by what people found."""
    changes: dict[str, Change] = {}
    one, other = _by_fingerprint(before), _by_fingerprint(after)
    for fingerprint in sorted({**one, **other}):
        old, new = one.get(fingerprint, []), other.get(fingerprint, [])
        rule = (old or new)[0].rule
        change = changes.setdefault(rule, Change(rule))
        change.before += len(old)
        change.after += len(new)
        _pair(old, new, change, past)
    return [changes[rule] for rule in sorted(changes)]


def _pair(old: list[Alert], new: list[Alert], change: Change, past: Past) -> None:
    pairs = sorted((abs(b.raised_at - a.raised_at), i, k) for i, a in enumerate(old) for k, b in enumerate(new))
    kept: dict[int, int] = {}
    for apart, i, k in pairs:
        if apart <= SAME_ALERT_S and i not in kept and k not in kept.values():
            kept[i] = k
    for i, k in kept.items():
        shift = new[k].raised_at - old[i].raised_at
        if abs(shift) > MOVED_S:
            change.moved_s.append(round(shift, 1))
    change.gained += [alert.id for k, alert in enumerate(new) if k not in kept.values()]
    for alert in (alert for i, alert in enumerate(old) if i not in kept):
        change.lost.append(alert.id)
        match past.verdict(alert):
            case Verdict.TRUE_ALARM:
                change.lost_true.append(alert.id)
            case Verdict.FALSE_ALARM:
                change.lost_false.append(alert.id)


def _by_fingerprint(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        found.setdefault(alert.fingerprint, []).append(alert)
    return found

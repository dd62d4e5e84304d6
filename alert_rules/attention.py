"""Whose business a report is: all rules that listen to its names, or, of a quiet device, the few it may still move.

Most reports repeat themselves. Calling every rule for each of them would be most of what a large site costs.
"""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from alert_rules.rule import NEVER, Rest, Rule, RuleState
from devices.registry import Device
from devices.twin import Twin

SHARDS = 4_096
"""Twins are saved by shard: many small ones, since each alert saves those that changed since the last."""

COARSE_S = 600.0
"""Devices at rest until nearly the same time share what is kept of that."""

AnyRule = Rule[Any, Any]
Own = dict[str, AnyRule | None]
EMPTY: Own = {}


class Listening:
    """The rules that reports with the same names and signs concern.

    ``weighing`` judge by a measurement or a sign, so that a report which repeats all states may move them. Of these,
    ``alone`` judge one device: ``resting`` say themselves when it may not, ``waking`` do not. ``groups`` judge several
    devices: the others may have changed their mind. ``measured`` are the measurements' names, in the reports' order.
    """

    __slots__ = ("alone", "groups", "measured", "resting", "rules", "signs", "waking", "weighing")

    def __init__(self, rules: tuple[AnyRule, ...], measured: tuple[str, ...], signs: tuple[str, ...]) -> None:
        self.rules = rules
        self.measured = measured
        self.signs = signs
        self.weighing = frozenset(
            rule for rule in rules if not (rule.measurements.isdisjoint(measured) and rule.signs.isdisjoint(signs))
        )
        self.groups = tuple(rule for rule in rules if rule.keyed)
        self.alone = tuple(rule for rule in rules if rule in self.weighing and not rule.keyed)
        self.resting = tuple(rule for rule in self.alone if _rests(rule, signs))
        self.waking = tuple(rule for rule in self.alone if not _rests(rule, signs))

    def rest_of(self, states: Mapping[str, RuleState], own: Own, twin: Twin) -> Rest | None:
        """When and within which readings none of ``resting`` has anything to say; ``None`` while one of them has."""
        until, bounds = NEVER, dict[str, tuple[float, float]]()
        for shared in self.resting:
            rule = own.get(shared.name, shared) if own else shared
            if rule is None:
                continue
            rest = rule.rest(states.get(rule.name), twin)
            if rest is None:
                return None
            until = min(until, rest[0])
            for name, low, high in rest[1]:
                least, most = bounds.get(name, (low, high))
                bounds[name] = max(low, least), min(high, most)
        if until != NEVER:
            until -= until % COARSE_S
        return until, tuple((name, *bounds[name]) for name in self.measured if name in bounds)


class Subject:
    """A registered device with its twin and the shard its twin is checkpointed in.

    ``timed``: a silence timer runs. ``own``: the rules that judge this device with parameters of its own, or not at
    all. ``quiet`` is set once a report said all the twin's states, and the rules that weigh nothing of it said nothing
    and remember nothing: another report with these states, measurements and signs concerns the others alone. What the
    rules were not shown (tests, old snapshots, part of the states) proves no quiet. ``rest`` is that of ``quiet``.
    """

    __slots__ = ("device", "own", "quiet", "rest", "shard", "timed", "twin")

    def __init__(self, device: Device, twin: Twin) -> None:
        self.device = device
        self.twin = twin
        self.shard = crc32(device.id.encode()) % SHARDS
        self.timed = False
        self.quiet: Listening | None = None
        self.rest: Rest | None = None
        self.own: Own = EMPTY


def _rests(rule: AnyRule, signs: tuple[str, ...]) -> bool:
    """Tell whether ``rule`` says when it rests; of signs no bounds tell."""
    return type(rule).rest is not Rule.rest and rule.signs.isdisjoint(signs)

"""What rules remember, by the key they judge: a device's id or a group's name. Their timers, and blobs for the disk."""

import heapq
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from alert_rules.rule import NEVER, Rule, RuleState
from devices.model import DeviceKind

STATE_FORMAT = 2
_encode = msgspec.msgpack.Encoder().encode
_NOTHING: Mapping[str, RuleState] = {}

Heard = tuple[str, DeviceKind]


class Memory:
    """The states of all rules. ``dirty`` are those that changed since the last checkpoint, as (rule, key).

    ``held`` counts the keys under which a rule remembers anything.
    """

    def __init__(self) -> None:
        self.dirty: set[tuple[str, str]] = set()
        self.held: Counter[str] = Counter()
        self.timers: list[tuple[float, str, str]] = []
        self._of: dict[str, dict[str, RuleState]] = {}
        self._heard: dict[str, Heard] = {}
        self._heard_by: dict[tuple[str, str], Heard] = {}

    def of(self, key: str) -> Mapping[str, RuleState]:
        """The states under ``key``, by rule."""
        return self._of.get(key, _NOTHING)

    def all(self) -> list[tuple[str, str]]:
        """Every (rule, key) that is remembered."""
        return [(rule, key) for key, states in self._of.items() for rule in states]

    def heard(self, rule: str, key: str) -> Heard:
        """The device that led ``rule`` to its state under ``key``, and its kind."""
        return self._heard_by.get((rule, key)) or self._heard[key]

    def put(self, rule: str, key: str, state: RuleState | None, heard: Heard) -> None:
        """Remember or forget; a new ``due`` sets a timer. ``heard``: the device that led to it."""
        self.dirty.add((rule, key))
        if state is None:
            self._forget(rule, key)
            return
        states = self._of.get(key)
        if states is None:
            states = self._of[key] = {}
        before = states.get(rule)
        if before is None:
            self.held[rule] += 1
        states[rule] = state
        if heard[0] == key:
            self._heard[key] = heard  # what nearly all rules go by: one entry for them all
        else:
            self._heard_by[rule, key] = heard
        if state.due != NEVER and (before is None or state.due != before.due):
            heapq.heappush(self.timers, (state.due, rule, key))

    def encoded(self, rule: str, key: str) -> bytes | None:
        """The state as a blob, with the version of its format and the device last heard."""
        state = self.of(key).get(rule)
        if state is None:
            return None
        return _encode((STATE_FORMAT, self.heard(rule, key), msgspec.Raw(_encode(state))))

    def load(self, rule: Rule[Any, Any], key: str, blob: bytes) -> None:
        """Take a blob back; one of another version is dropped."""
        version, *_ = msgspec.msgpack.decode(blob, type=list[Any])
        if version != STATE_FORMAT:
            return
        _, heard, body = msgspec.msgpack.decode(blob, type=tuple[int, tuple[str, DeviceKind], msgspec.Raw])
        self.put(rule.name, key, msgspec.msgpack.decode(body, type=rule.State), heard)

    def _forget(self, rule: str, key: str) -> None:
        states = self._of.get(key)
        if states is None or states.pop(rule, None) is None:
            return
        self.held[rule] -= 1
        self._heard_by.pop((rule, key), None)
        if not states:
            del self._of[key]
            self._heard.pop(key, None)

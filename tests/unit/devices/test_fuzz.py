"""Whatever arrives: nothing raises, all is either understood or refused for exactly one reason."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alert_rules.catalogue import RULES, build_rules
from alert_rules.engine import Engine
from devices.model import DeviceKind, Envelope, Reject
from devices.names import EVENTS, QUANTITIES, STATES
from tests.unit.devices.making import NOON, decoder, topic

BATCH, BATCHES = 100, 100
KINDS = list(DeviceKind)
WORDS = [word for state in STATES.values() for word in state.values]
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1e308,
    -0.5,
    2**53,
    2**63,
    2**70,
    "",
    "true",
    "\x00",
    "\ud7ff",
    "火",
    [],
    {},
]


JUDGED_STATES = {name for rule in RULES.values() for name in rule.states}
JUDGED_EVENTS = sorted({code for rule in RULES.values() for code in rule.events})
MANY_RULES = 15
CERTAIN = ["door_forced", "falling_object"]
"""Events that raise by themselves; among all that are judged they would come up too rarely."""


class Maker:
    """Makes messages near the edge of what is understood, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def envelope(self, received_at: float) -> Envelope:
        return Envelope(self._topic(), self._payload(), received_at, retained=self.dice.random() < 0.1)

    def _topic(self) -> str:
        dice, kind = self.dice, self.dice.choice(KINDS)
        where = topic(kind, dice.choice(["event", "telemetry", "status"]), dice.choice(["", "", "", "stranger"]))
        if dice.random() < 0.1:
            cut = dice.randrange(len(where))
            where = where[:cut] + dice.choice(["/", "", "\n", "#", "+", "火"]) + where[cut + dice.choice([0, 1]) :]
        return where

    def _payload(self) -> bytes:
        dice = self.dice
        if dice.random() < 0.05:
            return dice.choice([b"online", b"offline", b"", b"{}", b"null", b"[" * 5_000, dice.randbytes(20)])
        text = json.dumps(self._body(), ensure_ascii=dice.random() < 0.5).encode(errors="replace")
        if dice.random() < 0.15:
            cut = dice.randrange(len(text))
            text = (
                text[:cut] + dice.choice([b"", b"\x00", b"\xff", b'"', b"9" * 400]) + text[cut + dice.choice([0, 1]) :]
            )
        return text

    def _body(self) -> dict[str, Any]:
        dice = self.dice
        members: dict[str, Callable[[], Any]] = {
            "ts": lambda: dice.choice([NOON * 1000, int((NOON + dice.uniform(-200, 200)) * 1000), "2026-01-01", 2**70]),
            "seq": lambda: dice.choice([dice.randrange(100), dice.randrange(100), 2**63 - 1]),
            "measurements": lambda: self._pairs(list(QUANTITIES), [0, 1.5, 99, -300, None]),
            "states": lambda: self._pairs(list(STATES), [True, False, None, "true", *WORDS]),
            "events": lambda: [self._event() for _ in range(dice.randrange(4))],
            "test": lambda: dice.random() < 0.5,
            "historical": lambda: dice.random() < 0.5,
            "status": lambda: dice.choice(["online", "offline"]),
        }
        chosen = dice.sample(sorted(members), dice.randrange(len(members) + 1))
        return {name: dice.choice(ODD) if dice.random() < 0.02 else members[name]() for name in chosen}

    def _pairs(self, names: list[str], values: list[Any]) -> dict[str, Any]:
        dice = self.dice
        judged = [name for name in names if name in JUDGED_STATES]
        chosen = dice.sample(
            judged if len(judged) > 6 and dice.random() < 0.5 else names, dice.randrange(6)
        ) + dice.choice([[], [], [], ["events"], ["made_up"]])
        return {name: dice.choice(ODD) if dice.random() < 0.02 else dice.choice(values) for name in chosen}

    def _event(self) -> dict[str, Any]:
        dice = self.dice
        code = dice.choice(dice.choice((CERTAIN, JUDGED_EVENTS, list(EVENTS))))
        given = {name: dice.choice([*ODD, "a", "start", "end", 0.9, 0.9]) for name in EVENTS[code].attributes}
        return {"code": dice.choice(ODD) if dice.random() < 0.05 else code, **given}


@pytest.mark.parametrize("seed", range(4))
def test_ten_thousand_messages_near_the_edge(seed: int) -> None:
    """A quarter of them per seed; the proportions show that both sides of the edge were met."""
    maker, one = Maker(seed), decoder()
    engine = Engine(build_rules({}), one.registry, NOON)
    reported = refused = 0
    said: set[str] = set()
    for number in range(BATCH * BATCHES // 4):
        now = NOON + number * 0.5
        reports, rejects = one.decode_all([maker.envelope(now)])
        assert len(reports) + len(rejects) == 1
        for _, reject in rejects:
            _check(reject)
        for report in reports:
            said |= {f"{t.rule} {t.action}" for t in engine.observe(report, now)}
        reported, refused = reported + len(reports), refused + len(rejects)
        if number % 250 == 0:
            engine.checkpoint()
    assert reported > 1_000
    assert refused > 200
    assert {"falling_object raise", "gate_forced raise"} <= said
    assert sum(each.endswith(" raise") for each in said) >= MANY_RULES, said


RANDOM_TOPIC = st.one_of(
    st.builds(topic, st.sampled_from(KINDS), st.sampled_from(["event", "telemetry", "status"])), st.text(max_size=60)
)
RANDOM_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["states", "events", "code", "ts", "smoke", "score", "zone", ""]), inner)
    ),
    max_leaves=12,
)
RANDOM_PAYLOAD = st.one_of(st.binary(max_size=60), RANDOM_JSON.map(lambda body: json.dumps(body).encode()))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(RANDOM_TOPIC, RANDOM_PAYLOAD, st.booleans()), max_size=5))
def test_any_bytes_on_any_topic(sent: list[tuple[str, bytes, bool]]) -> None:
    one = decoder()
    engine = Engine(build_rules({}), one.registry, NOON)
    envelopes = [Envelope(where, payload, NOON, retained=retained) for where, payload, retained in sent]
    reports, rejects = one.decode_all(envelopes)
    assert len(reports) + len(rejects) == len(sent)
    assert len({index for index, _ in rejects}) == len(rejects)
    for _, reject in rejects:
        _check(reject)
    for report in reports:
        engine.observe(report, NOON)
    engine.advance(NOON + 1e6)
    engine.checkpoint()


def _check(reject: Reject) -> None:
    assert isinstance(reject, Reject)
    assert reject.detail
    assert "the dialect failed" not in reject.detail, reject

"""Listing and searching alerts in a full store, on SQLite and on PostgreSQL: the wall time of one page.

Every kind of page the console asks for, at random places of the history: the newest, by each filter, deep in the past,
by text that many, few or no alerts hold. What counts is the slowest kind's 95th percentile.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import insert, text

from alert_rules.alert import Alert, Handling, Place, Reason, Severity, Verdict
from devices.model import DeviceKind
from gateway.alerts import rows, schema
from gateway.alerts.database import writing
from gateway.alerts.records import AlertFilter
from gateway.alerts.statements import Statements
from gateway.alerts.store import AlertStore
from tests.bench.figures import percentile
from tests.contract.test_alert_store import running_postgres

ALERTS = 1_000_000
TRIES = 40
SLICE = 10_000
START = 1_790_000_000.0
EVERY_S = 30.0
PAGE = 50
RULES = ("smoke_alarm", "entrapment", "water_leak", "forced_door", "falling_object", "blocked_lane", "device_silent")
BUILDINGS = tuple(f"b{number}" for number in range(1, 41))
SEVERITIES = tuple(Severity)
SHARES = (1, 9, 30, 60)

Filters = Callable[[random.Random, float], AlertFilter]


def run(alerts: int = ALERTS, tries: int = TRIES, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Fill each database with ``alerts`` and ask it ``tries`` times for each kind of page."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        say(f"SQLite, {alerts} alerts")
        found["sqlite"] = _measure(f"sqlite:///{folder}/alerts.db", alerts, tries)
    with running_postgres() as server:
        say(f"PostgreSQL, {alerts} alerts")
        found["postgresql"] = _measure(server.url(), alerts, tries)
    worst = {name: max(each["p95_ms"] for each in kinds.values()) for name, kinds in found.items()}
    return {"alerts": alerts, "tries": tries, "worst_p95_ms": worst, **found}


def _measure(url: str, alerts: int, tries: int) -> dict[str, dict[str, float]]:
    store = AlertStore(url)
    try:
        store.migrate()
        _fill(store, alerts)
        end = START + alerts * EVERY_S
        return {kind: _spread(store, ask, end, tries) for kind, ask in KINDS.items()}
    finally:
        store.close()


def _fill(store: AlertStore, alerts: int) -> None:
    rng = random.Random(7)
    known = Statements(store.engine.dialect).alert_text
    for first in range(0, alerts, SLICE):
        values = [rows.alert_values(_alert(rng, number)) for number in range(first, min(first + SLICE, alerts))]
        with writing(store.engine) as connection:
            connection.execute(insert(schema.alert), values)
            connection.execute(known, [{"key": each["text_key"], "text": each["haystack"]} for each in values])
    if store.engine.dialect.name == "postgresql":  # its own maintenance would do so within minutes
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _alert(rng: random.Random, number: int) -> Alert:
    """One of a long history: nearly all closed, few grave, one in a hundred thousand with a rare word."""
    rule, building, floor = rng.choice(RULES), rng.choice(BUILDINGS), rng.randint(1, 30)
    rare = " 锅炉房" if number % 100_000 == 50_000 else ""
    raised = START + number * EVERY_S
    device = f"{rule[:5]}-{building}-{floor:02d}{rng.randint(1, 9)}"
    return Alert(
        id=f"{number:016x}",
        fingerprint=f"{rule}/{device}/{number}",
        rule=rule,
        device=device,
        kind=DeviceKind.SMOKE_DETECTOR,
        subject="",
        severity=rng.choices(SEVERITIES, SHARES)[0],
        place=Place(f"{building} 楼 {floor} 层{rare}", building, str(floor), f"z{rng.randint(1, 4)}"),
        raised_at=raised,
        received_at=raised,
        last_at=raised,
        reason=Reason("smoke", {"smoke": True}, {"smoke": True}),
        incident=f"{number // 3:016x}",
        handling=Handling.OPEN if number % 10_000 == 0 else Handling.RESOLVED,
        verdict=Verdict.TRUE_ALARM,
    )


def _page(**wanted: Any) -> Filters:
    """A page at the newest end, or, for ``deep``, anywhere."""
    deep = wanted.pop("deep", False)

    def ask(rng: random.Random, end: float) -> AlertFilter:
        chosen = {name: rng.choice(value) if isinstance(value, tuple) else value for name, value in wanted.items()}
        before = rng.uniform(START, end) if deep else None
        return AlertFilter(limit=PAGE, before=before, **({"state": "all"} | chosen))

    return ask


KINDS: dict[str, Filters] = {
    "newest": _page(),
    "resolved": _page(state="resolved"),
    "deep": _page(deep=True),
    "by severity": _page(severity=SEVERITIES, deep=True),
    "by rule": _page(rule=RULES, deep=True),
    "by building": _page(building=BUILDINGS, deep=True),
    "by all three": _page(severity=SEVERITIES, rule=RULES, building=BUILDINGS, state="resolved", deep=True),
    "text in many": _page(q=("falli-b7", "b3 楼", "entrapment")),
    "text in some": _page(q=("smoke-b7-304", "forced_door b1 ", "b12 楼 17 层"), deep=True),
    "text in few": _page(q="锅炉房"),
    "text in none": _page(q=("no such words", "没有的", "zz")),
    "text and building": _page(q=("锅炉房", "entra"), building=BUILDINGS, state="resolved"),
    "incident": _page(incident=tuple(f"{number:016x}" for number in range(0, 300, 7))),
}


def _spread(store: AlertStore, ask: Filters, end: float, tries: int) -> dict[str, float]:
    rng = random.Random(11)
    took = list(_times(store, (ask(rng, end) for _ in range(tries))))
    return {"p50_ms": _ms(took, 50), "p95_ms": _ms(took, 95), "max_ms": _ms(took, 100)}


def _times(store: AlertStore, asked: Iterator[AlertFilter]) -> Iterator[float]:
    for wanted in asked:
        before = time.perf_counter()
        store.search(wanted)
        yield time.perf_counter() - before


def _ms(seconds: list[float], share: float) -> float:
    return round(percentile(seconds, share) * 1000, 1)

"""The risk matrix: bands from verdicts, what they lower, and what nothing lowers."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_rules.alert import RANK, Alert, Severity, Verdict
from alert_rules.calendar import Calendar
from alert_rules.severity import ENOUGH, MATRIX, Likelihood, RiskMatrix, band, quarter_before, review
from devices.model import DeviceKind
from tests.unit.rules.test_suppression import alert

FIRE = frozenset({"smoke_alarm"})
SITE = Calendar("Asia/Shanghai")
LEAK = DeviceKind.WATER_LEAK


def judged(rule: str, true: int, false: int, **changes: Any) -> list[Alert]:
    verdicts = [Verdict.TRUE_ALARM] * true + [Verdict.FALSE_ALARM] * false
    return [alert(rule, verdict=verdict, **changes) for verdict in verdicts]


@pytest.mark.parametrize(
    ("true", "total", "expected"),
    [
        (100, 100, Likelihood.HIGH),
        (600, 1_000, Likelihood.HIGH),
        (500, 1_000, Likelihood.MEDIUM),
        (300, 1_000, Likelihood.MEDIUM),
        (200, 1_000, Likelihood.LOW),
        (0, 20, Likelihood.LOW),
        (8, 20, Likelihood.HIGH),
        (3, 20, Likelihood.MEDIUM),
    ],
    ids=str,
)
def test_the_doubt_counts_for_the_alert(true: int, total: int, expected: Likelihood) -> None:
    """The upper ends by hand: 8 of 20 gives 0.613, 3 of 20 gives 0.360, 0 of 20 gives 0.161."""
    assert band(true, total) is expected


@given(st.integers(1, 500), st.data())
def test_more_true_alarms_never_lower_a_band(total: int, data: st.DataObject) -> None:
    true = data.draw(st.integers(0, total - 1))
    bands = list(Likelihood)
    assert bands.index(band(true + 1, total)) <= bands.index(band(true, total))


def test_the_matrix_only_lowers_and_never_by_more_than_a_step() -> None:
    for declared, row in MATRIX.items():
        assert row[Likelihood.HIGH] is declared
        falls = [RANK[row[each]] - RANK[declared] for each in Likelihood]
        assert falls == sorted(falls)
        assert falls[-1] <= 1


def test_a_rule_that_is_mostly_wrong_falls_and_rises_again() -> None:
    matrix = RiskMatrix(FIRE)
    assert matrix.severity("water_leak", Severity.MAJOR, LEAK) is Severity.MAJOR
    made = review("2026Q2", judged("water_leak", 2, 38), matrix.likelihoods, FIRE, 5.0)
    (estimate,) = made.estimates
    assert (estimate.true, estimate.judged, estimate.changed) == (2, 40, True)
    matrix.learn(made)
    assert matrix.severity("water_leak", Severity.MAJOR, LEAK) is Severity.MINOR
    assert matrix.severity("gate_forced", Severity.MAJOR, LEAK) is Severity.MAJOR
    matrix.learn(review("2026Q3", judged("water_leak", 38, 2), matrix.likelihoods, FIRE, 6.0))
    assert matrix.severity("water_leak", Severity.MAJOR, LEAK) is Severity.MAJOR


def test_fire_is_never_lowered_however_often_it_was_wrong() -> None:
    matrix = RiskMatrix(FIRE)
    wrong = judged("smoke_alarm", 0, 500) + judged("own_fire", 0, 500)
    made = review("2026Q2", wrong, {}, FIRE, 5.0)
    assert [(e.rule, e.judged, e.likelihood) for e in made.estimates] == [
        ("own_fire", 500, Likelihood.LOW),
        ("smoke_alarm", 500, Likelihood.HIGH),
    ]
    matrix.learn(made)
    assert matrix.severity("smoke_alarm", Severity.CRITICAL, DeviceKind.CAMERA) is Severity.CRITICAL
    assert matrix.severity("own_fire", Severity.CRITICAL, DeviceKind.SMOKE_DETECTOR) is Severity.CRITICAL
    assert matrix.severity("own_fire", Severity.CRITICAL, LEAK) is Severity.MAJOR


def test_few_verdicts_and_what_proves_nothing_change_nothing() -> None:
    few = judged("water_leak", 0, ENOUGH - 1)
    nothing = [*judged("water_leak", 0, 50, test=True), alert(verdict=None), alert(verdict=Verdict.DRILL)]
    made = review("2026Q2", [*few, *nothing], {"water_leak": Likelihood.MEDIUM}, FIRE, 5.0)
    (estimate,) = made.estimates
    assert (estimate.judged, estimate.likelihood, estimate.changed) == (ENOUGH - 1, Likelihood.MEDIUM, False)


@pytest.mark.parametrize(
    ("now", "quarter", "start", "end"),
    [
        ("2026-04-01 00:00:00", "2026Q1", "2026-01-01", "2026-04-01"),
        ("2026-03-31 23:59:59", "2025Q4", "2025-10-01", "2026-01-01"),
        ("2026-11-21 08:00:00", "2026Q3", "2026-07-01", "2026-10-01"),
    ],
)
def test_quarters_are_those_of_the_site(now: str, quarter: str, start: str, end: str) -> None:
    def moment(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()

    assert quarter_before(moment(now), SITE) == (quarter, moment(start), moment(end))

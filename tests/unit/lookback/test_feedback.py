"""What verdicts teach: where false alarms gather, how long people take, and which setting would help."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alert_rules.alert import Verdict
from alert_rules.calendar import Calendar
from gateway.cli import app
from gateway.ledger import existing_store
from gateway.lookback.feedback import Advice, advise, shares
from gateway.lookback.past import Past, alerts_since
from gateway.rules import rules_of
from tests.unit.lookback.past_days import T0, Days

HELD = "gate_held_open"


@pytest.fixture
def days(tmp_path: Path) -> Days:
    """Two deliveries of 80 s, and one door propped open for long."""
    days = Days(tmp_path)
    for start in (0, 7_200):
        days.door("g1", start, start + 80)
        days.found(HELD, "g1", start + 60, Verdict.FALSE_ALARM, after=20)
    days.door("g2", 20_000, 22_000)
    days.found(HELD, "g2", 20_060, Verdict.TRUE_ALARM, after=100)
    return days


def past(days: Days) -> Past:
    with existing_store(days.write().site) as store:
        return Past(alerts_since(store, T0 - 1))


def test_false_alarms_are_counted_by_rule_device_zone_and_hour(days: Days) -> None:
    found = shares(past(days), Calendar("Asia/Shanghai"))
    (rule,) = found["rule"]
    assert (rule.name, rule.alerts, rule.true, rule.false) == (HELD, 3, 1, 2)
    assert rule.false_rate == pytest.approx(2 / 3)
    assert rule.to_verdict_s == 20
    assert [(share.name, share.false) for share in found["device"]] == [("g1", 2), ("g2", 0)]
    assert found["zone"][0].name == "b1 north"
    local = Calendar("Asia/Shanghai").local
    assert {share.name for share in found["hour"]} == {f"{local(T0 + at):%H}" for at in (60, 7_260, 20_060)}


def test_what_nobody_judged_has_no_rate(tmp_path: Path) -> None:
    days = Days(tmp_path)
    days.found(HELD, "g1", 0, None)
    (share,) = shares(past(days), Calendar("UTC"))["rule"]
    assert (share.false_rate, share.to_verdict_s) == (None, None)


def test_the_setting_that_removes_most_false_alarms_and_no_true_one_is_proposed(days: Days) -> None:
    given = past(days)
    (found,) = advise(days.site, rules_of(days.site), T0 - 1, given, lambda _: None)
    assert found == Advice(HELD, "dwell_s", 60, found.value, 2, 2, 1)
    assert 80 < found.value < 2_000


def test_nothing_is_proposed_where_a_true_alarm_would_go_too(tmp_path: Path) -> None:
    days = Days(tmp_path)
    for device, verdict in (("g1", Verdict.FALSE_ALARM), ("g2", Verdict.TRUE_ALARM)):
        days.door(device, 0, 80)
        days.found(HELD, device, 60, verdict)
    given = past(days)
    assert advise(days.site, rules_of(days.site), T0 - 1, given, lambda _: None) == []


def test_the_command_shows_both(days: Days) -> None:
    days.write()
    command = ["feedback", "--since", "2020-01-01", "--site", str(days.path)]
    plain = CliRunner().invoke(app, command)
    assert "67%" in plain.stdout
    assert "instead of" not in plain.stdout
    told = json.loads(CliRunner().invoke(app, [*command, "--advise", "--json"]).stdout)
    assert told["advice"][0]["removed"] == 2
    assert "2 of 2 false alarms fewer" in CliRunner().invoke(app, [*command, "--advise"]).stdout

"""Changed rules over the same past: what is gained, lost and moved, against what people found."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alert_rules.alert import Verdict
from devices.dialects.dialect import Lane
from gateway.cli import app
from gateway.config import load_site, load_with_rules
from gateway.errors import OperatorError, SiteFileError
from gateway.ledger import existing_store
from gateway.lookback.backtest import Change, Outcome, backtest
from gateway.lookback.past import Past, alerts_since
from gateway.rules import rules_of
from tests.unit.lookback.past_days import T0, Days

HELD = "gate_held_open"


@pytest.fixture
def days(tmp_path: Path) -> Days:
    """Three doors: a delivery of 90 s (false), one propped open for 10 min (true), one shut in time."""
    days = Days(tmp_path)
    days.door("g1", 0, 90)
    days.found(HELD, "g1", 60, Verdict.FALSE_ALARM, after=20)
    days.door("g2", 1_000, 1_600)
    days.found(HELD, "g2", 1_060, Verdict.TRUE_ALARM, after=100)
    days.door("g1", 20_000, 20_050)
    return days.write()


def run(days: Days, **rules: object) -> Outcome:
    changed = days.path.with_name("rules.yaml")
    changed.write_text(json.dumps({"rules": {HELD: rules}}))
    with existing_store(days.site) as store:
        past = Past(alerts_since(store, T0 - 1))
    told: list[int] = []
    today, other = rules_of(days.site), rules_of(load_with_rules(days.path, changed))
    outcome = backtest(days.site, today, other, T0 - 1, past, told.append)
    assert told[-1] == outcome.messages
    return outcome


def change(outcome: Outcome) -> Change:
    (one,) = (one for one in outcome.changes if one.rule == HELD)
    return one


def test_the_same_rules_change_nothing(days: Days) -> None:
    found = change(run(days))
    assert (found.before, found.after) == (2, 2)
    assert (found.gained, found.lost, found.moved_s) == ([], [], [])


def test_a_longer_wait_loses_the_false_alarm_and_delays_the_true_one(days: Days) -> None:
    found = change(run(days, dwell_s=120))
    assert (found.before, found.after, found.gained) == (2, 1, [])
    assert found.lost == found.lost_false
    assert len(found.lost) == 1
    assert found.lost_true == []
    assert found.moved_s == [60.0]


def test_too_long_a_wait_loses_the_true_alarm(days: Days) -> None:
    found = change(run(days, dwell_s=900))
    assert len(found.lost) == 2
    assert len(found.lost_true) == 1


def test_a_shorter_wait_gains_one_nobody_judged(days: Days) -> None:
    found = change(run(days, dwell_s=30))
    assert (found.after, len(found.gained), found.lost) == (3, 1, [])
    assert found.moved_s == [-30.0, -30.0]


def test_a_latch_is_reset_when_a_person_resolved_it(tmp_path: Path) -> None:
    """Without the resolution the second fire would only repeat the first alert, today and in the replay."""
    days = Days(tmp_path)
    for at in (0, 10_000):
        days.says(Lane.ALARM, "smoke_detector/s1/event", at, states={"smoke": True})
        days.says(Lane.ALARM, "smoke_detector/s1/event", at + 60, states={"smoke": False})
        days.found("smoke_alarm", "s1", at, Verdict.TRUE_ALARM)
    outcome = run(days.write())
    (fire,) = (one for one in outcome.changes if one.rule == "smoke_alarm")
    assert (fire.before, fire.after, fire.lost) == (2, 2, [])


def test_the_span_is_the_journals(days: Days) -> None:
    outcome = run(days)
    assert outcome.span_s == 20_050
    assert outcome.times_real_time == outcome.span_s / outcome.took_s


def test_since_leaves_out_what_was_before(days: Days) -> None:
    with existing_store(days.site) as store:
        assert [alert.device for alert in alerts_since(store, T0 + 500)] == ["g2"]
    rules = rules_of(days.site)
    outcome = backtest(days.site, rules, rules, T0 + 500, Past([]), lambda _: None)
    assert change(outcome).before == 1


def test_the_command_prints_json_and_fails_where_a_true_alarm_is_lost(days: Days) -> None:
    rules = days.path.with_name("rules.yaml")
    rules.write_text("rules: {gate_held_open: {dwell_s: 900}}\n")
    command = ["backtest", "--site", str(days.path), "--rules", str(rules), "--since", "2020-01-01"]
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 1
    (held,) = (one for one in json.loads(done.stdout)["changes"] if one["rule"] == HELD)
    assert len(held["lost_true"]) == 1
    shown = CliRunner().invoke(app, command)
    assert "would lose true alarms" in shown.stdout
    rules.write_text("rules: {gate_held_open: {dwell_s: 120}}\n")
    assert CliRunner().invoke(app, command).exit_code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: {gate_held_open: {open: 3}}\n", "rules.yaml:1: rules.gate_held_open.open"),
        ("mqtt: {port: 1}\n", "only rules, custom_rules"),
        ("rules: [\n", "rules.yaml"),
    ],
)
def test_bad_rules_are_refused_with_their_own_file_and_line(days: Days, text: str, said: str) -> None:
    rules = days.path.with_name("rules.yaml")
    rules.write_text(text)
    with pytest.raises(SiteFileError) as refused:
        load_with_rules(days.path, rules)
    assert said in str(refused.value)


def test_a_bad_time_and_a_missing_journal_are_said(days: Days, tmp_path: Path) -> None:
    rules = days.path.with_name("rules.yaml")
    rules.write_text("rules: {}\n")
    done = CliRunner().invoke(
        app, ["backtest", "--site", str(days.path), "--rules", str(rules), "--since", "yesterday"]
    )
    assert (done.exit_code, "30d" in done.stderr) == (2, True)
    bare = tmp_path / "bare" / "site.yaml"
    bare.parent.mkdir()
    bare.write_text("site: {id: home, name: Home}\n")
    with pytest.raises(OperatorError, match="does not exist"):
        backtest(load_site(bare), [], [], 0, Past([]), lambda _: None)


def test_a_missing_file_of_rules_is_not_taken_for_the_site_file(days: Days) -> None:
    with pytest.raises(OperatorError) as refused:
        load_with_rules(days.path, days.path.with_name("nowhere.yaml"))
    assert "changed sections" in refused.value.remedy

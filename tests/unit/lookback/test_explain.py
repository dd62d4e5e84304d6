"""Why an alert was raised and what would have prevented it; why nothing was raised."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alert_rules.alert import Alert, Verdict
from devices.dialects.dialect import Lane
from gateway.cli import app
from gateway.ledger import existing_store
from gateway.lookback.explain import Explanation, Prevention, explain_alert
from gateway.lookback.silence import Silence, explain_silence
from gateway.lookback.variations import variations
from gateway.rules import rules_of
from tests.unit.lookback.past_days import T0, Days

HELD = "gate_held_open"
EVENT = "smoke_detector/s1/event"


@pytest.fixture
def days(tmp_path: Path) -> Days:
    return Days(tmp_path)


def explained(days: Days, alert: Alert) -> Explanation:
    with existing_store(days.write().site) as store:
        return explain_alert(days.site, rules_of(days.site), alert, store.timeline(alert.id))


def silence(days: Days, device: str, at: float) -> Silence:
    return explain_silence(days.site, rules_of(days.site), device, T0 + at)


def test_an_alert_names_what_would_have_prevented_it(days: Days) -> None:
    days.door("g1", 100, 190)
    found = explained(days, days.found(HELD, "g1", 160, Verdict.FALSE_ALARM))
    assert found.reproduced
    assert "open" in found.about
    assert found.parameters["dwell_s"] == 60
    assert Prevention("dwell_s", 60, 120) in found.prevented_by
    assert [row.action for row in found.timeline] == ["raise", "verdict", "resolve"]


def test_the_smallest_step_that_helps_is_named(days: Days) -> None:
    days.door("g1", 100, 164)
    found = explained(days, days.found(HELD, "g1", 160, None))
    assert [one.value for one in found.prevented_by if one.parameter == "dwell_s"] == [pytest.approx(66)]


def test_no_setting_prevents_a_fire(days: Days) -> None:
    days.says(Lane.ALARM, EVENT, 10, states={"smoke": True})
    found = explained(days, days.found("smoke_alarm", "s1", 10, None))
    assert (found.reproduced, found.prevented_by) == (True, [])


def test_what_the_journal_no_longer_holds_is_not_reproduced(days: Days) -> None:
    days.door("g1", 50_000, 50_001)
    found = explained(days, days.found(HELD, "g1", 160, None))
    assert (found.reproduced, found.prevented_by) == (False, [])


def test_the_alert_of_a_rule_that_is_gone_still_has_its_facts(days: Days) -> None:
    found = explained(days, days.found("no_longer_there", "g1", 160, None))
    assert (found.about, found.reproduced, found.alert.reason.code) == ("", False, "open_too_long")


def test_variations_stay_within_what_the_rule_allows(days: Days) -> None:
    for rule in rules_of(days.site):
        for variation in variations(rule):
            given = getattr(variation.rule.params, variation.parameter)
            assert given != getattr(rule.params, variation.parameter)
            assert type(variation.rule) is type(rule)


def test_silence_names_each_message_and_each_rule(days: Days) -> None:
    days.door("g1", 100, 130)
    found = silence(days.write(), "g1", 120)
    opened, closed = found.heard
    assert "due" in opened.rules[HELD]
    assert closed.rules[HELD] == "judged: nothing to note"
    assert opened.said == {"door_state": "open"}
    assert found.unconcerned["lift_entrapment"] == "judges only lift"
    assert found.unconcerned["gate_duress"].startswith("waits for")


def test_what_does_raise_says_so(days: Days) -> None:
    days.says(Lane.ALARM, EVENT, 10, states={"smoke": True})
    (one,) = silence(days.write(), "s1", 0).heard
    assert one.rules["smoke_alarm"] == "raises"


def test_tests_duplicates_and_old_news_are_named(days: Days) -> None:
    days.says(Lane.ALARM, EVENT, 10, states={"smoke": True}, test=True, seq=1)
    days.says(Lane.ALARM, EVENT, 10, states={"smoke": True}, test=True, seq=1)
    days.says(Lane.ALARM, EVENT, 12, states={"smoke": True}, historical=True, seq=2)
    tested, again, late = silence(days.write(), "s1", 60).heard
    assert tested.rules["smoke_alarm"] == "not judged: a test"
    assert "duplicate" in again.set_aside
    assert "sent late" in late.set_aside


def test_strangers_and_garbage_are_named(days: Days) -> None:
    days.says(Lane.TELEMETRY, "access_gate/g9/telemetry", 10, states={"door_state": "open"})
    days.garbage("access_gate/g1/telemetry", 20)
    days.write()
    (stranger,) = silence(days, "g9", 0).heard
    assert stranger.rules[HELD] == "not judged: the device is not in the inventory"
    (refused,) = silence(days, "g1", 0).heard
    assert refused.refused.startswith("invalid") or ":" in refused.refused


def test_only_what_is_near_the_moment_is_shown_but_all_counts(days: Days) -> None:
    days.says(Lane.TELEMETRY, "access_gate/g1/telemetry", 0, states={"door_state": "open"})
    days.says(Lane.TELEMETRY, "access_gate/g1/telemetry", 5_000, states={"door_state": "open"})
    (one,) = silence(days.write(), "g1", 5_000).heard
    assert one.rules[HELD] != "judged: nothing to note"


def test_an_unknown_device_is_an_error(days: Days) -> None:
    days.door("g1", 0, 1)
    with pytest.raises(KeyError):
        silence(days.write(), "nobody", 0)


def test_the_command_explains_both(days: Days) -> None:
    days.door("g1", 100, 190)
    alert = days.found(HELD, "g1", 160, Verdict.FALSE_ALARM)
    days.write()
    site = ["--site", str(days.path)]
    shown = CliRunner().invoke(app, ["explain", alert.id, *site])
    assert "prevented by: dwell_s 120 instead of 60" in shown.stdout
    told = json.loads(CliRunner().invoke(app, ["explain", alert.id, *site, "--json"]).stdout)
    assert told["prevented_by"][0]["parameter"] == "dwell_s"
    at = datetime.fromtimestamp(T0 + 120, UTC).isoformat()
    quiet = CliRunner().invoke(app, ["explain", "--device", "g1", "--at", at, *site])
    assert "judged: nothing to note" in quiet.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "not clear"),
        (["--device", "g1"], "not clear"),
        (["nosuch"], "no such alert"),
        (["--device", "x", "--at", "2026-01-01T00:00"], "nobody knows"),
        (["--device", "g1", "--at", "noon"], "no time"),
    ],
)
def test_what_cannot_be_explained_is_said(days: Days, arguments: list[str], said: str) -> None:
    days.door("g1", 0, 1)
    days.write()
    done = CliRunner().invoke(app, ["explain", *arguments, "--site", str(days.path)])
    assert (done.exit_code, said in done.stderr) == (2, True)

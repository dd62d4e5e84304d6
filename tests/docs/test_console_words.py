"""The console has a word for every name the gateway may show, in both languages."""

import re
from pathlib import Path

import pytest

from alert_rules.alert import Reason
from alert_rules.catalogue import RULES
from devices.model import RejectReason
from devices.names import QUANTITIES, STATES
from gateway.notify.templates import RULES as NOTIFIED
from tests.unit.rules.cases import CASES, THING
from tests.unit.rules.timeline import Timeline

WORDS = Path(__file__).parents[2] / "gateway" / "console" / "src" / "i18n"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("value", [*QUANTITIES, *STATES]),
        ("health", [reason.value for reason in RejectReason]),
        ("alert", list(RULES)),
    ],
    ids=["names", "reasons", "rules"],
)
def test_every_name_has_a_word(language: str, page: str, names: list[str]) -> None:
    assert not set(names) - words(language, page)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("rule", CASES)
def test_every_alert_explains_itself(language: str, rule: str) -> None:
    """The code of the reason, and whatever it names as seen or as threshold."""
    said = told(CASES[rule].story(), rule)
    shown = {name for reason in said for name in (reason.code, *reason.values, *reason.thresholds)}
    assert said
    assert not shown - words(language, "value")


def test_every_rule_has_a_title_in_notifications() -> None:
    assert not RULES.keys() - NOTIFIED.keys()


def words(language: str, page: str) -> set[str]:
    return set(re.findall(r"^\s+(\w+): ", (WORDS / language / f"{page}.ts").read_text(), re.MULTILINE))


def told(story: Timeline, rule: str) -> list[Reason]:
    """Every reason the rule gives from its signs to its end."""
    case = CASES[rule]
    story.says(THING, **case.signs).at(case.dwell_s)
    if case.end:
        story.says(THING, **case.end)
    story.at(case.dwell_s + 700)
    return [said.transition.reason for said in story.unclaimed if said.transition.rule == rule]

"""What alerts say about each other is in words people read: on the console, in notifications, and in the docs."""

import re
from pathlib import Path

import pytest

from alert_rules.causes import BONDS, CROWDS, GROUPINGS, PROPOSALS, RULES
from gateway.notify import templates
from gateway.reference_incidents import incidents_page

WORDS = Path(__file__).parents[2] / "gateway" / "console" / "src" / "i18n"
MOVES = ("link", "inhibit", "release", "join", "aggravate", "decline")
REASONS = ("gateway_lost", "crowd_dispersed", "cause_ended", "settled", *(each.reason for each in PROPOSALS))


def said(language: str, page: str) -> set[str]:
    return set(re.findall(r"^\s+(\w+): ", (WORDS / language / f"{page}.ts").read_text(), re.MULTILINE))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_console_has_words(language: str) -> None:
    assert {*RULES, "power_failure", *MOVES} <= said(language, "alert")
    assert set(REASONS) <= said(language, "value")


def test_notifications_have_words() -> None:
    assert {*RULES, "power_failure"} <= templates.RULES.keys()


def test_the_page_tells_of_every_row() -> None:
    page = incidents_page("note")
    names = [each.name for each in (*BONDS, *GROUPINGS)] + [each.rule for each in (*CROWDS, *PROPOSALS)]
    assert [name for name in names if f"`{name}`" not in page] == []

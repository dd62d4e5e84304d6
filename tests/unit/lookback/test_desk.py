"""Questions over the API are answered by the command line, in a process of its own."""

from pathlib import Path

import pytest

from alert_rules.alert import Verdict
from gateway.api.ports import Unavailable
from gateway.lookback.desk import LookbackDesk
from tests.unit.lookback.past_days import Days

HELD = "gate_held_open"


@pytest.fixture
def days(tmp_path: Path) -> Days:
    return Days(tmp_path)


async def test_an_alert_and_a_silence_are_explained_and_verdicts_counted(days: Days) -> None:
    days.door("g1", 100, 190)
    alert = days.found(HELD, "g1", 160, Verdict.FALSE_ALARM)
    desk = LookbackDesk(lambda: days.write().path)
    told = await desk.explain_alert(alert.id)
    assert (told["alert"]["id"], told["reproduced"]) == (alert.id, True)
    quiet = await desk.explain_silence("g1", "2026-09-21T22:15:00+08:00")
    assert quiet["device"] == "g1"
    assert "rule" in (await desk.feedback(30))["shares"]


async def test_a_question_nobody_can_answer_is_said(days: Days) -> None:
    days.door("g1", 0, 1)
    desk = LookbackDesk(lambda: days.write().path)
    with pytest.raises(Unavailable, match="no such alert"):
        await desk.explain_alert("nothing")
    with pytest.raises(Unavailable, match="no time"):
        await desk.explain_silence("g1", "at noon")


async def test_an_argument_is_never_an_option(days: Days) -> None:
    days.door("g1", 0, 1)
    desk = LookbackDesk(lambda: days.write().path)
    with pytest.raises(Unavailable, match="--help"):
        await desk.explain_alert("--help")


async def test_without_a_site_file_there_is_no_answer() -> None:
    with pytest.raises(Unavailable, match="command line"):
        await LookbackDesk(lambda: None).feedback(1)

"""What is printed: whole links, honest numbers, no obedience to control characters."""

from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.demo import screen
from gateway.demo.outcome import GOOD, MISSING, Row
from tests.unit.demo.views import view

LINK = f"http://127.0.0.1:54321/login#once={'x' * 43}"


def printed(what: Table | Text, width: int = 80) -> str:
    console = Console(file=StringIO(), width=width)
    console.print(what)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_link_stays_on_one_line(width: int) -> None:
    console = Console(file=StringIO(), width=width)
    screen.welcome(console, LINK, 300)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert LINK in [line.strip() for line in lines]


def test_the_comparison_fits_a_terminal_whole() -> None:
    rows = [
        Row("fire_lane_blocked", "cam-b16-01", "cam-b16-01", 10.0123, 10.0, GOOD),
        Row("lift_entrapment", "lift-b2-04", "", None, 0.0, MISSING),
    ]
    lines = printed(screen.comparison(rows)).splitlines()
    (good,) = [line.split() for line in lines if "fire_lane_blocked" in line]
    (bad,) = [line.split() for line in lines if "lift_entrapment" in line]
    assert good == ["fire_lane_blocked", "cam-b16-01", "cam-b16-01", "10.012", "10", "as", "expected"]
    assert bad == ["lift_entrapment", "lift-b2-04", "-", "-", "-", "no", "alert"]


def test_a_line_names_severity_rule_and_device() -> None:
    assert screen.line(view()).plain.split()[1:] == ["critical", "smoke_alarm", "smoke-b1-01"]


def test_the_newest_alert_comes_first_and_old_ones_scroll_away() -> None:
    views = {str(index): view("gate_forced", at=float(index), device=f"gate-{index:02}-") for index in range(30)}
    text = printed(screen.alerts(views), 120)
    assert "gate-29-" in text
    assert "gate-10-" in text
    assert "gate-09-" not in text
    assert text.index("gate-29-") < text.index("gate-28-")


def test_no_alert_yet_is_an_empty_table() -> None:
    assert "Alerts" in printed(screen.alerts({}))


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\nb", "\u202e"])
def test_a_device_cannot_command_the_terminal(hostile: str) -> None:
    hostile_view = view(device=f"x{hostile}y", place={"name": "", "building": hostile, "floor": hostile, "zone": ""})
    for text in (screen.line(hostile_view).plain, printed(screen.alerts({"a": hostile_view}), 160)):
        assert hostile not in text


def test_markup_in_a_name_is_no_markup() -> None:
    assert "[red]" in printed(screen.alerts({"a": view(device="[red]x")}), 160)

"""Alerts as a table: the list's filters, every page, and no formula."""

import csv
import io
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from alert_rules.alert import Handling, Place, Severity
from gateway.alerts.people import Person, Role
from gateway.api import exports
from gateway.api.exports import COLUMNS, harmless, row
from gateway.api.ports import Unavailable
from tests.unit.api.world import World, make_alert

CSV, EXCEL = "/api/exports/alerts.csv", "/api/exports/alerts.xlsx"


async def exported(world: World, **params: Any) -> list[dict[str, str]]:
    async with world.client(Role.VIEWER) as client:
        response = await client.get(CSV, params=params)
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


async def sheets(world: World, **params: Any) -> list[list[tuple[Any, ...]]]:
    async with world.client(Role.VIEWER) as client:
        response = await client.get(EXCEL, params=params)
    assert response.status_code == 200, response.text
    book = load_workbook(io.BytesIO(response.content))
    return [list(sheet.iter_rows(values_only=True)) for sheet in book]


async def test_a_row_per_alert_newest_first_in_the_sites_time(world: World) -> None:
    found = await exported(world)
    assert [each["rule"] for each in found] == ["smoke_alarm", "water_leak"]
    assert found[0]["raised_at"] == "1970-01-01T08:01:40+08:00"
    assert found[0]["name"] == "Kitchen 301"
    assert found[0]["acknowledged_at"] == ""


async def test_excel_says_the_same(world: World) -> None:
    text = await exported(world)
    ((head, *body),) = await sheets(world)
    assert head == COLUMNS
    assert [["" if cell is None else str(cell) for cell in each] for each in body] == [
        [*each.values()] for each in text
    ]


@pytest.mark.parametrize(
    ("params", "rules"),
    [
        ({"severity": "major"}, ["water_leak"]),
        ({"rule": "smoke_alarm"}, ["smoke_alarm"]),
        ({"q": "kitchen"}, ["smoke_alarm", "water_leak", "gate_forced"]),
        ({"q": "nothing"}, []),
        ({"state": "resolved"}, ["gate_forced"]),
        ({"since": 95}, ["smoke_alarm"]),
        ({"before": 95}, ["water_leak", "gate_forced"]),
        ({"since": 100, "before": 100}, []),
    ],
)
async def test_the_lists_filters_hold(world: World, params: dict[str, Any], rules: list[str]) -> None:
    world.desk.add(
        make_alert("gate_forced", 80.0, device="gate-1", handling=Handling.RESOLVED, severity=Severity.MINOR)
    )
    assert [each["rule"] for each in await exported(world, **params)] == rules


@pytest.mark.parametrize("same_time", [False, True])
async def test_every_page_is_there_once(world: World, monkeypatch: pytest.MonkeyPatch, same_time: bool) -> None:
    monkeypatch.setattr(exports, "PAGE", 7)
    monkeypatch.setattr(exports, "SHEET_ROWS", 20)
    made = [make_alert(device=f"d{n}", raised_at=500.0 if same_time else 500.0 + n, id=f"n{n:02d}") for n in range(45)]
    for number, alert in enumerate(made):
        alert.handling = Handling.RESOLVED if number % 2 else Handling.OPEN
    world.desk.add(*made)
    ids = [each["id"] for each in await exported(world, since=500)]
    assert sorted(ids) == [alert.id for alert in made]
    parts = await sheets(world, since=500)
    assert len(parts) > 1
    assert [cells[0] for part in parts for cells in part if cells[0] != "id"] == ids


async def test_nobody_takes_away_what_they_may_not_see(world: World) -> None:
    world.accounts.sessions["viewer"] = Person("viewer", "Viewer", Role.VIEWER, buildings=("b2",))
    assert await exported(world) == []


@pytest.mark.parametrize("path", [CSV, EXCEL])
async def test_a_store_that_does_not_answer_is_an_error_not_half_a_file(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def away(_: object) -> list[Any]:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(world.desk, "search", away)
    async with world.client(Role.VIEWER) as client:
        response = await client.get(path)
    assert response.status_code == 503
    assert "Content-Disposition" not in response.headers


@pytest.mark.parametrize("path", [CSV, EXCEL])
async def test_the_browser_saves_it_and_shows_nothing(world: World, path: str) -> None:
    async with world.client(Role.VIEWER) as client:
        response = await client.get(path)
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", " =1", "＝1", "－1"])
def test_what_a_spreadsheet_would_run_is_made_text(text: str) -> None:
    assert harmless(text).startswith("'")


@pytest.mark.parametrize("text", ["b1", "客厅 3-01", "a=b", "", "'=1"])
def test_other_text_stays(text: str) -> None:
    assert harmless(text) == text


async def test_a_devices_formula_reaches_neither_file(world: World) -> None:
    evil = '=cmd|" /C calc"!A0'
    world.desk.add(make_alert(raised_at=900.0, device="@evil", place=Place(evil, "b1", "-1", "+z")))
    mine = (await exported(world, since=900))[0]
    assert (mine["name"], mine["device"], mine["floor"], mine["zone"]) == (f"'{evil}", "'@evil", "'-1", "'+z")
    _, body = (await sheets(world, since=900))[0]
    assert not any(isinstance(cell, str) and cell.startswith(("=", "+", "-", "@")) for cell in body)


@given(st.text())
def test_no_cell_ever_starts_a_formula_and_any_text_fits_both_files(text: str) -> None:
    alert = make_alert(place=Place(text, "b1", "3", "z1"))
    cells = row(alert, ZoneInfo("Asia/Shanghai"))
    assert not any(isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    exports._lines([cells])
    book = exports.Workbook(write_only=True)
    exports._append(book.create_sheet(), [cells])
    book.save(io.BytesIO())

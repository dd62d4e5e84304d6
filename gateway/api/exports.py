"""Alerts as a table, for a spreadsheet: CSV or Excel, with the list's filters, however many there are."""

import asyncio
import csv
import io
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import IO, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from openpyxl import Workbook
from pydantic import Field

from alert_rules.alert import Alert, Severity
from gateway.alerts.people import Person
from gateway.alerts.records import AlertFilter
from gateway.api.context import Actor, InPorts, Ports
from gateway.api.schema import EmptyIsNone, Moment, Request, Short, StateFilter
from gateway.api.scope import within
from gateway.api.security import GuardedRoute
from gateway.api.views import page

router = APIRouter(route_class=GuardedRoute, tags=["exports"])

PAGE = 500
SHEET_ROWS = 1_000_000
"""Excel ends at 1,048,576 rows; what is beyond goes on the next sheet."""
CHUNK = 1 << 16
IN_MEMORY = 4_000_000
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_WORDS = ["id", "rule", "severity", "stage", "device", "subject", "name", "building", "floor", "zone"]
_MOMENTS = ("raised_at", "acknowledged_at", "verdict_at", "resolved_at", "closed_at")
_PEOPLE = ["acknowledged_by", "verdict", "verdict_by", "verdict_reason", "assigned_to", "resolved_by", "closed_by"]
COLUMNS = (*_WORDS, *_MOMENTS, *_PEOPLE, "repeats", "incident", "suppressed_by", "test")

Cell = str | int | None
Rows = AsyncIterator[list[list[Cell]]]


class ExportQuery(Request):
    """Which alerts, newest first."""

    state: StateFilter = "all"
    severity: Annotated[Severity | None, EmptyIsNone] = None
    rule: Annotated[Short | None, EmptyIsNone] = None
    building: Annotated[Short | None, EmptyIsNone] = None
    q: Annotated[Short | None, EmptyIsNone, Field(description="text in device, place name, building or rule")] = None
    incident: Annotated[Short | None, EmptyIsNone, Field(description="id of the incident they belong to")] = None
    since: Annotated[Moment | None, EmptyIsNone, Field(description="raised at this moment or later")] = None
    before: Annotated[Moment | None, EmptyIsNone, Field(description="raised before this moment")] = None


_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The table", "content": {EXCEL: {"schema": {"type": "string", "format": "binary"}}}}
}
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The table", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get("/api/exports/alerts.csv", response_class=StreamingResponse, responses=_TEXT)
async def export_csv(query: Annotated[ExportQuery, Query()], ports: InPorts, person: Actor) -> Response:
    """Alerts as CSV (UTF-8; times in the site's zone; text that a spreadsheet would run starts with an apostrophe)."""
    rows = _rows(ports, person, query)
    first = await anext(rows)  # a store that does not answer is an error, not half a file
    return StreamingResponse(_csv(first, rows), media_type=CSV, headers=_named("csv"))


@router.get("/api/exports/alerts.xlsx", response_class=StreamingResponse, responses=_FILE)
async def export_xlsx(query: Annotated[ExportQuery, Query()], ports: InPorts, person: Actor) -> Response:
    """Alerts as an Excel workbook; otherwise as the CSV."""
    file = await _workbook(_rows(ports, person, query))
    return StreamingResponse(_chunks(file), media_type=EXCEL, headers=_named("xlsx"))


def _named(ending: Literal["csv", "xlsx"]) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="alerts.{ending}"'}


async def _rows(ports: Ports, person: Person, query: ExportQuery) -> Rows:
    """Slices of rows; the headings come with the first, so that taking it asks the store."""
    zone = ZoneInfo(ports.site.site.timezone)
    head: list[list[Cell]] = [list(COLUMNS)]
    async for alerts in _pages(ports, person, query):
        yield head + [row(alert, zone) for alert in alerts]
        head = []


async def _pages(ports: Ports, person: Person, query: ExportQuery) -> AsyncIterator[list[Alert]]:
    f = AlertFilter(**query.model_dump(exclude={"since"}), limit=PAGE, buildings=person.buildings)
    while True:
        stored = [] if f.state == "open" else await ports.desk.search(f)
        fresh = [alert for alert in ports.desk.open_alerts() if within(person, alert.place.building)]
        found = page(fresh, stored, f)
        yield [alert for alert in found if query.since is None or alert.raised_at >= query.since]
        if len(found) < PAGE or (query.since is not None and found[-1].raised_at < query.since):
            return
        f.before, f.before_id = found[-1].raised_at, found[-1].id


def row(alert: Alert, zone: ZoneInfo) -> list[Cell]:
    """One alert's cells, in the order of :data:`COLUMNS`; moments as ISO 8601 in ``zone``."""
    place = {name: getattr(alert.place, name) for name in ("name", "building", "floor", "zone")}
    return [_cell(place.get(name, getattr(alert, name, "")), name in _MOMENTS, zone) for name in COLUMNS]


def _cell(value: Any, is_moment: bool, zone: ZoneInfo) -> Cell:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if is_moment:
        return datetime.fromtimestamp(value, zone).isoformat(timespec="seconds")
    return harmless(str(value))


def harmless(text: str) -> str:
    """``text`` as a cell that no spreadsheet takes for a formula, without control characters (ASVS 1.2.10)."""
    shown = _CONTROL.sub("\ufffd", text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) or shown.startswith(("\t", "\r", "\n")) else shown


async def _csv(first: list[list[Cell]], rest: Rows) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + _lines(first)  # the mark tells Excel that this is UTF-8
    async for rows in rest:
        yield _lines(rows)


def _lines(rows: list[list[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


async def _workbook(slices: Rows) -> IO[bytes]:
    book = Workbook(write_only=True)
    try:
        await _fill(book, slices)
    except BaseException:
        for sheet in book.worksheets:
            sheet.close()
        raise
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed once it is sent
    await asyncio.to_thread(book.save, file)
    file.seek(0)
    return file


async def _fill(book: Workbook, slices: Rows) -> None:
    sheet, count = book.create_sheet("alerts"), 0
    async for rows in slices:
        if count + len(rows) > SHEET_ROWS:
            sheet, count = book.create_sheet(), 0
        await asyncio.to_thread(_append, sheet, rows)
        count += len(rows)


def _append(sheet: Any, rows: list[list[Cell]]) -> None:
    for each in rows:
        sheet.append(each)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk

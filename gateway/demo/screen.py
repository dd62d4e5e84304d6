"""What a demonstration prints: the way in, the alerts as they arrive, the comparison at the end."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.demo.client import View
from gateway.demo.outcome import FOLLOWS, GOOD, Row
from gateway.show import plain

COLOURS = {"critical": "bold red", "major": "dark_orange", "minor": "yellow", "notice": "blue"}
SHOWN = 20


def welcome(console: Console, link: str, devices: int) -> None:
    """Frame the link. No box around it: a terminal must be able to select and follow it whole."""
    console.rule(f"{devices} devices come to life; open the console (works once)")
    console.print(Text(f"\n  {link}\n", style="bold"), soft_wrap=True)
    console.rule("Ctrl-C stops everything")


def line(view: View) -> Text:
    """One alert on one line, for logs and pipes."""
    severity = plain(view["severity"])
    return Text(
        f"{_clock(view)}  {severity:8}  {plain(view['rule'])}  {plain(view['device'])}", COLOURS.get(severity, "")
    )


def alerts(views: Mapping[str, View]) -> Table:
    """The newest alerts, newest first."""
    table = Table("raised", "severity", "rule", "device", "building", "floor", "stage", title="Alerts", expand=True)
    newest = sorted(views.values(), key=lambda view: float(view["raised_at"]), reverse=True)
    for view in newest[:SHOWN]:
        place = view["place"]
        cells = (view["severity"], view["rule"], view["device"], place["building"], place["floor"], view["stage"])
        style = COLOURS.get(str(view["severity"]), "")
        table.add_row(_clock(view), *(Text(plain(cell)) for cell in cells), style=style)
    return table


def comparison(rows: Iterable[Row]) -> Table:
    """What was expected, what was raised, and the seconds from the device's publish to an API client.

    Narrow enough for 80 columns with the names of the demonstration.
    """
    table = Table(title="Expected and raised alerts", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("rule", "expected on", "raised on"):
        table.add_column(heading, no_wrap=True)
    for heading in ("seconds", "rule waits"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("finding")
    for row in rows:
        names = (plain(name) or "-" for name in (row.rule, row.expected, row.raised))
        seconds = "-" if row.seconds is None else f"{row.seconds:.3f}"
        waits = f"{row.waits_s:g}" if row.waits_s else "-"
        table.add_row(
            *names, seconds, waits, Text(row.finding, "green" if row.finding in (GOOD, FOLLOWS) else "bold red")
        )
    return table


def _clock(view: View) -> str:
    return datetime.fromtimestamp(float(view["raised_at"])).astimezone().strftime("%H:%M:%S")

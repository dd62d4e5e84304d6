"""What a demonstration prints: the way in, the alerts as they arrive, the comparison at the end."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.demo.client import View
from gateway.demo.outcome import GOOD, Row
from gateway.show import plain

COLOURS = {"critical": "bold red", "major": "dark_orange", "minor": "yellow", "notice": "blue"}
SHOWN = 20


def welcome(console: Console, link: str, devices: int) -> None:
    """Frame the link. No box around it: a terminal must be able to select and follow it whole."""
    console.rule(f"{devices} devices are alive; open the console (works once)")
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
    """What was expected, what was raised, and how long it took from the device's publish to an API client."""
    table = Table(title="Expected and raised alerts")
    for heading in ("rule", "expected on", "raised on"):
        table.add_column(heading, overflow="fold")
    table.add_column("device to alert", justify="right")
    table.add_column("rule waits", justify="right")
    table.add_column("finding")
    for row in rows:
        table.add_row(
            plain(row.rule), plain(row.expected) or "-", plain(row.raised) or "-",
            "-" if row.seconds is None else f"{row.seconds:.3f} s",
            f"{row.waits_s:.0f} s" if row.waits_s else "-",
            Text(row.finding, "green" if row.finding == GOOD else "bold red"),
        )  # fmt: skip
    return table


def _clock(view: View) -> str:
    return datetime.fromtimestamp(float(view["raised_at"])).astimezone().strftime("%H:%M:%S")

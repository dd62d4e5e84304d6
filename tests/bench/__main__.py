"""Measures the figures of the README: ``python -m tests.bench [NAME ...] [--json] [--quick]``."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import pytest
import typer
from rich.console import Console
from rich.table import Table

from tests.bench.suite import BENCHES, Bench, Row, Say, rows

BUSY = 0.25
"""Share of the processors in use by others from which a warning is due; times and rates suffer first."""

MARKS = {True: "[green]met[/]", False: "[red]missed[/]"}


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Any of: {', '.join(BENCHES)}. Default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Small scale, one round: to try it, not to quote.")] = False,
) -> None:
    """Run benches one after another and show each figure beside its goal.

    A missed goal is shown, and no error: exit 0. With --json and one name the object is that bench's result, otherwise
    results by name.
    """
    chosen = list(dict.fromkeys(names or BENCHES))
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        raise typer.BadParameter(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHES)}", param_hint="NAME")
    console = Console(stderr=as_json, highlight=False)
    _introduce(console, quick)
    results = {name: _run(console, name, BENCHES[name], quick) for name in chosen}
    if as_json:
        print(json.dumps(results if len(chosen) > 1 else results[chosen[0]]))


def _introduce(console: Console, quick: bool) -> None:
    processors = os.cpu_count() or 1
    console.print(f"{processors} processors, Python {platform.python_version()}, {platform.platform()}")
    if quick:
        console.print("[yellow]quick: too small for figures to quote[/]")
    load = os.getloadavg()[0]
    if load > BUSY * processors:
        console.print(f"[yellow]the machine is busy (load {load:.1f}): times and rates will be worse than they are[/]")


def _run(console: Console, name: str, bench: Bench, quick: bool) -> dict[str, Any]:
    try:
        with _progress(console, name) as say:
            result = (bench.quick if quick else bench.run)(say)
    except (pytest.skip.Exception, pytest.fail.Exception) as absent:
        console.print(f"{name}: {absent}; on Debian and Ubuntu `make test` installs it")
        raise typer.Exit(2) from None
    console.print(table(name, rows(name, result)))
    return result


@contextmanager
def _progress(console: Console, name: str) -> Iterator[Say]:
    """A moving line on a terminal, else one line a step."""
    if not console.is_terminal:
        yield lambda step: console.print(f"{name}: {step}")
        return
    with console.status(name) as status:
        yield lambda step: status.update(f"{name}: {step}")


def table(name: str, lines: list[Row]) -> Table:
    """The report of one bench."""
    shown = Table("figure", "measured", "goal", "", title=name, title_justify="left")
    shown.columns[1].justify = "right"
    for line in lines:
        mark = MARKS[line.met] if line.met is not None else ("[yellow]void[/]" if line.goal else "")
        shown.add_row(line.title, line.value, line.goal, mark)
    return shown


if __name__ == "__main__":
    typer.run(main)

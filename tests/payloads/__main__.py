"""``python -m tests.payloads [FOLDER]``: a table of what became of each collected message; 1 if any made us raise."""

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.payloads.folder import Verdict, verdicts

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT.parent / "shared" / "payloads"
STYLE = {"decoded": "green", "ignored": "cyan", "rejected": "yellow", "raised": "red"}
TITLE = {"decoded": "decoded", "ignored": "ignored on purpose", "rejected": "rejected", "raised": "RAISED"}


def main(
    folder: Annotated[Path | None, typer.Argument(help="Default: SHARED_PAYLOADS, else ../shared/payloads.")] = None,
) -> None:
    """Judge every message and print the table."""
    chosen = folder or Path(os.environ.get("SHARED_PAYLOADS") or DEFAULT)
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    if not chosen.is_dir():
        console.print(
            f"{escape(str(chosen))}: there is no such folder. The collected messages are no part of this repository; "
            "set SHARED_PAYLOADS to a folder of ECOSYSTEM/NN.json."
        )
        raise typer.Exit(2)
    found = list(verdicts(chosen))
    console.print(table(found))
    console.print(sums(found))
    if any(verdict.outcome == "raised" for verdict in found):
        raise typer.Exit(1)


def table(found: list[Verdict]) -> Table:
    """One row a message."""
    shown = Table("message", "dialect", "outcome", "what, or why", title="collected messages", title_justify="left")
    for verdict in found:
        style = STYLE[verdict.outcome]
        shown.add_row(verdict.name, verdict.dialect, f"[{style}]{TITLE[verdict.outcome]}[/]", escape(verdict.text))
    return shown


def sums(found: list[Verdict]) -> str:
    """How many came out how."""
    counts = Counter(verdict.outcome for verdict in found)
    return f"{len(found)} messages: " + ", ".join(f"{counts[outcome]} {TITLE[outcome]}" for outcome in TITLE)


if __name__ == "__main__":
    typer.run(main)

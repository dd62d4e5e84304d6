"""One line of ``gateway doctor``."""

from enum import StrEnum

from msgspec import Struct
from rich.console import Console
from rich.text import Text

from gateway.show import plain


class Verdict(StrEnum):
    """How it looks. ``WARN`` works today but should be known."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}


class Finding(Struct, frozen=True):
    """What was looked at, what was found, and what to do about it (empty where all is well)."""

    verdict: Verdict
    what: str
    found: str
    remedy: str = ""

    def show(self, console: Console) -> None:
        line = Text.assemble((f"{self.verdict.value:<5}", _STYLES[self.verdict]), f"{self.what}: {plain(self.found)}")
        console.print(line)
        if self.remedy:
            console.print(Text(f"      -> {plain(self.remedy)}"))


def ok(what: str, found: str) -> Finding:
    return Finding(Verdict.OK, what, found)


def warn(what: str, found: str, remedy: str) -> Finding:
    return Finding(Verdict.WARN, what, found, remedy)


def fail(what: str, found: str, remedy: str) -> Finding:
    return Finding(Verdict.FAIL, what, found, remedy)

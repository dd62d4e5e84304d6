"""Figures of a fault run: what was measured, what is allowed, and whether it holds."""

from msgspec import Struct, field
from rich.console import Console
from rich.table import Table

from tests.faults.oracle import Survival


class Check(Struct, frozen=True):
    """One figure with its bound: ``good`` says whether it holds."""

    what: str
    value: float | str
    allowed: str
    good: bool


class Finding(Struct):
    """What one scenario found. ``skipped`` says why it could not run here."""

    scenario: str
    seed: int
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0
    skipped: str = ""
    examples: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return all(check.good for check in self.checks)

    @property
    def bad(self) -> list[str]:
        """The figures that do not hold, for an assertion's message."""
        found = [f"{c.what}: {c.value} (allowed: {c.allowed})" for c in self.checks if not c.good]
        return found + [f"for example {', '.join(self.examples)}"] * bool(found and self.examples)

    def note(self, what: str, value: float | str) -> None:
        """A figure without a bound."""
        self.checks.append(Check(what, _short(value), "", True))

    def exactly(self, what: str, value: float | str, wanted: float | str) -> None:
        self.checks.append(Check(what, _short(value), f"= {wanted}", value == wanted))

    def at_most(self, what: str, value: float, bound: float) -> None:
        self.checks.append(Check(what, _short(value), f"<= {bound}", value <= bound))

    def at_least(self, what: str, value: float, bound: float) -> None:
        self.checks.append(Check(what, _short(value), f">= {bound}", value >= bound))

    def survival(self, s: Survival) -> None:
        """Nothing that was acknowledged is lost, and each incident has its one alert."""
        self.note("messages acknowledged to the devices", s.acked)
        self.exactly("of those missing from the journal", s.lost_journal, 0)
        self.exactly("of those missing from the history", s.lost_history, 0)
        self.note("messages journaled again after a redelivery", s.journaled_twice)
        self.exactly("messages not judged", s.not_judged, 0)
        self.note("alerts owed", s.alerts_owed)
        self.exactly("alerts lost", s.alerts_lost, 0)
        self.exactly("alerts duplicated", s.alerts_duplicate, 0)
        self.exactly("alerts nobody caused", s.alerts_unexpected, 0)
        self.exactly("alerts with a wrong count of repeats", s.wrong_repeats, 0)
        self.note("audit rows", s.audit_rows)
        self.exactly("break in the audit chain", s.audit_broken, "")
        self.examples += s.examples


def show(console: Console, findings: list[Finding]) -> None:
    """Print one table of all figures."""
    table = Table("scenario", "figure", "measured", "allowed", "", title="Faults")
    for finding in findings:
        title = f"{finding.scenario} ({finding.seconds:.0f} s)"
        if finding.skipped:
            table.add_row(title, f"not run: {finding.skipped}", "", "", "[yellow]skipped[/]")
        for check in finding.checks:
            verdict = "" if not check.allowed else "[green]ok[/]" if check.good else "[red]FAILED[/]"
            table.add_row(title, check.what, str(check.value), check.allowed, verdict)
            title = ""
        if not finding.good and finding.examples:
            table.add_row("", f"for example {', '.join(finding.examples)}", "", "", "")
        table.add_section()
    console.print(table)


def _short(value: float | str) -> float | str:
    return round(value, 3) if isinstance(value, float) else value

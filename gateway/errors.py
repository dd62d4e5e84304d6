"""The few errors an operator reads. Each names the place, the cause and what to do; no traceback is added."""

from collections.abc import Sequence


class OperatorError(Exception):
    """Something only a person can put right; the command line prints it as three lines and exits with 2."""

    def __init__(self, place: str, cause: str, remedy: str) -> None:
        super().__init__(place, cause, remedy)
        self.place = place
        self.cause = cause
        self.remedy = remedy

    def lines(self) -> list[str]:
        """What the command line prints."""
        return [f"error: {self.place}", f"cause: {self.cause}", f"remedy: {self.remedy}"]

    def __str__(self) -> str:
        return f"{self.place}: {self.cause}; {self.remedy}"


class SiteFileError(OperatorError):
    """A site file that cannot be used, with every problem found in it, one line each."""

    def __init__(self, path: str, problems: Sequence[str]) -> None:
        count = f"{len(problems)} problem{'s' * (len(problems) != 1)}"
        super().__init__(path, count, f"mend the lines named and try again: gateway check {path}")
        self.problems = list(problems)

    def lines(self) -> list[str]:
        return [*self.problems, f"{self.place}: {self.cause}; nothing was started"]

    def __str__(self) -> str:
        return "\n".join(self.lines())

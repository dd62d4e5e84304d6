"""What a camera has said and the broker has not yet confirmed: one file a message, in order, durable."""

import json
import os
import time
from pathlib import Path
from typing import Any

MAX_WAITING = 10_000


class Spool:
    """Messages of one camera on disk. The worker puts, the supervisor takes; either may die at any moment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last = 0
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, channel: str, body: dict[str, Any]) -> None:
        """Keep a message. Raises OSError."""
        self._last = max(time.time_ns(), self._last + 1)
        part = self._folder / f".{self._last:020d}.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump({"channel": channel, "body": body}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / f"{self._last:020d}.json")

    def waiting(self) -> list[Path]:
        """The messages, oldest first; of very many, the first."""
        return sorted(self._folder.glob("*.json"))[:MAX_WAITING]

    @staticmethod
    def read(path: Path) -> tuple[str, dict[str, Any]] | None:
        """A message's channel and body; ``None``: unreadable, as after a full disk."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return str(told["channel"]), dict(told["body"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

"""The outside watcher: looks, remembers on disk, and tells people once when the gateway falls silent and once after."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from gateway.clock import Clock, SteadyTime
from gateway.errors import OperatorError
from gateway.notify.ports import Undelivered
from gateway.notify.templates import Language, Text, clean
from gateway.watch.silence import Probe, Say, Watch, look, told

log = structlog.get_logger(__name__)

PATIENCE_S = 60.0
WORDS: dict[Say, tuple[str, str]] = {
    "silent": ("[紧急] 社区网关无响应，报警可能无人看到", "[CRITICAL] The gateway is silent; alarms may reach nobody"),
    "back": ("社区网关已恢复", "The gateway answers again"),
}
Tell = Callable[[Text, str, str], str]
"""Sends a text; its look and key are what a channel's ``say`` takes. Raises ``Undelivered``."""


class _Kept(Struct):
    """The file: what is known, and the clock it was known by."""

    watch: Watch
    steady: dict[str, int]


class Watcher:
    """Looks at one gateway through ``probe`` and tells people through ``tell``.

    Raises (``turn``):
        OperatorError: the state file cannot be written, so that the next look would not know of this one.
    """

    def __init__(
        self, url: str, probe: Callable[[], Probe], tell: Tell, state: Path, clock: Clock, language: Language = "zh"
    ) -> None:
        self._url = url
        self._probe = probe
        self._tell = tell
        self._state = state
        self._clock = clock
        self._index = 0 if language == "zh" else 1
        self._steady = SteadyTime(clock)
        self.watch = self._load()

    def turn(self, patience_s: float = PATIENCE_S) -> bool:
        """Look once; return whether the gateway is well and nothing is left to be told."""
        say = look(self.watch, self._probe(), self._steady.now(), patience_s)
        log.info("looked", url=self._url, why=self.watch.why)
        # Also while all is well: a watcher that cannot keep its state must say so before it matters.
        self._save()
        if say and self._said(say):
            told(self.watch, say)
            self._save()
            say = ""
        return not (self.watch.why or say)

    def run(self, every_s: float, patience_s: float = PATIENCE_S, sleep: Callable[[float], None] = time.sleep) -> None:
        """Look again and again until interrupted."""
        while True:
            self.turn(patience_s)
            sleep(every_s)

    def _said(self, say: Say) -> bool:
        at = datetime.fromtimestamp(self._clock.now()).astimezone().strftime("%Y-%m-%d %H:%M:%S (UTC%z)")
        body = "\n".join(filter(None, (clean(self._url), clean(self.watch.why), at)))
        key = f"watch:{say}:{int((self.watch.well_at or 0.0) * 1000)}"
        try:
            self._tell(Text(WORDS[say][self._index], body), "failure" if say == "silent" else "success", key)
        except Undelivered as error:
            log.error("not_told", say=say, why=str(error), remedy="told at the next look; test the channel's address")
            return False
        return True

    def _load(self) -> Watch:
        """Go on where the last look stood; a file that cannot be read counts as none, for watching must go on."""
        try:
            kept = msgspec.json.decode(self._state.read_bytes(), type=_Kept)
            self._steady.restore(kept.steady)
        except FileNotFoundError:
            return Watch()
        except (OSError, msgspec.DecodeError, KeyError) as error:
            log.warning("state_unread", file=str(self._state), why=str(error))
            return Watch()
        return kept.watch

    def _save(self) -> None:
        fresh = self._state.with_name(f"{self._state.name}.new")
        try:
            fresh.write_bytes(msgspec.json.encode(_Kept(self.watch, self._steady.save())))
            fresh.replace(self._state)
        except OSError as error:
            remedy = "name a file in a folder that this user may write: --state FILE"
            raise OperatorError(str(self._state), f"cannot be written: {error.strerror}", remedy) from None

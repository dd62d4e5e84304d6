"""Alerts that come and go too often to call people each time. Pure."""

import math
from collections import deque

from pydantic import BaseModel, ConfigDict, Field

FLAPPING = "flapping"


class FlappingLimits(BaseModel):
    """When an alert counts as flapping: it is raised so often that each further time tells nobody anything new.

    Nagios takes a service whose state changed in a fifth of its last 21 checks for flapping; counting raises within a
    time is the same idea for devices that report when they please.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    times: int = Field(default=5, ge=0, le=100, description="raised so often within_s: flapping; 0: never")
    within_s: float = Field(default=600, gt=0, le=86_400, description="seconds looked back")
    calm_s: float = Field(default=600, gt=0, le=86_400, description="seconds without a raise that end it")


class Flapping:
    """Counts raises per fingerprint. Forgets what has been calm."""

    def __init__(self, limits: FlappingLimits) -> None:
        self.limits = limits
        self._raises: dict[str, deque[float]] = {}
        self._last: dict[str, float] = {}

    def note(self, fingerprint: str, at: float) -> None:
        """It was raised once more at ``at`` (epoch seconds)."""
        if not self.limits.times:
            return
        recent = self._raises.setdefault(fingerprint, deque())
        recent.append(at)
        while recent and recent[0] <= at - self.limits.within_s:
            recent.popleft()
        if len(recent) >= self.limits.times:
            self._last[fingerprint] = at
            del self._raises[fingerprint]
        elif fingerprint in self._last:
            self._last[fingerprint] = at
        if len(self._raises) > 10_000:
            self._prune(at)

    def restore(self, fingerprint: str, at: float) -> None:
        """It was flapping when the gateway stopped; its last raise was at ``at``."""
        self._last[fingerprint] = at

    def holds(self, fingerprint: str, now: float) -> bool:
        """Tell whether it flaps."""
        last = self._last.get(fingerprint)
        return last is not None and now < last + self.limits.calm_s

    def next_change(self, now: float) -> float:
        """When the next one has been calm for long enough; those that have are forgotten."""
        calm = self.limits.calm_s
        self._last = {name: at for name, at in self._last.items() if now < at + calm}
        return min((at + calm for at in self._last.values()), default=math.inf)

    def _prune(self, now: float) -> None:
        start = now - self.limits.within_s
        self._raises = {name: raises for name, raises in self._raises.items() if raises[-1] > start}

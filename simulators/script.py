"""What a behaviour is: a script of things to say, each followed by a pause."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, Protocol

Channel = Literal["telemetry", "event"]


@dataclass(frozen=True, slots=True)
class Say:
    """One message's content, before it has a time, a topic or a sequence number."""

    channel: Channel
    measurements: dict[str, float] = field(default_factory=dict)
    states: dict[str, bool | str | None] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)


Script = Iterator[tuple[Say, float]]
"""What to say now, and the pause in seconds until the next. Endless for ordinary life, finite for an incident."""


class Behaviour(Protocol):
    """How one device lives. Its only inputs are its own random numbers and the moments at which it is resumed."""

    def ordinary(self) -> Script:
        """Live on from the present state; must give no rule a reason to raise an alert."""
        ...

    def incident(self, rule: str) -> Script:
        """Suffer what makes ``rule`` raise an alert; the first message is the one that counts.

        Raises:
            ValueError: nothing of the kind can happen to this device.
        """
        ...


def about(rng: Random, seconds: float) -> float:
    """Return ``seconds`` within 3 %: clocks drift, and devices must not march in step."""
    return seconds * rng.uniform(0.97, 1.03)


def cannot(device: str, rule: str) -> ValueError:
    """Build the error for an incident that does not fit the device."""
    return ValueError(f"a {device} cannot cause {rule!r}; pick a device of another kind for this incident")

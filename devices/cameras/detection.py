"""What a detector finds in a camera's picture, and what a detector is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Frame: TypeAlias = NDArray[np.uint8]
"""One picture: (height, width) luma or (height, width, 3) BGR, 8 bit."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height in pixels of the frame."""

Point: TypeAlias = tuple[float, float]
"""x to the right, y down, in pixels of the frame."""

Kind = Literal["falling_object", "stationary_object"]
Phase = Literal["start", "update", "end"]


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing a detector saw, told once per phase; all phases of one thing share ``track``.

    Times are seconds of the stream's clock. ``score`` is 0 to 1. A falling object has a ``path`` of (seconds, x, y),
    a stationary one a ``box``. ``attributes`` hold what only this kind has, as plain JSON values.
    """

    kind: Kind
    phase: Phase
    track: int
    start_s: float
    end_s: float
    score: float
    path: tuple[tuple[float, float, float], ...] = ()
    box: Box | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)


class Detector(Protocol):
    """Frames in, detections out. Knows neither files nor clocks: the time of a frame is an argument."""

    @property
    def luma(self) -> bool:
        """Whether the detector wants luma alone, which spares the conversion to BGR."""
        ...

    def step(self, frame: Frame, at: float) -> list[Detection]:
        """Look at one frame. ``at``: seconds on the stream's clock, never going back within one stream.

        A change of the frame's size, or a gap, is no error: the detector starts anew.
        """
        ...

    def close(self) -> list[Detection]:
        """End of stream: what was still open."""
        ...

"""A camera over a facade from which things are thrown: pictures with the truth beside them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulators.scenes.brush import Noise, blob, denser
from simulators.scenes.disturbances import LAYERS, Shake
from simulators.scenes.facade_view import View, paint_facade
from simulators.scenes.throws import Flight, Throw, fly

Picture = NDArray[np.uint8]

DAY_NOISE, NIGHT_NOISE = 1.25, 4.0
"""Standard deviations in grey levels."""


@dataclass(frozen=True)
class FacadeScene:
    """``disturbances``: names of `disturbances.LAYERS`, or "shake". ``repeat``: every n-th picture repeats the one
    before, as cameras of 20 pictures a second do at 30."""

    view: View
    seed: int
    seconds: float
    throws: tuple[Throw, ...] = ()
    disturbances: tuple[str, ...] = ()
    night: bool = False
    noise: float | None = None
    repeat: int = 0

    @cached_property
    def flights(self) -> tuple[Flight, ...]:
        """The truth: every throw as the camera sees it; a repeated picture shows nothing new."""
        return tuple(Flight(f.throw, tuple(p for p in f.frames if not self._repeated(p[0]))) for f in self._flown())

    def _flown(self) -> Iterator[Flight]:
        return (fly(throw, self.view) for throw in self.throws)

    def _repeated(self, t: float) -> bool:
        return bool(self.repeat) and round(t * self.view.fps) % self.repeat == self.repeat - 1

    def frames(self) -> Iterator[tuple[float, Picture]]:
        """Seconds and luma of every picture."""
        still = paint_facade(self.view, self.seed, self.night)
        layers = [LAYERS[name](self.view, self.seed, self.seconds) for name in self.disturbances if name != "shake"]
        shake = Shake(self.seed, self.view.height / 300) if "shake" in self.disturbances else None
        sigma = self.noise if self.noise is not None else NIGHT_NOISE if self.night else DAY_NOISE
        noise = Noise(still.shape[:2], sigma, self.seed)
        flying = Flying(self.flights)
        last = still
        for number in range(int(self.seconds * self.view.fps)):
            t = number / self.view.fps
            if not self._repeated(t):
                picture = still.copy()
                flying.draw(picture, t)
                for layer in layers:
                    layer(picture, t)
                last = noise.add(shake.apply(picture, t) if shake else picture, number)
            yield t, last


@dataclass
class Flying:
    """Things in the air, by picture."""

    flights: tuple[Flight, ...]
    _at: dict[int, list[tuple[NDArray[np.float64], float, int]]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for flight in self.flights:
            for t, spots, size in flight.frames:
                self._at.setdefault(round(t * 1000), []).append((spots, size, flight.throw.shade))

    def draw(self, picture: Picture, t: float) -> None:
        """Draw what is in the air at ``t``."""
        for spots, size, shade in self._at.get(round(t * 1000), ()):
            blob(picture, denser(spots, max(1.0, size / 3)), (size / 2, size / 2), shade)


def inject(frames: Iterable[tuple[float, Picture]], flights: tuple[Flight, ...]) -> Iterator[tuple[float, Picture]]:
    """Throws drawn into the pictures of a real camera, each where it is in the nearest picture of its flight."""
    times = np.array(sorted({round(t, 6) for flight in flights for t, _, _ in flight.frames}))
    apart = float(np.diff(times).min()) if len(times) > 1 else 0.04
    flying = Flying(flights)
    for t, picture in frames:
        shown = picture.copy()
        nearest = float(times[np.abs(times - t).argmin()]) if len(times) else np.inf
        if abs(nearest - t) <= apart / 2:
            flying.draw(shown, nearest)
        yield t, shown

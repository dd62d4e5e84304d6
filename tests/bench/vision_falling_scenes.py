"""The scenes on which the falling-object detector is measured: one set to tune on, one to report.

Both vary disturbance, pitch, resolution, frame rate and size; they share neither seeds nor layouts.
"""

from collections.abc import Iterator
from typing import NamedTuple

from simulators.scenes.facade import FacadeScene
from simulators.scenes.facade_view import View
from simulators.scenes.throws import plan

SMALL, LARGE = (3.0, 5.0), (6.0, 15.0)
LEAD_S, EVERY_S = 3.0, 2.6

KINDS: dict[str, tuple[tuple[str, ...], bool]] = {
    "calm": ((), False),
    "birds": (("birds",), False),
    "insects": (("insects",), True),
    "rain": (("rain",), False),
    "laundry": (("laundry",), False),
    "trees": (("trees",), False),
    "headlights": (("headlights",), True),
    "reflections": (("reflections",), False),
    "lightning": (("lightning", "rain"), True),
    "clouds": (("clouds",), False),
    "shake": (("shake",), False),
    "night": ((), True),
    "everything": (("birds", "laundry", "trees", "clouds"), False),
}
"""Name of the disturbance -> layers, night."""


class Case(NamedTuple):
    """One scene with what it is measured under: ``sizes`` is "3-5", ">=6" or "none" for a scene without throws."""

    kind: str
    sizes: str
    scene: FacadeScene


def cases(test: bool, throws: int, negative_s: float, kinds: tuple[str, ...] = tuple(KINDS)) -> Iterator[Case]:
    """For each disturbance a scene with small throws, one with larger and one with none."""
    base = 1000 if test else 100
    for number, kind in enumerate(kinds):
        layers, night = KINDS[kind]
        for variant, sizes in enumerate((SMALL, LARGE, None)):
            seed = base + 10 * number + variant
            view = _view(number + variant, test)
            count = throws if sizes else 0
            seconds = LEAD_S + EVERY_S * count + 6.0 if sizes else negative_s
            thrown = tuple(plan(view, seed, count, EVERY_S, sizes or SMALL, LEAD_S, night))
            repeat = 3 if view.fps == 30 else 0
            name = "none" if sizes is None else "3-5 px" if sizes == SMALL else ">=6 px"
            yield Case(kind, name, FacadeScene(view, seed, seconds, thrown, layers, night, repeat=repeat))


def _view(number: int, test: bool) -> View:
    pitch = (30, 45, 60)[number % 3]
    width, height = (1280, 720) if number % 5 else (1920, 1080)
    fps = (25.0, 30.0, 25.0, 20.0)[number % 4]
    if test:
        return View.steep(pitch, width, height, fps)
    usual = View.steep(pitch)
    return View(width, height, fps, pitch + 3.0, usual.opening + 4, usual.distance * 1.2, usual.floors - 2, 36.0)

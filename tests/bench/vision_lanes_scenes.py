"""Random lane scenes by disturbance. Even seeds were used for tuning, odd ones are kept for testing."""

from collections.abc import Callable
from random import Random

from simulators.scenes.lane import LaneScene, Mover, Weather

DWELL_S = 20.0
LEARN_S = 12.0
TAIL_S = 20.0


def parked(rng: Random, begin: float, stay: float) -> Mover:
    """A vehicle that drives in, stands for ``stay`` seconds from ``begin`` on, and drives out."""
    x, z = rng.uniform(-1.0, 1.0), rng.uniform(8.5, 18)
    near = rng.random() < 0.3
    away = 3.0 if near else 32.0
    seconds = rng.uniform(2.5, 5)
    way = [(begin - seconds, x, 32.0), (begin, x, z), (begin + stay, x, z), (begin + stay + rng.uniform(2, 4), x, away)]
    what = rng.choices(("car", "van", "box"), (6, 3, 1))[0]
    shade = rng.choice((40, 62, 95, 170, 200, 225))
    if what == "box":
        way = [(begin, x, z), (begin + stay, x, z)]
    return Mover(what, way, shade)


def passers(rng: Random, until: float, every: float) -> list[Mover]:
    """People who walk through, on and beside the lane."""
    found = []
    t = rng.uniform(0, every)
    while t < until:
        z, side = rng.uniform(6.5, 20), rng.choice((-1, 1))
        found.append(
            Mover("person", [(t, -4 * side, z), (t + rng.uniform(5, 8), 4 * side, z + 1)], rng.randrange(30, 210))
        )
        t += rng.uniform(0.4, 1.6) * every
    return found


def traffic(rng: Random, until: float, every: float) -> list[Mover]:
    """Cars that pass, and some that stop for less than the dwell."""
    found, t = [], rng.uniform(0, 3)
    while t < until - 30:
        x, shade, speed = rng.uniform(-0.8, 0.8), rng.choice((45, 90, 180, 215)), rng.uniform(2.5, 5)
        way = [(t, x, 32.0)]
        if rng.random() < 0.5:
            z, halt = rng.uniform(9, 18), rng.uniform(2, 0.7 * DWELL_S)
            way += [(t + speed, x, z), (t + speed + halt, x, z)]
        way.append((way[-1][0] + speed, x, 3.0))
        found.append(Mover("car", way, shade))
        t = way[-1][0] + rng.uniform(0.3, 1.5) * every
    return found


def _plain(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    return passers(rng, until, 15), Weather()


def _crowd(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    return passers(rng, until, 2.5), Weather()


def _traffic(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    return [], Weather()


def _cloud(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    return passers(rng, until, 20), Weather(cloud=rng.uniform(0.3, 0.6))


def _sun(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    return passers(rng, until, 20), Weather(sun_edge=rng.uniform(0.05, 0.15))


def _rain(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    return passers(rng, until, 25), Weather(day=0.65, rain=rng.randrange(80, 260), noise=3)


def _night(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    return passers(rng, until, 30), Weather(day=rng.uniform(0.25, 0.4), noise=4)


def _switch(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    begin = rng.uniform(LEARN_S + 5, until - TAIL_S)
    return passers(rng, until, 30), Weather(switch_s=begin, switch=rng.choice((0.5, 0.65, 1.35)))


def _dusk(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    return passers(rng, until, 30), Weather(drift=-0.012, noise=2.5)


def _shake(rng: Random, until: float) -> tuple[list[Mover], Weather]:
    return passers(rng, until, 20), Weather(shake=rng.uniform(0.3, 0.8))


DISTURBANCES: dict[str, Callable[[Random, float], tuple[list[Mover], Weather]]] = {
    "plain": _plain,
    "crowd": _crowd,
    "traffic": _traffic,
    "cloud": _cloud,
    "sun": _sun,
    "rain": _rain,
    "night": _night,
    "switch": _switch,
    "dusk": _dusk,
    "shake": _shake,
}


def scene(disturbance: str, seed: int) -> tuple[LaneScene, float]:
    """A scene with one vehicle parked for longer than the dwell, and its length in seconds."""
    rng = Random(f"{disturbance}/{seed}")
    stay = DWELL_S + rng.uniform(14, 40)
    begin = LEARN_S + rng.uniform(0, 10)
    lead = 0.0
    movers: list[Mover] = []
    if disturbance == "traffic":
        lead = 90.0
        movers = traffic(rng, lead, 6)
        begin += lead
    until = begin + stay + TAIL_S
    others, weather = DISTURBANCES[disturbance](rng, until)
    movers += [*others, parked(rng, begin, stay)]
    return LaneScene(movers, weather, seed=seed, pitch=rng.uniform(18, 28)), until

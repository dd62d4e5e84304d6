"""A lift: called, boarded, ridden, left; or stopped between floors with people in it."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from simulators.script import Say, Script, cannot

FLOOR_M = 3.0
RATED_M_PER_S = 2.5
REPORT_S = 2.0
DOOR_MOVES_S = 1.8
MEAN_IDLE_S = 40.0
LONGEST_IDLE_S = 90.0
ENTRAPPED_S = 240.0
ENTRAPPED_REPORT_S = 10.0


class Lift:
    """One car and its controller. Doors open about a second after each stop, far below the 45 s of an entrapment."""

    def __init__(self, rng: Random, floors: Sequence[str]) -> None:
        self._rng = rng
        self._floors = floors
        self._floor = rng.randrange(len(floors))
        self._runs = rng.randrange(10_000, 900_000)
        self._people = 0

    def ordinary(self) -> Script:
        self._people = 0
        yield self._still(), self._rng.uniform(1.0, MEAN_IDLE_S)
        while True:
            yield from self._ride(self._rng.randrange(len(self._floors)))
            yield from self._doors(boarding=self._rng.randint(1, 5))
            yield from self._ride(self._rng.randrange(len(self._floors)))
            yield from self._doors(boarding=0)
            yield self._still(), min(self._rng.expovariate(1 / MEAN_IDLE_S) + 2.0, LONGEST_IDLE_S)

    def incident(self, rule: str) -> Script:
        if rule != "lift_entrapment":
            raise cannot("lift", rule)
        return self._entrapped()

    def _entrapped(self) -> Script:
        self._people = max(self._people, 2)
        stuck = self._still(entrapment=True, door_zone=False)
        yield replace(stuck, channel="event", events=[{"code": "alarm_button"}]), ENTRAPPED_REPORT_S
        for _ in range(int(ENTRAPPED_S / ENTRAPPED_REPORT_S)):
            yield stuck, ENTRAPPED_REPORT_S
        self._people = 0
        yield replace(self._still(door="open"), channel="event"), ENTRAPPED_REPORT_S

    def _ride(self, to: int) -> Script:
        if to == self._floor:
            return
        self._runs += 1
        step = 1 if to > self._floor else -1
        floors_per_report = RATED_M_PER_S * REPORT_S / FLOOR_M
        position = float(self._floor)
        while abs(to - position) > floors_per_report:
            yield self._moving(step), REPORT_S
            position += step * floors_per_report
            self._floor = round(position)
        yield self._moving(step), REPORT_S
        self._floor = to
        yield self._still(), self._rng.uniform(0.4, 1.0)

    def _doors(self, boarding: int) -> Script:
        yield self._still(door="opening"), DOOR_MOVES_S
        yield self._still(door="open"), self._rng.uniform(3.0, 8.0)
        self._people = boarding
        yield self._still(door="closing"), DOOR_MOVES_S
        yield self._still(), self._rng.uniform(0.5, 1.2)

    def _moving(self, step: int) -> Say:
        return self._report(
            {"speed": round(RATED_M_PER_S * self._rng.uniform(0.96, 1.0), 2)},
            {"car_state": "running", "direction": "up" if step > 0 else "down", "door_state": "closed"},
        )

    def _still(self, door: str = "closed", entrapment: bool = False, door_zone: bool = True) -> Say:
        return self._report(
            {"speed": 0.0},
            {
                "car_state": "stopped",
                "direction": "none",
                "door_state": door,
                "door_zone": door_zone,
                "entrapment": entrapment,
            },
        )

    def _report(self, measurements: dict[str, float], states: dict[str, bool | str | None]) -> Say:
        load = min(self._people * 7.0, 100.0)
        return Say(
            "telemetry",
            {
                **measurements,
                "load_percent": load,
                "floor_index": float(self._floor),
                "run_count": float(self._runs),
            },
            {
                "service_mode": "normal",
                "floor": self._floors[self._floor],
                "door_closed": states["door_state"] == "closed",
                "passengers_present": self._people > 0,
                **states,
            },
        )

"""A smoke detector: a quiet report a minute; in a fire, rising density and an alarm that repeats."""

from random import Random

from simulators.script import Say, Script, about, cannot

REPORT_S = 60.0
REPEAT_S = 10.0
FIRE_S = 300.0


class SmokeDetector:
    """Optical detector with a temperature sensor and a battery."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._temperature = rng.uniform(17.0, 25.0)
        self._battery = rng.uniform(55.0, 100.0)
        self._rssi = rng.uniform(-95.0, -60.0)

    def ordinary(self) -> Script:
        yield self._report(), self._rng.uniform(1.0, REPORT_S)
        while True:
            self._temperature += self._rng.uniform(-0.1, 0.1)
            yield self._report(), about(self._rng, REPORT_S)

    def incident(self, rule: str) -> Script:
        if rule != "smoke_alarm":
            raise cannot("smoke detector", rule)
        return self._fire()

    def _fire(self) -> Script:
        density, heat = self._rng.uniform(6.0, 9.0), 0.0
        for _ in range(int(FIRE_S / REPEAT_S)):
            yield self._alarm(True, density, heat), REPEAT_S
            density, heat = min(density * 1.1, 40.0), min(heat + 1.5, 30.0)
        yield self._alarm(False, 0.3, 5.0), REPORT_S

    def _alarm(self, smoke: bool, density: float, heat: float) -> Say:
        air = {"smoke_density": round(density, 2), "temperature": round(self._temperature + heat, 1)}
        return Say("event", air, {"smoke": smoke})

    def _report(self) -> Say:
        return Say(
            "telemetry",
            {
                "smoke_density": round(self._rng.uniform(0.0, 0.08), 3),
                "temperature": round(self._temperature, 1),
                "battery_percent": round(self._battery, 1),
                "rssi": round(self._rssi + self._rng.uniform(-2.0, 2.0), 1),
            },
            {"smoke": False, "tamper": False, "fault": False, "battery_low": False},
        )

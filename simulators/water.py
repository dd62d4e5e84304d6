"""A water sensor on the floor of a pump room or garage: dry, and saying so once a minute."""

from random import Random

from simulators.script import Say, Script, about, cannot

REPORT_S = 60.0


class WaterSensor:
    """Battery-driven contact sensor with a level probe."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._temperature = rng.uniform(12.0, 18.0)
        self._humidity = rng.uniform(50.0, 75.0)
        self._battery = rng.uniform(55.0, 100.0)

    def ordinary(self) -> Script:
        yield self._report(), self._rng.uniform(1.0, REPORT_S)
        while True:
            yield self._report(), about(self._rng, REPORT_S)

    def incident(self, rule: str) -> Script:
        raise cannot("water sensor", rule)

    def _report(self) -> Say:
        return Say(
            "telemetry",
            {
                "water_level": 0.0,
                "temperature": round(self._temperature + self._rng.uniform(-0.2, 0.2), 1),
                "humidity": round(self._humidity + self._rng.uniform(-1.0, 1.0), 1),
                "battery_percent": round(self._battery, 1),
            },
            {"water_leak": False, "battery_low": False},
        )

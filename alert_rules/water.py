"""Water: where none should be, too high, rising too fast, and a pump that does nothing about it."""

from functools import cached_property
from math import inf, nextafter

from pydantic import Field

from alert_rules.alert import Severity
from alert_rules.latch import StateAlarm
from alert_rules.rising import Rising, RisingParams
from alert_rules.rule import NEVER, Params, Rest
from alert_rules.timing import Lasting, Limit, Phase
from devices.model import DeviceKind, Report
from devices.twin import Twin

SENSORS = frozenset({DeviceKind.WATER_LEAK})


class WaterLeak(StateAlarm):
    """Water where none should be."""

    name = "water_leak"
    kinds = SENSORS
    states = frozenset({"water_leak"})
    severity = Severity.MAJOR
    latching = False


class LevelParams(Params):
    """When water stands too high."""

    limit_m: float = Field(0.15, gt=0, description="m above the floor; half of what cars may wade, chosen")
    hysteresis_m: float = Field(0.03, ge=0, description="m below the limit at which it ends: waves; chosen")
    dwell_s: float = Field(30, ge=0, description="seconds it must last: a car makes a wave; chosen")
    release_s: float = Field(60, ge=0, description="seconds it must be gone; chosen")


class WaterLevel(Limit[LevelParams]):
    """Water stands too high in a garage or a pump room."""

    name = "water_level_high"
    kinds = SENSORS
    measurements = frozenset({"water_level"})
    quantity = "water_level"
    severity = Severity.MAJOR
    auto_resolve = False
    code = "water_high"
    Params = LevelParams

    def limits(self) -> tuple[float, float]:
        return self.params.limit_m, self.params.limit_m - self.params.hysteresis_m


class WaterRisingParams(RisingParams):
    """When water rises too fast."""

    rate_m_per_min: float = Field(
        0.01, gt=0, description="m/min; at this rate 30 cm, what stops a car, come in 30 min; chosen"
    )
    window_s: float = Field(600, ge=30, description="seconds looked back on")
    min_span_s: float = Field(120, ge=5, description="seconds the readings must span: waves are shorter; chosen")


class WaterRising(Rising[WaterRisingParams]):
    """Water rises faster than a drain that works would let it: minutes count to get cars and people out of a garage."""

    name = "water_rising"
    kinds = SENSORS
    measurements = frozenset({"water_level"})
    quantity = "water_level"
    jitter = 0.005
    severity = Severity.CRITICAL
    code = "water_rises_fast"
    Params = WaterRisingParams

    def rate_limit(self) -> float:
        return self.params.rate_m_per_min


class PumpParams(Params):
    """When a pump should run."""

    start_level_m: float = Field(0.1, gt=0, description="m above the floor at which the pump starts by itself; chosen")
    dwell_s: float = Field(
        30, ge=1, description="seconds a pump may take to start: contactors and soft starters; chosen"
    )


class PumpSilent(Lasting[PumpParams]):
    """A pump was told to run, or the water is high enough, but it says it does not run."""

    name = "pump_not_answering"
    kinds = SENSORS
    states = frozenset({"pump_running", "pump_commanded"})
    measurements = frozenset({"water_level"})
    severity = Severity.MAJOR
    auto_resolve = False
    code = "pump_not_running"
    ended = "pump_answers"
    Params = PumpParams

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        running = twin.states.get("pump_running")
        if running is not False:
            return None if running is None else False
        wanted = twin.states.get("pump_commanded") is True
        return wanted or twin.measurements.get("water_level", 0.0) >= self.params.start_level_m

    def rest(self, state: Phase | None, twin: Twin) -> Rest | None:
        """Below the level at which the pump starts by itself."""
        return self._rest if state is None else None

    @cached_property
    def _rest(self) -> Rest:
        return NEVER, (("water_level", -inf, nextafter(self.params.start_level_m, -inf)),)

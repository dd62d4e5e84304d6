"""Fire seen in what detectors measure, before or instead of their own alarm: dense smoke, heat, heat that rises."""

from typing import TypeVar

from pydantic import Field

from alert_rules.alert import Severity
from alert_rules.rising import Rising, RisingParams
from alert_rules.rule import Params
from alert_rules.smoke import sounding
from alert_rules.timing import Limit
from devices.model import DeviceKind, Report
from devices.twin import Twin

P = TypeVar("P", bound=Params)

DETECTORS = frozenset({DeviceKind.SMOKE_DETECTOR})


class DensityParams(Params):
    """When measured smoke is a fire although the detector does not sound."""

    limit_percent_per_m: float = Field(
        12.5, gt=0, le=100, description="%/m; 4 %/ft, the least sensitive a detector may be by UL 217 and UL 268"
    )
    hysteresis_percent_per_m: float = Field(2.5, ge=0, description="%/m below the limit at which it ends; chosen")
    dwell_s: float = Field(15, ge=0, description="seconds it must last: a puff of steam is shorter; chosen")
    release_s: float = Field(60, ge=0, description="seconds it must be gone; chosen")


class Unsaid(Limit[P]):
    """A limit that adds nothing to the detector's own alarm: while that sounds, it does not raise."""

    kinds = DETECTORS
    fire = True
    severity = Severity.CRITICAL
    auto_resolve = False

    def present(self, report: Report, twin: Twin, raised: bool) -> bool | None:
        return super().present(report, twin, raised) and (raised or not sounding(twin))


class SmokeDensity(Unsaid[DensityParams]):
    """Smoke denser than any detector may leave unsaid, but the detector does not sound (fault, shielded, too slow)."""

    name = "smoke_density"
    measurements = frozenset({"smoke_density"})
    quantity = "smoke_density"
    code = "smoke_dense"
    Params = DensityParams

    def limits(self) -> tuple[float, float]:
        limit = self.params.limit_percent_per_m
        return limit, limit - self.params.hysteresis_percent_per_m


class HeatParams(Params):
    """When a detector's air is too hot."""

    limit_c: float = Field(
        57,
        ge=40,
        le=150,
        description="degC; 135 F, the ordinary rating of UL 521; class A2 of GB 4716 lies at 54 to 70",
    )
    hysteresis_c: float = Field(5, ge=0, description="degC below the limit at which it ends; chosen")
    dwell_s: float = Field(10, ge=0, description="seconds it must last: sensors read 85 degC for a moment at power-on")
    release_s: float = Field(60, ge=0, description="seconds it must be gone; chosen")


class HeatAlarm(Unsaid[HeatParams]):
    """The air at a detector reaches the fixed temperature of a heat detector."""

    name = "heat_alarm"
    measurements = frozenset({"temperature"})
    quantity = "temperature"
    code = "too_hot"
    Params = HeatParams

    def limits(self) -> tuple[float, float]:
        return self.params.limit_c, self.params.limit_c - self.params.hysteresis_c


class HeatRisingParams(RisingParams):
    """When a detector's air warms too fast."""

    rate_c_per_min: float = Field(
        8.3, gt=0, description="K/min; 15 F/min, the usual rating of rate-of-rise elements (UL 521)"
    )
    window_s: float = Field(150, ge=30, description="seconds looked back on; three reports a minute apart fit")
    min_span_s: float = Field(30, ge=5, description="seconds the readings must span: less is noise; chosen")


class HeatRising(Rising[HeatRisingParams]):
    """The air at a detector warms faster than anything but a fire does.

    The rate must show even without any one of the readings, so that a wild one raises nothing. A detector must report
    three times within the window: one that reports every quarter of an hour is judged by its temperature alone.
    """

    name = "heat_rising"
    kinds = DETECTORS
    measurements = frozenset({"temperature"})
    quantity = "temperature"
    jitter = 1.0
    fire = True
    severity = Severity.CRITICAL
    code = "warms_fast"
    Params = HeatRisingParams

    def rate_limit(self) -> float:
        return self.params.rate_c_per_min

    def moot(self, twin: Twin) -> bool:
        return sounding(twin)

"""Water rules: level, rise and the pump."""

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind, StateValue
from devices.registry import Device
from tests.unit.rules.timeline import Timeline

NAME = "garage-1"


@pytest.fixture
def garage() -> Timeline:
    return Timeline(Device(NAME, DeviceKind.WATER_LEAK, building="b1", floor="B2"))


def level(metres: float) -> dict[str, dict[str, float]]:
    return {"measurements": {"water_level": metres}}


class TestLevel:
    def test_it_must_stand_there(self, garage: Timeline) -> None:
        garage.says(NAME, **level(0.3)).at(20).says(NAME, **level(0.05)).at(40).says(NAME, **level(0.16))
        garage.expect_nothing(until=69.9)
        said = garage.expect("water_level_high", NAME, between=(70, 70), severity=Severity.MAJOR)
        assert said.reason.values == {"water_level": 0.16}
        assert said.reason.thresholds["limit_m"] == 0.15

    def test_waves_do_not_clear_it(self, garage: Timeline) -> None:
        garage.says(NAME, **level(0.16))
        garage.expect("water_level_high", NAME, between=(30, 30))
        for second, metres in ((60, 0.14), (90, 0.10), (120, 0.13), (150, 0.11)):
            garage.at(second).says(NAME, **level(metres))
        garage.expect_nothing(until=209.9)
        garage.expect("water_level_high", NAME, between=(210, 210), action=Action.CLEAR, auto_resolve=False)

    def test_a_longer_wait_may_be_asked_for(self) -> None:
        garage = Timeline(Device(NAME, DeviceKind.WATER_LEAK), rules={"water_level_high": {"dwell_s": 300}})
        garage.says(NAME, **level(0.2))
        garage.expect("water_level_high", NAME, between=(300, 300))


class TestRise:
    def pour(self, garage: Timeline, per_min: float, minutes: int, start: float = 0.0) -> Timeline:
        for minute in range(minutes + 1):
            garage.at(60.0 * minute).says(NAME, **level(round(start + per_min * minute, 4)))
        garage.unclaimed = [said for said in garage.unclaimed if said.transition.rule != "water_level_high"]
        return garage

    def test_a_flood_is_seen_within_minutes(self, garage: Timeline) -> None:
        said = self.pour(garage, 0.02, 10).expect(
            "water_rising", NAME, between=(120, 300), severity=Severity.CRITICAL, auto_resolve=False
        )
        assert said.reason.code == "water_rises_fast"
        assert said.reason.values["rate_per_min"] == pytest.approx(0.02, abs=0.001)

    @pytest.mark.parametrize("per_min", [0.0, 0.005, -0.05])
    def test_a_trickle_is_not(self, garage: Timeline, per_min: float) -> None:
        self.pour(garage, per_min, 10, start=0.6).expect_nothing()

    def test_one_wave_is_not(self, garage: Timeline) -> None:
        for minute, metres in enumerate((0.02, 0.02, 0.12, 0.02, 0.02, 0.02)):
            garage.at(60.0 * minute).says(NAME, **level(metres))
        garage.expect_nothing(until=1_000)

    def test_it_clears_when_the_water_stands(self, garage: Timeline) -> None:
        self.pour(garage, 0.02, 5).unclaimed.clear()
        for minute in range(6, 30):
            garage.at(60.0 * minute).says(NAME, **level(0.1))
        garage.expect("water_rising", NAME, between=(360, 1_740), action=Action.CLEAR)
        garage.expect_nothing()

    def test_it_survives_a_restart_on_the_way(self, garage: Timeline) -> None:
        self.pour(garage, 0.02, 1).restart(down_s=30)
        garage.at(120).says(NAME, **level(0.04)).at(180).says(NAME, **level(0.06)).at(240).says(NAME, **level(0.08))
        garage.expect("water_rising", NAME, between=(120, 240))


class TestPump:
    def test_high_water_alone_asks_for_the_pump(self, garage: Timeline) -> None:
        garage.says(NAME, {"pump_running": False}, **level(0.1))
        said = garage.expect("pump_not_answering", NAME, between=(30, 30), severity=Severity.MAJOR)
        assert said.reason.values == {"pump_running": False, "water_level": 0.1}

    def test_level_and_pump_may_come_in_different_reports(self, garage: Timeline) -> None:
        garage.says(NAME, {"pump_running": False}).at(50).says(NAME, **level(0.12))
        garage.expect("pump_not_answering", NAME, between=(80, 80))

    @pytest.mark.parametrize(
        "states", [{"pump_running": True}, {"pump_running": False, "pump_commanded": False}], ids=["runs", "unasked"]
    )
    def test_a_pump_that_does_as_it_should_is_left_alone(self, garage: Timeline, states: dict[str, StateValue]) -> None:
        garage.says(NAME, states, **level(0.09))
        garage.expect_nothing(until=1_000)

    def test_a_garage_without_a_pump_is_left_alone(self, garage: Timeline) -> None:
        garage.says(NAME, **level(0.14)).expect_nothing(until=1_000)

    def test_it_may_start_late(self, garage: Timeline) -> None:
        garage.says(NAME, {"pump_commanded": True, "pump_running": False})
        garage.at(29.9).says(NAME, {"pump_commanded": True, "pump_running": True})
        garage.expect_nothing(until=1_000)

    def test_it_clears_when_the_pump_runs(self, garage: Timeline) -> None:
        garage.says(NAME, {"pump_commanded": True, "pump_running": False})
        garage.expect("pump_not_answering", NAME, between=(30, 30))
        garage.at(90).says(NAME, {"pump_commanded": True, "pump_running": None})
        garage.expect_nothing(until=100)
        garage.says(NAME, {"pump_commanded": True, "pump_running": True})
        garage.expect("pump_not_answering", NAME, between=(100, 100), action=Action.CLEAR)

"""Fire rules beyond the single alarm: a second detector, linked ones, what detectors measure, what panels say."""

from collections.abc import Iterable

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind, Event, StateValue, TimeQuality
from devices.registry import Device
from tests.unit.rules.timeline import Timeline

SMOKE = DeviceKind.SMOKE_DETECTOR
ALARM: dict[str, StateValue] = {"smoke": True}
JOINS: dict[str, StateValue] = {"smoke": True, "linked_alarm": True}
QUIET: dict[str, StateValue] = {"smoke": False, "linked_alarm": False}


def house(*places: tuple[str, str, str]) -> Timeline:
    """Detectors ``d0``, ``d1``, ... at (building, floor, zone)."""
    return Timeline(
        *(Device(f"d{n}", SMOKE, building=b, floor=f, zone=z) for n, (b, f, z) in enumerate(places)),
    )


def hush(story: Timeline, rules: Iterable[str]) -> Timeline:
    story.unclaimed = [said for said in story.unclaimed if said.transition.rule not in set(rules)]
    return story


class TestConfirmed:
    def alarms(self, *places: tuple[str, str, str], after_s: float = 60) -> Timeline:
        story = house(*places)
        story.says("d0", ALARM).at(after_s).says("d1", ALARM)
        return hush(story, ["smoke_alarm"])

    def test_two_of_a_zone_confirm_and_are_named(self) -> None:
        story = self.alarms(("b1", "2", "z1"), ("b1", "3", "z1"))
        said = story.expect("fire_confirmed", "d1", between=(60, 60), severity=Severity.CRITICAL, subject="b1/z1")
        assert said.reason.code == "second_detector"
        assert said.reason.values == {"detectors": "d0, d1", "within_s": 60.0}
        story.expect_nothing(until=10_000)

    def test_without_zones_two_of_a_floor_do(self) -> None:
        self.alarms(("b1", "2", ""), ("b1", "2", "")).expect("fire_confirmed", "d1", between=(60, 60), subject="b1/2")

    @pytest.mark.parametrize(
        "other", [("b1", "2", "z2"), ("b2", "2", "z1"), ("b1", "2", "")], ids=["zone", "building", "nowhere"]
    )
    def test_elsewhere_is_another_fire(self, other: tuple[str, str, str]) -> None:
        self.alarms(("b1", "2", "z1"), other).expect_nothing(until=10_000)

    def test_detectors_of_unknown_place_confirm_nothing(self) -> None:
        self.alarms(("", "", ""), ("", "", "")).expect_nothing(until=10_000)

    @pytest.mark.parametrize(("after_s", "confirmed"), [(299.9, True), (300.1, False)])
    def test_they_must_follow_within_five_minutes(self, after_s: float, confirmed: bool) -> None:
        story = self.alarms(("b1", "2", "z1"), ("b1", "2", "z1"), after_s=after_s)
        if confirmed:
            story.expect("fire_confirmed", "d1", between=(after_s, after_s))
        story.expect_nothing(until=10_000)

    def test_one_that_goes_on_alarming_counts_by_its_last_word(self) -> None:
        story = house(("b1", "2", "z1"), ("b1", "2", "z1"))
        for second in (0, 200, 400):
            story.at(second).says("d0", ALARM)
        hush(story, ["smoke_alarm"])
        story.at(600).says("d1", ALARM)
        story.expect("fire_confirmed", "d1", between=(600, 600))

    def test_one_detector_confirms_itself_never(self) -> None:
        story = house(("b1", "2", "z1"))
        for second in range(0, 300, 10):
            story.at(second).says("d0", {"smoke": True, "heat": second > 100})
        hush(story, ["smoke_alarm"]).expect_nothing(until=10_000)

    def test_a_third_joins_the_same_alert(self) -> None:
        story = house(*[("b1", "2", "z1")] * 3).says("d0", ALARM).says("d1", ALARM)
        hush(story, ["smoke_alarm"]).expect("fire_confirmed", "d1", between=(0, 0))
        story.at(500).says("d2", ALARM)
        said = hush(story, ["smoke_alarm"]).expect("fire_confirmed", "d1", between=(500, 500))
        assert said.reason.values["detectors"] == "d0, d1, d2"
        story.at(510).says("d2", ALARM)
        story.expect_nothing()

    def test_more_may_be_asked_for_and_all_must_be_near(self) -> None:
        devices = [Device(f"d{n}", SMOKE, building="b1", zone="z1") for n in range(4)]
        story = Timeline(*devices, rules={"fire_confirmed": {"detectors": 3}})
        for second, device in ((0, "d0"), (200, "d1"), (400, "d2")):
            story.at(second).says(device, ALARM)
        hush(story, ["smoke_alarm"]).expect_nothing()
        story.at(450).says("d3", ALARM)
        said = hush(story, ["smoke_alarm"]).expect("fire_confirmed", "d3", between=(450, 450))
        assert said.reason.values == {"detectors": "d1, d2, d3", "within_s": 250.0}

    def test_a_restart_between_them_forgets_none(self) -> None:
        story = house(("b1", "2", "z1"), ("b1", "2", "z1")).says("d0", ALARM).restart(down_s=120)
        story.says("d1", ALARM)
        hush(story, ["smoke_alarm"]).expect("fire_confirmed", "d1", between=(120, 120))


class TestLinked:
    @pytest.fixture
    def home(self) -> Timeline:
        return house(*[("b1", "2", "flat-7")] * 3)

    def test_they_point_at_the_origin(self, home: Timeline) -> None:
        home.says("d0", ALARM)
        home.expect("smoke_alarm", "d0", between=(0, 0))
        home.at(2).says("d1", JOINS)
        said = home.expect("linked_alarm", "d1", between=(2, 2), severity=Severity.MAJOR, subject="b1/flat-7")
        assert said.reason.code == "linked"
        assert said.reason.values == {"origin": "d0", "linked": "d1"}
        home.expect_nothing(until=200)

    def test_the_origin_may_speak_last(self, home: Timeline) -> None:
        home.says("d1", JOINS)
        said = home.expect("linked_alarm", "d1", between=(0, 0), severity=Severity.CRITICAL)
        assert said.reason.code == "linked_origin_unknown"
        home.at(3).says("d0", ALARM)
        home.expect("smoke_alarm", "d0", between=(3, 3))
        said = home.expect("linked_alarm", "d1", between=(3, 3))
        assert said.reason.values["origin"] == "d0"

    def test_all_that_join_are_one_alert(self, home: Timeline) -> None:
        home.says("d0", ALARM).says("d1", JOINS).says("d2", JOINS).says("d2", JOINS)
        said = [s.transition for s in home.unclaimed if s.transition.rule == "linked_alarm"]
        assert {one.fingerprint for one in said} == {"linked_alarm/d1/b1/flat-7"}
        assert said[-1].reason.values == {"origin": "d0", "linked": "d1, d2"}
        assert len(said) == 2

    def test_an_old_alarm_is_no_origin(self, home: Timeline) -> None:
        home.says("d0", ALARM).at(301).says("d1", JOINS)
        said = home.expect("linked_alarm", "d1", between=(301, 301), severity=Severity.CRITICAL)
        assert said.reason.values["origin"] == ""

    def test_it_clears_when_the_last_has_stopped(self, home: Timeline) -> None:
        home.says("d1", JOINS).says("d2", JOINS).unclaimed.clear()
        home.at(60).says("d1", QUIET)
        home.expect_nothing()
        home.at(61).says("d2", QUIET)
        home.expect("linked_alarm", "d1", between=(61, 61), action=Action.CLEAR)
        home.expect_nothing()

    def test_what_joins_in_is_no_fire_of_its_own(self, home: Timeline) -> None:
        home.says("d1", JOINS).says("d2", JOINS)
        assert {said.transition.rule for said in home.unclaimed} == {"linked_alarm"}

    def test_one_that_joined_may_smell_smoke_itself(self, home: Timeline) -> None:
        home.says("d1", JOINS).unclaimed.clear()
        home.at(30).says("d1", {"smoke": True, "linked_alarm": False})
        home.expect("smoke_alarm", "d1", between=(30, 30), severity=Severity.CRITICAL)


class TestMeasured:
    def air(self, **measurements: float) -> dict[str, dict[str, float]]:
        return {"measurements": measurements}

    @pytest.mark.parametrize("name", ["smoke_density", "heat_alarm"])
    def test_it_adds_nothing_to_the_detectors_own_alarm(self, name: str) -> None:
        story = house(("b1", "2", "z1"))
        story.says("d0", ALARM, **self.air(smoke_density=40.0, temperature=90.0))
        story.expect("smoke_alarm", "d0", between=(0, 0))
        story.expect_nothing(until=600)

    def test_the_alarm_may_come_within_the_dwell(self) -> None:
        story = house(("b1", "2", "z1")).says("d0", **self.air(smoke_density=20.0))
        story.at(14).says("d0", ALARM, **self.air(smoke_density=22.0))
        story.expect("smoke_alarm", "d0", between=(14, 14))
        story.expect_nothing(until=600)

    def test_a_puff_is_no_fire(self) -> None:
        story = house(("b1", "2", "z1")).says("d0", **self.air(smoke_density=60.0))
        story.at(14.9).says("d0", **self.air(smoke_density=3.0))
        story.expect_nothing(until=600)

    def test_hysteresis_and_release_keep_it_up(self) -> None:
        story = house(("b1", "2", "z1")).says("d0", **self.air(temperature=58.0))
        story.expect("heat_alarm", "d0", between=(10, 10))
        story.at(60).says("d0", **self.air(temperature=53.0))
        story.at(120).says("d0", **self.air(temperature=51.0)).at(170).says("d0", **self.air(temperature=53.0))
        story.at(300).says("d0", **self.air(temperature=51.0))
        story.expect_nothing(until=359.9)
        said = story.expect("heat_alarm", "d0", between=(360, 360), action=Action.CLEAR, auto_resolve=False)
        assert said.reason.code == "condition_ended"

    def test_a_detector_that_falls_silent_in_the_heat_is_believed(self) -> None:
        story = house(("b1", "2", "z1")).says("d0", **self.air(temperature=80.0))
        said = story.expect("heat_alarm", "d0", between=(10, 10), severity=Severity.CRITICAL)
        assert said.reason.values == {"temperature": 80.0}
        assert said.reason.thresholds["limit_c"] == 57

    def test_an_older_reading_does_not_end_the_heat(self) -> None:
        story = house(("b1", "2", "z1")).at(100).says("d0", **self.air(temperature=80.0))
        story.says("d0", age=50, **self.air(temperature=20.0))
        story.expect("heat_alarm", "d0", between=(110, 110))

    def climb(self, per_min: float, every_s: float, until_s: float, start: float = 21.0) -> Timeline:
        story = house(("b1", "2", "z1"))
        second = 0.0
        while second <= until_s:
            story.at(second).says("d0", **self.air(temperature=round(start + per_min * second / 60, 2)))
            second += every_s
        return hush(story, ["heat_alarm"])

    @pytest.mark.parametrize("every_s", [5, 10, 20, 30, 60])
    def test_a_rise_of_nine_a_minute_is_seen(self, every_s: float) -> None:
        """Three reports are enough, and the rise must be told from noise: half a minute, or as long as they take."""
        story = self.climb(9.0, every_s, until_s=180)
        story.expect("heat_rising", "d0", between=(30, max(60, 2 * every_s)), severity=Severity.CRITICAL)

    @pytest.mark.parametrize("per_min", [-20.0, 0.5, 8.0])
    def test_a_slower_one_is_not(self, per_min: float) -> None:
        self.climb(per_min, 10, until_s=180).expect_nothing()

    def test_a_gap_is_bridged_while_three_readings_remain(self) -> None:
        story = house(("b1", "2", "z1"))
        for second, value in ((0, 21.0), (20, 24.0), (130, 42.0)):
            story.at(second).says("d0", **self.air(temperature=value))
        story.expect("heat_rising", "d0", between=(130, 130))

    def test_the_power_on_value_of_a_sensor_is_no_rise(self) -> None:
        story = house(("b1", "2", "z1"))
        for second, value in ((0, 21.0), (30, 21.1), (60, 85.0), (63, 21.0), (90, 21.1)):
            story.at(second).says("d0", **self.air(temperature=value))
        story.expect_nothing(until=600)

    def test_readings_that_were_held_up_count_by_their_own_time(self) -> None:
        """Five minutes of a slow rise arrive within half a minute: by receipt it would be ten kelvin a minute."""
        story = house(("b1", "2", "z1"))
        for n in range(6):
            story.at(600 + 6 * n).says("d0", age=600 - 54 * n, **self.air(temperature=21.0 + n))
        story.expect_nothing(until=1_000)

    def test_without_a_clock_they_count_by_receipt(self) -> None:
        story = house(("b1", "2", "z1"))
        for second, value in ((0, 21.0), (30, 26.0), (60, 31.0)):
            story.at(second).says("d0", time_quality=TimeQuality.RECEIVED_ONLY, **self.air(temperature=value))
        story.expect("heat_rising", "d0", between=(60, 60))

    def test_the_rise_clears_when_it_flattens(self) -> None:
        story = self.climb(9.0, 30, until_s=120)
        story.expect("heat_rising", "d0", between=(60, 60))
        for second in range(150, 400, 30):
            story.at(second).says("d0", **self.air(temperature=39.0))
        story.expect("heat_rising", "d0", between=(150, 390), action=Action.CLEAR, auto_resolve=False)
        story.expect_nothing()


class TestConditions:
    def test_any_of_several_states_holds_it_up(self) -> None:
        story = house(("b1", "2", "z1")).says("d0", {"main_power_fault": True})
        story.expect("panel_power_fault", "d0", between=(60, 60), severity=Severity.MAJOR)
        story.at(100).says("d0", {"main_power_fault": False, "backup_power_fault": True})
        story.expect_nothing(until=1_000)
        story.says("d0", {"main_power_fault": False, "backup_power_fault": False})
        story.expect("panel_power_fault", "d0", between=(1_060, 1_060), action=Action.CLEAR)

    @pytest.mark.parametrize("unknown", ["main_power_fault", "backup_power_fault"])
    def test_unknown_clears_nothing(self, unknown: str) -> None:
        story = house(("b1", "2", "z1")).says("d0", {"main_power_fault": True})
        story.expect("panel_power_fault", "d0", between=(60, 60))
        states: dict[str, StateValue] = {"main_power_fault": False, "backup_power_fault": False, unknown: None}
        story.at(100).says("d0", states)
        story.expect_nothing(until=1_000)

    @pytest.mark.parametrize(
        ("kind", "severity"), [(SMOKE, Severity.MAJOR), (DeviceKind.CAMERA, Severity.MINOR)], ids=str
    )
    def test_a_broken_detector_is_graver_than_other_broken_things(self, kind: DeviceKind, severity: Severity) -> None:
        story = Timeline(Device("x", kind)).says("x", {"fault": True})
        story.expect("device_fault", "x", between=(60, 60), severity=severity)

    def test_a_hush_of_a_quarter_of_an_hour_is_allowed(self) -> None:
        story = house(("b1", "2", "z1")).says("d0", {"muted": True})
        story.at(899).says("d0", {"muted": False})
        story.expect_nothing(until=10_000)


class TestSelfTest:
    def result(self, passed: bool) -> tuple[Event, ...]:
        return (Event("self_test", {"passed": passed}),)

    def test_a_year_without_one_is_told_once(self) -> None:
        year = 365 * 86_400.0
        story = house(("b1", "2", "z1")).says("d0", events=self.result(True), test=True)
        story.expect_nothing(until=year - 1)
        said = story.expect("self_test_overdue", "d0", between=(year, year), severity=Severity.MINOR, test=False)
        assert said.reason.values == {"days_since_test": 365.0}
        story.expect_nothing(until=2 * year)
        story.says("d0", {"test_active": True}, test=True)
        story.expect("self_test_overdue", "d0", between=(2 * year, 2 * year), action=Action.CLEAR, auto_resolve=True)

    def test_each_test_counts_anew(self) -> None:
        day = 86_400.0
        story = house(("b1", "2", "z1"))
        for n in range(10):
            story.at(n * 300 * day).says("d0", events=self.result(True))
        story.expect_nothing()

    def test_a_detector_that_never_tells_of_tests_is_not_judged(self) -> None:
        house(("b1", "2", "z1")).says("d0", {"smoke": False}).expect_nothing(until=4e7)

    def test_a_failed_one_is_told_at_once_though_it_is_a_test(self) -> None:
        story = house(("b1", "2", "z1")).says("d0", events=self.result(False), test=True)
        story.expect("self_test_overdue", "d0", between=(0, 0), severity=Severity.MAJOR, test=False)

"""The health of devices, and how soon a fire device that is missing is told of."""

import pytest

from alert_rules.alert import Action, Severity
from alert_rules.device_trends import ClockParams, ClockSkew
from devices.model import DeviceKind, Report, StateValue, TimeQuality
from devices.registry import Device
from devices.twin import Twin
from tests.unit.rules.timeline import Timeline

SMOKE, WATER = DeviceKind.SMOKE_DETECTOR, DeviceKind.WATER_LEAK
DAY_S = 86_400.0


def one(kind: DeviceKind = WATER, expect_every_s: float = 0, **rules: dict[str, object]) -> Timeline:
    return Timeline(Device("d", kind, expect_every_s=expect_every_s), rules=rules)


class TestFireDevicesMissed:
    """A device with a heartbeat is expected every so often; the miss must be told within 20 s of it."""

    @pytest.mark.parametrize("heartbeat_s", [10.0, 30.0, 60.0])
    def test_a_missed_heartbeat(self, heartbeat_s: float) -> None:
        story = one(SMOKE, expect_every_s=heartbeat_s)
        for beat in range(5):
            story.at(beat * heartbeat_s).status("d", True)
        missed = 5 * heartbeat_s
        story.expect("device_offline", "d", between=(missed, missed + 20), severity=Severity.MAJOR)

    def test_a_will_is_told_at_once(self) -> None:
        story = one(SMOKE).says("d", {"smoke": False}).at(100).status("d", False)
        story.expect("device_offline", "d", between=(100, 100), severity=Severity.MAJOR)

    def test_others_that_talk_hide_nobody(self) -> None:
        story = Timeline(*(Device(name, SMOKE, expect_every_s=30) for name in ("d", "chatty")))
        story.says("d")
        for second in range(120):
            story.at(second).says("chatty", {"smoke": False})
        story.expect("device_offline", "d", between=(30, 50), severity=Severity.MAJOR)


class TestBattery:
    def test_either_the_word_or_the_charge_is_enough(self) -> None:
        story = one().says("d", {"battery_low": True}, measurements={"battery_percent": 90.0})
        story.expect("battery_low", "d", between=(0, 0), severity=Severity.MINOR)
        story.at(10).says("d", {"battery_low": False}, measurements={"battery_percent": 12.0})
        story.expect_nothing()
        story.at(20).says("d", {"battery_low": False}, measurements={"battery_percent": 20.0})
        story.expect_nothing()
        story.at(30).says("d", {"battery_low": False}, measurements={"battery_percent": 21.0})
        story.expect("battery_low", "d", between=(30, 30), action=Action.CLEAR, auto_resolve=True)

    def test_a_steady_loss_is_told_before_the_end(self) -> None:
        story = one()
        for day in range(100):
            story.at(day * DAY_S).says("d", measurements={"battery_percent": 90 - 0.8 * day})
        said = story.expect("battery_trend", "d", between=(75 * DAY_S, 90 * DAY_S), severity=Severity.NOTICE)
        assert said.reason.values["percent_per_day"] == pytest.approx(0.8, abs=0.01)
        assert 20 < said.reason.values["days_left"] <= 30

    def test_one_cold_night_is_no_trend(self) -> None:
        story = one()
        for day in range(60):
            story.at(day * DAY_S).says("d", measurements={"battery_percent": 50.0 if day == 40 else 80.0})
        story.expect_nothing()

    def test_a_new_battery_ends_it(self) -> None:
        story = one()
        for day in range(0, 40, 5):
            story.at(day * DAY_S).says("d", measurements={"battery_percent": 60.0 - day})
        story.expect("battery_trend", "d", between=(0, 40 * DAY_S))
        story.unclaimed.clear()
        story.at(41 * DAY_S).says("d", measurements={"battery_percent": 100.0})
        said = story.expect("battery_trend", "d", between=(41 * DAY_S, 41 * DAY_S), action=Action.CLEAR)
        assert said.reason.code == "battery_replaced"


class TestFlapping:
    def flap(self, story: Timeline, times: int, every_s: float) -> Timeline:
        story.says("d")
        start = story.now
        for n in range(times):
            story.at(start + (n + 0.5) * every_s).status("d", False).at(start + (n + 1) * every_s).says("d")
        story.unclaimed = [said for said in story.unclaimed if said.transition.rule != "device_offline"]
        return story

    def test_four_returns_within_the_hour_are_too_many(self) -> None:
        said = self.flap(one(), 4, 600).expect("device_flapping", "d", between=(2_400, 2_400), severity=Severity.MINOR)
        assert said.reason.values == {"times": 4, "within_s": 1_800.0}

    def test_slower_is_not(self) -> None:
        self.flap(one(), 12, 1_300).expect_nothing()

    def test_it_is_said_once_and_clears_after_an_hour_of_calm(self) -> None:
        story = self.flap(one(), 9, 300)
        story.expect("device_flapping", "d", between=(1_200, 1_200))
        story.expect_nothing(until=2_700 + 3_599)
        story.expect("device_flapping", "d", between=(6_300, 6_300), action=Action.CLEAR, auto_resolve=True)
        story.expect_nothing(until=100_000)

    def test_silence_is_no_calm(self) -> None:
        story = self.flap(one(), 4, 600)
        story.expect("device_flapping", "d", between=(2_400, 2_400))
        story.status("d", False).at(50_000).unclaimed.clear()
        story.says("d").at(50_001).unclaimed.clear()
        story.expect("device_flapping", "d", between=(53_600, 53_601 + 3_600), action=Action.CLEAR)

    def test_silences_count_like_wills(self) -> None:
        story = one(expect_every_s=60)
        for n in range(5):
            story.at(n * 100).says("d")
        story.expect("device_flapping", "d", between=(400, 400))


class TestChatter:
    def test_it_counts_beginnings_not_repeats(self) -> None:
        story = one()
        for second in range(0, 600, 10):
            story.at(second).says("d", {"water_leak": True})
        story.expect("water_leak", "d", between=(0, 0))
        story.expect_nothing(until=5_000)

    def test_several_states_share_the_count(self) -> None:
        story = one()
        for n in range(6):
            state: dict[str, StateValue] = {"water_leak": n % 2 == 0, "fault": n % 2 == 1}
            story.at(10 * n).says("d", state)
        said = [said.transition for said in story.unclaimed if said.transition.rule == "state_chatter"]
        assert [one.reason.values for one in said] == [{"times": 6, "within_s": 50.0}]

    def test_unknown_ends_what_began(self) -> None:
        story = one()
        for n in range(12):
            state: dict[str, StateValue] = {"fault": True if n % 2 == 0 else None}
            story.at(10 * n).says("d", state)
        assert "state_chatter" in {said.transition.rule for said in story.unclaimed}


class TestClock:
    @pytest.mark.parametrize("quality", [TimeQuality.DEVICE_UNSYNCED, TimeQuality.FUTURE_REJECTED])
    def test_a_clock_that_stays_unset(self, quality: TimeQuality) -> None:
        story = one()
        for second in range(0, 660, 60):
            story.at(second).says("d", time_quality=quality)
        said = story.expect("clock_skew", "d", between=(600, 600), severity=Severity.NOTICE)
        assert said.reason.code == "clock_unset"
        assert said.reason.values == {"time_quality": quality}
        story.expect_nothing()

    def test_a_clock_ahead(self) -> None:
        story = one()
        for second in range(0, 660, 60):
            story.at(second).says("d", age=-50)
        said = story.expect("clock_skew", "d", between=(600, 600))
        assert said.reason.values == {"late_s": -50.0}

    def test_a_clock_set_within_ten_minutes_is_no_matter(self) -> None:
        story = one()
        for second in range(0, 500, 60):
            story.at(second).says("d", time_quality=TimeQuality.DEVICE_UNSYNCED)
        story.at(500).says("d")
        story.expect_nothing(until=20_000)

    def test_a_backlog_is_no_wrong_clock(self) -> None:
        """What was held up comes in later and later, then on time: the delay sways."""
        story = one()
        for n in range(60):
            story.at(20 * n).says("d", age=max(0, 1_200 - 20 * n) + 61)
        story.expect_nothing(until=20_000)

    def test_the_hour_mistaken_for_another_zone_is_seen(self) -> None:
        story = one()
        for second in range(0, 900, 300):
            story.at(second).says("d", age=8 * 3_600 + second % 7)
        said = story.expect("clock_skew", "d", between=(600, 600))
        assert said.reason.values["late_s"] == pytest.approx(8 * 3_600, abs=10)

    def test_it_clears_once_good_times_come(self) -> None:
        story = one()
        for second in range(0, 660, 60):
            story.at(second).says("d", age=500)
        story.expect("clock_skew", "d", between=(600, 600))
        story.expect_nothing(until=20_000)
        story.says("d")
        story.expect("clock_skew", "d", between=(20_000, 23_600 + 3_600), action=Action.CLEAR, auto_resolve=True)

    def test_messages_alike_late_change_nothing_remembered(self) -> None:
        """A backlog of a million must not cost a million writes."""
        rule, twin = ClockSkew(ClockParams()), Twin("d")
        state, _ = rule.step(None, Report("d", WATER, 900, 1_000), twin, 1_000)
        for late in (100, 110, 90, 129):
            after, said = rule.step(state, Report("d", WATER, 1_010 - late, 1_010), twin, 1_010)
            assert after is state
            assert not said

    def test_the_last_wrong_time_is_never_forgotten_early(self) -> None:
        story = one()
        for second in range(0, 4_000, 10):
            story.at(second).says("d", age=500)
        story.expect("clock_skew", "d", between=(600, 600))
        for second in range(4_000, 9_000, 10):
            story.at(second).says("d")
        story.expect("clock_skew", "d", between=(7_590, 7_950), action=Action.CLEAR, auto_resolve=True)
        story.expect_nothing()


class TestStuck:
    def hold(self, story: Timeline, hours: int, values: dict[str, float]) -> Timeline:
        start = story.now
        for hour in range(hours + 1):
            story.at(start + hour * 3_600.0).says("d", measurements=dict(values))
        return story

    def test_three_days_of_one_value_are_told(self) -> None:
        story = self.hold(one(), 73, {"temperature": 21.5, "rssi": -70.0})
        said = story.expect("stuck_value", "d", between=(72 * 3_600, 73 * 3_600), severity=Severity.MINOR)
        assert said.reason.values == {"temperature": 21.5}

    def test_it_clears_when_the_value_moves(self) -> None:
        story = self.hold(one(), 73, {"temperature": 21.5})
        story.expect("stuck_value", "d", between=(72 * 3_600, 73 * 3_600))
        story.says("d", measurements={"temperature": 21.4})
        story.expect("stuck_value", "d", between=(73 * 3_600, 73 * 3_600), action=Action.CLEAR, auto_resolve=True)

    def test_a_single_other_value_saves_it(self) -> None:
        story = self.hold(one(), 30, {"temperature": 21.5})
        story.says("d", measurements={"temperature": 21.6})
        self.hold(story, 60, {"temperature": 21.5}).expect_nothing()

    def test_a_silent_device_is_not_stuck(self) -> None:
        self.hold(one(), 40, {"temperature": 21.5}).expect_nothing(until=400 * 3_600)


class TestFirmware:
    def test_a_change_is_shown_for_a_day(self) -> None:
        story = one().says("d", {"firmware": "1.0"}).at(50).says("d", {"firmware": "1.0"})
        story.expect_nothing()
        story.at(100).says("d", {"firmware": "1.1"})
        said = story.expect("firmware_changed", "d", between=(100, 100), severity=Severity.NOTICE)
        assert said.reason.code == "firmware_changed"
        assert said.reason.values == {"firmware": "1.1", "before": "1.0"}
        story.at(200).says("d", {"firmware": "1.1"})
        story.expect("firmware_changed", "d", between=(86_500, 86_500), action=Action.CLEAR, auto_resolve=True)
        story.expect_nothing(until=200_000)

    def test_it_is_remembered_over_a_restart(self) -> None:
        story = one().says("d", {"firmware": "1.0"}).restart(down_s=10).says("d", {"firmware": "1.1"})
        story.expect("firmware_changed", "d", between=(10, 10))

    @pytest.mark.parametrize("unknown", [None, True])
    def test_what_is_no_version_is_none(self, unknown: StateValue) -> None:
        story = one().says("d", {"firmware": "1.0"}).says("d", {"firmware": unknown}).says("d", {"firmware": "1.0"})
        story.expect_nothing()


class TestGaps:
    def test_what_only_overtook_each_other_is_not_missing(self) -> None:
        story = one().says("d", sequence=1)
        for sequence in (9, 8, 7, 6, 5, 4, 3, 2):
            story.says("d", sequence=sequence)
        story.expect_nothing(until=1_000)

    def test_a_gap_is_a_note_and_more_of_them_are_no_more_notes(self) -> None:
        story = one().says("d", sequence=1).says("d", sequence=9)
        said = story.expect("sequence_gap", "d", between=(30, 30), severity=Severity.NOTICE)
        assert said.reason.values == {"missing": 7, "of": 64}
        for n in range(2, 20):
            story.at(100 * n).says("d", sequence=9 * n)
        story.expect_nothing(until=1_900)

    def test_it_ends_after_an_hour_without_one(self) -> None:
        story = one().says("d", sequence=1).says("d", sequence=9)
        story.expect("sequence_gap", "d", between=(30, 30))
        for n in range(10, 30):
            story.at(300 * (n - 9)).says("d", sequence=n)
        story.expect("sequence_gap", "d", between=(3_630, 6_000), action=Action.CLEAR, auto_resolve=True)
        story.expect_nothing()

    def test_a_device_that_counts_from_nought_again_misses_nothing(self) -> None:
        story = one().says("d", sequence=500).at(10).says("d", sequence=0).says("d", sequence=1)
        story.expect_nothing(until=1_000)


class TestUnknown:
    def test_many_strangers_of_a_dialect_are_one_note(self) -> None:
        story = Timeline()
        for n in range(100):
            story.at(n).says(f"x{n}", {"smoke": False}, kind=SMOKE)
        said = story.expect("unknown_device", "x0", between=(0, 0), severity=Severity.NOTICE, subject="native")
        assert said.registered is False
        assert {said.transition.action for said in story.unclaimed} == {Action.REPEAT}
        assert len(story.unclaimed) == 31
        assert {said.transition.fingerprint for said in story.unclaimed} == {"unknown_device/x0/native"}

    def test_the_note_ends_a_day_after_the_last_new_one(self) -> None:
        story = Timeline().says("x", kind=SMOKE).at(100).says("x", kind=SMOKE)
        story.expect("unknown_device", "x", between=(0, 0))
        story.expect("unknown_device", "x", between=(86_400, 86_400), action=Action.CLEAR, auto_resolve=True)

    def test_each_dialect_has_its_own(self) -> None:
        story = Timeline().says("x", kind=SMOKE).says("y", kind=SMOKE, dialect="tasmota")
        story.expect("unknown_device", "x", between=(0, 0), subject="native")
        story.expect("unknown_device", "y", between=(0, 0), subject="tasmota")

"""Offline by their own word or by silence; what is nobody's silence."""

import pytest

from alert_rules.alert import Action, Severity
from devices.model import DeviceKind
from devices.registry import Device
from tests.unit.rules.timeline import Timeline

RULE = "device_offline"


def one(kind: DeviceKind = DeviceKind.LIFT, expect_every_s: float = 300) -> Timeline:
    return Timeline(Device("d", kind, expect_every_s=expect_every_s))


@pytest.mark.parametrize("kind", DeviceKind)
def test_silence_beyond_expectation_is_offline(kind: DeviceKind) -> None:
    story = one(kind).at(100).says("d")
    story.expect_nothing(until=399.9)
    severity = Severity.MAJOR if kind is DeviceKind.SMOKE_DETECTOR else Severity.MINOR
    said = story.expect(RULE, "d", between=(400, 400), severity=severity, kind=kind, auto_resolve=True)
    assert said.reason.code == "silent"
    assert (said.reason.values["silent_s"], said.reason.thresholds) == (300.0, {"expect_every_s": 300})


def test_a_device_never_heard_is_silent_since_the_start() -> None:
    story = one()
    story.expect_nothing(until=299.9)
    story.expect(RULE, "d", between=(300, 300))
    story.expect_nothing(until=86_400)


def test_a_device_without_expectation_is_never_silent() -> None:
    one(expect_every_s=0).says("d").expect_nothing(until=1e9)


def test_each_sign_of_life_counts_anew() -> None:
    story = one()
    for second in range(0, 3_000, 299):
        story.at(second).says("d")
    story.expect_nothing(until=2_990 + 299)
    story.expect(RULE, "d", between=(3_290, 3_290))


def test_it_is_back_when_heard() -> None:
    story = one()
    story.expect(RULE, "d", between=(300, 300))
    story.at(1_000).says("d")
    story.expect(RULE, "d", between=(1_000, 1_000), action=Action.CLEAR, auto_resolve=True)
    story.expect(RULE, "d", between=(1_300, 1_300))


def test_its_own_word_needs_no_silence() -> None:
    story = one().says("d").at(10).status("d", False)
    assert story.expect(RULE, "d", between=(10, 10)).reason.code == "said_offline"
    story.expect_nothing(until=10_000)
    story.status("d", True)
    story.expect(RULE, "d", between=(10_000, 10_000), action=Action.CLEAR)


def test_offline_said_twice_is_one_alert() -> None:
    story = one().status("d", False).at(5).status("d", False)
    story.expect(RULE, "d", between=(0, 0))
    story.expect_nothing()


def test_coming_online_at_first_is_no_news() -> None:
    story = one().status("d", True)
    story.expect_nothing()
    assert story.engine.subjects["d"].twin.online is True


def test_a_kept_will_is_believed_whatever_its_age() -> None:
    one().status("d", False, snapshot=True, age=86_000).expect(RULE, "d", between=(0, 0))


def test_a_kept_online_tells_of_a_device_not_heard_yet_but_is_no_sign_of_life() -> None:
    story = one().at(100).status("d", True, snapshot=True)
    assert story.engine.subjects["d"].twin.online is True
    story.expect(RULE, "d", between=(300, 300))


@pytest.mark.parametrize("availability", [True, None])
def test_what_the_broker_kept_brings_no_silent_device_back(availability: bool | None) -> None:
    story = one()
    story.expect(RULE, "d", between=(300, 300))
    story.at(400).says("d", snapshot=True, availability=availability, sequence=None)
    story.expect_nothing(until=10_000)


def test_records_sent_late_are_a_sign_of_life() -> None:
    one().at(200).says("d", historical=True, age=86_000).expect_nothing(until=499)


@pytest.mark.parametrize(("deaf_s", "due"), [(50, 350), (1_000, 1_300), (86_400, 86_700)])
def test_a_deaf_gateway_is_nobodys_silence(deaf_s: float, due: float) -> None:
    story = one().says("d").at(100).hearing(False).at(100 + deaf_s).hearing(True)
    story.expect_nothing(until=due - 0.1)
    story.expect(RULE, "d", between=(due, due + 1))


def test_a_gateway_that_stays_deaf_accuses_nobody() -> None:
    story = one().says("d").at(10).hearing(False).at(20).hearing(False)
    story.expect_nothing(until=86_400)


def test_deaf_times_add_up() -> None:
    story = one().says("d")
    for second in (50, 150, 250):
        story.at(second).hearing(False).at(second + 20).hearing(True)
    story.expect_nothing(until=359.9)
    story.expect(RULE, "d", between=(360, 360))


def test_deaf_times_before_the_last_word_count_no_more() -> None:
    story = one().says("d").at(50).hearing(False).at(250).hearing(True).at(260).says("d")
    story.expect_nothing(until=559.9)
    story.expect(RULE, "d", between=(560, 560))


def test_downtime_is_nobodys_silence() -> None:
    story = one().says("d").at(200).restart(down_s=5_000)
    story.expect_nothing(until=5_299.9)
    story.expect(RULE, "d", between=(5_300, 5_300))


def test_downtime_is_credited_to_who_spoke_after_the_last_checkpoint() -> None:
    """What was said between checkpoint and crash is judged again from the journal."""
    story = one().says("d").at(100).checkpoint().at(103).says("d")
    story.crash(down_s=5_000).replayed()
    story.expect_nothing(until=5_103 + 299)
    story.expect(RULE, "d", between=(5_403, 5_403))


def test_an_offline_device_stays_offline_over_a_restart() -> None:
    story = one()
    story.expect(RULE, "d", between=(300, 300))
    story.restart(down_s=100)
    story.expect_nothing(until=10_000)
    story.says("d")
    story.expect(RULE, "d", between=(10_000, 10_000), action=Action.CLEAR)


def test_the_credit_of_one_downtime_survives_the_next() -> None:
    story = one().says("d").at(200).restart(down_s=5_000).at(5_210).restart(down_s=1)
    story.expect_nothing(until=5_300)


def test_flapping_leaves_one_timer() -> None:
    story = one()
    for second in range(1, 5_001):
        story.at(second).status("d", second % 2 == 0)
    story.unclaimed.clear()
    assert len(story.engine._silences) <= 2
    story.expect(RULE, "d", between=(5_300, 5_300))
    story.expect_nothing(until=86_400)


def test_a_stranger_is_never_missed() -> None:
    story = Timeline().says("who", kind=DeviceKind.LIFT).status("who", False, kind=DeviceKind.LIFT)
    story.expect("unknown_device", "who", between=(0, 0))
    story.expect_nothing(until=80_000)


def test_an_adopted_device_is_supervised_from_now() -> None:
    story = Timeline().at(1_000)
    story.engine.enrol(Device("new", DeviceKind.LIFT, expect_every_s=60))
    story.expect(RULE, "new", between=(1_060, 1_060))

"""The timeline: order, determinism, sequence numbers, incidents taking over and ordinary life returning."""

import sys
from itertools import islice

import pytest

from devices.model import DeviceKind
from simulators.community import Community, build
from simulators.scenario import Incident, demo
from simulators.timeline import WAKE_WITHIN_S, Message, timeline
from tests.unit.simulators.hour import START, Life, hear, messages


def test_an_hour_is_the_same_byte_for_byte(community: Community, demo_hour: list[Message]) -> None:
    assert messages(build(300, 1), demo(build(300, 1))) == demo_hour
    assert len(demo_hour) > 10_000


def test_another_seed_lives_another_hour(community: Community, quiet_hour: list[Message]) -> None:
    assert messages(community._replace(seed=2), [], 60) != messages(community, [], 60)


def test_another_start_only_moves_the_clock(community: Community) -> None:
    here = list(islice(timeline(community, [], START), 1_000))
    later = list(islice(timeline(community, [], START + 86_400), 1_000))
    assert [message.topic for message in here] == [message.topic for message in later]
    assert [hear(message).states for message in here] == [hear(message).states for message in later]


def test_time_never_runs_backwards(demo_hour: list[Message]) -> None:
    moments = [message.at for message in demo_hour]
    assert moments == sorted(moments)


def test_every_device_first_says_that_it_is_online(community: Community, quiet: dict[str, Life]) -> None:
    assert set(quiet) == {member.id for member in community.members}
    for life in quiet.values():
        first, *rest = life.messages
        assert (first.channel, first.retain, first.body["status"]) == ("status", True, "online")
        assert not any(message.retain for message in rest)


def test_every_device_reports_soon_after_the_start(quiet: dict[str, Life]) -> None:
    first = [life.messages[1].at - START for life in quiet.values()]
    assert max(first) <= WAKE_WITHIN_S
    assert max(first) - min(first) > WAKE_WITHIN_S / 2


def test_sequence_numbers_grow_by_one_whatever_the_channel(shown: dict[str, Life]) -> None:
    for life in shown.values():
        numbers = [message.body["seq"] for message in life.messages if message.channel != "status"]
        assert numbers == list(range(1, len(numbers) + 1))


def test_the_timestamp_is_the_moment_of_the_message(shown: dict[str, Life]) -> None:
    for life in shown.values():
        assert all(abs(message.body["ts"] / 1000 - message.at) <= 0.001 for message in life.messages)


def test_two_messages_of_one_device_never_share_a_moment(shown: dict[str, Life]) -> None:
    for life in shown.values():
        stamps = [message.body["ts"] for message in life.messages]
        assert len(set(stamps)) == len(stamps)


def test_an_incident_strikes_at_its_time(community: Community, demo_hour: list[Message]) -> None:
    struck = [(message.incident, message.at - START) for message in demo_hour if message.incident is not None]
    assert [incident for incident, _ in struck] == sorted(demo(community))
    assert all(at == pytest.approx(incident.at_s) for incident, at in struck if incident)


def test_an_incident_changes_nobody_elses_life(
    community: Community, quiet: dict[str, Life], shown: dict[str, Life]
) -> None:
    struck = {incident.device for incident in demo(community)}
    for device in quiet.keys() - struck:
        assert shown[device].messages == quiet[device].messages


def test_ordinary_life_returns_after_each_incident(community: Community, shown: dict[str, Life]) -> None:
    for incident in demo(community):
        late = [message for message in shown[incident.device].messages if message.at > START + 1_800]
        assert any(message.channel == "telemetry" for message in late)


def test_a_device_struck_twice_speaks_with_one_voice(community: Community) -> None:
    detector = next(member.id for member in community.members if member.kind is DeviceKind.SMOKE_DETECTOR)
    twice = [Incident(20.0, "smoke_alarm", detector), Incident(25.0, "smoke_alarm", detector)]
    moments = [
        message.at - START for message in messages(community, twice, 60) if message.topic.endswith(f"{detector}/event")
    ]
    assert moments == pytest.approx([20, 25, 35, 45, 55])


def test_an_incident_for_a_stranger_is_refused(community: Community) -> None:
    with pytest.raises(ValueError, match=r"'smoke_alarm'.*no device 'nobody'"):
        next(timeline(community, [Incident(1.0, "smoke_alarm", "nobody")], START))


def test_an_incident_that_does_not_fit_is_refused(community: Community) -> None:
    detector = next(member.id for member in community.members if member.kind is DeviceKind.SMOKE_DETECTOR)
    with pytest.raises(ValueError, match=r"smoke detector cannot cause 'gate_forced'"):
        messages(community, [Incident(1.0, "gate_forced", detector)], 10)


def test_memory_does_not_grow_with_the_hours(community: Community) -> None:
    endless = timeline(community, [], START)
    for _ in islice(endless, 20_000):
        pass
    frame = endless.gi_frame  # type: ignore[attr-defined]
    assert frame is not None
    assert len(frame.f_locals["heap"]) <= len(community.members)
    assert sys.getsizeof(frame.f_locals["heap"]) < 16 * len(community.members) + 1_000

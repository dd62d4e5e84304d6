"""Ordinary life gives no rule a reason to raise an alert, and uses only the canonical names."""

from itertools import pairwise

import pytest

from devices.model import DeviceKind
from devices.names import EVENTS, QUANTITIES, STATES
from simulators.community import LONGEST_SILENCE_S, build
from tests.unit.simulators.hour import Heard, Life, lives, messages

ALARMS = ("smoke", "heat", "carbon_monoxide", "gas", "manual_call_point", "entrapment", "water_leak")
ALARM_EVENTS = {"door_forced", "door_held_open", "duress", "falling_object", "camera_tamper"}


@pytest.fixture(scope="module", params=[1, 2, 3])
def any_life(request: pytest.FixtureRequest) -> dict[str, Life]:
    return lives(messages(build(100, request.param), [], 2 * 3600))


def said(by_device: dict[str, Life]) -> list[Heard]:
    return [message for life in by_device.values() for message in life.messages]


def test_no_alarm_state_is_ever_true(any_life: dict[str, Life]) -> None:
    for message in said(any_life):
        assert not any(message.states.get(name) for name in (*ALARMS, "tamper", "fault", "battery_low"))


def test_no_alarm_event_ever_happens(any_life: dict[str, Life]) -> None:
    assert not {code for message in said(any_life) for code in message.codes} & ALARM_EVENTS


def test_nobody_goes_offline(any_life: dict[str, Life]) -> None:
    assert {message.body["status"] for message in said(any_life) if message.channel == "status"} == {"online"}


def test_no_lift_stands_shut_with_people_in_it(any_life: dict[str, Life]) -> None:
    spans = _spans(any_life, "lift", car_state="stopped", passengers_present=True, door_closed=True)
    assert spans, "nobody ever rode a lift"
    assert max(spans) < 5


def test_no_door_stands_open_for_long(any_life: dict[str, Life]) -> None:
    spans = _spans(any_life, "gate", door_state="open")
    assert spans, "nobody ever came through a gate"
    assert max(spans) < 15


def test_no_car_stands_long_enough_to_block_the_lane_of_the_demonstration(any_life: dict[str, Life]) -> None:
    standing: dict[str, float] = {}
    spans: list[float] = []
    ended_at: dict[str, float] = {}
    for message in sorted(said(any_life), key=lambda message: message.at):
        for event in message.events:
            if event["code"] != "stationary_object":
                continue
            if event["phase"] == "start":
                assert message.at - ended_at.get(event["zone"], 0) > 10, "two cars in a row would count as one"
                standing[event["zone"]] = message.at
            elif event["phase"] == "end":
                spans.append(message.at - standing.pop(event["zone"]))
                ended_at[event["zone"]] = message.at
    assert spans, "nobody ever stopped in a lane"
    assert max(spans) < 7


def test_nobody_is_silent_longer_than_the_site_file_allows(any_life: dict[str, Life]) -> None:
    for life in any_life.values():
        assert life.longest_silence() < LONGEST_SILENCE_S[DeviceKind(life.messages[0].kind)] / 1.5


def test_only_canonical_names_are_used(shown: dict[str, Life]) -> None:
    for message in said(shown):
        kind = DeviceKind(message.kind)
        assert all(kind in QUANTITIES[name].kinds for name in message.measurements)
        assert all(kind in STATES[name].kinds for name in message.states)
        assert all(kind in EVENTS[code].kinds for code in message.codes)


def test_only_canonical_values_and_attributes_are_used(shown: dict[str, Life]) -> None:
    for message in said(shown):
        for name, value in message.states.items():
            state = STATES[name]
            assert isinstance(value, bool if state.type == "bool" else str)
            assert not state.values or value in state.values
        for event in message.events:
            assert event.keys() - {"code"} <= set(EVENTS[event["code"]].attributes)


def test_every_measurement_is_plausible(quiet: dict[str, Life]) -> None:
    bounds = {
        "battery_percent": (0, 100),
        "temperature": (-5, 40),
        "humidity": (0, 100),
        "smoke_density": (0, 0.1),
        "speed": (0, 2.5),
        "load_percent": (0, 100),
        "frame_rate": (20, 30),
        "rssi": (-100, -50),
    }
    for message in said(quiet):
        for name, (low, high) in bounds.items():
            assert low <= message.measurements.get(name, low) <= high, (message.device, name)


def test_counters_only_grow(quiet: dict[str, Life]) -> None:
    for name in ("run_count", "passage_count"):
        grown = 0
        for life in quiet.values():
            counts = [message.measurements[name] for message in life.messages if name in message.measurements]
            assert counts == sorted(counts)
            grown += bool(counts) and counts[-1] > counts[0]
        assert grown > 20


def test_a_lift_moves_without_jumping(quiet: dict[str, Life]) -> None:
    visited = []
    for life in quiet.values():
        readings = [message.measurements for message in life.messages if message.kind == "lift"]
        floors = [each["floor_index"] for each in readings if each]
        assert all(abs(there - here) <= 2 for here, there in pairwise(floors))
        visited.append(len(set(floors)))
    assert max(visited) > 8


def test_a_moving_lift_has_its_doors_shut(quiet: dict[str, Life]) -> None:
    running = [message for message in said(quiet) if message.states.get("car_state") == "running"]
    assert running
    assert all(message.states["door_closed"] and message.measurements["speed"] > 0 for message in running)


def test_doors_open_only_after_a_credential(quiet: dict[str, Life]) -> None:
    for life in quiet.values():
        codes = [code for message in life.messages for code in message.codes if code != "access_denied"]
        if "door_opened" in codes:
            whole = len(codes) // 3 * 3
            assert codes[:whole] == ["access_granted", "door_opened", "door_closed"] * (whole // 3)


def test_events_travel_in_the_alarm_lane(quiet: dict[str, Life]) -> None:
    assert {message.channel for message in said(quiet) if message.events} == {"event"}


def test_some_credentials_are_refused(quiet: dict[str, Life]) -> None:
    reasons = {event["reason"] for message in said(quiet) for event in message.events if "reason" in event}
    assert len(reasons) > 1


def _spans(by_device: dict[str, Life], prefix: str, **wanted: object) -> list[float]:
    chosen = (life for device, life in by_device.items() if device.startswith(prefix))
    return [span for life in chosen for span in life.spans(**wanted)]

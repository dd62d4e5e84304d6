"""Lift terminals of several makers: every flag and code of their tables, odd spellings, and what nobody documented."""

import json
from typing import Any

import pytest

from devices.dialects.es1000 import ALARMS, CLEARED_BY_OK, COUNTED, ELEVATORCLOUD, EVENTS
from devices.dialects.houqi import FAULTS
from devices.model import DeviceKind, RejectReason, Report, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

ALARM, OK = "TerminalData/T-808/real_alarm", "TerminalData/T-808/real_ok"
TIME = "2026-09-21 22:13:17"


def terminal(alarm: Any = None, state: Any = None, **more: Any) -> dict[str, Any]:
    given = {"Parameters": {"Id": "T-808", "Time": TIME, "Version": "V2.1"}, "Alarm": alarm, "State": state, **more}
    return {name: value for name, value in given.items() if value is not None}


def es1000(body: Any, topic: str = ALARM) -> Report:
    return Feed("es1000").report(topic, body, at=NOON)


@pytest.mark.parametrize(("flag", "state"), ALARMS.items())
@pytest.mark.parametrize(
    ("word", "value"), [("1", True), ("0", False), (1, True), ("true", True), ("", None), (None, None)]
)
def test_es1000_every_flag(flag: str, state: str, word: Any, value: bool | None) -> None:
    report = es1000(terminal({flag: word}))
    assert report.states[state] is value
    assert (report.device, report.at) == ("T-808", NOON - 3)
    assert report.time_quality is TimeQuality.SOURCE_LOCAL_ASSUMED


@pytest.mark.parametrize(("flag", "code"), EVENTS.items())
@pytest.mark.parametrize("word", ["1", "0", "", None])
def test_es1000_every_event(flag: str, code: str, word: Any) -> None:
    body = terminal({flag: word, "Stuck": "0"})
    assert [event.code for event in es1000(body).events] == ([code] if word == "1" else [])


@pytest.mark.parametrize("flag", ["SlantLr", "SlantFb", "Amplitude", "BrakeWear", "Unknown9"])
def test_es1000_a_flag_without_a_name_is_an_unknown_fault(flag: str) -> None:
    (event,) = es1000(terminal({flag: "1", "Stuck": "0"})).events
    assert (event.code, event.attributes["raw_code"]) == ("unknown_fault", flag)
    assert es1000(terminal({flag: "0", "Stuck": "0"})).events == ()


@pytest.mark.parametrize("state", CLEARED_BY_OK)
def test_es1000_clears_on_the_other_topic(state: str) -> None:
    feed = Feed("es1000")
    flag = next(name for name, meant in ALARMS.items() if meant == state)
    assert feed.report(ALARM, terminal({flag: "1"})).states[state] is True
    assert feed.report(OK, terminal({"HasAlarm": "0"})).states[state] is False
    assert feed.report(OK, terminal({flag: "1"})).states[state] is True


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"Floor": "-1"}, {"floor": "-1"}),
        ({"Floor": 12}, {"floor": "12"}),
        ({"Floor": "G", "Status": "1"}, {"floor": "G", "car_state": "running", "direction": "up"}),
        ({"Status": "2"}, {"car_state": "running", "direction": "down"}),
        ({"Status": 0}, {"car_state": "stopped", "direction": "none"}),
        ({"Status": "9"}, {"car_state": None, "direction": None}),
        ({"Lou_Ceng": "3", "DS_DX": "0"}, {"floor": "-3"}),
        ({"Lou_Ceng": "3", "DS_DX": "1"}, {"floor": "3"}),
        ({"Door": "1"}, {"door_state": "open", "door_closed": False}),
        ({"Door": "0"}, {"door_state": "closed", "door_closed": True}),
        ({"Door": "?"}, {"door_state": None, "door_closed": None}),
        ({"People": "0"}, {"passengers_present": False}),
        ({"People": "4"}, {"passengers_present": True}),
        ({"People": None}, {"passengers_present": None}),
        ({"Maintain": "1"}, {"service_mode": "inspection"}),
        ({"Maintain": "0"}, {"service_mode": "normal"}),
    ],
)
def test_es1000_states(state: dict[str, Any], said: dict[str, Any]) -> None:
    assert es1000(terminal({}, state)).states == said


@pytest.mark.parametrize(
    ("state", "measured"),
    [
        ({"Speed": "1.75", "Temp": "31"}, {"speed": 1.75, "temperature": 31.0}),
        ({"Speed": "fast", "Temp": "-5.5"}, {"temperature": -5.5}),
        ({"Speed": "55.0", "Floor": "1"}, {}),
        ({"Temp": None, "Floor": "1"}, {}),
    ],
)
def test_es1000_measurements(state: dict[str, Any], measured: dict[str, float]) -> None:
    assert es1000(terminal({}, state)).measurements == measured


@pytest.mark.parametrize(("member", "name"), COUNTED.items())
def test_es1000_counters(member: str, name: str) -> None:
    assert es1000(terminal({"Stuck": "0"}, None, Count={member: "80211"})).measurements == {name: 80211.0}


@pytest.mark.parametrize("body", [{}, {"Parameters": {"Id": "T-808"}}, {"Alarm": {}}])
def test_es1000_nothing_is_refused(body: Any) -> None:
    assert Feed("es1000").reason(ALARM, body) is RejectReason.WRONG_SHAPE


def test_es1000_another_terminals_word_is_refused() -> None:
    body = terminal({"Stuck": "1"})
    assert Feed("es1000").reason("TerminalData/T-1/real_alarm", body) is RejectReason.IDENTITY_MISMATCH


CLOUD = "elevatorcloud/mx7/info"


@pytest.mark.parametrize(("code", "meant"), ELEVATORCLOUD.items())
@pytest.mark.parametrize("written", [int, str, float])
def test_elevatorcloud_every_code(code: int, meant: tuple[str, bool | None], written: type) -> None:
    report = es1000({"type": "info", "data": {"fault": [written(code)]}}, CLOUD)
    assert report.states[meant[0]] is True
    assert report.states.get("at_landing") is meant[1]
    assert {n for n, v in report.states.items() if v is True and n != "at_landing"} == {meant[0]}


@pytest.mark.parametrize("code", [4, 5, 7, 99, "A1", -3])
def test_elevatorcloud_other_codes_are_unknown(code: Any) -> None:
    (event,) = es1000({"type": "info", "data": {"fault": [code]}}, CLOUD).events
    assert event.attributes == {"raw_code": str(code), "code_system": "elevatorcloud", "active": True}


def test_elevatorcloud_an_empty_list_ends_what_it_knows_and_a_hole_in_it_does_not() -> None:
    assert es1000({"type": "info", "data": {"fault": []}}, CLOUD).states["entrapment"] is False
    assert es1000({"type": "info", "data": {"fault": [None]}}, CLOUD).states["entrapment"] is None
    assert "entrapment" not in es1000({"type": "info", "data": {"floor": 3}}, CLOUD).states


@pytest.mark.parametrize(
    ("data", "mode"),
    [
        ({"reparing": 1}, "inspection"),
        ({"repairing": "1"}, "inspection"),
        ({"reparing": 0, "inmaintenance": 1}, "inspection"),
        ({"reparing": 0, "inmaintenance": 0}, "normal"),
        ({"reparing": None, "inmaintenance": 0}, None),
    ],
)
def test_elevatorcloud_service(data: dict[str, Any], mode: str | None) -> None:
    assert es1000({"type": "info", "data": data}, CLOUD).states["service_mode"] == mode


@pytest.mark.parametrize("framed", [True, False])
def test_elevatorcloud_frame_and_login(framed: bool) -> None:
    text = json.dumps({"type": "login", "eid": "mx7"}).encode()
    report = es1000(b"#10#" + text + b"#13#" if framed else text, CLOUD)
    assert (report.device, report.availability) == ("mx7", True)


FAULT, STATE = "/API/V1/Up/LiftFault", "/API/V1/Up/LiftState"


def houqi(*beans: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "LiftFault", "macAddr": "0C11", "elevatorNo": "E-5", "ErrorListBean": list(beans), **more}


def bean(code: Any, ended: Any = "", **more: Any) -> dict[str, Any]:
    return {"keyId": "88", "faultType": code, "faultBeginTime": TIME, "faultEndTime": ended, **more}


@pytest.mark.parametrize(("code", "state"), FAULTS.items())
@pytest.mark.parametrize("written", [int, str])
@pytest.mark.parametrize(
    ("ended", "active"),
    [
        ("", True),
        (None, True),
        (" ", True),
        ("2026-09-21 22:13:19", False),
        ("0000-00-00 00:00:00", True),
        ("??", None),
    ],
)
def test_houqi_every_code(code: int, state: str, written: type, ended: Any, active: bool | None) -> None:
    """An end that cannot be read ends nothing: the fault is unknown from then on."""
    report = Feed("houqi").report(FAULT, houqi(bean(written(code), ended)), at=NOON)
    assert report.states[state] is active
    assert report.raw_codes is not None
    assert report.raw_codes["correlation_id"] == "88"


@pytest.mark.parametrize("code", [2, 3, 5, 17, 93, "x9", None])
@pytest.mark.parametrize(("ended", "active"), [("", True), ("2026-09-21 22:13:19", False)])
def test_houqi_other_codes_are_unknown(code: Any, ended: str, active: bool) -> None:
    (event,) = Feed("houqi").report(FAULT, houqi(bean(code, ended)), at=NOON).events
    assert event.code == "unknown_fault"
    assert event.attributes.get("raw_code") == (None if code is None else str(code))
    assert (event.attributes["active"], event.attributes["correlation_id"]) == (active, "88")


def test_houqi_several_faults_of_one_message_have_their_own_times_and_keys() -> None:
    later = bean(4, faultBeginTime="2026-09-21 22:13:18") | {"keyId": "89"}
    one, other = Feed("houqi").reports(FAULT, houqi(bean(1), later), at=NOON)
    assert (one.at, other.at) == (NOON - 3, NOON - 2)
    assert one.dedup_key != other.dedup_key
    assert (one.states["entrapment"], other.states["overrun_top"]) == (True, True)


@pytest.mark.parametrize(
    ("more", "states", "measured"),
    [
        ({"currentSpeed": "-1.50"}, {}, {"speed": 1.5}),
        ({"currentSpeed": "2"}, {}, {"speed": 2.0}),
        ({"currentFloor": "B2"}, {"floor": "B2"}, {}),
        ({"currentFloor": -2}, {"floor": "-2"}, {}),
        ({"floor": 7}, {"floor": "7"}, {}),
        ({"runningDirection": "1"}, {"car_state": "running", "direction": "up"}, {}),
        ({"runningDirection": 2}, {"car_state": "running", "direction": "down"}, {}),
        ({"runningDirection": 8}, {"car_state": None, "direction": None}, {}),
        ({"personInLift": 0}, {"passengers_present": False}, {}),
        ({"mannedNum": "3"}, {"passengers_present": True}, {}),
        ({"personInLift": "many"}, {"passengers_present": None}, {}),
        ({"temperature": "26.5"}, {}, {"temperature": 26.5}),
        ({"temperature": "hot", "floor": 1}, {"floor": "1"}, {}),
        ({"temperature": None, "floor": None, "personInLift": None}, {}, {}),
    ],
)
def test_houqi_car(more: dict[str, Any], states: dict[str, Any], measured: dict[str, float]) -> None:
    report = Feed("houqi").report(STATE, {"elevatorNo": "E-5", **more})
    assert (report.states, report.measurements) == (states, measured)


@pytest.mark.parametrize("name", ["ErrorListBean", "errorListBean", "ErrorList", "errorList"])
def test_houqi_renamed_lists(name: str) -> None:
    report = Feed("houqi").report(FAULT, {"elevatorNo": "E-5", name: [bean(1)]}, at=NOON)
    assert report.states["entrapment"] is True


@pytest.mark.parametrize("topic", ["API/V1/Up/LiftFault", "/API/V1/Up/ LiftFault", "/API/V1/Up/liftfault"])
def test_houqi_misspelt_topics(topic: str) -> None:
    assert Feed("houqi").report(topic, houqi(bean(1)), at=NOON).states["entrapment"] is True


GROUP = "/neuron/cg/lift-plc/fast"
REGISTERS = {
    "lift-plc/fast/d10": {"name": "floor"},
    "lift-plc/d11": {"name": "speed", "scale": 0.001},
    "d12": {"name": "entrapment"},
    "lift-plc/d13": {"name": "unknown_fault", "words": {"3": "overspeed"}},
    "lift-plc/d14": {"name": "water_leak", "device": "pit-7"},
}
LIFT = Device("lift-plc", DeviceKind.LIFT, dialect="neuron")
PIT = Device("pit-7", DeviceKind.WATER_LEAK, dialect="neuron")


def neuron(**values: Any) -> dict[str, Any]:
    return {"timestamp": int(NOON * 1000) - 250, "node": "lift-plc", "group": "fast", "values": values, "errors": {}}


@pytest.mark.parametrize(
    ("values", "states", "measured"),
    [
        ({"d10": "3F"}, {"floor": "3F"}, {}),
        ({"d10": 4}, {}, {"floor_index": 4.0}),
        ({"d11": 1750}, {}, {"speed": 1.75}),
        ({"d11": -3}, {}, {}),
        ({"d12": 1}, {"entrapment": True}, {}),
        ({"d12": 0}, {"entrapment": False}, {}),
        ({"d12": 2}, {"entrapment": None}, {}),
        ({"d13": 3}, {"fault": True, "overspeed": True}, {}),
        ({"d13": 0}, {"fault": False, "overspeed": False}, {}),
        ({"d13": "3,3"}, {"fault": True, "overspeed": True}, {}),
    ],
)
@pytest.mark.parametrize("shape", ["values", "tags"])
def test_neuron_registers(values: dict[str, Any], states: Any, measured: Any, shape: str) -> None:
    body = neuron(**values)
    if shape == "tags":
        body["tags"] = [{"name": name, "value": value} for name, value in body.pop("values").items()]
    report = Feed("neuron", LIFT, PIT, registers=REGISTERS).report(GROUP, body, at=NOON)
    assert (report.device, report.states, report.measurements) == ("lift-plc", states, measured)
    assert report.at == NOON - 0.25


def test_neuron_an_error_takes_the_values_place() -> None:
    body = {**neuron(d10="2F"), "errors": {"d12": 3002, "d11": 3002}}
    report = Feed("neuron", LIFT, PIT, registers=REGISTERS).report(GROUP, body, at=NOON)
    assert report.states == {"floor": "2F", "entrapment": None}
    assert report.measurements == {}
    assert report.raw_codes is not None
    assert report.raw_codes["d12 error"] == 3002


def test_neuron_an_unknown_code_and_two_devices() -> None:
    one, other = Feed("neuron", LIFT, PIT, registers=REGISTERS).reports(GROUP, neuron(d13=61, d14=1), at=NOON)
    (event,) = one.events
    assert (event.code, event.attributes["raw_code"]) == ("unknown_fault", "61")
    assert (other.device, other.states) == ("pit-7", {"water_leak": True})


@pytest.mark.parametrize(("version", "link", "online"), [("2.1.0", 2, True), ("2.1.0", 0, False), ("2.6.1", 1, True)])
def test_neuron_heartbeat(version: str, link: int, online: bool) -> None:
    body = {"version": version, "timestamp": 1, "states": [{"node": "lift-plc", "link": link, "running": 3}]}
    found = Feed("neuron", LIFT, PIT, registers=REGISTERS).reports("/neuron/cg/heartbeat", body)
    assert {r.device: r.availability for r in found} == {"lift-plc": online, "pit-7": online}

"""ES1000 and elevatorcloud lift terminals. Numbers in names are those of the list of known field defects."""

from datetime import UTC, datetime
from typing import Any

import pytest

from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.names import EVENTS, STATES
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

ALARM, OK = "TerminalData/T-77/real_alarm", "TerminalData/T-77/real_ok"
CLOUD = "elevatorcloud/mx0077/info"
NAMES = (
    *("Stuck", "PersonTrapped", "UpAlarm", "DownAlarm", "RunDoor", "Speed", "StpDoorUnOpen", "StpDoorUnClose"),
    *("StpDoorRepeat", "SlantLr", "SlantFb", "Amplitude", "ManualAlarm", "Ebike"),
)


def message(state: Any = None, time: Any = "", **alarms: Any) -> dict[str, Any]:
    """Build what firmware V2.0 writes: everything is text."""
    flags = {"HasAlarm": "1" if alarms else "0", **dict.fromkeys(NAMES, "0"), **alarms}
    given = {"Floor": "12", "Status": "0", "Door": "0", "People": "0", "Speed": "0.00", "Temp": "21", "Maintain": "0"}
    return {
        "Parameters": {"Id": "T-77", "Time": time, "Version": "V2.0"},
        "Alarm": flags,
        "State": {**given, **(state or {})},
    }


@pytest.fixture
def feed() -> Feed:
    return Feed("es1000", Device("lift-a", DeviceKind.LIFT, dialect="es1000", address="T-77"))


def test_people_shut_in_and_let_out_on_another_topic(feed: Feed) -> None:
    """Defect 4 and 7: the clear never comes on the alarm's topic, and every flag is text."""
    shut_in = feed.report(ALARM, message({"People": "1", "Floor": "9"}, PersonTrapped="1"))
    assert (shut_in.device, shut_in.kind, shut_in.registered) == ("lift-a", DeviceKind.LIFT, True)
    assert shut_in.states["entrapment"] is True
    assert shut_in.states["floor"] == "9"
    assert shut_in.states["passengers_present"] is True
    assert shut_in.states["overspeed"] is False
    assert shut_in.measurements == {"speed": 0.0, "temperature": 21.0}
    assert feed.report(OK, message()).states["entrapment"] is False


def test_ok_denies_what_it_does_not_list_but_not_what_it_says(feed: Feed) -> None:
    denied = feed.report(OK, {"Parameters": {"Id": "T-77"}, "State": {"Floor": "3"}}).states
    assert denied["entrapment"] is False
    assert denied["door_close_fault"] is False
    assert "safety_circuit_open" not in denied
    assert feed.report(OK, message(PersonTrapped="1")).states["entrapment"] is True


def test_an_alarm_message_leaves_unchanged_what_it_does_not_list(feed: Feed) -> None:
    assert "overspeed" not in feed.report(ALARM, {"Alarm": {"PersonTrapped": "1"}}).states


@pytest.mark.parametrize(
    ("member", "state"),
    [
        ("Stuck", "stopped_outside_door_zone"),
        ("UpAlarm", "overrun_top"),
        ("DownAlarm", "overrun_bottom"),
        ("RunDoor", "door_open_while_running"),
        ("Speed", "overspeed"),
        ("StpDoorUnOpen", "door_open_fault"),
        ("StpDoorUnClose", "door_close_fault"),
        ("StpDoorRepeat", "door_repeated_cycling"),
        ("SafeLoop", "safety_circuit_open"),
    ],
)
def test_every_flag_has_its_state(feed: Feed, member: str, state: str) -> None:
    report = feed.report(ALARM, message(**{member: "1"}))
    assert [name for name, value in report.states.items() if value is True and name in LIFT_ALARMS] == [state]


LIFT_ALARMS = {name for name in STATES if name not in ("door_closed", "passengers_present")}


@pytest.mark.parametrize(("member", "event"), [("ManualAlarm", "alarm_button"), ("Ebike", "e_bike_in_car")])
def test_what_happens_is_an_event(feed: Feed, member: str, event: str) -> None:
    (found,) = feed.report(ALARM, message(**{member: "1"})).events
    assert found.code == event


@pytest.mark.parametrize("member", ["SlantLr", "Amplitude", "Power", "SomethingNew"])
def test_a_flag_without_a_name_is_an_unknown_fault(feed: Feed, member: str) -> None:
    (found,) = feed.report(ALARM, message(**{member: "1"})).events
    assert found.code == "unknown_fault"
    assert found.attributes == {"raw_code": member, "code_system": "es1000", "active": True}


def test_numbered_faults_are_unknown_faults(feed: Feed) -> None:
    found = feed.report(ALARM, message(ErrorCode=[101, 207])).events
    assert [event.attributes["raw_code"] for event in found] == ["101", "207"]


def test_an_alarm_that_names_nothing_is_not_lost(feed: Feed) -> None:
    (found,) = feed.report(ALARM, message(HasAlarm="1")).events
    assert found.attributes["raw_code"] == "HasAlarm"


def test_members_of_the_firmware_before(feed: Feed) -> None:
    """Defect 14: V2.0 renamed nearly all members."""
    older = {
        "Parameters": {"ID": "T-77"},
        "Alarm": {"Y_N": "1", "Kunren": "1", "UP_Alarm": "0", "Speeding": "0", "Electromobile": "1"},
        "State": {"DS_DX": "0", "Lou_Ceng": "2", "status": "2", "Door": "1", "People": "0"},
    }
    report = feed.report(ALARM, older)
    assert report.states["entrapment"] is True
    assert report.states["overrun_top"] is False
    assert report.states["floor"] == "-2"
    assert report.states["direction"] == "down"
    assert report.states["door_state"] == "open"
    assert [event.code for event in report.events] == ["e_bike_in_car"]


@pytest.mark.parametrize(
    ("status", "car", "direction"),
    [("0", "stopped", "none"), ("1", "running", "up"), (2, "running", "down"), ("7", None, None)],
)
def test_movement(feed: Feed, status: Any, car: str | None, direction: str | None) -> None:
    report = feed.report(OK, message({"Status": status}))
    assert (report.states["car_state"], report.states["direction"]) == (car, direction)


@pytest.mark.parametrize(("door", "closed"), [("0", True), ("1", False), ("?", None)])
def test_door(feed: Feed, door: str, closed: bool | None) -> None:
    assert feed.report(OK, message({"Door": door})).states["door_closed"] is closed


def test_words_that_are_no_flags_are_unknown_not_false(feed: Feed) -> None:
    """Defects 7 and 8."""
    report = feed.report(ALARM, message({"People": None, "Speed": "fast"}, PersonTrapped="maybe", Stuck=None))
    assert report.states["entrapment"] is None
    assert report.states["stopped_outside_door_zone"] is None
    assert report.states["passengers_present"] is None
    assert "speed" not in report.measurements
    assert report.raw_codes is not None
    assert report.raw_codes["entrapment"] == "maybe"
    assert report.raw_codes["speed"] == "fast"


def test_a_flag_read_before_is_read_again_by_its_text(feed: Feed) -> None:
    for _ in range(2):
        assert feed.report(ALARM, message(PersonTrapped="1")).states["entrapment"] is True
        assert feed.report(ALARM, message(Stuck="1")).states["entrapment"] is False


def test_service(feed: Feed) -> None:
    assert feed.report(OK, message({"Maintain": "1"})).states["service_mode"] == "inspection"
    assert feed.report(OK, message()).states["service_mode"] == "normal"


def test_counters(feed: Feed) -> None:
    report = feed.report(OK, {**message(), "Count": {"RunNum": 5120, "DoorOpenedCnt": "9800"}})
    assert report.measurements["run_count"] == 5120
    assert report.measurements["door_cycles"] == 9800


def test_local_time_and_a_clock_never_set(feed: Feed) -> None:
    """Defect 5."""
    moment = datetime(2026, 9, 21, 14, 0, tzinfo=UTC).timestamp()
    report = feed.report(OK, message(time="2026-09-21 22:00:00"), at=moment + 5)
    assert (report.at, report.time_quality) == (moment, TimeQuality.SOURCE_LOCAL_ASSUMED)
    unset = feed.report(OK, message(time="2000-01-01 00:00:07"), at=NOON)
    assert (unset.at, unset.time_quality) == (NOON, TimeQuality.DEVICE_UNSYNCED)
    assert feed.report(OK, message(time="soon"), at=NOON).time_quality is TimeQuality.RECEIVED_ONLY


def test_heartbeats(feed: Feed) -> None:
    assert feed.report("TerminalData/T-77/heartbeat", b"").availability is True
    found = feed.give("TerminalData/T-77/heartbeat", b"", retained=True)
    assert type(found).__name__ == "Ignored"


def test_kept_alarm_is_a_snapshot(feed: Feed) -> None:
    """Defect 1."""
    assert feed.report(ALARM, message(PersonTrapped="1"), retained=True).snapshot


def test_refusals(feed: Feed) -> None:
    assert feed.reason(ALARM, {"Parameters": {"Id": "other"}, "Alarm": {}}) is RejectReason.IDENTITY_MISMATCH
    assert feed.reason(ALARM, {"hello": 1}) is RejectReason.WRONG_SHAPE
    assert feed.reason(ALARM, {"State": 3}) is RejectReason.WRONG_SHAPE
    assert feed.reason(ALARM, b'{"Alarm": {') is RejectReason.MALFORMED
    assert feed.reason(ALARM, b'{"Alarm": {"\x80": "1"}}') is RejectReason.MALFORMED
    assert feed.reason(ALARM, b"") is RejectReason.EMPTY
    assert feed.reason("TerminalData/", b"{}") is RejectReason.BAD_TOPIC


def test_nul_and_byte_order_mark(feed: Feed) -> None:
    """Defect 9."""
    body = b'\xef\xbb\xbf{"Alarm": {"PersonTrapped": "1"}}\x00'
    assert feed.report(ALARM, body).states["entrapment"] is True


def info(**data: Any) -> dict[str, Any]:
    given = {"direction": 0, "inposition": 1, "floor": 4, "door": 0, "haspeople": 0, "reparing": 0, "inmaintenance": 0}
    return {"type": "info", "data": {**given, "fault": [], **data}}


@pytest.mark.parametrize(
    ("codes", "true", "level"),
    [
        ([1], {"entrapment"}, False),
        ([2], {"entrapment"}, True),
        (["3"], {"door_open_while_running"}, True),
        ([6], {"overrun_top"}, True),
        ([1, 3], {"entrapment", "door_open_while_running"}, False),
        ([], set(), True),
    ],
)
def test_elevatorcloud_fault_list(codes: list[Any], true: set[str], level: bool) -> None:
    """The list is complete: what is not in it is over."""
    states = Feed("es1000").report(CLOUD, info(fault=codes)).states
    faults = {"entrapment", "door_open_while_running", "overrun_top"}
    assert {name for name in faults if states[name]} == true
    assert states["at_landing"] is level


def test_elevatorcloud_states() -> None:
    report = Feed("es1000").report(CLOUD, info(direction=1, haspeople=1, floor=-1, reparing=1))
    assert report.device == "mx0077"
    assert report.states["direction"] == "up"
    assert report.states["car_state"] == "running"
    assert report.states["floor"] == "-1"
    assert report.states["passengers_present"] is True
    assert report.states["service_mode"] == "inspection"
    assert report.raw_codes == {"door": 0}
    later = info(repairing="1")
    del later["data"]["reparing"]
    assert Feed("es1000").report(CLOUD, later).states["service_mode"] == "inspection"


def test_elevatorcloud_unknown_code() -> None:
    (found,) = Feed("es1000").report(CLOUD, info(fault=[41])).events
    assert found.attributes == {"raw_code": "41", "code_system": "elevatorcloud", "active": True}
    assert set(found.attributes) <= set(EVENTS["unknown_fault"].attributes)


def test_elevatorcloud_frame_and_login() -> None:
    feed = Feed("es1000")
    framed = b'#10#{"type":"info","eid":"mx0077","data":{"fault":[2]}}#13#'
    assert feed.report(CLOUD, framed).states["entrapment"] is True
    login = feed.report("elevatorcloud/mx0077/login", {"type": "login", "eid": "mx0077"})
    assert (login.device, login.availability) == ("mx0077", True)
    assert feed.reason(CLOUD, {"type": "login", "eid": "mx0001"}) is RejectReason.IDENTITY_MISMATCH
    assert feed.reason(CLOUD, {"type": "dance"}) is RejectReason.WRONG_SHAPE


def test_other_bases() -> None:
    feed = Feed("es1000", base="lifts")
    assert feed.report("lifts/T-77/real_alarm", message(PersonTrapped="1")).states["entrapment"] is True
    assert set(feed.decoder.filters()) == {"lifts/#", "elevatorcloud/#"}

"""Houqi lift terminals. Numbers are those of the list of known field defects."""

from datetime import UTC, datetime
from typing import Any

import pytest

from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

FAULT, STATE, BEAT = "/API/V1/Up/LiftFault", "/API/V1/Up/LiftState", "/API/V1/Up/HeartBeat"
MOMENT = datetime(2026, 9, 21, 14, 0, tzinfo=UTC).timestamp()


def bean(code: Any = 1, ended: str = "", key: str = "k-1", began: str = "2026-09-21 22:00:00") -> dict[str, Any]:
    return {"keyId": key, "faultType": code, "faultBeginTime": began, "faultEndTime": ended, "faultVideoUrl": ""}


def message(*beans: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {
        "type": "LiftFault",
        "macAddr": "LC40AA00BB11",
        "elevatorNo": "E-31",
        "currentSpeed": "0.00",
        "runningDirection": 0,
        "doorStatus": 1,
        "personInLift": 2,
        "currentFloor": "-2",
        "temperature": "25.5",
        "ErrorListBean": list(beans),
    }
    return {**given, **more}


@pytest.fixture
def feed() -> Feed:
    return Feed("houqi", Device("lift-a", DeviceKind.LIFT, dialect="houqi", address="E-31"))


def test_fault_opens_and_closes_by_key(feed: Feed) -> None:
    """Defect 4: the end is the same list again with a time in it."""
    opened = feed.report(FAULT, message(bean()), at=MOMENT + 3)
    assert opened.device == "lift-a"
    assert opened.states["entrapment"] is True
    assert (opened.at, opened.time_quality) == (MOMENT, TimeQuality.SOURCE_LOCAL_ASSUMED)
    assert opened.raw_codes == {"correlation_id": "k-1", "door": 1}
    closed = feed.report(FAULT, message(bean(ended="2026-09-21 22:20:00")), at=MOMENT + 1201)
    assert closed.states["entrapment"] is False
    assert closed.at == MOMENT + 1200
    assert closed.raw_codes == {"correlation_id": "k-1", "door": 1}


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (1, "entrapment"),
        (4, "overrun_top"),
    ],
)
def test_code_table(feed: Feed, code: Any, state: str) -> None:
    assert feed.report(FAULT, message(bean(code))).states[state] is True
    assert feed.report(FAULT, message(bean(code, ended="2026-09-21 22:01:00"))).states[state] is False


@pytest.mark.parametrize(("ended", "active"), [("", True), ("2026-09-21 22:01:00", False)])
def test_unknown_code_keeps_its_number_and_key(feed: Feed, ended: str, active: bool) -> None:
    report = feed.report(FAULT, message(bean(77, ended)))
    (found,) = report.events
    assert found.code == "unknown_fault"
    expected = {"raw_code": "77", "code_system": "houqi", "active": active, "correlation_id": "k-1"}
    assert found.attributes == expected


def test_no_fault_and_no_number(feed: Feed) -> None:
    assert feed.report(FAULT, message(bean(0))).events == ()
    (found,) = feed.report(FAULT, message(bean("x"))).events
    assert found.attributes["raw_code"] == "x"


def test_faults_of_one_message_have_their_own_times(feed: Feed) -> None:
    later = bean(4, key="k-2", began="2026-09-21 22:00:09")
    first, second = feed.reports(FAULT, message(bean(), later), at=MOMENT + 20)
    assert (first.states["entrapment"], first.at) == (True, MOMENT)
    assert (second.states["overrun_top"], second.at) == (True, MOMENT + 9)
    assert first.dedup_key != second.dedup_key


def test_redelivery_and_reused_keys(feed: Feed) -> None:
    """Defect 3: a key that starts again from 1 after a restart is another fault."""
    again = [feed.report(FAULT, message(bean())).dedup_key for _ in range(2)]
    assert again[0] == again[1]
    assert feed.report(FAULT, message(bean(began="2026-09-21 23:00:00"))).dedup_key != again[0]
    assert feed.report(FAULT, message(bean(ended="2026-09-21 22:09:00"))).dedup_key != again[0]
    assert feed.report(FAULT, message(bean(began=""))).dedup_key is None


def test_the_car(feed: Feed) -> None:
    report = feed.report(FAULT, message(bean()))
    assert report.states["floor"] == "-2"
    assert not {"door_state", "door_closed"} & report.states.keys()
    assert report.states["passengers_present"] is True
    assert (report.states["car_state"], report.states["direction"]) == ("stopped", "none")
    assert report.measurements == {"speed": 0.0, "temperature": 25.5}


@pytest.mark.parametrize(("raw", "word"), [(0, "none"), (1, "up"), ("2", "down"), (9, None)])
def test_direction(feed: Feed, raw: Any, word: str | None) -> None:
    assert feed.report(STATE, message(runningDirection=raw)).states["direction"] == word


def test_the_doors_number_is_kept_not_interpreted(feed: Feed) -> None:
    report = feed.report(STATE, message(doorStatus="1"))
    assert report.raw_codes is not None
    assert report.raw_codes["door"] == "1"


@pytest.mark.parametrize(("raw", "present"), [(0, False), ("0", False), (3, True), (-1, None), ("?", None)])
def test_people_are_counted(feed: Feed, raw: Any, present: bool | None) -> None:
    assert feed.report(STATE, message(personInLift=raw)).states["passengers_present"] is present


def test_renamed_members(feed: Feed) -> None:
    """Defect 14."""
    renamed = {"elevatorNo": "E-31", "mannedNum": 1, "floor": 7, "speed": -1.5, "doorState": 0, "errorList": [bean()]}
    report = feed.report(FAULT, renamed)
    assert report.states["entrapment"] is True
    assert report.states["passengers_present"] is True
    assert report.states["floor"] == "7"
    assert report.measurements["speed"] == 1.5


def test_state_says_nothing_of_faults(feed: Feed) -> None:
    report = feed.report(STATE, message(), at=NOON)
    assert "entrapment" not in report.states
    assert (report.at, report.time_quality) == (NOON, TimeQuality.RECEIVED_ONLY)


def test_an_empty_fault_list_tells_the_car_alone(feed: Feed) -> None:
    assert "entrapment" not in feed.report(FAULT, message()).states


def test_addresses() -> None:
    assert Feed("houqi").report(STATE, message()).device == "E-31"
    assert Feed("houqi").report(STATE, message(elevatorNo="")).device == "LC40AA00BB11"
    by_box = Feed("houqi", Device("lift-b", DeviceKind.LIFT, dialect="houqi", address="LC40AA00BB11"))
    assert by_box.report(STATE, message()).device == "lift-b"


def test_heartbeat(feed: Feed) -> None:
    assert feed.report(BEAT, {"macAddr": "x", "elevatorNo": "E-31"}).availability is True
    assert type(feed.give(BEAT, {"elevatorNo": "E-31"}, retained=True)).__name__ == "Ignored"


def test_what_is_left_aside(feed: Feed) -> None:
    assert "finished run" in feed.why("/API/V1/Up/LiftRunInfo", {"elevatorNo": "E-31"})
    assert "command" in feed.why("/API/V1/Down/LC40AA00BB11/Command", {})


@pytest.mark.parametrize("topic", ["API/V1/Up/LiftFault", "/ API/V1/Up/LiftFault", "/API/V1/Up/liftfault"])
def test_topics_as_firmware_spells_them(feed: Feed, topic: str) -> None:
    assert feed.report(topic, message(bean())).states["entrapment"] is True


def test_an_implausible_time(feed: Feed) -> None:
    """Defect 5."""
    report = feed.report(FAULT, message(bean(began="1970-01-01 08:00:00")), at=NOON)
    assert (report.at, report.time_quality) == (NOON, TimeQuality.DEVICE_UNSYNCED)
    assert report.states["entrapment"] is True


def test_kept_fault_is_a_snapshot(feed: Feed) -> None:
    """Defect 1."""
    assert feed.report(FAULT, message(bean()), retained=True).snapshot


def test_refusals(feed: Feed) -> None:
    assert feed.reason(FAULT, {"elevatorNo": "E-31"}) is RejectReason.WRONG_SHAPE
    assert feed.reason(FAULT, {"ErrorListBean": []}) is RejectReason.WRONG_SHAPE
    assert feed.reason(STATE, {"currentFloor": 1}) is RejectReason.WRONG_SHAPE
    assert feed.reason(BEAT, {}) is RejectReason.WRONG_SHAPE
    assert feed.reason(STATE, [1]) is RejectReason.WRONG_SHAPE
    assert feed.reason(BEAT, b"{") is RejectReason.MALFORMED
    assert feed.reason("/API/V1/Up/Other", {}) is RejectReason.BAD_TOPIC


def test_lanes(feed: Feed) -> None:
    assert {topic: str(lane) for topic, lane in feed.decoder.filters().items()} == {
        FAULT: "alarm",
        STATE: "telemetry",
        BEAT: "telemetry",
    }

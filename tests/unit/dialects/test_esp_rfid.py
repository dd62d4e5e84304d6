"""ESP-RFID door controllers. Numbers are those of the list of known field defects."""

from typing import Any

import msgspec
import pytest

from devices.model import DeviceKind, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, Feed

SEND, TAG = "/rfid/send", "/rfid/tag"


def access(word: str = "Always", known: Any = "true", **more: Any) -> dict[str, Any]:
    given = {
        "type": "access",
        "time": NOON,
        "isKnown": known,
        "access": word,
        "username": "Somebody",
        "uid": "0a1b2c3d",
    }
    return {**given, "hostname": "north-door", **more}


def line(source: str, text: str, **more: Any) -> dict[str, Any]:
    given = {"type": "INFO", "src": source, "desc": text, "data": "", "time": NOON, "cmd": "event"}
    return {**given, "hostname": "north-door", **more}


@pytest.fixture
def feed() -> Feed:
    return Feed("esp_rfid", Device("gate-a", DeviceKind.ACCESS_GATE, dialect="esp_rfid", address="north-door"))


@pytest.mark.parametrize(
    ("word", "known", "reason"),
    [
        ("Always", "true", None),
        ("Admin", True, None),
        ("Disabled", "true", "disabled"),
        ("Expired", "true", "expired"),
        ("Denied", "false", "unknown_credential"),
        ("Denied", "true", "no_right"),
        ("Always", "false", "unknown_credential"),
    ],
)
def test_access(feed: Feed, word: str, known: Any, reason: str | None) -> None:
    """Defect 7: the text ``"false"`` is false, and ``type`` is access even where nobody passes."""
    report = feed.report(SEND, access(word, known), at=NOON + 1)
    assert (report.device, report.at, report.time_quality) == ("gate-a", NOON, TimeQuality.SOURCE_UTC)
    (found,) = report.events
    assert found.code == ("access_denied" if reason else "access_granted")
    assert found.attributes.get("reason") == reason
    assert found.attributes["credential_type"] == "card"
    assert len(found.attributes["credential_ref"]) == 16


def test_older_firmware(feed: Feed) -> None:
    """Defect 14: the bare topic, ``isknown``, no host name."""
    older = {"type": "access", "time": NOON, "isknown": "false", "access": "Denied", "username": "Unknown", "uid": "77"}
    report = feed.report("backyard", older)
    assert (report.device, report.registered) == ("backyard", False)
    assert report.events[0].attributes["reason"] == "unknown_credential"


def test_home_assistant_variant(feed: Feed) -> None:
    granted = {"uid": "0a1b2c3d", "username": "Somebody", "access": "Always", "time": NOON}
    assert feed.report(TAG, granted).events[0].code == "access_granted"
    denied = feed.report(TAG, {**granted, "access": "Denied", "username": "Unknown"})
    assert denied.events[0].attributes["reason"] == "unknown_credential"
    assert denied.device == "/rfid"


def test_an_unknown_word_is_neither_granted_nor_denied(feed: Feed) -> None:
    """Defect 8."""
    report = feed.report(SEND, access("Sometimes"))
    assert report.events == ()
    assert report.raw_codes == {"access": "sometimes"}


def test_no_names_and_cards(feed: Feed) -> None:
    told = msgspec.json.encode([feed.report(SEND, access()), feed.report(SEND, access("Odd"))]).decode()
    assert "Somebody" not in told
    assert "0a1b2c3d" not in told


def test_opened_over_mqtt(feed: Feed) -> None:
    (found,) = feed.report(SEND, access(username="MQTT", uid=" ")).events
    assert found.code == "remote_open"


@pytest.mark.parametrize("access_first", [True, False])
def test_a_refused_card_is_told_twice_and_counted_once(feed: Feed, access_first: bool) -> None:
    """Defect 3."""
    told = [access("Denied", "false"), line("rfid", "Unknown rfid tag is scanned", type="WARN", time=NOON + 1)]
    keys = [feed.report(SEND, one).dedup_key for one in (told if access_first else reversed(told))]
    assert keys[0] == keys[1] is not None


def test_the_next_refused_card_is_another(feed: Feed) -> None:
    first = feed.report(SEND, access("Denied", "false")).dedup_key
    assert feed.report(SEND, access("Denied", "false", uid="ffff")).dedup_key != first
    warning = line("rfid", "Unknown rfid tag is scanned", time=NOON + 30)
    assert feed.report(SEND, warning).dedup_key not in (None, first)
    assert feed.report(SEND, line("rfid", "Unknown rfid tag is scanned", time=None)).dedup_key is None


@pytest.mark.parametrize(
    ("source", "text", "event", "states"),
    [
        ("door", "Door Open", "door_opened", {"door_state": "open"}),
        ("door", "Door Closed", "door_closed", {"door_state": "closed"}),
        ("doorbell", "Doorbell ringing", "doorbell", {}),
        ("tamper", "Door was tampered!", "door_forced", {"tamper": True}),
        ("tamper", "Door wasn't closed within max open time!", "door_held_open", {"door_state": "open"}),
        ("rfid", "Unknown rfid tag is scanned", "access_denied", {}),
    ],
)
def test_log_lines_that_matter(feed: Feed, source: str, text: str, event: str, states: dict[str, Any]) -> None:
    report = feed.report(SEND, line(source, text))
    assert [found.code for found in report.events] == [event]
    assert report.states == states


@pytest.mark.parametrize("source", ["wifi", "mqtt", "sys", "updt"])
def test_log_lines_that_do_not(feed: Feed, source: str) -> None:
    assert "log" in feed.why(SEND, line(source, "anything"))


def test_a_line_about_the_door_that_nobody_knows_is_shown(feed: Feed) -> None:
    assert feed.report(SEND, line("door", "Door sings")).raw_codes == {"door": "(str)"}


@pytest.mark.parametrize(
    ("name", "text", "states", "event"),
    [
        ("door", b"ON", {"door_state": "open"}, None),
        ("door", b"OFF", {"door_state": "closed"}, None),
        ("tamper", b"on", {"tamper": True}, "door_forced"),
        ("tamper", b"off", {"tamper": False}, None),
        ("doorbell", b"on", {}, "doorbell"),
        ("lock", b"LOCKED", {"lock_state": "locked"}, None),
        ("lock1", b"UNLOCKED", {"lock_state": "unlocked"}, None),
    ],
)
def test_inputs_and_outputs(feed: Feed, name: str, text: bytes, states: dict[str, Any], event: str | None) -> None:
    report = feed.report(f"/rfid/io/{name}", text)
    assert (report.device, report.states) == ("/rfid", states)
    assert [found.code for found in report.events] == ([event] if event else [])


def test_bell_let_go(feed: Feed) -> None:
    assert "bell" in feed.why("/rfid/io/doorbell", b"off")


@pytest.mark.parametrize("kind", ["boot", "heartbeat"])
def test_signs_of_life(feed: Feed, kind: str) -> None:
    alive = {"type": kind, "time": NOON, "uptime": 9, "ip": "192.0.2.1", "hostname": "north-door"}
    assert feed.report(SEND, alive).availability is True
    assert type(feed.give(SEND, alive, retained=True)).__name__ == "Ignored"


@pytest.mark.parametrize(("word", "online"), [(b"online", True), (b"offline", False)])
def test_availability_topic(feed: Feed, word: bytes, online: bool) -> None:
    report = feed.report("/rfid/avty", word, retained=True)
    assert (report.availability, report.snapshot) == (online, True)


@pytest.mark.parametrize("retained", [True, False])
def test_commands_never_act(feed: Feed, retained: bool) -> None:
    """Defect 1: a kept ``opendoor`` opened the door at every reconnect; here a command says nothing at all."""
    command = {"cmd": "opendoor", "doorip": "192.0.2.1"}
    for topic in ("/rfid/cmd", "/rfid/accesslist", "/rfid", SEND):
        assert type(feed.give(topic, command, retained=retained)).__name__ == "Ignored"
    assert feed.commands == []


def test_kept_access_is_a_snapshot(feed: Feed) -> None:
    assert feed.report(SEND, access(), retained=True).snapshot


def test_lists_of_users_are_left_aside(feed: Feed) -> None:
    user = {"command": "userfile", "uid": "0a1b2c3d", "user": "Somebody", "acctype": 1}
    assert "users" in feed.why(SEND, user)
    assert "users" in feed.why(SEND, {"type": "adduser", "hostname": "north-door"})


def test_a_clock_that_counts_local_time(feed: Feed) -> None:
    """Defect 5: in some firmware the seconds run from 1970 in local time, eight hours ahead here."""
    report = feed.report(SEND, access(time=NOON + 8 * 3600), at=NOON + 2)
    assert (report.at, report.time_quality) == (NOON, TimeQuality.SOURCE_LOCAL_ASSUMED)
    far = feed.report(SEND, access(time=NOON + 20 * 3600), at=NOON)
    assert (far.at, far.time_quality) == (NOON, TimeQuality.FUTURE_REJECTED)
    unset = feed.report(SEND, access(time=87), at=NOON)
    assert (unset.at, unset.time_quality) == (NOON, TimeQuality.DEVICE_UNSYNCED)
    assert feed.report(SEND, access(time=None), at=NOON).time_quality is TimeQuality.RECEIVED_ONLY


def test_registered_by_its_topic() -> None:
    feed = Feed("esp_rfid", Device("gate-b", DeviceKind.ACCESS_GATE, dialect="esp_rfid", address="/rfid"))
    assert feed.report(SEND, access()).device == "gate-b"
    assert feed.report(TAG, {"uid": "1", "access": "Always"}).device == "gate-b"


def test_refusals(feed: Feed) -> None:
    assert feed.reason(SEND, {}) is RejectReason.WRONG_SHAPE
    assert feed.reason(SEND, [1]) is RejectReason.WRONG_SHAPE
    assert feed.reason(TAG, {"x": 1}) is RejectReason.WRONG_SHAPE
    assert feed.reason("/rfid/io/door", b"ajar") is RejectReason.WRONG_SHAPE
    assert feed.reason("/rfid/avty", b"perhaps") is RejectReason.WRONG_SHAPE
    assert feed.reason(SEND, b'{"type": "acc') is RejectReason.MALFORMED
    assert feed.reason(SEND, b"") is RejectReason.EMPTY
    assert feed.reason("/rfid/other", b"{}") is RejectReason.BAD_TOPIC


def test_topics_are_an_option() -> None:
    feed = Feed("esp_rfid", topics=["east", "west/doors"])
    assert set(feed.decoder.filters()) == {"east/#", "west/doors/#"}
    assert feed.report("west/doors/send", access()).device == "north-door"
    assert feed.report("east", access()).device == "north-door"
    assert feed.reason("other/send", access()) is RejectReason.UNKNOWN_DIALECT


def test_without_topics_any_that_the_firmware_makes() -> None:
    for topic in ("anything/send", "any/thing/tag", "bare"):
        assert Feed("esp_rfid").report(topic, access()).device == "north-door"

"""The encoder, against the description of the dialect."""

import json

from simulators.native import NativeVoice
from simulators.script import Say

AT = 1_750_000_000.1234


def test_topic_names_site_kind_device_and_channel() -> None:
    voice = NativeVoice("osmanthus", "lift", "lift-b1-01")
    assert voice.encode(Say("telemetry"), AT)[0] == "community/osmanthus/lift/lift-b1-01/telemetry"
    assert voice.encode(Say("event"), AT)[0] == "community/osmanthus/lift/lift-b1-01/event"
    assert voice.status(True, AT)[0] == "community/osmanthus/lift/lift-b1-01/status"


def test_payload_is_compact_json_with_milliseconds() -> None:
    say = Say("event", {"smoke_density": 0.5}, {"smoke": True, "tamper": None}, [{"code": "self_test", "passed": True}])
    _, payload = NativeVoice("s", "smoke_detector", "d").encode(say, AT)
    assert payload == (
        b'{"device":"d","ts":1750000000123,"seq":1,"measurements":{"smoke_density":0.5},'
        b'"states":{"smoke":true,"tamper":null},"events":[{"code":"self_test","passed":true}]}'
    )


def test_empty_members_are_left_out() -> None:
    _, payload = NativeVoice("s", "lift", "d").encode(Say("telemetry"), AT)
    assert json.loads(payload).keys() == {"device", "ts", "seq"}


def test_text_is_utf_8() -> None:
    _, payload = NativeVoice("s", "lift", "d").encode(Say("telemetry", states={"floor": "避难层"}), AT)
    assert "避难层".encode() in payload


def test_reports_count_and_status_messages_do_not() -> None:
    voice = NativeVoice("s", "lift", "d")
    numbers = []
    for channel in ("telemetry", "event", "telemetry"):
        numbers.append(json.loads(voice.encode(Say(channel), AT)[1])["seq"])
        voice.status(True, AT)
    assert numbers == [1, 2, 3]


def test_status_says_online_or_offline() -> None:
    voice = NativeVoice("s", "lift", "d")
    assert json.loads(voice.status(True, AT)[1]) == {"status": "online", "ts": 1_750_000_000_123}
    assert json.loads(voice.status(False, AT)[1])["status"] == "offline"

"""CloudEvents 1.0: required attributes, times, and an id that stays the same however often an event is sent."""

import base64
import json
import re

import pytest

from gateway.notify.cloudevents import TYPES, cloud_event, encode, timestamp
from gateway.notify.signing import signed_headers, signing_key
from tests.unit.notify.making import changed

SOURCE = "/community-gateway/home"


def test_every_required_attribute_is_a_non_empty_string() -> None:
    event = cloud_event(changed(), SOURCE)
    for name in ("specversion", "id", "source", "type", "subject", "time", "datacontenttype"):
        assert isinstance(event[name], str)
        assert event[name]
    assert event["specversion"] == "1.0"
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in event), "names of attributes are a-z and 0-9"


@pytest.mark.parametrize(("action", "word"), TYPES.items())
def test_the_type_names_the_change(action: str, word: str) -> None:
    assert cloud_event(changed(action), SOURCE)["type"] == f"community-gateway.alert.{word}"


def test_another_change_keeps_its_own_name() -> None:
    assert cloud_event(changed("escalate"), SOURCE)["type"] == "community-gateway.alert.escalate"


def test_the_data_are_the_alert_and_what_changed() -> None:
    event = json.loads(encode(cloud_event(changed("verdict", actor="li"), SOURCE)))
    assert event["data"]["change"] == {"action": "verdict", "at": 1_750_003_600.4, "actor": "li", "detail": {}}
    assert event["data"]["alert"]["place"]["building"] == "3号楼"
    assert not {"change", "saved"} & event["data"]["alert"].keys()
    assert (event["id"], event["subject"], event["time"]) == ("k3x7-1-ab", "smoke-b1-03", "2025-06-15T16:06:40.400Z")


def test_making_an_event_leaves_the_payload_as_it_was() -> None:
    payload = changed()
    assert cloud_event(payload, SOURCE) == cloud_event(payload, SOURCE)
    assert payload == changed()


def test_times_are_utc() -> None:
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"


def test_the_example_of_the_specification() -> None:
    """The published example of Standard Webhooks, message and signature."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330.9, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["short", "whsec_", "whsec_!!", f"whsec_{base64.b64encode(b'x' * 23).decode()}"])
def test_a_weak_or_broken_key_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValueError, match=r"base64|bytes") as caught:
        signing_key(secret)
    assert secret.removeprefix("whsec_") not in str(caught.value).split() or secret == "whsec_"


@pytest.mark.parametrize(("event", "now", "body"), [("b", 1, b"x"), ("a", 2, b"x"), ("a", 1, b"y")])
def test_id_time_and_body_are_all_signed(event: str, now: float, body: bytes) -> None:
    key = b"k" * 24
    first = signed_headers(key, "a", 1, b"x")["webhook-signature"]
    assert signed_headers(key, event, now, body)["webhook-signature"] != first
    assert signed_headers(b"l" * 24, "a", 1, b"x")["webhook-signature"] != first

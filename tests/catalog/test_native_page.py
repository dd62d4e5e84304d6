"""Every example of docs/native.md is understood in full, and together they show every kind and channel."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from devices.decode import Decoder
from devices.dialects.native import Payload, Status
from devices.model import DeviceKind, Envelope, RejectReason, TimeQuality
from devices.registry import Registry

PAGE = (Path(__file__).parents[2] / "docs/native.md").read_text(encoding="utf-8")
SITE = "riverside"
LATER = 1_772_415_600.0


class Example(NamedTuple):
    topic: str
    payload: str

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.payload)
        return found


def examples() -> list[Example]:
    """Each JSON block with the last topic named before it."""
    found, topic = [], ""
    for match in re.finditer(r"`(community/[^`{}]+)`|^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        topic = match[1] or topic
        if match[2]:
            found.append(Example(topic, match[2]))
    return found


EXAMPLES = examples()


def test_there_are_examples_of_every_kind_and_channel() -> None:
    words = [example.topic.split("/") for example in EXAMPLES]
    assert {word[2] for word in words} == set(DeviceKind)
    assert {word[4] for word in words} == {"telemetry", "event", "status"}
    assert len(EXAMPLES) == PAGE.count("```json")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.topic)
def test_the_example_is_understood_in_full(example: Example) -> None:
    found = Decoder(Registry(), SITE).decode(Envelope(example.topic, example.payload.encode(), LATER))
    assert isinstance(found, list), found
    (report,) = found
    body = example.body()
    assert report.device == example.topic.split("/")[3]
    assert report.raw_codes is None, "an example must not show names the tables do not know"
    assert report.states == body.get("states", {})
    assert report.measurements == body.get("measurements", {})
    assert len(report.events) == len(body.get("events", []))
    for event, shown in zip(report.events, body.get("events", []), strict=True):
        assert {"code": event.code, **event.attributes} == shown
    assert report.time_quality is (TimeQuality.SOURCE_UTC if "ts" in body else TimeQuality.RECEIVED_ONLY)
    assert (report.availability is None) is ("status" not in body)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.topic)
def test_the_example_shows_no_member_that_does_not_exist(example: Example) -> None:
    known = Status if example.topic.endswith("/status") else Payload
    assert example.body().keys() <= set(known.__struct_fields__)


def test_every_member_is_described() -> None:
    for member in Payload.__struct_fields__:
        assert f"| `{member}` |" in PAGE


def test_the_reasons_a_device_can_be_refused_are_all_on_the_page_it_points_to() -> None:
    page = (Path(__file__).parents[2] / "docs/dead-letters.md").read_text(encoding="utf-8")
    for reason in RejectReason:
        assert f"| `{reason}` |" in page

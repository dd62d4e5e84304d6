"""Who is told."""

import pytest

from gateway.notify.routing import due_channels, severity_rank
from gateway.site import Channel
from tests.unit.notify.making import view


def channel(name: str, min_severity: str) -> Channel:
    return Channel.model_validate({"name": name, "url": {"env": "URL"}, "min_severity": min_severity})


CHANNELS = [channel(word, word) for word in ("critical", "major", "minor", "notice")]


@pytest.mark.parametrize(
    ("severity", "told"),
    [
        ("critical", ["critical", "major", "minor", "notice"]),
        ("major", ["major", "minor", "notice"]),
        ("minor", ["minor", "notice"]),
        ("notice", ["notice"]),
    ],
)
def test_a_channel_hears_what_reaches_its_threshold(severity: str, told: list[str]) -> None:
    assert due_channels(view(severity=severity), CHANNELS) == told


def test_a_test_is_never_sent_as_the_real_thing() -> None:
    assert due_channels(view(severity="critical", test=True), CHANNELS) == ["notice"]


def test_an_unregistered_detector_is_heard_like_any_other() -> None:
    assert due_channels(view(registered=False), CHANNELS) == ["critical", "major", "minor", "notice"]


def test_an_unknown_severity_is_taken_for_the_gravest() -> None:
    assert due_channels(view(severity="catastrophic"), CHANNELS)[0] == "critical"


def test_no_channels_no_messages() -> None:
    assert due_channels(view(), []) == []


def test_the_scale_is_in_order() -> None:
    assert [severity_rank(view(severity=c.name)) for c in CHANNELS] == [0, 1, 2, 3]

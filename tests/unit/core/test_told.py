"""Programs are told of every change of an alert: by whatever move, once, under an id that a replay makes again."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from alert_rules.alert import Action, Alert, Place, Severity, Verdict
from gateway.alerts.book import AlertBook
from gateway.alerts.records import Message
from gateway.site import Channel, Secret
from tests.unit.alerts.making import NOON, transition
from tests.unit.core.world import running, site_in


def made(watchers: Iterable[str] = ("hook",)) -> AlertBook:
    return AlertBook(
        lambda _: Place(), lambda *_: [], lambda a: {"version": a.version}, watchers_for=lambda _: watchers
    )


def told(book: AlertBook) -> list[Message]:
    return book.take().messages


def raised(book: AlertBook, at: float = NOON, **changed: Any) -> Alert:
    (alert,) = book.apply([transition(at=at, **changed)])
    return alert


def test_every_move_is_told() -> None:
    book = made()
    alert = raised(book)
    book.apply([transition(at=NOON + 1, action=Action.CLEAR)])
    book.apply([transition(at=NOON + 2)])
    book.acknowledge(alert.id, alert.version, "li", NOON + 3)
    book.comment(alert, "on my way", "li", NOON + 4)
    book.judge(alert.id, alert.version, Verdict.TRUE_ALARM, "", "li", NOON + 5)
    book.resolve(alert.id, alert.version, "", "li", NOON + 6)
    messages = told(book)
    moves = ["raise", "clear", "repeat", "acknowledge", "comment", "verdict", "resolve"]
    assert [message.stage for message in messages] == moves
    assert [message.payload["change"]["action"] for message in messages] == moves
    assert len({message.id for message in messages}) == len(moves)
    assert [message.payload["version"] for message in messages] == [1, 2, 3, 4, 5, 6, 7]


def test_a_replay_makes_the_same_ids() -> None:
    first, second = made(), made()
    for book in (first, second):
        raised(book)
        raised(book, NOON + 1)
    assert [message.id for message in told(first)] == [message.id for message in told(second)]


def test_two_equal_comments_at_different_times_are_two_events() -> None:
    book = made()
    alert = raised(book)
    book.comment(alert, "hm", "li", NOON + 1)
    book.comment(alert, "hm", "li", NOON + 2)
    assert len({message.id for message in told(book)}) == 3


def test_a_device_that_repeats_itself_is_told_of_ever_more_rarely() -> None:
    book = made()
    for number in range(1_001):
        raised(book, NOON + number)
    repeats = [message.payload["change"]["detail"]["repeats"] for message in told(book)[1:]]
    assert repeats == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]


def test_a_repeat_that_changes_something_is_always_told() -> None:
    book = made()
    for number in range(3):
        raised(book, NOON + number, severity=Severity.MINOR)
    told(book)
    raised(book, NOON + 4, severity=Severity.CRITICAL)
    book.apply([transition(at=NOON + 5, action=Action.CLEAR)])
    raised(book, NOON + 6, severity=Severity.CRITICAL)
    assert [message.stage for message in told(book)] == ["repeat", "clear", "repeat"]


def test_each_watcher_has_its_own_row_and_nobody_costs_nothing() -> None:
    both, none = made(["hook", "bus"]), made([])
    raised(both)
    raised(none)
    first, second = told(both)
    assert (first.channel, second.channel, first.payload) == ("hook", "bus", second.payload)
    assert first.id != second.id
    assert told(none) == []


def hook(severity: str) -> Channel:
    return Channel(name="hook", kind="webhook", url=Secret(env="U"), signing_key=Secret(env="K"), min_severity=severity)


@pytest.mark.parametrize(("severity", "expected"), [("notice", 1), ("critical", 0)])
async def test_the_outbox_holds_what_the_site_file_asks_for(tmp_path: Path, severity: str, expected: int) -> None:
    async with running(site_in(tmp_path, channels=[hook(severity)])) as world:
        await world.say("w1", states={"water_leak": True})
        rows = world.store.due_messages(1e12, 100)
    assert [(row.channel, row.stage) for row in rows] == [("hook", "raise")] * expected
    assert all(row.payload["change"]["actor"] == "system" for row in rows)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "needs url"),
        ({"kind": "webhook", "url": {"env": "U"}}, "needs signing_key"),
        ({"kind": "webhook", "signing_key": {"env": "K"}}, "needs url"),
        ({"kind": "mqtt", "url": {"env": "U"}}, "has no url"),
        ({"url": {"env": "U"}, "allow_private": True}, "has no allow_private"),
        ({"url": {"env": "U"}, "topic": "a/b"}, "has no topic"),
        ({"kind": "mqtt", "topic": "a/#"}, "topic"),
        ({"kind": "mqtt", "topic": "/a"}, "topic"),
    ],
)
def test_a_channel_has_what_its_kind_needs_and_nothing_else(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Channel.model_validate({"name": "c", **given})

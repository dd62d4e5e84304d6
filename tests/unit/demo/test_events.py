"""Parsing server-sent events."""

from gateway.demo.client import events


def parse(text: str) -> list[tuple[str, str]]:
    return list(events(line.encode() + b"\n" for line in text.split("\n")))


def test_event_and_data() -> None:
    assert parse('id: 7\nevent: alert\ndata: {"a": 1}\n\n') == [("alert", '{"a": 1}')]


def test_several_lines_of_data_are_joined() -> None:
    assert parse("data: a\ndata: b\n\n") == [("message", "a\nb")]


def test_comments_ids_and_retries_are_passed_over() -> None:
    assert parse(": ping\n\nretry: 2000\n\nid: 3\n\nevent: alert\ndata: x\n\n") == [("alert", "x")]


def test_a_name_does_not_leak_into_the_next_event() -> None:
    assert parse("event: alert\n\ndata: x\n\n") == [("message", "x")]


def test_an_unfinished_event_is_dropped() -> None:
    assert list(events([b"event: alert\n", b"data: {\n"])) == []


def test_carriage_returns_and_missing_spaces_do_not_matter() -> None:
    assert parse("event:alert\r\ndata:桂苑\r\n\r\n") == [("alert", "桂苑")]

"""A line protocol reader written from the format's description, independent of the encoder it checks."""

import re
from typing import NamedTuple

Value = float | bool | str


class Line(NamedTuple):
    """One point as a server understands it."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    at_ns: int


def parse(data: bytes) -> list[Line]:
    """Read a batch the strict way: a newline always ends a line, even inside a text."""
    return [parse_line(line) for line in data.decode().split("\n") if line]


def parse_line(line: str) -> Line:
    series, rest = split_once(line, " ")
    body, at = split(rest, " ", quotes=True)
    measurement, *tags = split(series, ",")
    return Line(
        unescape(measurement),
        {unescape(k): unescape(v) for k, v in (split_once(tag, "=") for tag in tags)},
        {unescape(k): value(v) for k, v in (split_once(field, "=") for field in split(body, ",", quotes=True))},
        int(at),
    )


def split(text: str, separator: str, *, quotes: bool = False) -> list[str]:
    """Split at separators that are not escaped, with ``quotes`` nor inside a text, which starts right after a ``=``."""
    parts, current, quoted, position = [], "", False, 0
    while position < len(text):
        char = text[position]
        if char == "\\" and position + 1 < len(text):
            current += text[position : position + 2]
            position += 2
            continue
        quoted ^= quotes and char == '"' and (quoted or current.endswith("="))
        if char == separator and not quoted:
            parts.append(current)
            current = ""
        else:
            current += char
        position += 1
    return [*parts, current]


def split_once(text: str, separator: str) -> tuple[str, str]:
    first, *others = split(text, separator)
    assert others, f"no {separator!r} in {text!r}"
    return first, separator.join(others)


def unescape(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def value(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    if text.startswith('"'):
        assert text.endswith('"')
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    return float(text)
